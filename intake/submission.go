package intake

import "campaignlark/models"

// Limits of a call. CONTRACT "Route and verbs" and "Payload"; the request log keeps 64 KiB (DESIGN "Request log").
const (
	MaxBody    = 1 << 20  // bytes of a body, also after decompression
	MaxPayload = 64 << 10 // bytes of Submission.Payload
	MaxDepth   = 32       // levels of JSON, the outermost object being the first
	MaxParts   = 1000     // parts of a multipart body
)

// Values of Submission.Encoding.
const (
	EncodingQuery      = "query"
	EncodingJSON       = "json"
	EncodingURLEncoded = "urlencoded"
	EncodingMultipart  = "multipart"
)

// Request is one call as it arrived. Every byte in it is a copy that the pipeline may keep: Decode does not change it.
type Request struct {
	Method, ContentType, ContentEncoding string
	Query                                string // the raw query string, without the ?
	Body                                 []byte // as received: compressed where ContentEncoding says so
}

// Submission is what a call said. All its texts are valid UTF-8 without NUL, ready for either database.
type Submission struct {
	Email    Email
	Fields   []Field // the other keys, each once, in the order in which they were (last) given
	Encoding string  // one of the Encoding constants; "" for a body of a type that is not accepted

	// Err is nil, or a *DecodeError when the payload could not be read; Email and Fields are then empty. A body over
	// MaxBody is ErrTooLarge, which the sender sees as a 413 and not as a 400.
	Err error

	// Payload is what the request log keeps: the text as received, a multipart body as one line for each part with
	// the size of a file in place of its contents, at most MaxPayload bytes. Truncated says that there was more.
	Payload   string
	Truncated bool

	textSize int // bytes of the decoded text, which the values share
}

// Email is the email_address of a call, as given.
type Email struct {
	Key     string       // the key as the sender wrote it; "" when none was sent
	Value   models.Given // NUL and bytes that are not text are U+FFFD here, so that no address is repaired by cleaning
	Present bool         // a key email_address was sent, be it with null
	At      int          // how many of Fields came before it
	// FromForm is set for a query string and a urlencoded form, in which a + that the sender forgot to escape arrives
	// as a space (CONTRACT "Payload": an address with one lone space is read with +).
	FromForm bool
}

// Field is one key of a call other than the address, with what was given for it. Key is compared by whoever knows the
// merge tags: exactly first, then without case, the last one winning (CONTRACT "Payload").
type Field struct {
	Key   string
	Value models.Given
}

// Size estimates the memory a submission holds, in bytes: many tiny fields weigh several times what they weighed in
// the body.
func (s Submission) Size() int {
	n := s.textSize + len(s.Payload) + len(s.Email.Key) + givenSize(s.Email.Value)
	for _, f := range s.Fields {
		n += len(f.Key) + givenSize(f.Value)
	}
	return n
}

func givenSize(g models.Given) int {
	n := 64 // the Field itself and the head of its texts
	for _, t := range g.Texts {
		n += 16 + len(t)
	}
	return n
}

// DecodeKind is what of a payload could not be read.
type DecodeKind string

const (
	KindContentType DecodeKind = "content_type" // a type that is not accepted
	KindCompression DecodeKind = "compression"  // another one than gzip, or damaged
	KindCharset     DecodeKind = "charset"      // a name that is not known
	KindJSON        DecodeKind = "json"         // not one JSON object, or one nested too deep
	KindMultipart   DecodeKind = "multipart"    // broken, or of too many parts
	KindTooLarge    DecodeKind = "too_large"
)

// DecodeKinds lists every kind.
var DecodeKinds = []DecodeKind{KindContentType, KindCompression, KindCharset, KindJSON, KindMultipart, KindTooLarge}

// DecodeError says why a payload could not be read.
type DecodeError struct {
	Kind     DecodeKind
	Sentence string // plain English for the sender: what is wrong and what to do
}

// Error returns the sentence.
func (e *DecodeError) Error() string { return e.Sentence }

// ErrTooLarge is the error of a body of more than MaxBody bytes, as received or decompressed: a 413.
var ErrTooLarge error = &DecodeError{KindTooLarge, "The body is larger than 1 MiB (1,048,576 bytes). Please send less."}

// Decode reads what a call said: a GET from its query string, any other method from its body alone. It is a pure
// function, never panics, and its memory is bounded by a multiple of the size of the request.
func Decode(r Request) Submission {
	if r.Method == "GET" {
		return decodeQuery(r.Query)
	}
	return decodeBody(r)
}

package intake

import (
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
)

// Limits of a call. CONTRACT "Route and verbs" and "Payload"; the request log keeps 64 KiB (DESIGN "Request log").
const (
	MaxBody    = 1 << 20  // bytes of a body, also after decompression
	MaxPayload = 64 << 10 // bytes of Submission.Payload
	MaxParts   = 1000     // parts of a multipart body
)

// Values of Submission.Encoding.
const (
	EncodingQuery      = "query"
	EncodingJSON       = "json"
	EncodingURLEncoded = "urlencoded"
	EncodingMultipart  = "multipart"
)

// Request is one call as it arrived. Its texts and bytes must be copies, because the pipeline keeps them. Decode does not
// change them.
type Request struct {
	Method, ContentType, ContentEncoding string
	Query                                string // the raw query string, without the ?
	Body                                 []byte // as received: compressed if ContentEncoding says so
}

// Submission is the decoded content of a call. All its texts are valid UTF-8 without NUL, ready for either database.
type Submission struct {
	Email    Email
	Fields   []Field // the other keys, each once, in the order in which they were (last) given
	Encoding string  // one of the Encoding constants; "" for a body of a type that is not accepted

	// Err is a *DecodeError if the payload could not be read, else nil. With an error, Email and Fields are empty. A body
	// over MaxBody is ErrTooLarge, for which the sender gets a 413; for all others a 400.
	Err error

	// Payload is the text that the request log keeps, at most MaxPayload bytes: the body as received. A multipart body is
	// kept as one line for each part, with a file's size in place of its contents. Truncated says that there was more.
	Payload   string
	Truncated bool

	// QueryKey is the field of a POST's query that holds an e-mail address, if the body holds none. The query is not read
	// otherwise: the page says that the address is in the wrong place.
	QueryKey string

	// Mapped is set if a mapping said where the values are. Skipped is the first condition that the call did not meet: it does nothing.
	Mapped  *Mapped
	Skipped *senders.Check

	Trapped  bool   // the field that people do not see is filled in
	TestCall string // a sentence that says which test call of the sender this is, "" for none

	deliveryID string // of a mapped call: what the mapping says about it

	textSize int // bytes of the decoded text, which the values share
}

// Email is the email_address of a call, as given.
type Email struct {
	Key     string       // the key as the sender wrote it; "" when none was sent
	Value   models.Given // NUL is NULMark here, and bytes that are not text are U+FFFD, so that cleaning does not make a broken address valid
	Present bool         // a key email_address was sent, even if with null
	At      int          // how many of Fields came before it
	Unused  []string     // other addresses that came under the same key before it, at most maxUnused
	// FromForm is set for a query string and a urlencoded form, in which a + that the sender forgot to escape arrives
	// as a space (CONTRACT "Payload": an address with one lone space is read with +).
	FromForm bool
}

const maxUnused = 10

// addUnused notes texts that do not count, because another one came after them. Blanks and repetitions of the address are left out.
func (e *Email) addUnused(texts []string) {
	same := func(a, b string) bool { return models.Fold(models.TrimBlanks(a)) == models.Fold(models.TrimBlanks(b)) }
	for _, text := range texts {
		if len(e.Unused) < maxUnused && !models.IsBlank(text) && !same(text, e.Value.Last()) {
			e.Unused = append(e.Unused, text)
		}
	}
}

// PlusMayBeLost reports whether a blank stands directly before the address in a query string or a urlencoded form. It may be
// a + that the sender did not escape, and the address then belongs to somebody else than the one without it. Types that
// cannot be undone refuse such a call, the others cut the blank (CONTRACT "Payload"). A tab or a line end is no lost +.
func (e Email) PlusMayBeLost() bool {
	text := e.Value.Last()
	address := models.TrimBlanks(text)
	before, _, _ := strings.Cut(text, address)
	return e.FromForm && address != "" && strings.HasSuffix(before, " ")
}

// Field is one key of a call other than the address, with the value given for it. Fields are matched with merge tags later:
// first by the exact key, then without case; of several the last one counts (CONTRACT "Payload").
type Field struct {
	Key   string
	Value models.Given

	feeds string       // of a list that joinLists made: the key that it feeds
	place string       // of a mapped call: the path of the value; Key is the merge tag's
	sent  models.Given // of a mapped call: the value before it was read as the mapping says
	as    senders.As   // of a mapped call: how it was read
	wrong string       // of a mapped call: why the value does not fit the way it is read
}

// Size estimates the memory of a submission, in bytes. Many tiny fields take several times their size in the body.
func (s Submission) Size() int {
	n := s.textSize + len(s.Payload) + len(s.Email.Key) + givenSize(s.Email.Value) + givenSize(models.Given{Texts: s.Email.Unused})
	for _, f := range s.Fields {
		n += len(f.Key) + givenSize(f.Value)
	}
	return n
}

func givenSize(g models.Given) int {
	n := 64 // the Field itself and the header of its Texts slice
	for _, t := range g.Texts {
		n += 16 + len(t)
	}
	return n
}

// DecodeKind says which part of a payload could not be read.
type DecodeKind string

const (
	KindContentType DecodeKind = "content_type" // a type that is not accepted
	KindCompression DecodeKind = "compression"  // not gzip, or damaged
	KindCharset     DecodeKind = "charset"      // an unknown name
	KindJSON        DecodeKind = "json"         // not one JSON object, or one nested too deep
	KindMultipart   DecodeKind = "multipart"    // broken, or too many parts
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

// Decode reads the content of a call: from the query string for GET, only from the body for other methods. It is a pure
// function and never panics. Its memory is bounded by a multiple of the size of the request.
func Decode(r Request) Submission { return Read(r, senders.Settings{}, nil) }

// Read is Decode for a webhook with settings: a mapping says where the address and the fields are. header returns the value of a
// header, "" if it is not there; nil finds no test calls.
func Read(r Request, settings senders.Settings, header func(name string) string) Submission {
	s := r.read(bySettings(settings, header))
	if trap := settings.Answering().TrapField; trap != "" && settings.Mapping == nil {
		s.Trapped = slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Key == trap && !f.Value.IsBlank() })
	}
	if r.Method != "GET" && r.Query != "" && settings.Mapping == nil {
		if _, err := s.Address(); err == models.ErrEmailMissing {
			s.QueryKey = keyOfAddress(decodeQuery(r.Query, nil))
		}
	}
	return s
}

// treeReader fills a submission with what it finds in the payload.
type treeReader func(*Submission, *senders.Tree)

// bySettings returns the treeReader of the settings, or nil if they have no mapping. header is that of Read.
func bySettings(settings senders.Settings, header func(name string) string) treeReader {
	if settings.Mapping == nil {
		return nil
	}
	return func(s *Submission, t *senders.Tree) {
		s.apply(settings.Mapping, t)
		s.Mapped.Sender = settings.Sender
		s.lookAtAnswers(settings, header, t)
	}
}

// lookAtAnswers notes whether a mapped call is a test call, or fills in the field that people do not see.
func (s *Submission) lookAtAnswers(settings senders.Settings, header func(name string) string, t *senders.Tree) {
	answers := settings.Answering()
	if sender := senders.FindSender(settings.Sender); sender != nil && header != nil && answers.TestCallsOK {
		if call := sender.TestCall(header, s.Encoding, t); call != nil {
			s.TestCall = call.Says
		}
	}
	for at := range t.Children(senders.Root) {
		s.Trapped = s.Trapped || answers.TrapField != "" && t.Name(at) == answers.TrapField && !t.Given(at).IsBlank()
	}
}

// read decodes the call, as a tree if as is set.
func (r Request) read(as treeReader) Submission {
	if r.Method == "GET" {
		return decodeQuery(r.Query, as)
	}
	return decodeBody(r, as)
}

// TreeOf decodes the payload of a call as a tree. The error is a *DecodeError.
func TreeOf(r Request) (tree *senders.Tree, err error) {
	s := r.read(func(_ *Submission, t *senders.Tree) { tree = t })
	return tree, s.Err
}

// keyOfAddress returns the key of a query that holds an e-mail address, or "".
func keyOfAddress(s Submission) string {
	if _, err := s.Address(); err == nil {
		return s.Email.Key
	}
	for _, f := range s.Fields {
		if _, err := models.ReadFormEmail(f.Value.Last()); err == nil {
			return f.Key
		}
	}
	return ""
}

package intake

import (
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/senders"

	"github.com/google/uuid"
)

// Call is one decoded request to a webhook whose hash is known.
type Call struct {
	ID            uuid.UUID // of its row in the request log: a UUIDv7 of ArrivedAt
	ArrivedAt     time.Time
	Hash          models.WebhookHash // as Lookup found it
	Method        string
	ContentType   string
	ClientAddress string
	UserAgent     string
	Headers       []Header // the ones that the request page shows
	URL           string   // public, with the query: some senders sign it
	Head          []byte   // the lines of the headers as received
	Request       Request  // the rest as received
	Form          bool     // a person's browser sent it as a form, and shows the answer as a page
	TriedBy       int64    // the user who made the call on the page of the webhook; 0 for calls that came to its URL
	Replay        *Replay  // of a call of the log that is done once more; nil for all others
	Sign          bool     // sign it with the webhook's own secret, as its sender would
	Again         bool     // process it although its delivery was processed before

	// Prepare sets these fields. It uses the webhook's settings with the number ReadAs (models.Webhook.ReadingRevision). The batch
	// prepares the call again if they were not known, or have changed since.
	ReadAs     int64
	Submission Submission       // the decoded payload, or in its Err why it could not be read
	Verdict    *senders.Verdict // on its signature; nil if the webhook checks none
	delivery   deliveryKey
	next       string                 // of a form: the listed page that it asks for, "" for none
	signature  []senders.SignedHeader // if Sign is set
	Size       int64                  // bytes of the body as received, or of the query string of a GET
	Prefetch   bool                   // the browser marked it as a prefetch
	Refusal    *Refusal               // of a request that is only to be logged; else nil
}

// Refusal is the answer to a request that was refused before its payload was read, because it was not well-formed HTTP, did not come to
// its end, or went to a URL that only looks like the webhook's.
type Refusal struct {
	Outcome models.Outcome
	Answer  Answer
}

// Header is one header of a call.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ErrBusy says that a call was not processed: the queue is full, the wait was too long, or the database is not available.
// The call changed nothing, unless the answer to its commit was lost. Sending it again is safe.
var ErrBusy = &models.Error{Code: models.CodeBusy, Message: MessageBusy}

// ErrRefused says that a call cannot be stored. Its log row has no payload.
var ErrRefused = &models.Error{Code: models.CodeUnavailable, Message: "The call could not be stored. Please send it again in a moment."}

// Limits of what the request log keeps of a call, in bytes.
const (
	maxMethod      = 16
	maxContentType = 200
	maxClient      = 100
	maxUserAgent   = 500
	maxHeaders     = 30 // a number of headers
	maxHeaderValue = 500
	maxLogAddress  = 254
)

// clean returns the call with texts that both databases accept, cut to what the log keeps. Decode has cleaned the
// Submission already. A prefetch loses its Submission.
func (c Call) clean() Call {
	c.Method = cleanText(c.Method, maxMethod)
	c.ContentType = cleanText(c.ContentType, maxContentType)
	c.ClientAddress = cleanText(c.ClientAddress, maxClient)
	c.UserAgent = cleanText(c.UserAgent, maxUserAgent)
	headers := make([]Header, 0, min(len(c.Headers), maxHeaders))
	for _, h := range c.Headers[:min(len(c.Headers), maxHeaders)] {
		headers = append(headers, Header{cleanText(h.Name, maxLoggedName), cleanText(h.Value, maxHeaderValue)})
	}
	c.Headers = headers
	if c.Prefetch {
		c.Submission = Submission{}
	}
	return c
}

func cleanText(s string, most int) string {
	s, _ = cutText(models.ValidText(s), most)
	return s
}

// job is a call on its way through the pipeline.
type job struct {
	call       Call
	address    string // of the contact that the call names, in the stored form; "" if it names none
	addressKey int64  // of address
	logged     string // the address for the log: in the stored form, or as sent if it is invalid
	size       int64  // bytes of memory, estimated
	claimed    time.Time
	claimedFor int64       // the addressKey when a worker claimed the job
	done       chan result // gets exactly one result, from answer
	once       sync.Once
}

type result struct {
	answer  Answer
	outcome models.Outcome // "" with an error
	kept    models.Kept    // why a replay was kept out
	page    string         // to which the browser that sent the call is led; "" for none, and with an error
	err     error
}

// callOverhead estimates the memory of a call without a payload, in bytes: its log row, its headers and its contact.
const callOverhead = 4 << 10

func newJob(c Call) *job {
	c = c.clean()
	j := &job{call: c, done: make(chan result, 1)}
	j.name()
	j.size = callOverhead + int64(c.Submission.Size()) + int64(len(c.Request.Body))
	return j
}

// name sets whom the call names.
func (j *job) name() {
	j.address, j.addressKey, j.logged = "", 0, ""
	address, err := j.call.Submission.Address()
	if err == models.ErrEmailInvalid {
		j.logged = cleanText(j.call.Submission.Email.Value.Last(), maxLogAddress)
		address, err = models.ReadEmail(j.logged) // a refused list of addresses still names a person: the last one counts
	}
	if err == nil {
		j.address, j.logged = address, address
		j.addressKey = models.AddressKey(j.call.Hash.WorkspaceID, address)
	}
}

// reread reads the call by the settings of the webhook w, if they are others than it was read by. It reports whether it did so.
func (j *job) reread(w Webhook) bool {
	if j.call.Refusal != nil || j.call.Prefetch || w.ID == 0 || w.ReadingRevision == j.call.ReadAs {
		return false
	}
	j.call.prepare(w)
	j.name()
	return true
}

// key identifies the person that the call names.
func (j *job) key() personKey { return personKey{j.call.Hash.WorkspaceID, j.address} }

// webhook identifies the webhook that was called.
func (j *job) webhook() webhookKey { return webhookKey{j.call.Hash.WorkspaceID, j.call.Hash.WebhookID} }

type personKey struct {
	workspace int64
	address   string
}

type webhookKey struct{ workspace, id int64 }

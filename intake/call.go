package intake

import (
	"sync"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// Call is one request to a webhook whose hash is known, decoded.
type Call struct {
	ID            uuid.UUID // of its row in the request log; a UUIDv7 of ArrivedAt
	ArrivedAt     time.Time
	Hash          models.WebhookHash // as Lookup found it
	Method        string
	ContentType   string
	ClientAddress string
	UserAgent     string
	Headers       []Header   // those that the request page shows
	Submission    Submission // what it said, or with its Err that it could not be read
	Size          int64      // bytes of the body as received, or of the query string of a GET
	Prefetch      bool       // it announced itself as a browser's prefetch
}

// Header is one header of a call.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ErrBusy is a call that was not taken: the queue is full, the wait was too long, or the database is away. Nothing was
// done, unless the answer of a commit was lost; sending the call again is safe.
var ErrBusy = &models.Error{Code: models.CodeBusy, Message: MessageBusy}

// ErrRefused is a call that the database itself refuses. Its log row has no payload.
var ErrRefused = &models.Error{Code: models.CodeUnavailable, Message: "The call could not be stored. Please send it again in a moment."}

// What the log keeps of a call's own texts, in bytes.
const (
	maxMethod      = 16
	maxContentType = 200
	maxClient      = 100
	maxUserAgent   = 500
	maxHeaders     = 30
	maxHeaderValue = 500
	maxLogAddress  = 254
)

// clean returns the call with every text valid in both databases and cut to what the log keeps. The Submission is
// clean already; a prefetch keeps none.
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
	logged     string // the address as the log shows it: the stored form, else what was sent
	eventID    uuid.UUID
	size       int64 // bytes of memory, estimated
	claimed    time.Time
	done       chan result // receives exactly one, through answer
	once       sync.Once
}

type result struct {
	answer Answer
	err    error
}

// callOverhead is the memory of a call that says nothing: the log row on its way to the database, headers, the contact.
const callOverhead = 4 << 10

func newJob(c Call) *job {
	c = c.clean()
	j := &job{call: c, eventID: models.NewID(c.ArrivedAt), done: make(chan result, 1)}
	address, err := c.Submission.Address()
	if err == models.ErrEmailInvalid {
		j.logged = cleanText(c.Submission.Email.Value.Last(), maxLogAddress)
		address, err = models.ReadEmail(j.logged) // refused because it stood in a list, it names a person all the same
	}
	if err == nil {
		j.address, j.logged = address, address
		j.addressKey = models.AddressKey(c.Hash.WorkspaceID, address)
	}
	j.size = callOverhead + int64(c.Submission.Size())
	return j
}

// key is the person the job speaks of.
func (j *job) key() personKey { return personKey{j.call.Hash.WorkspaceID, j.address} }

// webhook is the webhook that was called.
func (j *job) webhook() webhookKey { return webhookKey{j.call.Hash.WorkspaceID, j.call.Hash.WebhookID} }

type personKey struct {
	workspace int64
	address   string
}

type webhookKey struct{ workspace, id int64 }

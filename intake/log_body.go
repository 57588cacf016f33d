package intake

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"campaignlark/models"
	"campaignlark/senders"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// LogBody is the content of webhook_requests.body: everything that the page of a call shows and no filter needs.
type LogBody struct {
	Payload     string             `json:"payload,omitempty"` // as Submission.Payload
	Truncated   bool               `json:"truncated,omitempty"`
	Encoding    string             `json:"encoding,omitempty"`
	Unread      DecodeKind         `json:"unread,omitempty"` // why the payload could not be read; "" if it was, and in rows of earlier versions
	Headers     []Header           `json:"headers,omitempty"`
	WebhookType models.WebhookType `json:"webhook_type,omitempty"` // when the call was decided
	EmailKey    string             `json:"email_key,omitempty"`    // as the sender wrote it; "" when none was sent
	EmailSent   string             `json:"email_sent,omitempty"`   // the address as sent
	EmailUnused []string           `json:"email_unused,omitempty"` // as Email.Unused
	EmailShape  string             `json:"email_shape,omitempty"`  // one of the Shape constants, "" for a text
	EmailPlus   bool               `json:"email_plus,omitempty"`   // a + may be lost before it: see Email.PlusMayBeLost
	QueryKey    string             `json:"query_key,omitempty"`    // of a POST without an address: the field of its query that holds one
	EmailAt     int                `json:"email_at,omitempty"`     // how many other fields came before it
	Fields      []FieldFate        `json:"fields,omitempty"`
	MoreNames   int                `json:"more_names,omitempty"` // ignored names beyond those in Fields
	Verdict     *senders.Verdict   `json:"verdict,omitempty"`    // on the signature; nil if none was checked
	RepeatOf    string             `json:"repeat_of,omitempty"`  // the id of the call of the same delivery that was processed; if the outcome is not repeated, this one was processed on purpose
	Delivery    []byte             `json:"delivery,omitempty"`   // models.WebhookDelivery.Key
	Mapped      *Mapped            `json:"mapped,omitempty"`     // nil if the webhook reads the documented format
	Before      *LogContact        `json:"before,omitempty"`     // nil if there was no contact
	After       *LogContact        `json:"after,omitempty"`      // nil if there is none
	LeftAt      int64              `json:"left_at,omitempty"`    // if the call changed the status from Unsubscribed: since when it was that, in Unix seconds
	TagsAdded   []string           `json:"tags_added,omitempty"`
	Event       models.EventType   `json:"event,omitempty"`
	NoEvent     string             `json:"no_event,omitempty"`  // why a successful call fired none
	Message     string             `json:"message"`             // of the answer
	Page        string             `json:"page,omitempty"`      // to which the browser was led with a 303, in place of the answer
	Shortened   bool               `json:"shortened,omitempty"` // values were left out because the row would have grown too large
	WaitedUs    int64              `json:"waited_us"`           // from arrival until a worker took the call
	GroupSize   int                `json:"group_size"`          // calls in the same transaction
	TriedBy     int64              `json:"tried_by,omitempty"`  // as Call.TriedBy
}

// LogContact is a contact as a log row shows it.
type LogContact struct {
	Email   string            `json:"email"`
	Status  models.Status     `json:"status"`
	Fields  map[string]string `json:"fields"`
	Tags    []string          `json:"tags"` // names
	Version int64             `json:"version"`
}

// maxLogBody bounds the JSON of a LogBody, in bytes, when it is written and when it is read.
const maxLogBody = 1 << 20

// smallBody is the size, in bytes of JSON, up to which S2 compresses a body; zstd compresses larger ones. S2 takes a quarter of the time. The bodies
// of ordinary calls become 2 % larger with it, and those of payloads of 2 KB become 25 % larger.
const smallBody = 4 << 10

// s2Body is the first byte of a body that S2 compressed. A frame of zstd begins with another one.
const s2Body = 1

var (
	smallDictionary = s2.MakeDict([]byte(dictionary), nil)
	bodyEncoder     = newBodyEncoder()
	bodyDecoder, _  = zstd.NewReader(nil, zstd.WithDecoderDictRaw(dictionaryID, []byte(dictionary)), zstd.WithDecoderMaxMemory(maxLogBody), zstd.WithDecoderLowmem(true))
)

func newBodyEncoder() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderDictRaw(dictionaryID, []byte(dictionary)), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false),
		zstd.WithSingleSegment(true), zstd.WithWindowSize(128<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
}

// EncodeLogBody returns the stored form of b: JSON, compressed. If the JSON is over maxLogBody, it leaves out the
// contact's fields and the fates of the call's fields, and sets Shortened.
func EncodeLogBody(b LogBody) []byte {
	stored, _ := b.encode(nil)
	return stored
}

// encode is EncodeLogBody for many bodies: it writes the JSON to scratch, and returns scratch for the next one.
func (b *LogBody) encode(scratch []byte) (stored, after []byte) {
	raw := b.appendJSON(scratch[:0])
	if len(raw) > maxLogBody {
		b.Shortened, b.Fields = true, nil
		b.Before, b.After = b.Before.withoutFields(), b.After.withoutFields()
		raw = b.appendJSON(raw[:0])
	}
	if len(raw) > smallBody {
		return bodyEncoder.EncodeAll(raw, make([]byte, 0, len(raw)/3+64)), raw
	}
	raw = slices.Grow(raw, s2.MaxEncodedLen(len(raw)))
	packed := smallDictionary.Encode(raw[len(raw):cap(raw)], raw)
	stored = make([]byte, 1+len(packed))
	stored[0] = s2Body
	copy(stored[1:], packed)
	return stored, raw
}

// DecodeLogBody reads the stored form of a LogBody. NULL is an empty LogBody. Its memory is bounded for any input.
func DecodeLogBody(stored []byte) (LogBody, error) {
	var b LogBody
	if len(stored) == 0 {
		return b, nil
	}
	raw, err := unpackBody(stored)
	if err != nil {
		return b, err
	}
	err = json.Unmarshal(raw, &b)
	return b, err
}

// unpackBody returns the JSON of a stored body.
func unpackBody(stored []byte) ([]byte, error) {
	if stored[0] != s2Body {
		return bodyDecoder.DecodeAll(stored, nil)
	}
	if n, err := s2.DecodedLen(stored[1:]); err != nil || n > smallBody {
		return nil, errors.Join(s2.ErrTooLarge, err)
	}
	return smallDictionary.Decode(nil, stored[1:])
}

func (c *LogContact) withoutFields() *LogContact {
	if c == nil {
		return nil
	}
	short := *c
	short.Fields = nil
	return &short
}

// logContact returns p as the log shows it, with long values cut. It returns nil if p is nil.
func logContact(p *Person) *LogContact {
	if p == nil {
		return nil
	}
	c := &LogContact{Email: p.Email, Status: p.Status, Fields: p.Fields, Tags: models.TagNames(p.Tags), Version: p.Version}
	cloned := false
	for key, value := range c.Fields {
		if len(value) <= maxLoggedValue {
			continue
		}
		if !cloned {
			c.Fields, cloned = maps.Clone(c.Fields), true
		}
		c.Fields[key] = shortenBytes(value, maxLoggedValue)
	}
	return c
}

package intake

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"campaignlark/senders"
)

// object writes the members of a JSON object, without reflection: every call has a LogBody. A member with an empty value is left out,
// as encoding/json does with omitempty.
type object struct {
	b     []byte
	begun bool
}

func (o *object) member(name string) {
	if o.begun {
		o.b = append(o.b, ',')
	}
	o.begun = true
	o.b = append(appendText(o.b, name), ':')
}

func (o *object) text(name, value string) {
	if value != "" {
		o.member(name)
		o.b = appendText(o.b, value)
	}
}

func (o *object) number(name string, value int64) {
	if value != 0 {
		o.member(name)
		o.b = strconv.AppendInt(o.b, value, 10)
	}
}

func (o *object) flag(name string, value bool) {
	if value {
		o.member(name)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) texts(name string, values []string) {
	if len(values) > 0 {
		o.member(name)
		o.b = appendList(o.b, values, appendText)
	}
}

// bytes writes a member in base64.
func (o *object) bytes(name string, value []byte) {
	if len(value) > 0 {
		o.member(name)
		o.b = append(base64.StdEncoding.AppendEncode(append(o.b, '"'), value), '"')
	}
}

func (o *object) time(name string, value time.Time) {
	if !value.IsZero() {
		o.member(name)
		o.b = append(value.AppendFormat(append(o.b, '"'), time.RFC3339Nano), '"')
	}
}

// object writes a member that is an object.
func (o *object) object(name string, fill func(*object)) {
	o.member(name)
	o.b = appendObject(o.b, fill)
}

func appendObject(b []byte, fill func(*object)) []byte {
	o := object{b: append(b, '{')}
	fill(&o)
	return append(o.b, '}')
}

func appendList[V any](b []byte, values []V, add func([]byte, V) []byte) []byte {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = add(b, v)
	}
	return append(b, ']')
}

const hexDigits = "0123456789abcdef"

// plainInText has the bytes that stand for themselves in a JSON text: those of ASCII besides control characters, quotes and backslashes.
var plainInText = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// appendText appends s as a JSON string. A byte that is not valid UTF-8 becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if plainInText[c] {
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(append(b, s[from:i]...), '\\', c)
		case c < ' ':
			b = append(append(b, s[from:i]...), `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size - 1
				continue
			}
			b = append(append(b, s[from:i]...), "\uFFFD"...)
		}
		from = i + 1
	}
	return append(append(b, s[from:]...), '"')
}

// appendJSON appends b as JSON, as encoding/json writes it by the tags of LogBody.
func (b *LogBody) appendJSON(to []byte) []byte {
	return appendObject(to, func(o *object) {
		o.text("payload", b.Payload)
		o.flag("truncated", b.Truncated)
		o.text("encoding", b.Encoding)
		o.text("unread", string(b.Unread))
		if len(b.Headers) > 0 {
			o.member("headers")
			o.b = appendList(o.b, b.Headers, appendHeader)
		}
		o.text("webhook_type", string(b.WebhookType))
		o.text("email_key", b.EmailKey)
		o.text("email_sent", b.EmailSent)
		o.texts("email_unused", b.EmailUnused)
		o.text("email_shape", b.EmailShape)
		o.flag("email_plus", b.EmailPlus)
		o.text("query_key", b.QueryKey)
		o.number("email_at", int64(b.EmailAt))
		if len(b.Fields) > 0 {
			o.member("fields")
			o.b = appendList(o.b, b.Fields, appendFate)
		}
		o.number("more_names", int64(b.MoreNames))
		if b.Verdict != nil {
			o.object("verdict", func(o *object) { fillVerdict(o, b.Verdict) })
		}
		o.text("repeat_of", b.RepeatOf)
		o.bytes("delivery", b.Delivery)
		if b.Mapped != nil {
			o.object("mapped", b.Mapped.fill)
		}
		if b.Before != nil {
			o.object("before", b.Before.fill)
		}
		if b.After != nil {
			o.object("after", b.After.fill)
		}
		o.number("left_at", b.LeftAt)
		o.texts("tags_added", b.TagsAdded)
		o.text("event", string(b.Event))
		o.text("no_event", b.NoEvent)
		o.text("message", b.Message)
		o.text("page", b.Page)
		o.flag("shortened", b.Shortened)
		o.number("waited_us", b.WaitedUs)
		o.number("group_size", int64(b.GroupSize))
		o.number("tried_by", b.TriedBy)
	})
}

func appendHeader(b []byte, h Header) []byte {
	return appendObject(b, func(o *object) {
		o.text("name", h.Name)
		o.text("value", h.Value)
	})
}

func appendFate(b []byte, f FieldFate) []byte {
	return appendObject(b, func(o *object) {
		o.text("fate", string(f.Fate))
		o.text("key", f.Key)
		o.text("sent", f.Sent)
		o.text("shape", f.Shape)
		o.number("merge_tag_id", f.MergeTagID)
		o.text("merge_tag", f.MergeTag)
		o.text("label", f.Label)
		o.text("before", f.Before)
		o.text("after", f.After)
		o.text("reason", f.Reason)
	})
}

func fillVerdict(o *object, v *senders.Verdict) {
	o.text("result", string(v.Result))
	o.text("form", string(v.Form))
	o.text("fault", string(v.Fault))
	o.text("place", v.Place)
	o.flag("in_body", v.InBody)
	o.text("secret", string(v.Secret))
	o.number("signatures", int64(v.Signatures))
	o.time("signed_at", v.SignedAt)
	o.time("arrived_at", v.ArrivedAt)
	o.number("tolerance", int64(v.Tolerance))
}

func (m *Mapped) fill(o *object) {
	o.text("sender", m.Sender)
	if len(m.Conditions) > 0 {
		o.member("conditions")
		o.b = appendList(o.b, m.Conditions, appendTest)
	}
	if len(m.Missed) > 0 {
		o.member("missed")
		o.b = appendList(o.b, m.Missed, appendMiss)
	}
	o.text("delivery_id", m.DeliveryID)
	o.flag("too_large", m.TooLarge)
}

func appendTest(b []byte, t MappedTest) []byte {
	return appendObject(b, func(o *object) {
		o.text("path", t.Path)
		o.texts("or", t.Or)
		o.texts("in", t.In)
		o.flag("met", t.Met)
		o.texts("stood", t.Stood)
	})
}

func appendMiss(b []byte, m MappedMiss) []byte {
	return appendObject(b, func(o *object) {
		o.text("key", m.Key)
		o.text("path", m.Path)
		o.texts("nearest", m.Nearest)
	})
}

func (c *LogContact) fill(o *object) {
	o.text("email", c.Email)
	o.text("status", string(c.Status))
	o.object("fields", func(o *object) {
		for _, key := range slices.Sorted(maps.Keys(c.Fields)) {
			o.member(key)
			o.b = appendText(o.b, c.Fields[key])
		}
	})
	o.member("tags")
	o.b = appendList(o.b, c.Tags, appendText)
	o.number("version", c.Version)
}

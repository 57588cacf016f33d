package intake

import (
	"slices"
	"strings"

	"campaignlark/models"
)

const emailKey = "email_address"

// collector gathers the keys of a payload, each once.
type collector struct {
	fields []collected
	at     map[string]int // key → index in fields
	given  int            // keys seen so far, repetitions included
}

type collected struct {
	Field
	last int // when the key was given last
}

// field returns the entry for key, a new one if there is none, and marks it as the last one given.
func (c *collector) field(key string) *collected {
	if c.at == nil {
		c.at = map[string]int{}
	}
	key = dropNUL(key)
	i, ok := c.at[key]
	if !ok {
		i = len(c.fields)
		c.at[key] = i
		c.fields = append(c.fields, collected{Field: Field{Key: key}})
	}
	c.given++
	c.fields[i].last = c.given
	return &c.fields[i]
}

// set replaces what was given for the key before: the rule of JSON.
func (c *collector) set(key string, v models.Given) { c.field(key).Value = v }

// add adds text to what was given for the key before: the rule of forms.
func (c *collector) add(key, text string) {
	f := c.field(key)
	f.Value.Texts = append(f.Value.Texts, text)
}

// into moves what was collected to the submission: the address to Email, everything else to Fields.
func (c *collector) into(s *Submission) {
	slices.SortFunc(c.fields, func(a, b collected) int { return a.last - b.last })
	email := c.emailIndex()
	if len(c.fields) > 0 {
		s.Fields = make([]Field, 0, len(c.fields))
	}
	for i, f := range c.fields {
		if i == email {
			markNUL(f.Value.Texts)
			form := s.Encoding == EncodingQuery || s.Encoding == EncodingURLEncoded
			s.Email = Email{Key: f.Key, Value: f.Value, Present: true, At: i, FromForm: form}
			continue
		}
		for j, t := range f.Value.Texts {
			f.Value.Texts[j] = dropNUL(t)
		}
		s.Fields = append(s.Fields, f.Field)
	}
}

// emailIndex returns the index of the key that holds the address, or -1. The exact key counts, else the last key that
// differs only in case. A key with null counts only if there is no other (CONTRACT "Payload").
func (c *collector) emailIndex() int {
	best, rank := -1, 0
	for i, f := range c.fields {
		if len(f.Key) != len(emailKey) || !strings.EqualFold(f.Key, emailKey) {
			continue
		}
		r := 1
		if f.Value.Shape != models.Null {
			r += 2
		}
		if f.Key == emailKey {
			r++
		}
		if r >= rank {
			best, rank = i, r
		}
	}
	return best
}

// markNUL puts U+FFFD where a NUL was: dropping it would turn a broken address into another, valid one.
func markNUL(texts []string) {
	for i, t := range texts {
		texts[i] = strings.ReplaceAll(t, "\x00", "\uFFFD")
	}
}

func dropNUL(s string) string { return strings.ReplaceAll(s, "\x00", "") }

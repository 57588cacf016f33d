package intake

import (
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
)

const emailKey = "email_address"

// collector gathers the keys of a payload, each once. For a tree it gathers them as they came.
type collector struct {
	as    treeReader     // nil for the documented format
	pairs []senders.Pair // with as

	fields []collected
	at     map[string]int // key → index in fields
	given  int            // keys seen so far, repetitions included
	unused []string       // addresses that set replaced, at most maxUnused
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
func (c *collector) set(key string, v models.Given) {
	f := c.field(key)
	if strings.EqualFold(f.Key, emailKey) && f.Value.Shape == models.Plain {
		c.unused = append(c.unused, f.Value.Texts...)
		c.unused = c.unused[max(0, len(c.unused)-maxUnused):]
	}
	f.Value = v
}

// add adds text to what was given for the key before: the rule of forms. A text replaces a file.
func (c *collector) add(key, text string) {
	if c.as != nil {
		c.given++
		c.pairs = append(c.pairs, senders.Pair{Name: key, Text: text})
		return
	}
	f := c.field(key)
	f.Value.Texts, f.Value.Shape = append(f.Value.Texts, text), models.Plain
}

// addFile notes that a file came under the key, unless a text did. size is in bytes.
func (c *collector) addFile(key, name string, size int64) {
	if c.as != nil {
		c.given++
		c.pairs = append(c.pairs, senders.Pair{Name: key, Text: name, File: true, Size: size})
		return
	}
	if f := c.field(key); len(f.Value.Texts) == 0 {
		f.Value.Shape = models.File
	}
}

// into moves what was collected to the submission: the address to Email, everything else to Fields.
func (c *collector) into(s *Submission) {
	if c.as != nil {
		c.as(s, senders.FromPairs(c.pairs))
		return
	}
	slices.SortFunc(c.fields, func(a, b collected) int { return a.last - b.last })
	email, places := c.email()
	if len(c.fields) > 0 {
		s.Fields = make([]Field, 0, len(c.fields))
	}
	for i, f := range c.fields {
		if len(places) > 0 && places[0] == i {
			places = places[1:]
			if !s.Email.Present {
				markNUL(email.Value.Texts)
				markNUL(c.unused)
				form := s.Encoding == EncodingQuery || s.Encoding == EncodingURLEncoded
				s.Email = Email{Key: email.Key, Value: email.Value, Present: true, At: i, FromForm: form}
				s.Email.addUnused(c.unused)
				if email.Value.Shape == models.Plain {
					s.Email.addUnused(email.Value.Texts[:max(0, len(email.Value.Texts)-1)])
				}
			}
			continue
		}
		for j, t := range f.Value.Texts {
			f.Value.Texts[j] = dropNUL(t)
		}
		s.Fields = append(s.Fields, f.Field)
	}
}

// email returns the field of the address and its places among the fields, sorted, none for a call without. A list of keys with
// brackets, such as email_address[], counts if no other key gives an address.
func (c *collector) email() (email Field, places []int) {
	if i := c.emailIndex(); i >= 0 {
		email, places = c.fields[i].Field, []int{i}
	}
	if places != nil && !email.Value.IsBlank() {
		return email, places
	}
	return c.emailList(email, places)
}

// emailList returns the list of keys with brackets that holds the address, or what else was given if there is none.
func (c *collector) emailList(email Field, places []int) (Field, []int) {
	brackets := func(f collected) bool { return strings.HasSuffix(f.Key, "]") }
	if !slices.ContainsFunc(c.fields, brackets) {
		return email, places
	}
	fields := make([]Field, len(c.fields))
	for i, f := range c.fields {
		fields[i] = f.Field
	}
	lists := listMembers(fields)
	names := slices.SortedFunc(maps.Keys(lists), func(a, b string) int { return lists[a][0].at - lists[b][0].at })
	i := models.MatchKeys(names, []string{emailKey})[0]
	if i < 0 {
		return email, places
	}
	list := joinMembers(fields, names[i], lists[names[i]])
	if places != nil && list.Value.IsBlank() {
		return email, places
	}
	places = nil
	for _, m := range lists[names[i]] {
		places = append(places, m.at)
	}
	slices.Sort(places)
	return list, places
}

// emailIndex returns the index of the key that holds the address, or -1. The exact key counts, else the last key that
// differs only in case. A key with null or a file counts only if there is no other (CONTRACT "Payload").
func (c *collector) emailIndex() int {
	best, rank := -1, 0
	for i, f := range c.fields {
		if len(f.Key) != len(emailKey) || !strings.EqualFold(f.Key, emailKey) {
			continue
		}
		r := 1
		if !f.Value.Empty() {
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

// NULMark stands in an address where the sender sent a NUL: no address can have it.
const NULMark = "\u2400"

// markNUL marks where a NUL was: dropping it would turn a broken address into another, valid one.
func markNUL(texts []string) {
	for i, t := range texts {
		texts[i] = strings.ReplaceAll(t, "\x00", NULMark)
	}
}

func dropNUL(s string) string { return strings.ReplaceAll(s, "\x00", "") }

package rule

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// FieldCache holds what the contacts of one reading share; all are evaluated at the same moment. Most field values occur
// many times, so it computes a condition's result once for each value.
type FieldCache struct {
	keys    []string           // the fields to read, sorted
	values  []map[string]int32 // the number of each known value of a field, from 1
	ids     []int32            // the number of the current contact's value of each key, 0 for none
	texts   []string           // the value itself
	answers [answersKept]*answers
}

const (
	valuesKept  = 2048 // of each field; further values are not kept
	answersKept = 4096 // conditions; with valuesKept this is about 75 MB if all of them keep nexts
)

// beyond is the number of a value that is not kept.
const beyond = -1

func NewFieldCache(keys []string) *FieldCache {
	r := &FieldCache{keys: keys, values: make([]map[string]int32, len(keys)), ids: make([]int32, len(keys)), texts: make([]string, len(keys))}
	for i := range r.values {
		r.values[i] = map[string]int32{}
	}
	return r
}

// put sets a value of the current contact.
func (r *FieldCache) put(at int, value string) {
	id, known := r.values[at][value]
	switch {
	case known || value == "":
	case len(r.values[at]) < valuesKept-1:
		id = int32(len(r.values[at]) + 1)
		r.values[at][strings.Clone(value)] = id
	default:
		id = beyond
	}
	r.ids[at], r.texts[at] = id, value
}

// valueCondition is a condition on the value of a field. It is never true for a contact without a value.
type valueCondition struct {
	key    string
	holds  func(stored string, at Moment) bool
	next   func(stored string, at Moment) time.Time // nil if time does not matter
	number uint32                                   // selects its place in FieldCache.answers
}

var conditions atomic.Uint32 // how many have a number

// newValueCondition returns a condition with its test, and with its next if time matters.
func newValueCondition(key string, holds func(string, Moment) bool, next func(string, Moment) time.Time) condition {
	c := &valueCondition{key, holds, next, conditions.Add(1)}
	if next == nil {
		return condition{test: c.test}
	}
	return condition{test: c.test, next: c.nextChange}
}

// answers holds the results of one condition, by the number of the value.
type answers struct {
	of    *valueCondition
	at    int // the index of the key
	holds [valuesKept]answer
	nexts []int64 // in microseconds since 1970, or one of the two constants below
}

const (
	nextUnknown int64 = 0
	nextNever   int64 = 1
)

type answer byte

const (
	unasked answer = iota
	no
	yes
)

// answersTo returns the results kept for a condition, nil if none are kept; the index of its key; and the number of the
// current contact's value: 0 for none, beyond if its result is not kept.
func (r *FieldCache) answersTo(c *valueCondition) (a *answers, at int, id int32) {
	place := c.number % answersKept
	switch a = r.answers[place]; {
	case a != nil && a.of == c:
		return a, a.at, r.ids[a.at]
	case a != nil: // of another condition
		at = slices.Index(r.keys, c.key)
		if at < 0 || r.ids[at] == 0 {
			return nil, 0, 0
		}
		return nil, at, beyond
	}
	if at = slices.Index(r.keys, c.key); at < 0 {
		return nil, 0, 0
	}
	r.answers[place] = &answers{of: c, at: at}
	return r.answers[place], at, r.ids[at]
}

func (c *valueCondition) test(s *Subject, at Moment) bool {
	if s.Cache == nil {
		stored := s.Fields[c.key]
		return stored != "" && c.holds(stored, at)
	}
	a, place, id := s.Cache.answersTo(c)
	switch {
	case id == 0:
		return false
	case id == beyond:
		return c.holds(s.Cache.texts[place], at)
	case a.holds[id] == unasked:
		a.holds[id] = no
		if c.holds(s.Cache.texts[place], at) {
			a.holds[id] = yes
		}
	}
	return a.holds[id] == yes
}

// nextChange is Matcher.Next of the condition, in whole microseconds like all stored instants.
func (c *valueCondition) nextChange(s *Subject, at Moment) time.Time {
	if s.Cache == nil {
		stored := s.Fields[c.key]
		if stored == "" {
			return time.Time{}
		}
		return c.next(stored, at)
	}
	a, place, id := s.Cache.answersTo(c)
	switch id {
	case 0:
		return time.Time{}
	case beyond:
		return c.next(s.Cache.texts[place], at)
	}
	if missing := int(id) + 1 - len(a.nexts); missing > 0 {
		a.nexts = append(a.nexts, make([]int64, missing)...)
	}
	if a.nexts[id] == nextUnknown {
		a.nexts[id] = nextNever
		if next := c.next(s.Cache.texts[place], at); !next.IsZero() {
			a.nexts[id] = next.UnixMicro()
		}
	}
	if a.nexts[id] == nextNever {
		return time.Time{}
	}
	return time.UnixMicro(a.nexts[id]).UTC()
}

package rule

import (
	"slices"
)

// Needs is what a rule reads of a contact besides its id and status.
type Needs struct {
	Fields  []string // the keys of merge tags, distinct and sorted
	Email   bool
	Tags    bool
	Times   bool // CreatedAt, ChangedAt, SubscribedAt
	Sources bool // CreatedBy, TouchedBy, TouchedAt
}

// Needs returns what the rule reads.
func (m Matcher) Needs() Needs { return m.needs }

// Merge returns what both read together.
func (n Needs) Merge(other Needs) Needs {
	fields := slices.Concat(n.Fields, other.Fields)
	slices.Sort(fields)
	return Needs{Fields: slices.Compact(fields), Email: n.Email || other.Email, Tags: n.Tags || other.Tags,
		Times: n.Times || other.Times, Sources: n.Sources || other.Sources}
}

// needs returns what one condition reads.
func (s Schema) needs(c Condition) Needs {
	switch c.Type {
	case TypeField:
		return Needs{Fields: []string{s.fields[c.FieldID].Key}}
	case TypeEmail:
		return Needs{Email: true}
	case TypeTags:
		return Needs{Tags: true}
	case TypeCreatedBy, TypeTouchedBy:
		return Needs{Sources: true, Times: c.Days != nil}
	case TypeCreatedAt, TypeChangedAt, TypeSubscribedAt:
		return Needs{Times: true}
	}
	return Needs{}
}

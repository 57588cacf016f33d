package rule

import (
	"slices"
)

// Needs lists the properties of a contact that a rule reads, besides its id and status.
type Needs struct {
	Fields  []string // the keys of merge tags, distinct and sorted
	Email   bool
	Tags    bool
	Times   bool // CreatedAt, ChangedAt, SubscribedAt
	Sources bool // CreatedBy, TouchedBy, TouchedAt
}

// Needs returns the properties that the rule reads.
func (m Matcher) Needs() Needs { return m.needs }

// Merge returns the properties that either of the two reads.
func (n Needs) Merge(other Needs) Needs {
	fields := slices.Concat(n.Fields, other.Fields)
	slices.Sort(fields)
	return Needs{Fields: slices.Compact(fields), Email: n.Email || other.Email, Tags: n.Tags || other.Tags,
		Times: n.Times || other.Times, Sources: n.Sources || other.Sources}
}

// needs returns what one condition reads.
func (s Schema) needs(c Condition) Needs {
	if c.Type == TypeField {
		return Needs{Fields: []string{s.fields[c.FieldID].Key}}
	}
	switch typeKinds[c.Type] {
	case KindEmail:
		return Needs{Email: true}
	case KindTags:
		return Needs{Tags: true}
	case KindSource:
		return Needs{Sources: true, Times: c.Days != nil}
	case KindInstant:
		return Needs{Times: true}
	}
	return Needs{}
}

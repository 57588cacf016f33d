package rule

import (
	"encoding/json"
	"slices"
	"strconv"

	"campaignlark/models"
)

// Limits of a rule.
const (
	MaxConditions = 100
	MaxDepth      = 5 // nested groups, including the outermost
	MaxRuleBytes  = 64 << 10
)

// Join says how to combine the filters of a group.
type Join string

const (
	All Join = "AND" // every filter matches
	Any Join = "OR"  // at least one does
)

// Group is a rule, or a part of one in brackets. A group without filters matches no contact.
type Group struct {
	Join    Join     `json:"condition"`
	Filters []Filter `json:"filters"`
}

// Filter is one place in a group: either a condition or a group.
type Filter struct {
	Condition *Condition
	Group     *Group
}

// Type says what a condition checks.
type Type string

const (
	TypeField        Type = "field"         // the value of a merge tag, by FieldID
	TypeEmail        Type = "email"         // the address
	TypeStatus       Type = "status"        // the contact's status
	TypeTags         Type = "tags"          // the contact's tags, by their ids
	TypeSegment      Type = "segment"       // whether the contact is in another segment, by its id
	TypeCreatedBy    Type = "created_by"    // the webhook that created the contact, by its id
	TypeTouchedBy    Type = "touched_by"    // the webhook of the last processed call for the contact
	TypeCreatedAt    Type = "created_at"    // when the contact was created
	TypeChangedAt    Type = "changed_at"    // when it last changed
	TypeSubscribedAt Type = "subscribed_at" // when it last was subscribed
)

// Types lists every type in the order of the menus.
var Types = []Type{TypeStatus, TypeTags, TypeSegment, TypeEmail, TypeField, TypeCreatedBy, TypeTouchedBy, TypeCreatedAt, TypeChangedAt, TypeSubscribedAt}

var typeLabels = map[Type]string{
	TypeField: "Field", TypeEmail: "E-mail address", TypeStatus: "Status", TypeTags: "Tags", TypeSegment: "Segment",
	TypeCreatedBy: "Created by", TypeTouchedBy: "Last touched by",
	TypeCreatedAt: "Created", TypeChangedAt: "Last changed", TypeSubscribedAt: "Subscribed",
}

// Label returns the type as pages show it.
func (t Type) Label() string { return typeLabels[t] }

// Condition is one test of a contact.
type Condition struct {
	Type     Type
	FieldID  int64 // for TypeField only
	Operator Operator
	Value    models.Given // Null if the operator takes none
	Days     *int         // for TypeCreatedBy and TypeTouchedBy: only within this number of days; nil is any time
}

// IDs returns the condition's values as ids of tags, segments or webhooks; false if one of them is not a number.
func (c Condition) IDs() ([]int64, bool) {
	ids := make([]int64, 0, len(c.Value.Texts))
	for _, text := range c.Value.Texts {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

// Of returns a filter with one condition.
func Of(c Condition) Filter { return Filter{Condition: &c} }

// String returns the rule's JSON as stored: equal rules give equal text.
func (g Group) String() string {
	text, _ := json.Marshal(g) // it contains only values that can be marshalled
	return string(text)
}

// MarshalJSON writes the group, with an empty list if it has no filters.
func (g Group) MarshalJSON() ([]byte, error) {
	type plain Group
	if g.Filters == nil {
		g.Filters = []Filter{}
	}
	return json.Marshal(plain(g))
}

// MarshalJSON writes the condition or the group.
func (f Filter) MarshalJSON() ([]byte, error) {
	if f.Group != nil {
		return json.Marshal(f.Group)
	}
	return json.Marshal(f.Condition)
}

// MarshalJSON writes the condition with its value in its shortest form: ids, days and hours as numbers, others as a
// text or a list.
func (c Condition) MarshalJSON() ([]byte, error) {
	w := struct {
		Type     Type     `json:"type"`
		FieldID  int64    `json:"field_id,omitempty"`
		Operator Operator `json:"operator"`
		Value    any      `json:"value,omitempty"`
		Days     *int     `json:"days,omitempty"`
	}{Type: c.Type, FieldID: c.FieldID, Operator: c.Operator, Days: c.Days}
	if c.Value.Shape != models.Null && c.Value.Shape != models.Nested {
		w.Value = c.written()
	}
	return json.Marshal(w)
}

// written returns the condition's value for its JSON. It does not know a field's kind and does not need it: only ids and
// counts are numbers.
func (c Condition) written() any {
	kind := typeKinds[c.Type]
	value := kind.Value(c.Operator)
	ids, areNumbers := c.IDs()
	areNumbers = areNumbers && len(ids) > 0 && (value.isID() || value.isCount())
	switch {
	case areNumbers && (c.Value.Shape == models.List || kind == KindTags):
		return ids
	case areNumbers:
		return ids[len(ids)-1]
	case c.Value.Shape == models.List:
		return c.Value.Texts
	}
	return c.Value.Last()
}

// Segments returns the distinct ids of the segments that the rule refers to, sorted.
func (g Group) Segments() []int64 { return g.ids(TypeSegment) }

// Webhooks returns the distinct ids of the webhooks that the rule refers to, sorted.
func (g Group) Webhooks() []int64 { return g.ids(TypeCreatedBy, TypeTouchedBy) }

func (g Group) ids(types ...Type) []int64 {
	var all []int64
	g.Any(func(c Condition) bool {
		if slices.Contains(types, c.Type) {
			ids, _ := c.IDs()
			all = append(all, ids...)
		}
		return false
	})
	slices.Sort(all)
	return slices.Compact(all)
}

// Problem says what is wrong at one place in a rule.
type Problem struct {
	At      string // the place: "2" is the third filter, "2.0" the first one of the group there, "" the rule as a whole
	Part    string // of a condition: "field", "operator", "value" or "days"; "" for all of it
	Message string // a sentence for people
}

// Problems lists everything that is wrong with a rule, in the order of its conditions.
type Problems []Problem

// Error returns the first problem's sentence.
func (p Problems) Error() string {
	if len(p) == 0 {
		return ""
	}
	return p[0].Message
}

// Place returns the place, as in Problem.At, of the filter at index i of the group at parent.
func Place(parent string, i int) string {
	if parent == "" {
		return strconv.Itoa(i)
	}
	return parent + "." + strconv.Itoa(i)
}

// OfSegment returns the segment's latest rule. While it is being built, the visible membership still follows the old rule.
func OfSegment(segment models.Segment) Group {
	text := segment.Rule
	if segment.BuildingRule != nil {
		text = *segment.BuildingRule
	}
	g, _ := Parse(text)
	return g
}

// Any reports whether f is true for one of the rule's conditions.
func (g Group) Any(f func(Condition) bool) bool {
	return slices.ContainsFunc(g.Filters, func(filter Filter) bool {
		if filter.Group != nil {
			return filter.Group.Any(f)
		}
		return f(*filter.Condition)
	})
}

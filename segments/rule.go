package segments

import (
	"encoding/json"
	"strconv"

	"campaignlark/models"
)

// Limits of a rule.
const (
	MaxConditions = 100
	MaxDepth      = 5 // groups within groups, the outermost included
	MaxRuleBytes  = 64 << 10
)

// Join says how the filters of a group go together.
type Join string

const (
	All Join = "AND" // every filter matches
	Any Join = "OR"  // at least one does
)

// Group is a rule, or a part of one in brackets. A group without filters matches nobody.
type Group struct {
	Join    Join     `json:"condition"`
	Filters []Filter `json:"filters"`
}

// Filter is one place in a group: either a condition or a group of its own.
type Filter struct {
	Condition *Condition
	Group     *Group
}

// Type says what a condition looks at.
type Type string

const (
	TypeField  Type = "field"  // the value of a merge tag, by FieldID
	TypeStatus Type = "status" // the contact's status
	TypeTags   Type = "tags"   // the contact's tags; the value is one or several ids
)

// Condition is one test of a contact.
type Condition struct {
	Type     Type
	FieldID  int64 // of TypeField only
	Operator Operator
	Value    models.Given // Null for an operator that takes none
}

// Tags returns the tag ids that are the condition's value; false when a text among them is no id.
func (c Condition) Tags() ([]int64, bool) {
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

// Of is a filter of one condition.
func Of(c Condition) Filter { return Filter{Condition: &c} }

// String is the rule's JSON as it is stored: the same rule always gives the same text.
func (g Group) String() string {
	text, _ := json.Marshal(g) // holds nothing that cannot be written
	return string(text)
}

// MarshalJSON writes the group with its filters as a list even when there are none.
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

// MarshalJSON writes the condition with its value in its shortest form: tag ids as numbers, a text, a list of texts.
func (c Condition) MarshalJSON() ([]byte, error) {
	w := struct {
		Type     Type     `json:"type"`
		FieldID  int64    `json:"field_id,omitempty"`
		Operator Operator `json:"operator"`
		Value    any      `json:"value,omitempty"`
	}{Type: c.Type, FieldID: c.FieldID, Operator: c.Operator}
	ids, areIDs := c.Tags()
	switch {
	case c.Value.Shape == models.Null || c.Value.Shape == models.Nested:
	case c.Type == TypeTags && areIDs:
		w.Value = ids
	case c.Value.Shape == models.List:
		w.Value = c.Value.Texts
	default:
		w.Value = c.Value.Last()
	}
	return json.Marshal(w)
}

// Problem says what is wrong at one place of a rule.
type Problem struct {
	At      string // the place: "2" is the third filter, "2.0" the first one of the group there, "" the rule as a whole
	Part    string // of a condition: "field", "operator" or "value"; "" for all of it
	Message string // a sentence for people
}

// Problems is everything that is wrong with a rule, in the order of its conditions.
type Problems []Problem

// Error is the first problem's sentence.
func (p Problems) Error() string {
	if len(p) == 0 {
		return ""
	}
	return p[0].Message
}

// place returns the address of the filter at index i of the group at parent.
func place(parent string, i int) string {
	if parent == "" {
		return strconv.Itoa(i)
	}
	return parent + "." + strconv.Itoa(i)
}

package segments

import (
	"slices"
	"strings"
)

// Explanation says why a contact matches a rule or not: the rule's tree with a verdict at each place.
type Explanation struct {
	Matched bool
	Words   []Part        // a condition's words; nil for a group
	Saw     string        // what the condition found, "" for no value
	Join    Join          // of a group
	Filters []Explanation // of a group
}

// Explain says how Match comes to its answer.
func (m Matcher) Explain(s *Subject, at Moment) Explanation { return m.root.explain(s) }

func (n node) explain(s *Subject) Explanation {
	e := Explanation{Matched: n.match(s), Words: n.words, Join: n.join}
	if n.test != nil {
		e.Saw = n.saw(s)
	}
	for _, inner := range n.nodes {
		e.Filters = append(e.Filters, inner.explain(s))
	}
	return e
}

func (s Schema) fieldSeen(c Condition) func(*Subject) string {
	m := s.fields[c.FieldID]
	return func(subject *Subject) string {
		stored := subject.Fields[m.Key]
		if stored == "" {
			return ""
		}
		return shorten(m.Show(stored, s.Location))
	}
}

// tagsSeen names those of the condition's tags that the contact has.
func (s Schema) tagsSeen(c Condition) func(*Subject) string {
	ids, _ := c.IDs()
	return func(subject *Subject) string {
		var names []string
		for _, id := range ids {
			if slices.Contains(subject.Tags, id) {
				names = append(names, s.tags[id].Name)
			}
		}
		return strings.Join(names, ", ")
	}
}

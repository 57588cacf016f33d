package rule

import (
	"slices"
	"strings"

	"campaignlark/models"
)

// Explanation says why a contact matches a rule or not: the rule's tree with a result at each place.
type Explanation struct {
	Matched bool
	Words   []Part        // a condition's words; nil for a group
	Saw     string        // the value that the condition found, "" for none
	Segment int64         // the segment that the condition refers to, 0 for none
	Join    Join          // for a group
	Filters []Explanation // for a group
}

// Explain explains the result of Match.
func (m Matcher) Explain(s *Subject, at Moment) Explanation { return m.root.explain(s, at) }

func (n *node) explain(s *Subject, at Moment) Explanation {
	e := Explanation{Matched: n.match(s, at), Words: n.words, Segment: n.segment, Join: n.join}
	if n.test != nil {
		e.Saw = n.saw(s)
	}
	for _, inner := range n.nodes {
		e.Filters = append(e.Filters, inner.explain(s, at))
	}
	return e
}

func (s Schema) fieldSeen(m models.MergeTag) func(*Subject) string {
	return func(subject *Subject) string {
		stored := subject.Fields[m.Key]
		if stored == "" {
			return ""
		}
		return shorten(m.Show(stored, s.Location))
	}
}

// tagsSeen names the condition's tags that the contact has. If the condition names none, it names all tags of the
// contact.
func (s Schema) tagsSeen(c Condition) func(*Subject) string {
	ids, _ := c.IDs()
	return func(subject *Subject) string {
		among := ids
		if len(ids) == 0 {
			among = subject.Tags
		}
		var names []string
		for _, id := range among {
			if tag, ok := s.tags[id]; ok && slices.Contains(subject.Tags, id) {
				names = append(names, tag.Name)
			}
		}
		return shorten(strings.Join(names, ", "))
	}
}

// sourceSeen names the webhook that the condition checks, and its time.
func (s Schema) sourceSeen(c Condition) func(*Subject) string {
	return func(subject *Subject) string {
		id, at := c.source(subject)
		if id == 0 {
			return ""
		}
		name := "a deleted webhook"
		if w, ok := s.webhooks[id]; ok {
			name = w.Name
		}
		return name + " on " + s.showInstant(at)
	}
}

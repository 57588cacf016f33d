package segments

import (
	"strings"

	"campaignlark/models"
)

// PartKind says what a part of a sentence is, so that a page can mark it.
type PartKind string

const (
	Plain PartKind = ""      // ordinary words
	Named PartKind = "name"  // what is looked at: a field's label, "tags"
	Value PartKind = "value" // what it is compared with
	Link  PartKind = "link"  // "and", "or"
	Gone  PartKind = "gone"  // something that does not exist any more
)

// Part is a piece of a sentence. Its text may come from people and is shown as it is.
type Part struct {
	Text string
	Kind PartKind
}

// PlainText joins the parts of a sentence.
func PlainText(parts []Part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

// Sentence says in words whom a rule means: "Contacts whose Status is Subscribed and who have any of the tags a, b".
// What the rule speaks of may be gone; the sentence says so.
func Sentence(g Group, s Schema) []Part {
	if len(g.Filters) == 0 {
		return []Part{{Text: "Nobody: the rule has no condition yet"}}
	}
	return append([]Part{{Text: "Contacts "}}, s.groupWords(g)...)
}

func (s Schema) groupWords(g Group) []Part {
	var parts []Part
	whose := false // the condition before was about something the contact has: its "whose" serves on
	for i, f := range g.Filters {
		if i > 0 {
			word := "and"
			if g.Join == Any {
				word = "or"
			}
			parts = append(parts, Part{Text: " "}, Part{word, Link}, Part{Text: " "})
		}
		switch {
		case f.Group != nil && len(f.Group.Filters) == 0:
			parts = append(parts, Part{Text: "(nobody)"})
			whose = false
		case f.Group != nil:
			parts = append(parts, Part{Text: "("})
			parts = append(append(parts, s.groupWords(*f.Group)...), Part{Text: ")"})
			whose = false
		case f.Condition.Type == TypeTags:
			parts = append(append(parts, Part{Text: "who "}), s.tagsWords(*f.Condition, "have", "do not have")...)
			whose = false
		default:
			if !whose {
				parts = append(parts, Part{Text: "whose "})
			}
			parts = append(parts, s.conditionWords(*f.Condition)...)
			whose = true
		}
	}
	return parts
}

// conditionWords says one condition of one contact: "Status is Subscribed", "has none of the tags a, b".
func (s Schema) conditionWords(c Condition) []Part {
	switch c.Type {
	case TypeStatus:
		return compareWords(KindStatus, Part{"Status", Named}, c.Operator, models.Status(c.Value.Last()).Name())
	case TypeTags:
		return s.tagsWords(c, "has", "does not have")
	}
	m, ok := s.fields[c.FieldID]
	if !ok {
		return compareWords(kindText, Part{"deleted field", Gone}, c.Operator, strings.Join(c.Value.Texts, ", "))
	}
	return compareWords(KindOf(m), Part{m.Label, Named}, c.Operator, m.Show(strings.Join(c.Value.Texts, "\n"), s.Location))
}

func compareWords(k Kind, what Part, o Operator, value string) []Part {
	parts := []Part{what, {Text: " " + k.Label(o)}}
	if k.Takes(o) != TakesNothing {
		parts = append(parts, Part{Text: " "}, Part{shorten(value), Value})
	}
	return parts
}

// tagsWords says a condition about tags; have and haveNot are the verb for those of whom it speaks.
func (s Schema) tagsWords(c Condition, have, haveNot string) []Part {
	ids, _ := c.IDs()
	words, name := have+" any of the ", "tags"
	switch {
	case len(ids) == 1 && c.Operator == HasNone:
		words, name = haveNot+" the ", "tag"
	case len(ids) == 1:
		words, name = have+" the ", "tag"
	case c.Operator == HasNone:
		words = have + " none of the "
	}
	parts := []Part{{Text: words}, {name, Named}, {Text: " "}}
	for i, id := range ids {
		if i > 0 {
			parts = append(parts, Part{Text: ", "})
		}
		if t, ok := s.tags[id]; ok {
			parts = append(parts, Part{t.Name, Value})
		} else {
			parts = append(parts, Part{"a deleted tag", Gone})
		}
	}
	return parts
}

// shorten returns at most 80 code points of s: a sentence is read, not searched.
func shorten(s string) string {
	count := 0
	for i := range s {
		if count == 80 {
			return s[:i] + "…"
		}
		count++
	}
	return s
}

package rule

import (
	"strconv"
	"strings"
)

// tagsWords describes a condition about tags; have and haveNot are its verbs.
func (s Schema) tagsWords(c Condition, have, haveNot string) []Part {
	ids, _ := c.IDs()
	words, name := have+" any of the ", "tags"
	switch {
	case c.Operator == IsSet:
		return []Part{{Text: have + " "}, {name, Named}}
	case c.Operator == IsNotSet:
		return []Part{{Text: have + " no "}, {name, Named}}
	case len(ids) == 1 && c.Operator == HasNone:
		words, name = haveNot+" the ", "tag"
	case len(ids) == 1:
		words, name = have+" the ", "tag"
	case c.Operator == HasAll:
		words = have + " all of the "
	case c.Operator == HasNone:
		words = have + " none of the "
	}
	parts := []Part{{Text: words}, {name, Named}, {Text: " "}}
	few, more := firstFew(ids)
	for i, id := range few {
		if i > 0 {
			parts = append(parts, Part{Text: ", "})
		}
		name, known := s.goneName(TypeTags, id)
		if t, ok := s.tags[id]; ok {
			name = Part{t.Name, Value}
		} else if !known {
			name.Text = "a deleted tag"
		}
		parts = append(parts, name)
	}
	if len(ids) == 0 {
		parts = append(parts, Part{"…", Value})
	}
	return append(parts, more...)
}

func (s Schema) segmentWords(c Condition, are, areNot string) []Part {
	verb, name := are, Part{"…", Value}
	if c.Operator == NotIn {
		verb = areNot
	}
	if ids, _ := c.IDs(); len(ids) > 0 {
		gone, known := s.goneName(TypeSegment, ids[0])
		g, ok := s.segments[ids[0]]
		switch {
		case ok:
			name.Text = g.Name
		case known:
			name = gone
		default:
			return []Part{{Text: verb + " in "}, {"a deleted segment", Gone}}
		}
	}
	return []Part{{Text: verb + " in the "}, {"segment", Named}, {Text: " "}, name}
}

// sourceWords describes which webhook created or last touched the contacts.
func (s Schema) sourceWords(c Condition, were, wereNot string) []Part {
	verb, done := were, " created by "
	if c.Type == TypeTouchedBy {
		done = " last touched by "
	}
	switch c.Operator {
	case IsSet:
		return []Part{{Text: verb + done + "a "}, {"webhook", Named}}
	case IsNotSet:
		return []Part{{Text: wereNot + strings.Replace(done, "last", "ever", 1) + "a "}, {"webhook", Named}}
	case IsNot:
		verb = wereNot
	}
	name := Part{"…", Value}
	parts := []Part{{Text: verb + done}, {"webhook", Named}, {Text: " "}, name}
	if ids, _ := c.IDs(); len(ids) > 0 {
		w, ok := s.webhooks[ids[0]]
		switch {
		case !ok:
			parts = []Part{{Text: verb + done}, {"a deleted webhook", Gone}}
		case w.DeletedAt != nil:
			parts[3] = Part{w.Name + " (deleted)", Gone}
		default:
			parts[3].Text = w.Name
		}
	}
	if c.Days != nil {
		parts = append(parts, Part{Text: " in the last "}, Part{counted(strconv.Itoa(*c.Days), "day"), Value})
	}
	return parts
}

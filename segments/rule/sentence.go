package rule

import (
	"strconv"
	"strings"

	"campaignlark/models"
)

// PartKind is the kind of a part of a sentence, so that a page can mark it.
type PartKind string

const (
	Plain PartKind = ""      // ordinary words
	Named PartKind = "name"  // the compared property: a field's label, "tags"
	Value PartKind = "value" // what it is compared with
	Link  PartKind = "link"  // "and", "or"
	Gone  PartKind = "gone"  // something that does not exist any more
)

// Part is a part of a sentence. Its text may be a person's input and is shown unchanged.
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

// Sentence describes a rule in words: "Contacts whose Status is Subscribed and who have any of the tags a, b". It marks
// things that no longer exist.
func Sentence(g Group, s Schema) []Part {
	if len(g.Filters) == 0 {
		return []Part{{Text: "Nobody: the rule has no condition yet"}}
	}
	return append([]Part{{Text: "Contacts "}}, s.groupWords(g, "")...)
}

// groupWords describes a group after "Contacts", or in brackets. serves is the word before it, "whose" or "who"; it is
// not repeated: "whose A is 1 and B is 2".
func (s Schema) groupWords(g Group, serves string) []Part {
	var parts []Part
	for i, f := range g.Filters {
		if i > 0 {
			word := "and"
			if g.Join == Any {
				word = "or"
			}
			parts = append(parts, Part{Text: " "}, Part{word, Link}, Part{Text: " "})
		}
		if f.Group != nil {
			parts = append(parts, s.bracketWords(*f.Group, serves)...)
			continue
		}
		begins, words := s.personWords(*f.Condition)
		if begins != "" && begins != serves {
			parts = append(parts, Part{Text: begins + " "})
		}
		parts, serves = append(parts, words...), begins
	}
	return parts
}

func (s Schema) bracketWords(g Group, serves string) []Part {
	if len(g.Filters) == 0 {
		return []Part{{Text: "(nobody)"}}
	}
	if serves == "whose" {
		serves = "" // a bracket after a noun reads better if it repeats the word
	}
	return append(append([]Part{{Text: "("}}, s.groupWords(g, serves)...), Part{Text: ")"})
}

// personWords describes a condition for several contacts, and the word before it: "who", "whose" or "".
func (s Schema) personWords(c Condition) (begins string, words []Part) {
	switch typeKinds[c.Type] {
	case KindTags:
		return "who", s.tagsWords(c, "have", "do not have")
	case KindSegment:
		return "who", s.segmentWords(c, "are", "are not")
	case KindSource:
		return "who", s.sourceWords(c, "were", "were not")
	case KindInstant:
		return "", s.conditionWords(c)
	}
	return "whose", s.conditionWords(c)
}

// conditionWords describes a condition for one contact: "Status is Subscribed", "has none of the tags a, b".
func (s Schema) conditionWords(c Condition) []Part {
	switch typeKinds[c.Type] {
	case KindTags:
		return s.tagsWords(c, "has", "does not have")
	case KindSegment:
		return s.segmentWords(c, "is", "is not")
	case KindSource:
		return s.sourceWords(c, "was", "was not")
	}
	what := Part{c.Type.Label(), Named}
	kind, ok := s.Kind(c)
	switch {
	case !ok:
		what, kind = Part{"deleted field", Gone}, kindText
		if name, known := s.goneName(TypeField, c.FieldID); known {
			what = name
		}
	case c.Type == TypeField:
		what.Text = s.fields[c.FieldID].Label
	}
	if c.Operator == IsNotSet && c.Type == TypeSubscribedAt {
		return []Part{{Text: "never "}, what}
	}
	if stored, ok := kind.canonical(c.Operator); ok {
		c.Operator = stored
	}
	return append([]Part{what}, s.compareWords(kind, c)...)
}

// compareWords describes how a condition compares and with what: " is more than 1,000".
func (s Schema) compareWords(kind Kind, c Condition) []Part {
	label := []Part{{Text: " " + kind.Label(c.Operator)}}
	values := s.valueWords(kind, c)
	if label1, ok := labelsOfOne[c.Operator]; ok && len(c.Value.Texts) == 1 && kind == kindMultiple {
		label[0].Text = label1
	}
	switch value := kind.Value(c.Operator); {
	case kind.Takes(c.Operator) == TakesNothing:
		return label
	case value == ValueBoolean:
		return []Part{label[0], {Text: " "}, {shorten(showBoolean(c.Value.Last())), Value}}
	case c.Operator == MoreThanDaysAgo && kind == kindDate:
		return append(append([]Part{{Text: " is more than "}}, values...), Part{Text: " ago"})
	case c.Operator == MoreThanDaysAgo:
		return append(append([]Part{{Text: " more than "}}, values...), Part{Text: " ago"})
	case c.Operator == AnniversaryWithinDays && kind == KindInstant:
		label[0].Text = " with its anniversary within"
	}
	return append(append(label, Part{Text: " "}), values...)
}

// showBoolean returns a boolean value as contacts show it: "Yes". A rule may also hold another text.
func showBoolean(text string) string {
	return models.MergeTag{Type: models.MergeTagBoolean}.Show(text, nil)
}

// labelsOfOne has the labels for one choice, if the normal label is for several.
var labelsOfOne = map[Operator]string{HasAny: " has", HasAll: " has", HasNone: " does not have"}

// valueWords describes the values of a condition: "a", "a, b", "1 and 5", "90 days".
func (s Schema) valueWords(kind Kind, c Condition) []Part {
	between := ", "
	if kind.Takes(c.Operator) == TakesTwo {
		between = " and "
	}
	var parts []Part
	texts, more := firstFew(c.Value.Texts)
	for i, text := range texts {
		if i > 0 && kind.Takes(c.Operator) == TakesOne {
			break
		}
		if i > 0 {
			parts = append(parts, Part{Text: between})
		}
		part, gone := s.choiceName(kind, c, text)
		if !gone {
			part = Part{shorten(s.showValue(kind, c, text)), Value}
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return []Part{{"…", Value}} // the rule is not finished
	}
	return append(parts, more...)
}

// firstFew returns the values that a sentence names, and the words for the rest.
func firstFew[T any](list []T) (few []T, more []Part) {
	const most = 10
	if len(list) <= most {
		return list, nil
	}
	rest := len(list) - most + 1
	return list[:most-1], []Part{{Text: " and "}, {showCount(strconv.Itoa(rest)) + " more", Value}}
}

func (s Schema) showValue(kind Kind, c Condition, text string) string {
	switch kind.Value(c.Operator) {
	case ValueDays:
		return counted(text, "day")
	case ValueHours:
		return counted(text, "hour")
	case ValueStatus:
		return models.Status(text).Name()
	case ValueDate:
		return models.MergeTag{Type: models.MergeTagDate}.Show(text, s.Location)
	case ValueEmail:
		return models.ShowEmail(text)
	case ValueDomain:
		return models.ShowDomain(text)
	}
	return s.fields[c.FieldID].Show(text, s.Location)
}

func counted(n, unit string) string {
	if n == "1" {
		return "1 " + unit
	}
	return showCount(n) + " " + unit + "s"
}

// shorten limits the length of a quoted value.
func shorten(s string) string { return models.Shorten(s, 80) }

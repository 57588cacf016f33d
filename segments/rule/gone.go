package rule

import (
	"slices"
	"strconv"

	"campaignlark/models"
)

// DeletedRef is a deleted thing that rules refer to, by its subject and id in the audit log.
type DeletedRef struct {
	Subject string
	ID      int64
}

// goneSubjects maps a condition's type to the audit log's subject.
var goneSubjects = map[Type]string{TypeField: models.SubjectMergeTag, TypeTags: models.SubjectTag, TypeSegment: models.SubjectSegment}

// Missing returns the things that the rules of segments refer to and that do not exist.
func (s *Schema) Missing() (all []DeletedRef) {
	for _, g := range s.Segments {
		all = append(all, s.MissingIn(OfSegment(g))...)
	}
	return all
}

// MissingIn returns the things that a rule refers to and that do not exist.
func (s *Schema) MissingIn(g Group) (all []DeletedRef) {
	g.Any(func(c Condition) bool {
		ids, _ := c.IDs()
		if c.Type == TypeField {
			ids = []int64{c.FieldID}
		}
		for _, id := range ids {
			thing := DeletedRef{goneSubjects[c.Type], id}
			if thing.Subject != "" && !s.has(c.Type, id) && !slices.Contains(all, thing) {
				all = append(all, thing)
			}
		}
		return false
	})
	return all
}

func (s *Schema) has(t Type, id int64) (ok bool) {
	switch t {
	case TypeField:
		_, ok = s.fields[id]
	case TypeTags:
		_, ok = s.tags[id]
	case TypeSegment:
		_, ok = s.segments[id]
	}
	return ok
}

// goneName returns the name of a deleted thing; false if it is unknown.
func (s Schema) goneName(t Type, id int64) (Part, bool) {
	name := s.Deleted[DeletedRef{goneSubjects[t], id}]
	return Part{shorten(name) + " (deleted)", Gone}, name != ""
}

// goneMessage says what to do about a deleted thing that a condition names; otherwise says it if its name is unknown.
func (s Schema) goneMessage(t Type, id int64, otherwise string) string {
	name := s.Deleted[DeletedRef{goneSubjects[t], id}]
	if name == "" {
		return otherwise
	}
	what := map[Type]string{TypeField: "merge tag", TypeTags: "tag", TypeSegment: "segment"}[t]
	return "The " + what + " “" + shorten(name) + "” was deleted. Please choose another."
}

// choiceName returns a value of the condition that is no longer a choice of its merge tag, marked so. It returns false if
// it still is a choice, or if the condition has no choices.
func (s Schema) choiceName(kind Kind, c Condition, text string) (Part, bool) {
	m, there := s.fields[c.FieldID]
	gone := there && c.Type == TypeField && kind.Value(c.Operator) == ValueChoice && !slices.Contains(m.Options, text)
	return Part{shorten(text) + noChoice, Gone}, gone
}

const noChoice = " (no longer a choice)"

// GoneField returns the label of a deleted merge tag: "City (deleted)".
func (s Schema) GoneField(id int64) string {
	if name, known := s.goneName(TypeField, id); known {
		return name.Text
	}
	return "A deleted field"
}

// GoneValue returns the label of a value of the condition that can no longer be chosen: "customer (deleted)", "Gold (no
// longer a choice)".
func (s Schema) GoneValue(c Condition, text string) string {
	id, _ := strconv.ParseInt(text, 10, 64) // 0 has no name
	name, known := s.goneName(c.Type, id)
	hook, there := s.webhooks[id]
	switch kind := typeKinds[c.Type]; {
	case known:
		return name.Text
	case kind == KindTags:
		return "A deleted tag"
	case kind == KindSegment:
		return "A deleted segment"
	case kind == KindSource && there:
		return shorten(hook.Name) + " (deleted)"
	case kind == KindSource:
		return "A deleted webhook"
	}
	return shorten(text) + noChoice
}

// SaysGone reports whether the condition's words name something that no longer exists.
func (s Schema) SaysGone(c Condition) bool {
	return slices.ContainsFunc(s.conditionWords(c), func(p Part) bool { return p.Kind == Gone })
}

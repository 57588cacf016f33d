package rule

import (
	"slices"
	"strconv"

	"campaignlark/models"
)

// DeletedRef is something that rules speak of and that is deleted: a subject of the audit log with its id there.
type DeletedRef struct {
	Subject string
	ID      int64
}

// goneSubjects are how the audit log calls what conditions of a type speak of.
var goneSubjects = map[Type]string{TypeField: models.SubjectMergeTag, TypeTags: models.SubjectTag, TypeSegment: models.SubjectSegment}

// Missing are the things that rules speak of and that are not there.
func (s *Schema) Missing() (all []DeletedRef) {
	for _, g := range s.Segments {
		OfSegment(g).Any(func(c Condition) bool {
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
	}
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

// goneName is the name of something that is deleted; false where it is not known any more.
func (s Schema) goneName(t Type, id int64) (Part, bool) {
	name := s.Deleted[DeletedRef{goneSubjects[t], id}]
	return Part{shorten(name) + " (deleted)", Gone}, name != ""
}

// choiceName marks a choice of the condition's merge tag that was taken away; false where it is one still, or none at all.
func (s Schema) choiceName(kind Kind, c Condition, text string) (Part, bool) {
	m, there := s.fields[c.FieldID]
	gone := there && c.Type == TypeField && kind.Value(c.Operator) == ValueChoice && !slices.Contains(m.Options, text)
	return Part{shorten(text) + noChoice, Gone}, gone
}

const noChoice = " (no longer a choice)"

// GoneField is how a merge tag is called that is deleted: "City (deleted)".
func (s Schema) GoneField(id int64) string {
	if name, known := s.goneName(TypeField, id); known {
		return name.Text
	}
	return "A deleted field"
}

// GoneValue is how a value of the condition is called that cannot be chosen any more: "customer (deleted)", "Gold (no longer
// a choice)".
func (s Schema) GoneValue(c Condition, text string) string {
	id, _ := strconv.ParseInt(text, 10, 64) // 0 is nothing that has a name
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

// SaysGone reports whether the condition's words name something that does not exist any more.
func (s Schema) SaysGone(c Condition) bool {
	return slices.ContainsFunc(s.conditionWords(c), func(p Part) bool { return p.Kind == Gone })
}

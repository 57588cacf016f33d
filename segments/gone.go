package segments

import (
	"slices"

	"campaignlark/models"

	"gorm.io/gorm"
)

// goneThing is something that rules speak of and that is deleted: a subject of the audit log with its id there.
type goneThing struct {
	subject string
	id      int64
}

// goneSubjects are how the audit log calls what conditions of a type speak of.
var goneSubjects = map[Type]string{TypeField: models.SubjectMergeTag, TypeTags: models.SubjectTag, TypeSegment: models.SubjectSegment}

// nameGone reads the names of what the rules of the workspace speak of and is deleted, as far as the audit log knows them.
func (s *Schema) nameGone(db *gorm.DB, workspace int64) error {
	missing := s.missing()
	if len(missing) == 0 {
		return nil
	}
	var subjects []string
	var ids []int64
	for _, m := range missing {
		subjects, ids = append(subjects, m.subject), append(ids, m.id)
	}
	var entries []models.AuditEntry
	err := db.Select("subject, subject_id, subject_name").Order("id").Where("workspace_id = ? AND subject IN ? AND subject_id IN ? AND action IN ?", workspace, subjects, ids,
		[]string{models.ActionTagDeleted, models.ActionMergeTagDeleted, models.ActionSegmentDeleted}).Find(&entries).Error
	s.gone = map[goneThing]string{}
	for _, e := range entries {
		s.gone[goneThing{e.Subject, e.SubjectID}] = e.SubjectName
	}
	return err
}

// missing are the things that rules speak of and that are not there.
func (s *Schema) missing() (all []goneThing) {
	for _, g := range s.Segments {
		RuleOf(g).any(func(c Condition) bool {
			ids, _ := c.IDs()
			if c.Type == TypeField {
				ids = []int64{c.FieldID}
			}
			for _, id := range ids {
				thing := goneThing{goneSubjects[c.Type], id}
				if thing.subject != "" && !s.has(c.Type, id) && !slices.Contains(all, thing) {
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
	name := s.gone[goneThing{goneSubjects[t], id}]
	return Part{shorten(name) + " (deleted)", Gone}, name != ""
}

package segments

import (
	"campaignlark/models"

	"gorm.io/gorm"
)

// RebuildDates lets the segments whose rules look at dates be built anew, within the transaction that changed the
// workspace's time zone: an instant is compared by its day there.
func RebuildDates(tx *gorm.DB, workspace int64) error {
	schema, err := loadSchema(tx, workspace)
	if err != nil {
		return err
	}
	return editIn(tx, workspace, func(tx *gorm.DB, all []models.Segment) error {
		for i, segment := range all {
			if segment.BrokenReason != "" || !RuleOf(segment).any(schema.isDate) {
				continue
			}
			if err := startBuild(tx, &all[i], RuleOf(segment).String(), all); err != nil {
				return err
			}
			if err := saveSegment(tx, all[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// isDate says whether a condition looks at a date.
func (s Schema) isDate(c Condition) bool {
	return c.Type == TypeField && s.fields[c.FieldID].Type == models.MergeTagDate
}

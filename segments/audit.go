package segments

import (
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// audit records in tx what a person did to a segment. before is zero for a new segment, after is zero for a deleted
// one. The entry has the rule as its sentence, in the names of that day and without addresses, because the log outlives
// the person.
func audit(tx *gorm.DB, schema rule.Schema, userID int64, action string, before, after models.Segment, now time.Time) error {
	is := before
	if is.ID == 0 {
		is = after
	}
	was, will := ruleWords(before, schema), ruleWords(after, schema)
	old, new := models.WithoutAddresses(was), models.WithoutAddresses(will)
	if was != will && old == new {
		new += " (another address)"
	}
	return store.Audit(tx, models.AuditEntry{WorkspaceID: is.WorkspaceID, UserID: userID, Action: action,
		Subject: models.SubjectSegment, SubjectID: is.ID, SubjectName: is.Name}, []models.AuditChange{
		{What: "Name", Before: before.Name, After: after.Name},
		{What: "Rule", Before: old, After: new},
	}, now)
}

func ruleWords(segment models.Segment, schema rule.Schema) string {
	if segment.ID == 0 {
		return ""
	}
	return rule.PlainText(rule.Sentence(rule.OfSegment(segment), schema))
}

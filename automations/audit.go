package automations

import (
	"strconv"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// auditChanges says what changed between two states of an automation, in the names of that day and without addresses, because the log
// outlives people. before is the zero one if it is new, after if it was deleted.
func (s Store) auditChanges(tx *gorm.DB, before, after models.Automation) (changes []models.AuditChange, err error) {
	workspace := max(before.WorkspaceID, after.WorkspaceID)
	w, err := store.First[models.Workspace](tx.Where("id = ?", workspace))
	if err != nil {
		return nil, models.In("workspace", err)
	}
	things, err := thingsIn(tx, w, s.Mail)
	if err != nil {
		return nil, err
	}
	was, will := stored(before.Definition), stored(after.Definition)
	if err := segments.NameDeleted(tx, workspace, &things.Schema, things.missing([]Definition{was, will})); err != nil {
		return nil, models.In("names of what was deleted", err)
	}
	old, fresh := auditWords(before, was, things), auditWords(after, will, things)
	if old == fresh && before.Definition != after.Definition && sentenceOf(was, things) != sentenceOf(will, things) {
		fresh += " (another address)"
	}
	version := func(a models.Automation) string {
		if before.ID == 0 || after.ID == 0 {
			return ""
		}
		return strconv.FormatInt(a.Revision, 10)
	}
	return []models.AuditChange{
		{What: "Name", Before: before.Name, After: after.Name},
		{What: "What it does", Before: old, After: fresh},
		{What: "Changes by people and imports", Before: byHandWords(before, was), After: byHandWords(after, will)},
		{What: "Version", Before: version(before), After: version(after)},
	}, nil
}

func sentenceOf(d Definition, things Things) string { return rule.PlainText(d.Sentence(things)) }

func auditWords(a models.Automation, d Definition, things Things) string {
	if a.ID == 0 {
		return ""
	}
	return models.WithoutAddresses(sentenceOf(d, things))
}

func byHandWords(a models.Automation, d Definition) string {
	switch {
	case a.ID == 0:
		return ""
	case d.ByHand:
		return "start it too"
	}
	return "are ignored"
}

func onOff(a models.Automation) string {
	if a.Enabled {
		return "On"
	}
	return "Off"
}

// openRuns counts the runs of an automation that go on, up to MostRuns of each state.
func openRuns(tx *gorm.DB, a models.Automation) (n int64, err error) {
	err = tx.Raw("SELECT "+fewOpen+" FROM automations a WHERE a.workspace_id = @ws AND a.id = @id", map[string]any{"ws": a.WorkspaceID, "id": a.ID, "most": MostRuns}).Scan(&n).Error
	return n, models.In("runs that end", err)
}

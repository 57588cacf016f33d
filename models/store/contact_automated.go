package store

import (
	"maps"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// LockContacts locks the addresses of contacts, and those that they had before, until tx ends. Call it in a transaction of DB.Write before
// the contacts are read.
func LockContacts(tx *gorm.DB, workspaceID int64, ids []int64) error {
	return lockContacts(tx, workspaceID, ids)
}

// ChangeContactInRun changes a contact for a run of an automation, as a change by hand would, and returns the difference: nothing if the
// contact is so already. The caller holds the contact's lock and has read it under that lock. by names the automation and the run,
// and mark the run and the depth of what it causes.
func ChangeContactInRun(tx *gorm.DB, c *models.Contact, in models.ContactInput, by models.ContactChange, mark models.DirtyContact, now time.Time) (edit models.ContactChange, err error) {
	before := maps.Clone(c.Fields)
	changes, err := applyInput(tx, c, in, now)
	if err != nil || changes.Nothing() {
		return changes.ContactChange, err
	}
	changes.Automation, changes.AutomationAs, changes.Run = by.Automation, by.AutomationAs, by.Run
	if err := saveChange(tx, c, now); err != nil {
		return changes.ContactChange, err
	}
	if err := IndexNames(tx, c.WorkspaceID, NamedContact{c.ID, before, c.Fields}); err != nil {
		return changes.ContactChange, models.In("index the name", err)
	}
	entry := models.AuditEntry{Action: models.ActionContactAutomated, Subject: models.SubjectOneOfMany}
	return changes.ContactChange, finishChange(tx, entry, mark, *c, changes, now)
}

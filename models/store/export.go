package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// exportStep is how many contacts of an export are in memory at a time.
const exportStep = 250

// ExportStep returns the next contacts of an export, the newest first, below an id, with their tags. next is the id to go
// on below, 0 at the end. No transaction is held between steps: a contact that changes between steps is exported as it is
// then.
func (d *DB) ExportStep(ctx context.Context, workspaceID int64, filter ContactFilter, before int64) (found []models.ListedContact, next int64, err error) {
	contacts, next, err := filter.NextContacts(d.Read(ctx), workspaceID, before, exportStep)
	for _, c := range contacts {
		found = append(found, models.ListedContact{Contact: c})
	}
	if err != nil {
		return nil, 0, err
	}
	return found, next, d.addTags(ctx, workspaceID, found)
}

// NoteExport notes in the audit log that a person took a list of contacts out as a file; which says which, without the
// words that were searched for.
func (d *DB) NoteExport(ctx context.Context, workspaceID, userID int64, which string, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		e := models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: models.ActionContactsExported, Subject: models.SubjectContacts, SubjectName: which}
		return Audit(tx, e, nil, now)
	})
}

// NotePersonExport notes in the audit log that a person took out everything about one contact.
func (d *DB) NotePersonExport(ctx context.Context, c models.Contact, userID int64, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return auditContact(tx, userID, models.ActionContactExported, c.WorkspaceID, c.ID, models.ContactChange{}, now)
	})
}

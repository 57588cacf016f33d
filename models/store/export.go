package store

import (
	"context"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// exportStep is how many contacts of an export are in memory at a time.
const exportStep = 250

// ExportStep returns the next contacts of an export below an id, the newest first, with their tags. Continue below next;
// 0 is the end. No transaction spans the steps: each contact is exported as it is when its step runs.
func (d *DB) ExportStep(ctx context.Context, workspaceID int64, filter ContactFilter, before int64) (found []models.ListedContact, next int64, err error) {
	leave, err := d.exports.enter(ctx)
	if err != nil {
		return nil, 0, models.In("wait for other exports", err)
	}
	defer leave()
	contacts, next, err := filter.NextContacts(d.Read(ctx), workspaceID, before, exportStep)
	for _, c := range contacts {
		found = append(found, models.ListedContact{Contact: c})
	}
	if err != nil {
		return nil, 0, err
	}
	return found, next, d.addTags(ctx, workspaceID, found)
}

// ExportRequests is NextRequests for a download, when it is its turn.
func (d *DB) ExportRequests(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor) (found []models.WebhookRequest, next uuid.UUID, err error) {
	leave, err := d.exports.enter(ctx)
	if err != nil {
		return nil, uuid.Nil, models.In("wait for other exports", err)
	}
	defer leave()
	return d.NextRequests(ctx, workspaceID, filter, cursor)
}

// NoteExport records in the audit log that a person exported a list: action is ActionContactsExported or ActionRequestsExported. which
// describes the list, without the search text.
func (d *DB) NoteExport(ctx context.Context, workspaceID, userID int64, action, which string, now time.Time) error {
	subject := models.SubjectContacts
	if action == models.ActionRequestsExported {
		subject = models.SubjectRequests
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		e := models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: action, Subject: subject, SubjectName: which}
		return Audit(tx, e, nil, now)
	})
}

// NotePersonExport records in the audit log that a person exported everything about one contact.
func (d *DB) NotePersonExport(ctx context.Context, c models.Contact, userID int64, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return auditContact(tx, userID, models.ActionContactExported, c.WorkspaceID, c.ID, models.ContactChange{}, now)
	})
}

package models

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"
)

// exportStep is how many contacts of an export are in memory at a time.
const exportStep = 250

// ExportHead is the first row of an export: what each column is called. Contacts are read back by these names.
func ExportHead(mergeTags []MergeTag) []string {
	head := []string{"email", "status", "tags", "created_at"}
	for _, t := range mergeTags {
		head = append(head, t.Key)
	}
	return head
}

// ExportRow is a contact's row of an export, everything in its stored form, as cells that no spreadsheet runs (Defuse).
func ExportRow(c ListedContact, mergeTags []MergeTag) []string {
	names := make([]string, len(c.Tags))
	for i, t := range c.Tags {
		names[i] = t.Name
	}
	row := []string{Defuse(c.Email), string(c.Status), Defuse(JoinTags(names)), c.CreatedAt.UTC().Format(time.RFC3339)}
	for _, t := range mergeTags {
		value := c.Fields[t.Key]
		if t.Type != MergeTagNumber || !plainNumber(value) {
			value = Defuse(value)
		}
		row = append(row, value)
	}
	return row
}

// plainNumber says whether s is a decimal such as -5 or 1.50, which a spreadsheet reads as the number it is.
func plainNumber(s string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!point || digits(fraction))
}

// NewestContact is the highest id among a workspace's contacts, 0 when it has none.
func (d *DB) NewestContact(ctx context.Context, workspaceID int64) (int64, error) {
	return d.newestContact(ctx, workspaceID)
}

// ExportStep returns the next contacts of an export, the newest first, below an id, with their tags. next is the id to go
// on below, 0 at the end. No transaction is held between steps: a contact that is changed meanwhile is exported as it is
// then.
func (d *DB) ExportStep(ctx context.Context, workspaceID int64, filter ContactFilter, before int64) (found []ListedContact, next int64, err error) {
	contacts, next, err := filter.NextContacts(d.Read(ctx), workspaceID, before, exportStep)
	for _, c := range contacts {
		found = append(found, ListedContact{Contact: c})
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
		e := AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: ActionContactsExported, Subject: SubjectContacts, SubjectName: which}
		return Audit(tx, e, nil, now)
	})
}

// NotePersonExport notes in the audit log that a person took out everything about one contact.
func (d *DB) NotePersonExport(ctx context.Context, c Contact, userID int64, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return auditContact(tx, userID, ActionContactExported, c.WorkspaceID, c.ID, ContactChange{}, now)
	})
}

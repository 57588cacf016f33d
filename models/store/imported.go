package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// ContactsByEmail returns a workspace's contacts with these stored addresses, with their tags in the order of their
// ids. To change the contacts, lock the addresses first.
func ContactsByEmail(tx *gorm.DB, workspaceID int64, emails []string) (map[string]models.ListedContact, error) {
	var contacts []models.Contact
	if err := tx.Where("workspace_id = ? AND email IN ?", workspaceID, emails).Find(&contacts).Error; err != nil {
		return nil, err
	}
	found := make(map[string]models.ListedContact, len(contacts))
	if len(contacts) == 0 {
		return found, nil
	}
	tags, err := tagsByContact(tx, workspaceID, idsOf(contacts), "t.id")
	for _, c := range contacts {
		found[c.Email] = models.ListedContact{Contact: c, Tags: tags[c.ID]}
	}
	return found, err
}

// ImportedContact is one contact before and after an import. An import only adds tags.
type ImportedContact struct {
	Before *models.ListedContact // nil for a new one
	After  models.ListedContact  // StoreImported sets the id of a new one
}

// ImportRef names an import.
type ImportRef struct {
	File  string
	There bool // its page exists
}

// Imports names imports of a workspace by id, as the audit log does. Those that it no longer holds are left out.
func (d *DB) Imports(ctx context.Context, workspaceID int64, ids []int64) (map[int64]ImportRef, error) {
	found := map[int64]ImportRef{}
	if len(ids) == 0 {
		return found, nil
	}
	var rows []struct {
		ID int64
		ImportRef
	}
	err := d.Read(ctx).Raw(`SELECT subject_id AS id, max(subject_name) AS file,
			EXISTS (SELECT 1 FROM jobs j WHERE j.workspace_id = @ws AND j.id = subject_id) AS there
		FROM audit_log WHERE workspace_id = @ws AND subject = @import AND subject_id IN @ids GROUP BY subject_id`,
		map[string]any{"ws": workspaceID, "import": models.SubjectImport, "ids": ids}).Scan(&rows).Error
	for _, r := range rows {
		found[r.ID] = r.ImportRef
	}
	return found, err
}

// FirstEdit returns the oldest entry of the audit log about a contact, or ErrNotFound.
func (d *DB) FirstEdit(ctx context.Context, workspaceID, contactID int64) (models.AuditEntry, error) {
	return First[models.AuditEntry](d.Read(ctx).Where("workspace_id = ? AND subject IN ? AND subject_id = ?", workspaceID, models.ContactSubjects, contactID).Order("id"))
}

// StoreImported writes the contacts that a step of an import has changed, their marks, and an audit entry for each. The
// caller holds the address locks and has raised the versions. New contacts come last: once their ids are reserved, calls
// that create contacts in the workspace wait until tx ends.
func StoreImported(tx *gorm.DB, job models.Job, all []ImportedContact, now time.Time) error {
	var created, updated []ImportedContact
	for _, c := range all {
		if c.Before == nil {
			created = append(created, c)
		} else {
			updated = append(updated, c)
		}
	}
	if err := updateImported(tx, job.WorkspaceID, updated); err != nil {
		return models.In("update contacts", err)
	}
	if err := finishImported(tx, job, updated, now); err != nil || len(created) == 0 {
		return err
	}
	first, err := ReserveContactIDs(tx, job.WorkspaceID, int64(len(created)))
	if err != nil {
		return models.In("reserve ids", err)
	}
	rows := make([]models.Contact, len(created))
	for i := range created {
		created[i].After.ID = first + int64(i)
		rows[i] = created[i].After.Contact
	}
	if err := tx.CreateInBatches(&rows, 100).Error; err != nil {
		return models.In("insert contacts", err)
	}
	if err := keepRange(tx, job, first, first+int64(len(created))-1); err != nil {
		return models.In("ids of the import", err)
	}
	return finishImported(tx, job, created, now)
}

// updateContactsSQL updates many contacts of the workspace $1; $2 is a JSON list of them.
const updateContactsSQL = `UPDATE contacts c SET status = n.status, fields = n.fields, version = n.version, updated_at = n.updated_at,
		subscribed_at = n.subscribed_at, unconfirmed_at = n.unconfirmed_at, unsubscribed_at = n.unsubscribed_at
	FROM json_to_recordset($2::json) AS n (id bigint, status text, fields text, version bigint, updated_at timestamptz,
		subscribed_at timestamptz, unconfirmed_at timestamptz, unsubscribed_at timestamptz)
	WHERE c.workspace_id = $1 AND c.id = n.id`

// updatedContact is one row of updateContactsSQL.
type updatedContact struct {
	ID             int64         `json:"id"`
	Status         models.Status `json:"status"`
	Fields         string        `json:"fields"` // JSON, as the column holds it
	Version        int64         `json:"version"`
	UpdatedAt      time.Time     `json:"updated_at"`
	SubscribedAt   *time.Time    `json:"subscribed_at"`
	UnconfirmedAt  *time.Time    `json:"unconfirmed_at"`
	UnsubscribedAt *time.Time    `json:"unsubscribed_at"`
}

// updateImported writes the contacts. Postgres gets one statement, because each one costs a round trip. SQLite gets one for
// each contact.
func updateImported(tx *gorm.DB, workspaceID int64, all []ImportedContact) error {
	if len(all) == 0 {
		return nil
	}
	if tx.Name() != string(Postgres) {
		for _, c := range all {
			err := tx.Model(&models.Contact{}).Where("workspace_id = ? AND id = ?", workspaceID, c.After.ID).
				Select("status", "fields", "version", "updated_at", "subscribed_at", "unconfirmed_at", "unsubscribed_at").Updates(&c.After.Contact).Error
			if err != nil {
				return err
			}
		}
		return nil
	}
	rows := make([]updatedContact, len(all))
	for i, c := range all {
		fields, err := json.Marshal(c.After.Fields)
		if err != nil {
			return err
		}
		rows[i] = updatedContact{c.After.ID, c.After.Status, string(fields), c.After.Version, c.After.UpdatedAt, c.After.SubscribedAt, c.After.UnconfirmedAt, c.After.UnsubscribedAt}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return err
	}
	return tx.Exec(updateContactsSQL, workspaceID, string(text)).Error
}

// finishImported writes tags, words of names, counts, audit entries, values before and after, and marks of the contacts.
func finishImported(tx *gorm.DB, job models.Job, all []ImportedContact, now time.Time) error {
	if len(all) == 0 {
		return nil
	}
	var tags []models.ContactTag
	var notes []models.AuditEntry
	var edits []contactEdit
	var names []NamedContact
	var events []byHandEvent
	diff := models.ContactCounts{}
	for _, c := range all {
		named := NamedContact{ID: c.After.ID, After: c.After.Fields}
		if c.Before != nil {
			named.Before = c.Before.Fields
		}
		names = append(names, named)
		change, added := c.change()
		change.Import = job.ID
		events = append(events, eventsOf(c.After.ID, change, added, nil, c.Before == nil)...)
		diff.Add(string(change.StatusBefore), -1)
		diff.Add(string(change.StatusAfter), 1)
		for _, t := range added {
			diff.Add(models.TagCount(t.ID), 1)
			tags = append(tags, models.ContactTag{WorkspaceID: job.WorkspaceID, ContactID: c.After.ID, TagID: t.ID})
		}
		note, err := newAuditEntry(models.AuditEntry{WorkspaceID: job.WorkspaceID, UserID: job.UserID, Action: models.ActionContactImported, Subject: models.SubjectOneOfMany, SubjectID: c.After.ID}, change, now)
		if err != nil {
			return err
		}
		notes = append(notes, note)
		if values := c.values(change); !values.Empty() {
			edits = append(edits, contactEdit{job.WorkspaceID, c.After.ID, note.ID, models.JobJSON(values)})
		}
	}
	if len(tags) > 0 {
		if err := tx.CreateInBatches(&tags, 200).Error; err != nil {
			return models.In("add tags", err)
		}
	}
	if err := finishEdits(tx, job, names, diff, notes, edits, now); err != nil {
		return err
	}
	return models.In("events for automations", fireByHand(tx, job.WorkspaceID, &job.ID, events, now))
}

// finishEdits writes words of names, counts, audit entries, values before and after, and marks of contacts that a job changed.
func finishEdits(tx *gorm.DB, job models.Job, names []NamedContact, diff models.ContactCounts, notes []models.AuditEntry, edits []contactEdit, now time.Time) error {
	if err := IndexNames(tx, job.WorkspaceID, names...); err != nil {
		return models.In("index names", err)
	}
	if err := CountContacts(tx, job.WorkspaceID, diff); err != nil {
		return models.In("count", err)
	}
	if err := tx.CreateInBatches(&notes, 100).Error; err != nil {
		return models.In("audit log", err)
	}
	if len(edits) > 0 {
		if err := tx.CreateInBatches(&edits, 100).Error; err != nil {
			return models.In("values before and after", err)
		}
	}
	ids := make([]int64, len(names))
	for i, n := range names {
		ids[i] = n.ID
	}
	return models.In("mark", markContacts(tx, markOf(job, now), job.UserID, ids))
}

// change returns what is different, and which tags are new.
func (c ImportedContact) change() (change models.ContactChange, added []models.Tag) {
	before := models.ListedContact{}
	if c.Before != nil {
		before = *c.Before
	}
	for _, key := range slices.Sorted(maps.Keys(c.After.Fields)) {
		if before.Fields[key] != c.After.Fields[key] {
			change.Fields = append(change.Fields, key)
		}
	}
	if before.Status != c.After.Status {
		change.StatusBefore, change.StatusAfter = before.Status, c.After.Status
	}
	for _, t := range c.After.Tags {
		if !slices.ContainsFunc(before.Tags, func(b models.Tag) bool { return b.ID == t.ID }) {
			change.TagsAdded, added = append(change.TagsAdded, t.Name), append(added, t)
		}
	}
	change.Version = c.After.Version
	return change, added
}

// values returns the values of the changed fields.
func (c ImportedContact) values(change models.ContactChange) (v models.EditValues) {
	if c.Before == nil {
		return v
	}
	for _, key := range change.Fields {
		v.Fields = append(v.Fields, models.EditedField{Key: key, EditedValue: models.EditedValue{Before: c.Before.Fields[key], After: c.After.Fields[key]}})
	}
	return v
}

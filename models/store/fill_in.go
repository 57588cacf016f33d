package store

import (
	"context"
	"maps"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// FillIn gives contacts a value of the merge tag key, if they have none. values are by contact, at most as many as one transaction may lock.
func FillIn(tx *gorm.DB, job models.Job, key string, values map[int64]string, now time.Time) (r models.FillResult, err error) {
	contacts, err := lockedContacts(tx, job.WorkspaceID, keysOf(values))
	if err != nil {
		return r, err
	}
	var change []models.Contact
	for _, c := range contacts {
		if c.Fields[key] != "" {
			r.Had++
		} else {
			change = append(change, c)
		}
	}
	r.Changed = int64(len(change))
	return r, fillFields(tx, job, key, change, func(c models.Contact) string { return values[c.ID] }, now)
}

// TakeBack takes the value of a merge tag off contacts that got it by FillIn and were not changed since. edits are entries of the audit log
// about them, at most as many as one transaction may lock.
func TakeBack(tx *gorm.DB, job models.Job, key string, edits []models.AuditEntry, now time.Time) (r models.FillResult, err error) {
	versions := map[int64]int64{}
	for _, e := range edits {
		versions[e.SubjectID] = e.ContactChange().Version
	}
	contacts, err := lockedContacts(tx, job.WorkspaceID, keysOf(versions))
	if err != nil {
		return r, err
	}
	var change []models.Contact
	for _, c := range contacts {
		if c.Version != versions[c.ID] || c.Fields[key] == "" {
			r.Later++
		} else {
			change = append(change, c)
		}
	}
	r.Changed = int64(len(change))
	return r, fillFields(tx, job, key, change, func(models.Contact) string { return "" }, now)
}

// fillFields gives each of the contacts a value of the merge tag key, or takes it away if it is "", and notes that in their history.
func fillFields(tx *gorm.DB, job models.Job, key string, contacts []models.Contact, value func(models.Contact) string, now time.Time) error {
	if len(contacts) == 0 {
		return nil
	}
	at, undo := models.Instant(now), models.ReadJobJSON[models.FillSpec](job.Spec).Undo != 0
	entries := make([]models.AuditEntry, len(contacts))
	names := make([]NamedContact, len(contacts))
	for i, c := range contacts {
		names[i] = NamedContact{ID: c.ID, Before: c.Fields}
		if c.Fields = maps.Clone(c.Fields); c.Fields == nil {
			c.Fields = map[string]string{}
		}
		if c.Fields[key] = value(c); c.Fields[key] == "" {
			delete(c.Fields, key)
		}
		names[i].After = c.Fields
		if err := tx.Model(&models.Contact{}).Where("workspace_id = ? AND id = ?", c.WorkspaceID, c.ID).Select("fields").Updates(&c).Error; err != nil {
			return models.In("store the fields", err)
		}
		entries[i] = models.AuditEntry{WorkspaceID: c.WorkspaceID, ID: models.NewID(at), UserID: job.UserID, Action: models.ActionContactBulk, Subject: models.SubjectOneOfMany, SubjectID: c.ID,
			Detail: models.JobJSON(models.ContactChange{Fields: []string{key}, Version: c.Version + 1, Job: job.ID, TakenBack: undo}), At: at}
	}
	if err := IndexNames(tx, job.WorkspaceID, names...); err != nil {
		return err
	}
	if err := reviseContacts(tx, markOf(job, at), job.UserID, idsOf(contacts)); err != nil {
		return models.In("raise versions and mark", err)
	}
	return models.In("history", tx.Create(&entries).Error)
}

// lockedContacts locks the addresses of contacts and returns those that are still there.
func lockedContacts(tx *gorm.DB, workspaceID int64, ids []int64) (contacts []models.Contact, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if err := lockContacts(tx, workspaceID, ids); err != nil {
		return nil, models.In("lock addresses", err)
	}
	err = tx.Where("workspace_id = ? AND id IN ?", workspaceID, ids).Order("id").Find(&contacts).Error
	return contacts, models.In("read contacts", err)
}

func keysOf[V any](m map[int64]V) []int64 {
	ids := make([]int64, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	return ids
}

// FilledBy returns the next entries of the audit log about contacts that a JobFill changed, after an id, at most limit.
func (d *DB) FilledBy(ctx context.Context, job models.Job, after uuid.UUID, limit int) (all []models.AuditEntry, last uuid.UUID, err error) {
	const step = 1000
	ended := job.UpdatedAt
	if job.FinishedAt != nil {
		ended = *job.FinishedAt
	}
	if after == uuid.Nil {
		after = models.IDAt(job.CreatedAt)
	}
	var rows []models.AuditEntry
	err = d.Read(ctx).Where("workspace_id = ? AND id > ? AND id < ?", job.WorkspaceID, after, models.IDAt(ended.Add(time.Second))).Order("id").Limit(step).Find(&rows).Error
	if err != nil {
		return nil, last, err
	}
	for _, e := range rows {
		if e.Action == models.ActionContactBulk && e.ContactChange().Job == job.ID {
			if all = append(all, e); len(all) == limit {
				return all, e.ID, nil
			}
		}
	}
	if len(rows) == step {
		last = rows[step-1].ID
	}
	return all, last, nil
}

// WithoutValue counts the contacts among ids that have no value of the merge tag key.
func (d *DB) WithoutValue(ctx context.Context, workspaceID int64, key string, ids []int64) (n int64, err error) {
	var contacts []models.Contact
	if err := d.Read(ctx).Select("id, fields").Where("workspace_id = ? AND id IN ?", workspaceID, ids).Find(&contacts).Error; err != nil {
		return 0, err
	}
	for _, c := range contacts {
		if c.Fields[key] == "" {
			n++
		}
	}
	return n, nil
}

// StartFill stores a JobFill and returns it. If the same work is under way already, it returns that job, and started is false.
func (d *DB) StartFill(ctx context.Context, j models.Job, now time.Time) (job models.Job, started bool, err error) {
	same := func(other models.Job) bool { return other.Spec == j.Spec }
	return d.startOnce(ctx, j, same, func(*gorm.DB, models.Job) error { return nil }, now)
}

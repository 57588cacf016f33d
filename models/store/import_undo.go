package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ImportedBy returns the entries of the audit log about contacts that an import created or changed, below an id, the newest first, at most limit;
// the zero id starts at the newest. last is the id to continue below; zero is the end.
func (d *DB) ImportedBy(ctx context.Context, job models.Job, started time.Time, below uuid.UUID, limit int) (all []models.AuditEntry, last uuid.UUID, err error) {
	const step = 1000
	if below == uuid.Nil {
		ended := job.UpdatedAt
		if job.FinishedAt != nil {
			ended = *job.FinishedAt
		}
		below = models.IDAt(ended.Add(time.Second))
	}
	var rows []models.AuditEntry
	err = d.Read(ctx).Where("workspace_id = ? AND id < ? AND id >= ?", job.WorkspaceID, below, models.IDAt(started)).Order("id DESC").Limit(step).Find(&rows).Error
	if err != nil {
		return nil, last, err
	}
	for _, e := range rows {
		if e.Action == models.ActionContactImported && e.ContactChange().Import == job.ID {
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

// undoing is one step of a JobUndo.
type undoing struct {
	tx        *gorm.DB
	job       models.Job
	now       time.Time
	mergeTags []string // keys of those that are still there
	result    models.UndoResult

	erase   []models.Contact
	changed []undone
}

// undone is a contact before and after an import was taken back from it.
type undone struct {
	before, after models.ListedContact
	change        models.ContactChange
	values        models.EditValues
	tags          []models.Tag // taken off
}

// UndoImport takes an import back from contacts. entries are from ImportedBy, about at most as many contacts as one transaction may lock. A contact
// is taken back with the last of its entries. Contacts that the import created are erased if nothing happened to them since. Of others, the values, tags
// and status go back that nobody changed since; but nobody is subscribed again whom the import unsubscribed.
func UndoImport(tx *gorm.DB, job models.Job, entries []models.AuditEntry, now time.Time) (models.UndoResult, error) {
	u := undoing{tx: tx, job: job, now: models.Instant(now)}
	newest, first := map[uuid.UUID]bool{}, entries[0].ID
	var ids []int64
	for _, e := range entries {
		newest[e.ID] = true
		ids = append(ids, e.SubjectID)
		if models.CompareIDs(e.ID, first) < 0 {
			first = e.ID
		}
	}
	slices.Sort(ids)
	contacts, err := lockedContacts(tx, job.WorkspaceID, slices.Compact(ids))
	if err != nil || len(contacts) == 0 {
		return u.result, err
	}
	tags, err := tagsByContact(tx, job.WorkspaceID, idsOf(contacts), "t.id")
	if err != nil {
		return u.result, models.In("tags", err)
	}
	if err := tx.Model(&models.MergeTag{}).Where("workspace_id = ? AND deleted_at IS NULL", job.WorkspaceID).Pluck("key", &u.mergeTags).Error; err != nil {
		return u.result, models.In("merge tags", err)
	}
	edits, err := u.edits(idsOf(contacts))
	if err != nil {
		return u.result, err
	}
	for _, c := range contacts {
		if all := edits[c.ID]; len(all) > 0 && newest[all[0].ID] {
			u.undo(models.ListedContact{Contact: c, Tags: tags[c.ID]}, all)
		}
	}
	return u.result, u.store()
}

// edits returns what the import did to contacts, with values, the last change of each first.
func (u *undoing) edits(ids []int64) (map[int64][]ContactEdit, error) {
	importID := models.ReadJobJSON[models.UndoSpec](u.job.Spec).Import
	var rows []models.AuditEntry
	err := u.tx.Where("workspace_id = ? AND subject = ? AND subject_id IN ? AND action = ?", u.job.WorkspaceID, models.SubjectOneOfMany, ids, models.ActionContactImported).Find(&rows).Error
	if err != nil {
		return nil, models.In("audit log", err)
	}
	rows = slices.DeleteFunc(rows, func(e models.AuditEntry) bool { return e.ContactChange().Import != importID })
	var kept []contactEdit
	wanted := idsFrom(nil, rows, func(e models.AuditEntry) uuid.UUID { return e.ID })
	if err := u.tx.Where("workspace_id = ? AND contact_id IN ? AND id IN ?", u.job.WorkspaceID, ids, wanted).Find(&kept).Error; err != nil {
		return nil, models.In("values before and after", err)
	}
	values := map[uuid.UUID]models.EditValues{}
	for _, k := range kept {
		values[k.ID] = models.ReadJobJSON[models.EditValues](k.Detail)
	}
	all := map[int64][]ContactEdit{}
	for _, e := range rows {
		all[e.SubjectID] = append(all[e.SubjectID], ContactEdit{AuditEntry: e, Values: values[e.ID]})
	}
	for _, edits := range all {
		slices.SortFunc(edits, func(a, b ContactEdit) int { return int(b.ContactChange().Version - a.ContactChange().Version) })
	}
	return all, nil
}

// undo takes the changes of an import back from one contact, the last change first.
func (u *undoing) undo(c models.ListedContact, edits []ContactEdit) {
	if first := edits[len(edits)-1]; first.ContactChange().StatusBefore == "" && first.ContactChange().StatusAfter != "" {
		if c.Version == edits[0].ContactChange().Version && c.TouchedAt == nil {
			u.erase = append(u.erase, c.Contact)
		} else {
			u.result.Kept++
		}
		return
	}
	d := undone{before: c, after: c}
	d.after.Fields, d.after.Tags = maps.Clone(c.Fields), slices.Clone(c.Tags)
	later, unsubscribed := false, false
	for _, e := range edits {
		later = !d.fieldsBack(e, u.mergeTags) || later
		later = !d.tagsOff(e) || later
		switch status := e.ContactChange().StatusAfter; status {
		case "":
		case models.StatusUnsubscribed:
			unsubscribed = unsubscribed || d.after.Status == status
		default:
			later = !d.statusBack(e, u.now) || later
		}
	}
	if later {
		u.result.Later++
	}
	if unsubscribed {
		u.result.Unsubscribed++
	}
	if d.change.Import = models.ReadJobJSON[models.UndoSpec](u.job.Spec).Import; d.finish(u.now) {
		u.result.Back++
		u.changed = append(u.changed, d)
	}
}

// fieldsBack gives fields the values that they had before an edit. It reports whether all had the value that the edit gave them.
func (d *undone) fieldsBack(e ContactEdit, mergeTags []string) (all bool) {
	all = true
	for _, f := range e.Values.Fields {
		if d.after.Fields[f.Key] != f.After || !slices.Contains(mergeTags, f.Key) {
			all = false
			continue
		}
		if d.after.Fields[f.Key] = f.Before; f.Before == "" {
			delete(d.after.Fields, f.Key)
		}
	}
	return all
}

// tagsOff takes off the tags that an edit added. It reports whether all of them were there.
func (d *undone) tagsOff(e ContactEdit) (all bool) {
	all = true
	for _, name := range e.ContactChange().TagsAdded {
		i := slices.IndexFunc(d.after.Tags, func(t models.Tag) bool { return t.Name == name })
		if i < 0 {
			all = false
			continue
		}
		d.tags = append(d.tags, d.after.Tags[i])
		d.change.TagsRemoved = append(d.change.TagsRemoved, name)
		d.after.Tags = slices.Delete(d.after.Tags, i, i+1)
	}
	return all
}

// statusBack gives the contact the status that it had before an edit, and reports whether it still had the status since then.
func (d *undone) statusBack(e ContactEdit, now time.Time) bool {
	change := e.ContactChange()
	if d.after.Status != change.StatusAfter || !d.after.StatusSince().Equal(e.At) {
		return false
	}
	if d.after.Status = change.StatusBefore; change.StatusBefore == models.StatusUnsubscribed && d.after.UnsubscribedAt != nil {
		return true // since then
	}
	d.after.Status = change.StatusAfter
	d.after.SetStatus(change.StatusBefore, now)
	return true
}

// finish completes what is different, and reports whether anything is.
func (d *undone) finish(now time.Time) bool {
	for _, key := range slices.Sorted(maps.Keys(d.keys())) {
		before, after := d.before.Fields[key], d.after.Fields[key]
		if before != after {
			d.change.Fields = append(d.change.Fields, key)
			d.values.Fields = append(d.values.Fields, models.EditedField{Key: key, EditedValue: models.EditedValue{Before: before, After: after}})
		}
	}
	if d.before.Status != d.after.Status {
		d.change.StatusBefore, d.change.StatusAfter = d.before.Status, d.after.Status
	}
	if d.change.Nothing() {
		return false
	}
	d.after.Version, d.after.UpdatedAt = d.before.Version+1, now
	d.change.Version = d.after.Version
	return true
}

// keys returns the keys of all fields before and after.
func (d *undone) keys() map[string]bool {
	keys := map[string]bool{}
	for _, fields := range []map[string]string{d.before.Fields, d.after.Fields} {
		for key := range fields {
			keys[key] = true
		}
	}
	return keys
}

// store writes what the step found.
func (u *undoing) store() error {
	u.result.Removed = int64(len(u.erase))
	if len(u.erase) > 0 {
		if err := EraseContacts(u.tx, u.job.WorkspaceID, u.job.UserID, &u.job.ID, u.erase, u.now); err != nil {
			return models.In("erase", err)
		}
		if err := noteBulk(u.tx, u.job, models.Bulk{Action: models.BulkDelete}, u.erase, u.now); err != nil {
			return models.In("note erased contacts", err)
		}
	}
	if len(u.changed) == 0 {
		return nil
	}
	var rows []ImportedContact
	var names []NamedContact
	var entries []models.AuditEntry
	var edits []contactEdit
	diff, untag := models.ContactCounts{}, map[int64][]int64{}
	for i := range u.changed {
		d := &u.changed[i]
		rows = append(rows, ImportedContact{Before: &d.before, After: d.after})
		names = append(names, NamedContact{ID: d.after.ID, Before: d.before.Fields, After: d.after.Fields})
		diff.Add(string(d.before.Status), -1)
		diff.Add(string(d.after.Status), 1)
		for _, t := range d.tags {
			diff.Add(models.TagCount(t.ID), -1)
			untag[t.ID] = append(untag[t.ID], d.after.ID)
		}
		entry, err := newAuditEntry(models.AuditEntry{WorkspaceID: u.job.WorkspaceID, UserID: u.job.UserID, Action: models.ActionContactBulk, Subject: models.SubjectOneOfMany, SubjectID: d.after.ID}, d.change, u.now)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
		if !d.values.Empty() {
			edits = append(edits, contactEdit{u.job.WorkspaceID, d.after.ID, entry.ID, models.JobJSON(d.values)})
		}
	}
	if err := updateImported(u.tx, u.job.WorkspaceID, rows); err != nil {
		return models.In("update contacts", err)
	}
	for tag, ids := range untag {
		if err := u.tx.Where("workspace_id = ? AND tag_id = ? AND contact_id IN ?", u.job.WorkspaceID, tag, ids).Delete(&models.ContactTag{}).Error; err != nil {
			return models.In("take tags off", err)
		}
	}
	return finishEdits(u.tx, u.job, names, diff, entries, edits, u.now)
}

// StartUndo stores a JobUndo and returns it. If the same work is under way already, it returns that job, and started is false.
func (d *DB) StartUndo(ctx context.Context, j models.Job, note func(*gorm.DB, models.Job) error, now time.Time) (job models.Job, started bool, err error) {
	return d.startOnce(ctx, j, func(other models.Job) bool { return other.Spec == j.Spec }, note, now)
}

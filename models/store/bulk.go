package store

import (
	"context"
	"fmt"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// BulkCursor is where a JobBulk continues: with the contacts of Filter whose ids are below Before. Contacts created
// after the request have higher ids and are left alone. So are contacts that changed after Asked, if it is set: one of them may
// match only now, and was not among those that the person was asked about.
type BulkCursor struct {
	Filter ContactFilter
	Before int64
	Asked  time.Time
	Rule   string    `json:",omitempty"` // the JSON of Filter.Rule, for the job that continues
	RuleAt time.Time `json:",omitzero"`  // the instant for which the rule is asked, so that nobody is added by passing time alone
}

// StartBulk stores the job that changes many contacts and records it in the audit log. total is the number of contacts
// that the page showed to the person.
func (d *DB) StartBulk(ctx context.Context, workspaceID, userID int64, b models.Bulk, from BulkCursor, total int64, now time.Time) (models.Job, error) {
	job := models.NewJob(workspaceID, userID, models.JobBulk, b)
	from.Filter.Nobody = from.Filter.Nobody || from.Rule != "" // an older program, which knows no Rule, must not change everybody
	job.Cursor, job.Total = models.JobJSON(from), total
	err := d.Write(ctx, func(tx *gorm.DB) error {
		job.ID = 0
		if err := CreateJob(tx, &job, now); err != nil {
			return err
		}
		e := models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: models.ActionContactsBulk, Subject: models.SubjectContacts, SubjectID: job.ID, SubjectName: b.Which}
		return Audit(tx, e, []models.AuditChange{{What: "Change", After: b.Words()}, {What: "Contacts", After: fmt.Sprint(total)}}, now)
	})
	return job, err
}

// unchangedSQL matches the contacts that b would not change.
func unchangedSQL(b models.Bulk) (sql string, values []any) {
	const tagged = `EXISTS (SELECT 1 FROM contact_tags has WHERE has.workspace_id = contacts.workspace_id AND has.contact_id = contacts.id AND has.tag_id = ?)`
	switch b.Action {
	case models.BulkAddTag:
		return tagged, []any{b.Tag}
	case models.BulkRemoveTag:
		return "NOT " + tagged, []any{b.Tag}
	case models.BulkStatus:
		return "contacts.status = ?", []any{b.Status}
	}
	return "1 = 0", nil
}

// countReach is how many members of a segment one statement of CountBulk counts.
const countReach = 50_000

// CountBulk counts the contacts of filter below an id, and those of them that b would not change (done). With more than
// ExactCount contacts it does not count done and returns 0 for it. If the filter has that number as Known, it counts only the contacts that
// came since.
func (d *DB) CountBulk(ctx context.Context, workspaceID int64, b models.Bulk, from BulkCursor) (all, done int64, err error) {
	if known := from.Filter.Known; known > models.ExactCount {
		newer, err := d.countNewer(ctx, workspaceID, from)
		return max(0, known-newer), 0, models.In("newer contacts", err)
	}
	if from.Filter.Rule != nil {
		return d.countMatching(ctx, workspaceID, b, from)
	}
	members, err := d.firstMembers(ctx, workspaceID, from)
	if err != nil {
		return 0, 0, models.In("members", err)
	}
	sql, values := "1 = 0", []any(nil)
	if few, err := d.bulkIsSmall(ctx, workspaceID, from, members); err != nil {
		return 0, 0, err
	} else if few {
		sql, values = unchangedSQL(b)
	}
	count := func(q *gorm.DB) error {
		var n struct{ All, Done int64 }
		err := q.Select(`count(*) AS "all", coalesce(sum(CASE WHEN `+sql+` THEN 1 ELSE 0 END), 0) AS done`, values...).Scan(&n).Error
		all, done = all+n.All, done+n.Done
		return err
	}
	rows := func() *gorm.DB {
		return from.Filter.rows(d.Read(ctx), workspaceID).Where(from.Filter.id()+" < ?", from.Before)
	}
	if !from.Filter.listed() {
		return all, done, count(rows())
	}
	for len(members) > 0 {
		if err := count(amongIDs(rows(), members)); err != nil || len(members) < countReach {
			return all, done, err
		}
		members, err = from.Filter.members().Below(d.Read(ctx), workspaceID, from.Filter.Segment, members[len(members)-1], countReach)
		if err != nil {
			return all, done, err
		}
	}
	return all, done, nil
}

// countMatching is CountBulk for a filter with a rule, which no index counts.
func (d *DB) countMatching(ctx context.Context, workspaceID int64, b models.Bulk, from BulkCursor) (all, done int64, err error) {
	q := d.Read(ctx)
	sql, values := unchangedSQL(b)
	for before := from.Before; before > 0; {
		m, err := from.Filter.matchBelow(q, workspaceID, before, ruleStep, pageReach)
		if err != nil {
			return 0, 0, models.In("contacts that match the rule", err)
		}
		before, all = m.end, all+int64(len(m.ids))
		if len(m.ids) == 0 || all > models.ExactCount {
			continue
		}
		var n int64
		err = amongIDs(q.Table("contacts").Where("contacts.workspace_id = ?", workspaceID), m.ids).Where(sql, values...).Count(&n).Error
		if done += n; err != nil {
			return 0, 0, models.In("contacts that stay as they are", err)
		}
	}
	if all > models.ExactCount {
		done = 0
	}
	return all, done, nil
}

// countNewer counts the contacts of a filter that from leaves out because they are newer.
func (d *DB) countNewer(ctx context.Context, workspaceID int64, from BulkCursor) (n int64, err error) {
	f := from.Filter
	if f.listed() {
		ids, err := f.members().Above(d.Read(ctx), workspaceID, f.Segment, from.Before-1, countReach)
		return int64(len(ids)), err
	}
	err = f.narrowInOrder(d.Read(ctx), workspaceID).Where(f.id()+" >= ?", from.Before).Count(&n).Error
	return n, err
}

// firstMembers returns the first countReach members of a filter that is listed, nil for other filters.
func (d *DB) firstMembers(ctx context.Context, workspaceID int64, from BulkCursor) ([]int64, error) {
	if !from.Filter.listed() {
		return nil, nil
	}
	return from.Filter.members().Below(d.Read(ctx), workspaceID, from.Filter.Segment, from.Before, countReach)
}

// bulkIsSmall reports whether a change affects at most ExactCount contacts. For a listed filter it counts the members,
// before the rest of the filter.
func (d *DB) bulkIsSmall(ctx context.Context, workspaceID int64, from BulkCursor, members []int64) (bool, error) {
	if from.Filter.listed() {
		return len(members) <= models.ExactCount, nil
	}
	var n int64
	few := from.Filter.narrowInOrder(d.Read(ctx), workspaceID).Where(from.Filter.id()+" < ?", from.Before).Select("1").Limit(models.ExactCount + 1)
	err := d.Read(ctx).Table("(?) AS few", few).Count(&n).Error
	return n <= models.ExactCount, err
}

// ApplyBulk does the action of job to contacts whose ids are known. It locks their addresses, then skips
// those that no longer match the filter of from, or changed after it asked. contacts are at most as many as one transaction may
// lock.
func ApplyBulk(tx *gorm.DB, job models.Job, b models.Bulk, from BulkCursor, contacts []models.Contact, now time.Time) (models.BulkResult, error) {
	var r models.BulkResult
	if len(contacts) == 0 {
		return r, nil
	}
	if err := lockContacts(tx, job.WorkspaceID, idsOf(contacts)); err != nil {
		return r, models.In("lock addresses", err)
	}
	ids := idsOf(contacts)
	if from.Filter.Rule != nil {
		var err error
		if ids, err = from.Filter.Rule.Among(tx, job.WorkspaceID, ids); err != nil {
			return r, models.In("rule", err)
		}
	}
	var rows []struct {
		models.Contact
		Same bool
	}
	sql, values := unchangedSQL(b)
	err := amongIDs(from.Filter.narrow(tx, job.WorkspaceID), ids).
		Select("contacts.id, contacts.email, contacts.status, contacts.fields, contacts.version, contacts.updated_at, "+sql+" AS same", values...).Order("contacts.id").Find(&rows).Error
	if err != nil {
		return r, models.In("read contacts", err)
	}
	var change []models.Contact
	for _, row := range rows {
		switch {
		case !from.Asked.IsZero() && row.UpdatedAt.After(from.Asked):
			r.Later++
		case row.Same:
			r.Unchanged++
		default:
			change = append(change, row.Contact)
		}
	}
	r.Changed = int64(len(change))
	if len(change) == 0 {
		return r, nil
	}
	if b.Action == models.BulkDelete {
		if err := EraseContacts(tx, job.WorkspaceID, job.UserID, &job.ID, change, now); err != nil {
			return r, models.In("erase", err)
		}
		return r, noteBulk(tx, job, b, change, models.Instant(now))
	}
	return r, models.In("change", changeContacts(tx, job, b, change, now))
}

// changeContacts does an action that keeps the contacts, and records it for each of them.
func changeContacts(tx *gorm.DB, job models.Job, b models.Bulk, contacts []models.Contact, now time.Time) error {
	ids, at := idsOf(contacts), models.Instant(now)
	var err error
	diff := models.ContactCounts{}
	switch b.Action {
	case models.BulkAddTag:
		if err = tagIsThere(tx, job.WorkspaceID, b); err != nil {
			return err
		}
		tags := make([]models.ContactTag, len(ids))
		for i, id := range ids {
			tags[i] = models.ContactTag{WorkspaceID: job.WorkspaceID, ContactID: id, TagID: b.Tag}
		}
		diff.Add(models.TagCount(b.Tag), int64(len(ids)))
		err = tx.Create(&tags).Error
	case models.BulkRemoveTag:
		gone := tx.Where("workspace_id = ? AND tag_id = ? AND contact_id IN ?", job.WorkspaceID, b.Tag, ids).Delete(&models.ContactTag{})
		diff.Add(models.TagCount(b.Tag), -gone.RowsAffected)
		err = gone.Error
	case models.BulkStatus:
		for _, c := range contacts {
			diff.Add(string(c.Status), -1)
			diff.Add(string(b.Status), 1)
		}
		since := map[models.Status]string{models.StatusSubscribed: "subscribed_at", models.StatusUnconfirmed: "unconfirmed_at", models.StatusUnsubscribed: "unsubscribed_at"}[b.Status]
		err = tx.Exec("UPDATE contacts SET status = ?, "+since+" = ? WHERE workspace_id = ? AND id IN ?", b.Status, at, job.WorkspaceID, ids).Error
	}
	if err != nil {
		return err
	}
	if err := CountContacts(tx, job.WorkspaceID, diff); err != nil {
		return models.In("count", err)
	}
	if err := reviseContacts(tx, markOf(job, at), job.UserID, ids); err != nil {
		return models.In("raise versions and mark", err)
	}
	if err := noteBulk(tx, job, b, contacts, at); err != nil {
		return models.In("audit log", err)
	}
	return models.In("events for automations", fireByHand(tx, job.WorkspaceID, &job.ID, eventsOfBulk(b, contacts), now))
}

// eventsOfBulk returns the events of contacts that a bulk action changed.
func eventsOfBulk(b models.Bulk, contacts []models.Contact) (all []byHandEvent) {
	tag := []models.Tag{{ID: b.Tag}}
	for _, c := range contacts {
		switch b.Action {
		case models.BulkAddTag:
			all = append(all, eventsOf(c.ID, models.ContactChange{}, tag, nil, false)...)
		case models.BulkRemoveTag:
			all = append(all, eventsOf(c.ID, models.ContactChange{}, nil, tag, false)...)
		case models.BulkStatus:
			all = append(all, eventsOf(c.ID, models.ContactChange{StatusBefore: c.Status, StatusAfter: b.Status}, nil, nil, false)...)
		}
	}
	return all
}

// tagIsThere returns an error if the tag was deleted since the job started.
func tagIsThere(tx *gorm.DB, workspaceID int64, b models.Bulk) error {
	_, err := First[models.Tag](tx.Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspaceID, b.Tag))
	if ErrorCode(err) == models.CodeNotFound {
		return &models.Error{Code: models.CodeInvalid, Message: "The tag " + b.TagName + " was deleted while this work ran, so no more contacts get it."}
	}
	return err
}

// noteBulk records the change in the history of each contact, a deletion like one by hand. The audit log also has one
// entry for the whole job.
func noteBulk(tx *gorm.DB, job models.Job, b models.Bulk, contacts []models.Contact, now time.Time) error {
	entries := make([]models.AuditEntry, len(contacts))
	for i, c := range contacts {
		change, action := models.ContactChange{Version: c.Version + 1}, models.ActionContactBulk
		switch b.Action {
		case models.BulkAddTag:
			change.TagsAdded = []string{b.TagName}
		case models.BulkRemoveTag:
			change.TagsRemoved = []string{b.TagName}
		case models.BulkStatus:
			change.StatusBefore, change.StatusAfter = c.Status, b.Status
		case models.BulkDelete:
			change.StatusBefore, action = c.Status, models.ActionContactDeleted
		}
		entries[i] = models.AuditEntry{WorkspaceID: job.WorkspaceID, ID: models.NewID(now), UserID: job.UserID, Action: action, Subject: models.SubjectOneOfMany,
			SubjectID: c.ID, Detail: models.JobJSON(change), At: now}
	}
	return tx.Create(&entries).Error
}

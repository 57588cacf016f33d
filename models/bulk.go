package models

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// BulkDeed is what is done to many contacts at once.
type BulkDeed string

// The deeds.
const (
	BulkAddTag    BulkDeed = "tag"
	BulkRemoveTag BulkDeed = "untag"
	BulkStatus    BulkDeed = "status"
	BulkDelete    BulkDeed = "delete"
)

// Bulk is the spec of a JobBulk.
type Bulk struct {
	Deed    BulkDeed
	Tag     int64  `json:",omitempty"`
	TagName string `json:",omitempty"` // as it was called when the work was asked for
	Status  Status `json:",omitempty"`
	Which   string // the contacts in words that name nobody
}

// BulkCursor is where a JobBulk goes on: with the contacts of Filter whose ids are below Before. Those who came after
// the work was asked for have higher ids and are left alone.
type BulkCursor struct {
	Filter ContactFilter
	Before int64
}

// BulkResult is what came of a JobBulk so far.
type BulkResult struct {
	Changed, Unchanged int64
	Gone               int64 // deleted meanwhile, or no longer among those who are meant
}

// StartBulk stores the work of changing many contacts and notes it in the audit log. total is the number of contacts
// that the person was told.
func (d *DB) StartBulk(ctx context.Context, workspaceID, userID int64, b Bulk, from BulkCursor, total int64, now time.Time) (Job, error) {
	job := NewJob(workspaceID, userID, JobBulk, b)
	job.Cursor, job.Total = JobJSON(from), total
	err := d.Write(ctx, func(tx *gorm.DB) error {
		job.ID = 0
		if err := CreateJob(tx, &job, now); err != nil {
			return err
		}
		e := AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: ActionContactsBulk, Subject: SubjectContacts, SubjectID: job.ID, SubjectName: b.Which}
		return Audit(tx, e, []AuditChange{{What: "Change", After: b.words()}, {What: "Contacts", After: fmt.Sprint(total)}}, now)
	})
	return job, err
}

func (b Bulk) words() string {
	switch b.Deed {
	case BulkAddTag:
		return "add the tag " + b.TagName
	case BulkRemoveTag:
		return "take the tag " + b.TagName + " off"
	case BulkStatus:
		return "change the status to " + b.Status.Name()
	}
	return "delete for good"
}

// unchangedSQL matches the contacts that b would not change.
func unchangedSQL(b Bulk) (sql string, values []any) {
	const tagged = `EXISTS (SELECT 1 FROM contact_tags has WHERE has.workspace_id = contacts.workspace_id AND has.contact_id = contacts.id AND has.tag_id = ?)`
	switch b.Deed {
	case BulkAddTag:
		return tagged, []any{b.Tag}
	case BulkRemoveTag:
		return "NOT " + tagged, []any{b.Tag}
	case BulkStatus:
		return "contacts.status = ?", []any{b.Status}
	}
	return "1 = 0", nil
}

// countReach is how many members of a segment one statement of CountBulk counts.
const countReach = 50_000

// CountBulk counts the contacts of filter below an id, and those among them for whom b changes nothing; beyond ExactCount
// contacts that is not counted, and done is 0.
func (d *DB) CountBulk(ctx context.Context, workspaceID int64, b Bulk, from BulkCursor) (all, done int64, err error) {
	members, err := d.firstMembers(ctx, workspaceID, from)
	if err != nil {
		return 0, 0, err
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
		return from.Filter.walk(d.Read(ctx), workspaceID).Where(from.Filter.id()+" < ?", from.Before)
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

// firstMembers are the first countReach members of what a filter lists, nil where it does not.
func (d *DB) firstMembers(ctx context.Context, workspaceID int64, from BulkCursor) ([]int64, error) {
	if !from.Filter.listed() {
		return nil, nil
	}
	return from.Filter.members().Below(d.Read(ctx), workspaceID, from.Filter.Segment, from.Before, countReach)
}

// bulkIsSmall says whether a change means at most ExactCount contacts, of the members of a segment whether there are so
// many of them.
func (d *DB) bulkIsSmall(ctx context.Context, workspaceID int64, from BulkCursor, members []int64) (bool, error) {
	if from.Filter.listed() {
		return len(members) <= ExactCount, nil
	}
	var n int64
	few := from.Filter.walk(d.Read(ctx), workspaceID).Where(from.Filter.id()+" < ?", from.Before).Select("1").Limit(ExactCount + 1)
	err := d.Read(ctx).Table("(?) AS few", few).Count(&n).Error
	return n <= ExactCount, err
}

// ApplyBulk does the deed of job to contacts, of which id and address are known: those of them who, once their addresses
// are locked, are there and still as filter says. There are at most as many as one transaction locks.
func ApplyBulk(tx *gorm.DB, job Job, b Bulk, filter ContactFilter, contacts []Contact, now time.Time) (BulkResult, error) {
	var r BulkResult
	if len(contacts) == 0 {
		return r, nil
	}
	if err := lockContacts(tx, contacts); err != nil {
		return r, err
	}
	var rows []struct {
		Contact
		Same bool
	}
	sql, values := unchangedSQL(b)
	err := amongIDs(filter.narrow(tx, job.WorkspaceID), idsOf(contacts)).
		Select("contacts.id, contacts.email, contacts.status, contacts.version, "+sql+" AS same", values...).Order("contacts.id").Find(&rows).Error
	if err != nil {
		return r, err
	}
	var change []Contact
	for _, row := range rows {
		if !row.Same {
			change = append(change, row.Contact)
		}
	}
	r = BulkResult{Changed: int64(len(change)), Unchanged: int64(len(rows) - len(change))}
	if len(change) == 0 {
		return r, nil
	}
	if b.Deed == BulkDelete {
		if err := EraseContacts(tx, job.WorkspaceID, job.UserID, change, now); err != nil {
			return r, err
		}
		return r, noteBulk(tx, job, b, change, Instant(now))
	}
	return r, changeContacts(tx, job, b, change, now)
}

// changeContacts does a deed that leaves the contacts in place, and notes it at each of them.
func changeContacts(tx *gorm.DB, job Job, b Bulk, contacts []Contact, now time.Time) error {
	ids, at := idsOf(contacts), Instant(now)
	var err error
	switch b.Deed {
	case BulkAddTag:
		if err = tagIsThere(tx, job.WorkspaceID, b); err != nil {
			return err
		}
		tags := make([]ContactTag, len(ids))
		for i, id := range ids {
			tags[i] = ContactTag{job.WorkspaceID, id, b.Tag}
		}
		err = tx.Create(&tags).Error
	case BulkRemoveTag:
		err = tx.Where("workspace_id = ? AND tag_id = ? AND contact_id IN ?", job.WorkspaceID, b.Tag, ids).Delete(&ContactTag{}).Error
	case BulkStatus:
		since := map[Status]string{StatusSubscribed: "subscribed_at", StatusUnconfirmed: "unconfirmed_at", StatusUnsubscribed: "unsubscribed_at"}[b.Status]
		err = tx.Exec("UPDATE contacts SET status = ?, "+since+" = ? WHERE workspace_id = ? AND id IN ?", b.Status, at, job.WorkspaceID, ids).Error
	}
	if err != nil {
		return err
	}
	if err := reviseContacts(tx, job.WorkspaceID, job.UserID, ids, at); err != nil {
		return err
	}
	return noteBulk(tx, job, b, contacts, at)
}

// tagIsThere refuses to go on with a tag that was deleted meanwhile.
func tagIsThere(tx *gorm.DB, workspaceID int64, b Bulk) error {
	_, err := First[Tag](tx.Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspaceID, b.Tag))
	if ErrorCode(err) == CodeNotFound {
		return &Error{Code: CodeInvalid, Message: "The tag " + b.TagName + " was deleted meanwhile, so nobody else gets it."}
	}
	return err
}

// noteBulk notes the change for the history of each contact, and a deletion as one by hand. Beside them the audit log has
// one entry for the whole.
func noteBulk(tx *gorm.DB, job Job, b Bulk, contacts []Contact, now time.Time) error {
	entries := make([]AuditEntry, len(contacts))
	for i, c := range contacts {
		change, action := ContactChange{Version: c.Version + 1}, ActionContactBulk
		switch b.Deed {
		case BulkAddTag:
			change.TagsAdded = []string{b.TagName}
		case BulkRemoveTag:
			change.TagsRemoved = []string{b.TagName}
		case BulkStatus:
			change.StatusBefore, change.StatusAfter = c.Status, b.Status
		case BulkDelete:
			change.StatusBefore, action = c.Status, ActionContactDeleted
		}
		entries[i] = AuditEntry{WorkspaceID: job.WorkspaceID, ID: NewID(now), UserID: job.UserID, Action: action, Subject: SubjectOneOfMany,
			SubjectID: c.ID, Detail: JobJSON(change), At: now}
	}
	return tx.Create(&entries).Error
}

package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"
)

// AuditPageSize is how many entries one page of the audit log shows.
const AuditPageSize = 50

// AuditFilter selects entries of a workspace's audit log. A zero field does not narrow.
type AuditFilter struct {
	User       *int64 // 0 is the command line
	Subject    string
	Containing string // part of the changed thing's name, ignoring ASCII case; contacts have no name here
	From, To   time.Time
}

// AuditLine is an entry with the address of its user, "" if the account no longer exists, and their name.
type AuditLine struct {
	models.AuditEntry
	UserEmail, UserName string
}

// AuditPage is one page of the audit log, newest first.
type AuditPage struct {
	Entries      []AuditLine
	Newer, Older bool  // there may be more on that side
	Count        int64 // of all matching entries, at most ExactCount + 1
}

// AuditLog returns one page of the entries that match filter.
func (d *DB) AuditLog(ctx context.Context, workspaceID int64, filter AuditFilter, cursor models.Cursor) (AuditPage, error) {
	page := AuditPage{Newer: cursor.Before != uuid.Nil, Older: cursor.Rising()}
	q := filter.narrow(d.Read(ctx), workspaceID)
	few := q.Session(&gorm.Session{}).Select("1").Limit(models.ExactCount + 1)
	if err := d.Read(ctx).Table("(?) AS few", few).Count(&page.Count).Error; err != nil {
		return page, err
	}
	q = filter.narrow(d.Read(ctx), workspaceID).Select("audit_log.*, (SELECT email FROM users WHERE users.id = audit_log.user_id) AS user_email, (SELECT name FROM users WHERE users.id = audit_log.user_id) AS user_name")
	if cursor.Rising() {
		q = q.Where("id > ?", cursor.After).Order("id")
	} else if q = q.Order("id DESC"); cursor.Before != uuid.Nil {
		q = q.Where("id < ?", cursor.Before)
	}
	err := q.Limit(AuditPageSize + 1).Find(&page.Entries).Error
	more := len(page.Entries) > AuditPageSize
	page.Entries = page.Entries[:min(len(page.Entries), AuditPageSize)]
	if cursor.Rising() {
		page.Newer = page.Newer || more
		slices.Reverse(page.Entries)
	} else {
		page.Older = page.Older || more
	}
	return page, err
}

// narrow selects the entries that match f. It leaves out contacts changed by a job: the job has one entry for all of
// them. The other entries have partial indexes, which both databases use only for exactly this condition.
func (f AuditFilter) narrow(q *gorm.DB, workspaceID int64) *gorm.DB {
	q = q.Table("audit_log").Where("workspace_id = ? AND subject <> 'one_of_many'", workspaceID)
	if f.User != nil {
		q = q.Where("user_id = ?", *f.User)
	}
	if f.Subject != "" {
		q = q.Where("subject = ?", f.Subject)
	}
	if part := models.LowerASCII(norm.NFC.String(f.Containing)); part != "" {
		if q.Name() == string(Postgres) {
			q = q.Where(`strpos(lower(subject_name COLLATE "C"), ?) > 0`, part)
		} else {
			q = q.Where("instr(lower(subject_name), ?) > 0", part)
		}
	}
	if !f.From.IsZero() {
		q = q.Where("id >= ?", models.IDAt(f.From))
	}
	if !f.To.IsZero() {
		q = q.Where("id < ?", models.IDAt(f.To))
	}
	return q
}

// auditPeople limits how many people the audit log of one workspace offers as a filter.
const auditPeople = 200

// AuditUsers lists the people with entries in a workspace's audit log, by address. The command line, user 0, comes
// first.
func (d *DB) AuditUsers(ctx context.Context, workspaceID int64) ([]models.User, error) {
	var ids []int64
	// jump from one person to the next in the index by user, however many entries lie between them
	err := d.Read(ctx).Raw(`WITH RECURSIVE who (id) AS (
			SELECT min(user_id) FROM audit_log WHERE workspace_id = @ws AND subject <> 'one_of_many'
			UNION ALL
			SELECT (SELECT min(user_id) FROM audit_log WHERE workspace_id = @ws AND subject <> 'one_of_many' AND user_id > who.id) FROM who WHERE who.id IS NOT NULL
		) SELECT id FROM who WHERE id IS NOT NULL LIMIT @most`, map[string]any{"ws": workspaceID, "most": auditPeople}).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var people []models.User
	if err := d.Read(ctx).Select("id, email, name").Where("id IN ?", ids).Order("email").Find(&people).Error; err != nil {
		return nil, err
	}
	if ids[0] == 0 {
		people = append([]models.User{{}}, people...)
	}
	return people, nil
}

// auditKept is how long the audit log is kept.
const auditKept = 365 * 24 * time.Hour

// DropOldAudit deletes audit log entries that are older than a year, and the values of edits from then, in steps.
func (d *DB) DropOldAudit(ctx context.Context, now time.Time) error {
	var workspaces []int64
	if err := d.Read(ctx).Model(&models.Workspace{}).Order("id").Pluck("id", &workspaces).Error; err != nil {
		return err
	}
	for _, workspace := range workspaces {
		for _, table := range []string{"audit_log", "contact_edits"} {
			if err := d.dropSteps(ctx, table, "workspace_id = ? AND id < ?", workspace, models.IDAt(now.Add(-auditKept))); err != nil {
				return models.In("drop old rows", err)
			}
		}
	}
	return nil
}

// Audit records what a person did, in tx, the transaction that does it. It leaves out properties that are the same
// before and after. If all of them are, it records nothing.
func Audit(tx *gorm.DB, e models.AuditEntry, changes []models.AuditChange, now time.Time) error {
	different := []models.AuditChange{}
	for _, c := range changes {
		if c.Before != c.After {
			different = append(different, c)
		}
	}
	if len(changes) > 0 && len(different) == 0 {
		return nil
	}
	return writeAudit(tx, e, different, now)
}

func writeAudit(tx *gorm.DB, e models.AuditEntry, detail any, now time.Time) error {
	e, err := newAuditEntry(e, detail, now)
	if err != nil {
		return err
	}
	return tx.Create(&e).Error
}

// newAuditEntry completes e for storing.
func newAuditEntry(e models.AuditEntry, detail any, now time.Time) (models.AuditEntry, error) {
	text, err := json.Marshal(detail)
	e.ID, e.Detail, e.At = models.NewID(now), string(text), now
	return e, err
}

// auditContact records what a person did to a contact, in the transaction that does it.
func auditContact(tx *gorm.DB, userID int64, action string, workspaceID, contactID int64, change models.ContactChange, now time.Time) error {
	return writeAudit(tx, models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: action, Subject: models.SubjectContact, SubjectID: contactID}, change, now)
}

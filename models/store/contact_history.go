package store

import (
	"context"
	"slices"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ContactHistorySize is how many entries one page of a contact's history shows.
const ContactHistorySize = 40

// ContactHistory is one page of a contact's history, each kind newest first. Ids are UUIDv7, so they sort by time.
type ContactHistory struct {
	Requests []models.WebhookRequest // for its address, refused ones too
	Changes  []ContactEdit           // by hand
	Moves    []ContactMove           // into and out of segments
	Former   []FormerAddress         // that the contact had, the latest first
	Earlier  uuid.UUID               // there is more before this id; zero if not
	Stopped  bool                    // the search ended at Earlier before the page was full; there may be no more
}

// ContactEdit is a change by hand and the person who made it.
type ContactEdit struct {
	models.AuditEntry
	Person string            // name or address, "" if the account no longer exists
	Values models.EditValues `gorm:"-"` // before and after; empty for changes of many contacts, and from before values were kept
}

// HistoryKind selects entries of a contact's history; "" is all of them.
type HistoryKind string

const (
	HistoryRequests HistoryKind = "requests"
	HistoryChanges  HistoryKind = "changes"
	HistorySegments HistoryKind = "segments"
)

// ContactHistory returns one page of the entries of a kind of a contact's history before an id; the zero id starts at the newest.
func (d *DB) ContactHistory(ctx context.Context, c models.Contact, kind HistoryKind, before uuid.UUID) (ContactHistory, error) {
	if before == uuid.Nil {
		before = uuid.Max
	}
	page := func(q *gorm.DB) *gorm.DB {
		return q.Where("id < ?", before).Order("id DESC").Limit(ContactHistorySize + 1)
	}
	var h ContactHistory
	var err error
	if h.Former, err = d.FormerAddresses(ctx, c.WorkspaceID, c.ID); err != nil {
		return h, models.In("former addresses", err)
	}
	shows := func(k HistoryKind) bool { return kind == "" || kind == k }
	if shows(HistoryRequests) {
		if err := page(whereCallsOf(d.Read(ctx), c, h.Former)).Find(&h.Requests).Error; err != nil {
			return h, models.In("requests", err)
		}
	}
	if shows(HistoryChanges) {
		err = page(d.Read(ctx).Table("audit_log").Select("audit_log.*, (SELECT "+personName+" FROM users WHERE users.id = audit_log.user_id) AS person").
			Where("workspace_id = ? AND subject IN ? AND subject_id = ?", c.WorkspaceID, models.ContactSubjects, c.ID)).Find(&h.Changes).Error
		if err != nil {
			return h, models.In("audit log", err)
		}
	}
	var unread uuid.UUID
	if shows(HistorySegments) {
		if h.Moves, unread, err = d.ContactMoves(ctx, c, before, ContactHistorySize+1); err != nil {
			return h, models.In("segments", err)
		}
	}
	h.cut(unread)
	return h, models.In("values of edits", addValues(d.Read(ctx), c, h.Changes))
}

// cut keeps the newest ContactHistorySize entries of all kinds together, none older than unread, and sets whether there are
// more.
func (h *ContactHistory) cut(unread uuid.UUID) {
	ids := idsFrom(nil, h.Requests, func(r models.WebhookRequest) uuid.UUID { return r.ID })
	ids = idsFrom(ids, h.Changes, func(e ContactEdit) uuid.UUID { return e.ID })
	ids = idsFrom(ids, h.Moves, func(m ContactMove) uuid.UUID { return m.ID })
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return -models.CompareIDs(a, b) })
	last := unread // older entries wait for a later page: moves not read yet may lie between
	if len(ids) > ContactHistorySize && models.CompareIDs(ids[ContactHistorySize-1], last) > 0 {
		last = ids[ContactHistorySize-1]
	}
	h.Earlier, h.Stopped = last, last == unread && unread != uuid.Nil
	h.Requests = slices.DeleteFunc(h.Requests, func(r models.WebhookRequest) bool { return models.CompareIDs(r.ID, last) < 0 })
	h.Changes = slices.DeleteFunc(h.Changes, func(e ContactEdit) bool { return models.CompareIDs(e.ID, last) < 0 })
	h.Moves = slices.DeleteFunc(h.Moves, func(m ContactMove) bool { return models.CompareIDs(m.ID, last) < 0 })
}

func idsFrom[T any](ids []uuid.UUID, rows []T, id func(T) uuid.UUID) []uuid.UUID {
	for _, row := range rows {
		ids = append(ids, id(row))
	}
	return ids
}

// ContactsByID returns the contacts of a workspace with these ids, without deleted ones.
func (d *DB) ContactsByID(ctx context.Context, workspaceID int64, ids []int64) (map[int64]models.Contact, error) {
	found := map[int64]models.Contact{}
	if len(ids) == 0 {
		return found, nil
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var all []models.Contact
	err := d.Read(ctx).Select("id, email, status, fields, created_at").Where("workspace_id = ? AND id IN ?", workspaceID, ids).Find(&all).Error
	for _, c := range all {
		found[c.ID] = c
	}
	return found, err
}

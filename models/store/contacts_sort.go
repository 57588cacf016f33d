package store

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// ContactSort is an order of the list of contacts. "" is the newest first.
type ContactSort string

const (
	ContactsOldest      ContactSort = "created-asc"
	ContactsChanged     ContactSort = "changed-desc"
	ContactsUnchanged   ContactSort = "changed-asc" // changed longest ago first
	ContactsByAddress   ContactSort = "address-asc"
	ContactsByAddressUp ContactSort = "address-desc"
)

// ContactSorts lists the orders besides the newest first.
var ContactSorts = []ContactSort{ContactsOldest, ContactsChanged, ContactsUnchanged, ContactsByAddress, ContactsByAddressUp}

// sortSpan is how many contacts one page of a sorted list looks at, if many match its filter.
const sortSpan = 20_000

// ByChange reports whether the last change orders the list. No index has it, because each call that changes a contact would pay for that with
// a row in every index of the contacts. So at most ExactCount contacts can be sorted by it.
func (s ContactSort) ByChange() bool { return s == ContactsChanged || s == ContactsUnchanged }

// columns returns the columns that order the list, and whether they fall.
func (s ContactSort) columns() (columns []string, falls bool) {
	switch s {
	case ContactsChanged, ContactsUnchanged:
		return []string{"contacts.updated_at", "contacts.id"}, s == ContactsChanged
	case ContactsByAddress, ContactsByAddressUp:
		return []string{"contacts.email"}, s == ContactsByAddressUp
	}
	return []string{"contacts.id"}, false
}

// place is a contact's position in a sorted list.
type place struct {
	ID        int64
	Email     string
	UpdatedAt time.Time
}

// beyond selects the contacts after a place, or with back before it, in that order.
func (s ContactSort) beyond(q *gorm.DB, at *place, back bool) *gorm.DB {
	columns, falls := s.columns()
	falls = falls != back
	order, sign := "", " > "
	if falls {
		order, sign = " DESC", " < "
	}
	for _, c := range columns {
		q = q.Order(c + order)
	}
	switch {
	case at == nil:
	case len(columns) == 2:
		q = q.Where("(contacts.updated_at, contacts.id)"+sign+"(?, ?)", at.UpdatedAt, at.ID)
	case columns[0] == "contacts.email":
		q = q.Where("contacts.email"+sign+"?", at.Email)
	default:
		q = q.Where("contacts.id"+sign+"?", at.ID)
	}
	return q
}

// sortedPage fills page with the contacts after or before the cursor. If at most ExactCount contacts match, it sorts these; else it looks at the next
// sortSpan contacts of the whole list.
func (d *DB) sortedPage(ctx context.Context, workspaceID int64, filter ContactFilter, cursor ContactCursor, page *ContactPage) error {
	at, err := d.placeOf(ctx, workspaceID, cursor)
	if err != nil {
		return models.In("place in the list", err)
	}
	back := cursor.Before > 0 && at != nil
	var found []models.ListedContact
	var stopped *place
	switch {
	case filter.Nobody:
	case !filter.narrows() && !filter.listed() && filter.Rule == nil && !filter.Sort.ByChange():
		found, err = contactRows(filter.Sort.beyond(filter.narrow(d.Read(ctx), workspaceID), at, back).Limit(ContactPageSize + 1))
	case page.Count <= models.ExactCount && page.Counted == 0:
		found, err = d.sortFew(ctx, workspaceID, filter, at, back)
	default:
		found, stopped, err = d.sortMany(ctx, workspaceID, filter, at, back)
	}
	if err != nil {
		return err
	}
	more := len(found) > ContactPageSize
	found = found[:min(len(found), ContactPageSize)]
	if back {
		slices.Reverse(found)
	}
	page.Contacts = found
	if stopped != nil && !more {
		page.Searched = sortSpan
	}
	first, last := at, at
	if n := len(found); n > 0 {
		first, last = placeIn(found[0]), placeIn(found[n-1])
	}
	if back {
		page.Next = last
		if page.Previous = first; !more {
			page.Previous = stopped
		}
		return nil
	}
	if at != nil {
		page.Previous = first
	}
	if page.Next = last; !more {
		page.Next = stopped
	}
	return nil
}

func placeIn(c models.ListedContact) *place {
	return &place{ID: c.ID, Email: c.Email, UpdatedAt: c.UpdatedAt}
}

// Cursor returns the id and the last change that lead back to a place; zero for no place.
func (p *place) Cursor() (id int64, at time.Time) {
	if p == nil {
		return 0, time.Time{}
	}
	return p.ID, p.UpdatedAt
}

// placeOf returns the place of a cursor; nil for the first page, and for the address of a contact that was deleted.
func (d *DB) placeOf(ctx context.Context, workspaceID int64, cursor ContactCursor) (*place, error) {
	at := &place{ID: max(cursor.Before, cursor.After), UpdatedAt: models.Instant(cursor.At)}
	if at.ID <= 0 {
		return nil, nil
	}
	switch columns, _ := cursor.sort.columns(); {
	case len(columns) == 2 && cursor.At.IsZero():
		return nil, nil // the link lost it
	case columns[0] != "contacts.email":
		return at, nil
	}
	c, err := d.Contact(ctx, workspaceID, at.ID)
	if ErrorCode(err) == models.CodeNotFound {
		return nil, nil
	}
	at.Email = c.Email
	return at, err
}

// sortFew sorts the contacts that match a filter, of which there are at most ExactCount. The limit of the inner query keeps Postgres from
// looking for them in the order of the list.
func (d *DB) sortFew(ctx context.Context, workspaceID int64, filter ContactFilter, at *place, back bool) ([]models.ListedContact, error) {
	q := filter.rows(d.Read(ctx), workspaceID)
	if filter.found.from > 0 {
		q = filter.found.rows(d.Read(ctx), workspaceID, "")
	} else if filter.listed() {
		ids, err := filter.members().Below(d.Read(ctx), workspaceID, filter.Segment, beyondIDs, memberSpan)
		if err != nil {
			return nil, models.In("members", err)
		}
		q = amongIDs(q, ids)
	}
	few := q.Select("contacts.*").Limit(memberSpan)
	return contactRows(filter.Sort.beyond(d.Read(ctx).Table("(?) AS contacts", few), at, back).Limit(ContactPageSize + 1))
}

// sortMany looks at the next contacts of the list for those that match: at a few first, which is enough for a filter that many match, then at
// sortSpan. stopped is the last of them if there may be more.
func (d *DB) sortMany(ctx context.Context, workspaceID int64, filter ContactFilter, at *place, back bool) (found []models.ListedContact, stopped *place, err error) {
	for _, span := range []int{sortSpan / 20, sortSpan} {
		next := filter.Sort.beyond(d.Read(ctx).Table("contacts").Where("contacts.workspace_id = ?", workspaceID), at, back).Session(&gorm.Session{})
		if found, err = d.sortNext(ctx, workspaceID, filter, next, span, back); err != nil || len(found) > ContactPageSize {
			return found, nil, err
		}
		var last []place
		err = next.Select("contacts.id, contacts.email, contacts.updated_at").Offset(span - 1).Limit(1).Scan(&last).Error
		if err != nil || len(last) == 0 {
			return found, nil, err
		}
		stopped = &last[0]
	}
	return found, stopped, nil
}

// sortNext returns the contacts of a page among the first span of next, a query in the order of the list.
func (d *DB) sortNext(ctx context.Context, workspaceID int64, filter ContactFilter, next *gorm.DB, span int, back bool) ([]models.ListedContact, error) {
	q := d.Read(ctx).Table("(?) AS contacts", next.Select("contacts.*").Limit(span))
	if filter.Segment != 0 || filter.Rule != nil {
		var ids []int64
		if err := next.Limit(span).Pluck("contacts.id", &ids).Error; err != nil {
			return nil, models.In("contacts of the list", err)
		}
		slices.Sort(ids)
		ids, err := filter.amongListed(d.Read(ctx), workspaceID, ids)
		if err != nil {
			return nil, err
		}
		q = amongIDs(d.Read(ctx).Table("contacts").Where("contacts.workspace_id = ?", workspaceID), ids)
	}
	return contactRows(filter.Sort.beyond(filter.where(q, workspaceID), nil, back).Limit(ContactPageSize + 1))
}

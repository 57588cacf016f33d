package models

import (
	"context"
	"slices"

	"gorm.io/gorm"
)

// ContactPageSize is how many contacts one page of the list shows.
const ContactPageSize = 50

// searchSpan is over how many ids one page of a search without an index looks, and counts. Ids are dense, so this is
// about as many contacts; with fewer in the workspace the search is complete.
const searchSpan = 200_000

// ContactFilter says which contacts of a workspace are meant. A zero field does not narrow.
type ContactFilter struct {
	Search string // a part of the address, as a person types it
	Status Status
	Tag    int64

	exact bool // somebody has exactly this address, in its stored form in Search
}

// ContactCursor is where a page begins: the contacts before (older than) an id, or after (newer than) it. Both zero is
// the newest page.
type ContactCursor struct{ Before, After int64 }

// ListedContact is a contact with its tags, by name.
type ListedContact struct {
	Contact
	Tags []Tag `gorm:"-"`
}

// ContactPage is one page of contacts, newest first.
type ContactPage struct {
	Contacts []ListedContact
	Newer    int64 // After of the page with newer ones, 0 when there is none
	Older    int64 // Before of the page with older ones, 0 when there is none
	Count    int64 // of all contacts that match, at most ExactCount + 1
	Exact    bool  // what was searched is one contact's whole address

	// Searched is set when the search ended before the page was full: Newer or Older goes on from there. Counted is set
	// when Count speaks of the newest contacts only. Both are a number of contacts.
	Searched, Counted int64
}

// Contacts returns a page of the contacts that filter means.
func (d *DB) Contacts(ctx context.Context, workspaceID int64, filter ContactFilter, cursor ContactCursor) (ContactPage, error) {
	var page ContactPage
	filter, err := d.findExact(ctx, workspaceID, filter)
	if err != nil {
		return page, err
	}
	newest, err := d.newestContact(ctx, workspaceID)
	if err != nil {
		return page, err
	}
	page.Exact = filter.exact
	if page.Count, page.Counted, err = d.countContacts(ctx, workspaceID, filter, newest); err != nil {
		return page, err
	}
	if cursor.After > 0 {
		err = d.risingPage(ctx, workspaceID, filter, cursor.After, newest, &page)
	} else {
		err = d.fallingPage(ctx, workspaceID, filter, cursor.Before, newest, &page)
	}
	if err != nil {
		return page, err
	}
	return page, d.addTags(ctx, workspaceID, page.Contacts)
}

// Contact returns one contact of a workspace, or ErrNotFound.
func (d *DB) Contact(ctx context.Context, workspaceID, id int64) (Contact, error) {
	return First[Contact](d.Read(ctx).Where("workspace_id = ? AND id = ?", workspaceID, id))
}

// ContactByEmail returns the contact with an address in its stored form, or ErrNotFound.
func (d *DB) ContactByEmail(ctx context.Context, workspaceID int64, email string) (Contact, error) {
	return First[Contact](d.Read(ctx).Where("workspace_id = ? AND email = ?", workspaceID, email))
}

// ContactTags lists a contact's tags by name.
func (d *DB) ContactTags(ctx context.Context, workspaceID, id int64) ([]Tag, error) {
	one := []ListedContact{{Contact: Contact{ID: id}}}
	err := d.addTags(ctx, workspaceID, one)
	return one[0].Tags, err
}

func (d *DB) newestContact(ctx context.Context, workspaceID int64) (id int64, err error) {
	return id, d.Read(ctx).Raw("SELECT coalesce(max(id), 0) FROM contacts WHERE workspace_id = ?", workspaceID).Scan(&id).Error
}

// findExact sees whether the search is somebody's whole address: it is then found at once, however many there are.
func (d *DB) findExact(ctx context.Context, workspaceID int64, filter ContactFilter) (ContactFilter, error) {
	email, err := ReadEmail(filter.Search)
	if err != nil {
		return filter, nil
	}
	_, err = d.ContactByEmail(ctx, workspaceID, email)
	if ErrorCode(err) == CodeNotFound {
		return filter, nil
	}
	filter.Search, filter.exact = email, true
	return filter, err
}

// walks says that no index leads to just these contacts: the search then looks at a span of ids at a time.
func (f ContactFilter) walks() bool {
	return !f.exact && (f.Search != "" || f.Status != "" && f.Tag != 0)
}

// narrow selects the contacts that f means.
func (f ContactFilter) narrow(q *gorm.DB, workspaceID int64) *gorm.DB {
	q = q.Table("contacts").Where("contacts.workspace_id = ?", workspaceID)
	if f.Tag != 0 {
		q = q.Joins("JOIN contact_tags ct ON ct.workspace_id = contacts.workspace_id AND ct.contact_id = contacts.id").
			Where("ct.workspace_id = ? AND ct.tag_id = ?", workspaceID, f.Tag)
	}
	if f.Status != "" {
		q = q.Where("contacts.status = ?", f.Status)
	}
	if f.exact {
		q = q.Where("contacts.email = ?", f.Search)
	} else if f.Search != "" {
		patterns := emailPatterns(f.Search)
		q = q.Where(`(contacts.email LIKE ? ESCAPE '\' OR contacts.email LIKE ? ESCAPE '\')`, patterns[0], patterns[1])
	}
	return q
}

// id is the column by which the contacts of f are found in order.
func (f ContactFilter) id() string {
	if f.Tag != 0 {
		return "ct.contact_id"
	}
	return "contacts.id"
}

// fallingPage fills page with contacts older than before, the newest first; 0 starts at the newest.
func (d *DB) fallingPage(ctx context.Context, workspaceID int64, filter ContactFilter, before, newest int64, page *ContactPage) error {
	q := filter.narrow(d.Read(ctx), workspaceID)
	from, floor := newest+1, int64(0)
	if before > 0 {
		from = before
		q = q.Where(filter.id()+" < ?", before)
	}
	if floor = from - searchSpan; filter.walks() && floor > 1 {
		q = q.Where(filter.id()+" >= ?", floor)
	} else {
		floor = 0
	}
	found, err := contactRows(q.Order(filter.id() + " DESC"))
	if err != nil {
		return err
	}
	switch {
	case len(found) > ContactPageSize:
		found = found[:ContactPageSize]
		page.Older = found[len(found)-1].ID
	case floor > 0:
		page.Older, page.Searched = floor, from-floor
	}
	if before > 0 {
		page.Newer = before - 1
		if len(found) > 0 {
			page.Newer = found[0].ID
		}
	}
	page.Contacts = found
	return nil
}

// risingPage fills page with the contacts right above after, the newest first.
func (d *DB) risingPage(ctx context.Context, workspaceID int64, filter ContactFilter, after, newest int64, page *ContactPage) error {
	q := filter.narrow(d.Read(ctx), workspaceID).Where(filter.id()+" > ?", after)
	ceiling := after + searchSpan
	if filter.walks() && ceiling < newest {
		q = q.Where(filter.id()+" <= ?", ceiling)
	} else {
		ceiling = 0
	}
	found, err := contactRows(q.Order(filter.id()))
	if err != nil {
		return err
	}
	more := len(found) > ContactPageSize
	found = found[:min(len(found), ContactPageSize)]
	slices.Reverse(found)
	page.Older = after + 1
	if len(found) > 0 {
		page.Older = found[len(found)-1].ID
	}
	switch {
	case more:
		page.Newer = found[0].ID
	case ceiling > 0:
		page.Newer, page.Searched = ceiling, searchSpan
	}
	page.Contacts = found
	return nil
}

func contactRows(q *gorm.DB) (found []ListedContact, err error) {
	err = q.Select("contacts.*").Limit(ContactPageSize + 1).Find(&found).Error
	return found, err
}

// countContacts counts the contacts that filter means, at most ExactCount + 1; of a search without an index among the
// newest only.
func (d *DB) countContacts(ctx context.Context, workspaceID int64, filter ContactFilter, newest int64) (n, among int64, err error) {
	q := filter.narrow(d.Read(ctx), workspaceID)
	if filter.walks() && newest > searchSpan {
		among = searchSpan
		q = q.Where(filter.id()+" > ?", newest-searchSpan)
	}
	err = d.Read(ctx).Table("(?) AS few", q.Select("1").Limit(ExactCount+1)).Count(&n).Error
	return n, among, err
}

// addTags fills in the tags of contacts of one workspace.
func (d *DB) addTags(ctx context.Context, workspaceID int64, contacts []ListedContact) error {
	if len(contacts) == 0 {
		return nil
	}
	places := make(map[int64]int, len(contacts))
	ids := make([]int64, len(contacts))
	for i, c := range contacts {
		places[c.ID], ids[i] = i, c.ID
	}
	var rows []struct {
		Tag
		ContactID int64
	}
	err := d.Read(ctx).Table("contact_tags ct").Select("t.*, ct.contact_id").
		Joins("JOIN tags t ON t.workspace_id = ct.workspace_id AND t.id = ct.tag_id AND t.deleted_at IS NULL").
		Where("ct.workspace_id = ? AND ct.contact_id IN ?", workspaceID, ids).Order("t.name_folded").Find(&rows).Error
	for _, row := range rows {
		c := &contacts[places[row.ContactID]]
		c.Tags = append(c.Tags, row.Tag)
	}
	return err
}

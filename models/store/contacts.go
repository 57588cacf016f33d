package store

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// ContactPageSize is how many contacts one page of the list shows.
const ContactPageSize = 50

// ContactCursor is where a page begins: the contacts before (older than) an id, or after (newer than) it. In a sorted list it is the contacts
// before or after the one with that id. If both are
// zero it is the newest page.
type ContactCursor struct {
	Before, After int64
	At            time.Time // in the order of changes: the last change of that contact

	sort ContactSort
}

// ContactPage is one page of contacts, newest first.
type ContactPage struct {
	Contacts []models.ListedContact
	Newer    int64  // After of the page with newer contacts, 0 if there is none
	Older    int64  // Before of the page with older contacts, 0 if there is none
	Previous *place // where the previous page of a sorted list ends; nil for the first page
	Next     *place // where the next page of a sorted list begins; nil for the last page
	Count    int64  // of all matching contacts, at most ExactCount + 1 unless the filter has it
	Exact    bool   // the search is the whole address of one contact

	Unsorted bool // too many contacts match to be sorted by their last change: they are listed the newest first
	Former   bool // the search is the whole address that contacts had before
	Names    bool // the search looked at names alone
	Indexing bool // it missed names, because they are still being indexed

	// Searched is set if the search ended before the page was full: the next page continues at Newer or Older. Counted
	// is set if Count covers only the newest contacts. Both are a number of contacts.
	Searched, Counted int64
}

// Contacts returns one page of the contacts that match filter.
func (d *DB) Contacts(ctx context.Context, workspaceID int64, filter ContactFilter, cursor ContactCursor) (ContactPage, error) {
	var page ContactPage
	filter, err := d.ResolveFilter(ctx, workspaceID, filter)
	if err != nil {
		return page, models.In("filter", err)
	}
	if filter.scans() {
		leave, err := d.enterSearch(ctx)
		if err != nil {
			return page, models.In("wait for other searches", err)
		}
		defer leave()
	}
	newest := int64(beyondIDs)
	switch {
	case filter.Rule != nil && !filter.scansRest() && cursor.After == 0: // the newest need not be known to look at older ones
	case filter.Rule != nil:
		newest, err = d.NewestContact(ctx, workspaceID)
	case filter.listed() && !filter.narrows() && (filter.byName() || filter.Known > 0): // the members are not needed to count them
	case filter.listed():
		filter.newest, err = filter.members().Below(d.Read(ctx), workspaceID, filter.Segment, beyondIDs, memberSpan)
	case filter.scans() && filter.highest > 0:
		newest = filter.highest
	case filter.scans():
		newest, err = d.NewestContact(ctx, workspaceID)
	}
	if err != nil {
		return page, models.In("members or newest contact", err)
	}
	if filter.LastID > 0 {
		newest = min(newest, filter.LastID)
	}
	page.Exact, page.Former, page.Names, page.Indexing = filter.Exact, filter.Former, filter.Names, filter.missing
	if page.Count, page.Counted, filter.found, err = d.countContacts(ctx, workspaceID, filter, newest); err != nil {
		return page, models.In("count", err)
	}
	if page.Unsorted = filter.Sort.ByChange() && (page.Count > models.ExactCount || page.Counted > 0); page.Unsorted {
		filter.Sort, cursor = "", ContactCursor{}
	}
	if cursor.sort = filter.Sort; filter.Sort != "" {
		err = d.sortedPage(ctx, workspaceID, filter, cursor, &page)
	} else if cursor.After > 0 {
		err = d.risingPage(ctx, workspaceID, filter, cursor.After, newest, &page)
	} else {
		err = d.fallingPage(ctx, workspaceID, filter, cursor.Before, newest, &page)
	}
	if err != nil {
		return page, models.In("rows", err)
	}
	return page, models.In("tags", d.addTags(ctx, workspaceID, page.Contacts))
}

// Contact returns one contact of a workspace, or ErrNotFound.
func (d *DB) Contact(ctx context.Context, workspaceID, id int64) (models.Contact, error) {
	return First[models.Contact](d.Read(ctx).Where("workspace_id = ? AND id = ?", workspaceID, id))
}

// ContactByEmail returns the contact with an address in its stored form, or ErrNotFound.
func (d *DB) ContactByEmail(ctx context.Context, workspaceID int64, email string) (models.Contact, error) {
	return First[models.Contact](d.Read(ctx).Where("workspace_id = ? AND email = ?", workspaceID, email))
}

// ContactTags lists a contact's tags by name.
func (d *DB) ContactTags(ctx context.Context, workspaceID, id int64) ([]models.Tag, error) {
	one := []models.ListedContact{{Contact: models.Contact{ID: id}}}
	err := d.addTags(ctx, workspaceID, one)
	return one[0].Tags, err
}

// NewestContact returns the highest contact id of a workspace, 0 if it has no contacts.
func (d *DB) NewestContact(ctx context.Context, workspaceID int64) (id int64, err error) {
	return id, d.Read(ctx).Raw("SELECT coalesce(max(id), 0) FROM contacts WHERE workspace_id = ?", workspaceID).Scan(&id).Error
}

// fallingPage fills page with contacts older than before, the newest first; 0 starts at the newest.
func (d *DB) fallingPage(ctx context.Context, workspaceID int64, filter ContactFilter, before, newest int64, page *ContactPage) error {
	from := before
	if from <= 0 || from > newest {
		from = newest + 1
	}
	q, floor, looked, err := filter.below(d.Read(ctx), workspaceID, from, ContactPageSize+1, pageReach)
	if err != nil {
		return err
	}
	found, err := contactRows(q)
	if err != nil {
		return err
	}
	switch {
	case len(found) > ContactPageSize:
		found = found[:ContactPageSize]
		page.Older = found[len(found)-1].ID
	case floor > 0:
		page.Older, page.Searched = floor, looked
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

// risingPage fills page with the contacts directly above after, the newest first.
func (d *DB) risingPage(ctx context.Context, workspaceID int64, filter ContactFilter, after, newest int64, page *ContactPage) error {
	q, ceiling, looked, err := filter.above(d.Read(ctx), workspaceID, after, newest, ContactPageSize+1, pageReach)
	if err != nil {
		return err
	}
	found, err := contactRows(q)
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
		page.Newer, page.Searched = ceiling, looked
	}
	page.Contacts = found
	return nil
}

func contactRows(q *gorm.DB) (found []models.ListedContact, err error) {
	err = q.Select("contacts.*").Find(&found).Error
	return found, err
}

// countContacts counts the contacts that match filter, at most ExactCount + 1. For a search without an index, or a rule, it counts
// only the newest contacts and returns in among how many it looked at. found has the contacts if it had to look for each of them.
func (d *DB) countContacts(ctx context.Context, workspaceID int64, filter ContactFilter, newest int64) (n, among int64, found matches, err error) {
	if filter.Known > 0 && !filter.Exact {
		return filter.Known, 0, found, nil
	}
	q := filter.rows(d.Read(ctx), workspaceID)
	switch {
	case filter.Rule != nil:
		found, err = filter.matchBelow(d.Read(ctx), workspaceID, newest+1, memberSpan, pageReach)
		if n = int64(len(found.ids)); found.end > 0 && n <= models.ExactCount {
			among = found.looked
		}
		return n, among, found, models.In("rule", err)
	case filter.byName() && !filter.narrows():
		n, err = filter.words().count(d.Read(ctx), workspaceID)
		return n, 0, found, err
	case filter.listed():
		if !filter.narrows() {
			return int64(len(filter.newest)), 0, found, nil
		}
		if len(filter.newest) == memberSpan {
			among = memberSpan
		}
		q = amongIDs(q, filter.newest)
	case filter.scans():
		n, found, err = d.scanNewest(ctx, workspaceID, filter, newest)
		return n, found.looked, found, err
	}
	err = d.Read(ctx).Table("(?) AS few", q.Select("1").Limit(models.ExactCount+1)).Count(&n).Error
	return n, among, found, err
}

// addTags fills in the tags of contacts of one workspace.
func (d *DB) addTags(ctx context.Context, workspaceID int64, contacts []models.ListedContact) error {
	if len(contacts) == 0 {
		return nil
	}
	ids := make([]int64, len(contacts))
	for i, c := range contacts {
		ids[i] = c.ID
	}
	tags, err := tagsByContact(d.Read(ctx), workspaceID, ids, "t.name_folded")
	for i := range contacts {
		contacts[i].Tags = tags[contacts[i].ID]
	}
	return err
}

// tagsByContact returns the tags of contacts of one workspace, by contact, sorted by order, a column of the tags t.
func tagsByContact(tx *gorm.DB, workspaceID int64, ids []int64, order string) (map[int64][]models.Tag, error) {
	var rows []struct {
		models.Tag
		ContactID int64
	}
	err := tx.Table("contact_tags ct").Select("t.*, ct.contact_id").
		Joins("JOIN tags t ON t.workspace_id = ct.workspace_id AND t.id = ct.tag_id AND t.deleted_at IS NULL").
		Where("ct.workspace_id = ? AND ct.contact_id IN ?", workspaceID, ids).Order(order).Find(&rows).Error
	tags := map[int64][]models.Tag{}
	for _, row := range rows {
		tags[row.ContactID] = append(tags[row.ContactID], row.Tag)
	}
	return tags, err
}

// ReserveContactIDs takes n consecutive contact ids of a workspace and returns the first; they are never used again.
// Call it after LockAddresses and as the last step that may wait: until the transaction ends, it blocks all calls that
// create contacts in this workspace.
func ReserveContactIDs(tx *gorm.DB, workspaceID, n int64) (first int64, err error) {
	var next int64
	err = tx.Raw(ReserveContactIDsSQL, workspaceID, n+1, n).Scan(&next).Error
	return next - n, err
}

func idsOf(contacts []models.Contact) []int64 {
	ids := make([]int64, len(contacts))
	for i, c := range contacts {
		ids[i] = c.ID
	}
	return ids
}

// NewestFields returns the fields of a workspace's newest contacts, at most n.
func (d *DB) NewestFields(ctx context.Context, workspaceID int64, n int) (all []map[string]string, err error) {
	var contacts []models.Contact
	err = d.Read(ctx).Select("fields").Where("workspace_id = ?", workspaceID).Order("id DESC").Limit(n).Find(&contacts).Error
	for _, c := range contacts {
		all = append(all, c.Fields)
	}
	return all, err
}

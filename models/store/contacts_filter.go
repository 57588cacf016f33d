package store

import (
	"context"
	"database/sql/driver"
	"slices"
	"strings"
	"unicode"

	"campaignlark/models"

	"gorm.io/gorm"
)

// searchSpan is how many ids one page of a search without an index looks at and counts. Ids are dense, so this is about
// as many contacts. In a workspace with fewer contacts the search is complete.
const searchSpan = 200_000

// memberSpan is how many members of a segment one page looks at if the filter has more conditions than the segment.
const memberSpan = models.ExactCount + 1

// ContactFilter selects contacts of a workspace. A zero field does not narrow.
type ContactFilter struct {
	Search  string        `json:",omitempty"` // a part of the address, or the beginnings of words of the name, as a person types it
	Exact   bool          `json:",omitempty"` // Search is the whole address of a contact, in its stored form; ResolveFilter sets it
	Names   bool          `json:",omitempty"` // Search is compared with names alone, which have an index; ResolveFilter sets it
	Inside  bool          `json:",omitempty"` // Search is compared with addresses alone
	Former  bool          `json:",omitempty"` // Search is the whole address that a contact had before, in its stored form; ResolveFilter sets it
	Status  models.Status `json:",omitempty"`
	Tag     int64         `json:",omitempty"`
	Segment int64         `json:",omitempty"` // with Members
	Import  int64         `json:",omitempty"` // only contacts that this import created
	FirstID int64         `json:",omitempty"` // with Import: the lowest and highest id of these contacts; ResolveFilter sets them
	LastID  int64         `json:",omitempty"`
	IDs     IDList        `json:",omitempty"` // only these, the highest first; not together with Segment
	Nobody  bool          `json:",omitempty"` // the tag, segment or import asked for does not exist: no contact matches

	Sort    ContactSort    `json:"-"` // of the list
	Members SegmentMembers `json:"-"`
	Rule    ContactRule    `json:"-"` // nil for none
	Known   int64          `json:"-"` // how many contacts match, if it is known; 0 counts them

	newest  []int64 // the newest memberSpan ids of a listed filter, once read
	found   matches // of a filter that no index serves: the newest contacts, once read
	highest int64   // the highest id, if ResolveFilter read it
	missing bool    // names are still being indexed
}

// beyondIDs is above every contact's id.
const beyondIDs = 1 << 62

// Members finds the members of segments; package segments implements it.
type Members interface {
	// Below returns the ids of at most limit members below an id, the newest first.
	Below(q *gorm.DB, workspaceID, segmentID, before int64, limit int) ([]int64, error)
	// Above returns the ids of at most limit members above an id, the oldest first.
	Above(q *gorm.DB, workspaceID, segmentID, after int64, limit int) ([]int64, error)
}

// SegmentMembers finds the members of segments among other contacts, too.
type SegmentMembers interface {
	Members
	// Among returns those of the contacts that are members.
	Among(q *gorm.DB, workspaceID, segmentID int64, contacts []int64) ([]int64, error)
}

// IDList is a list of distinct contact ids, the highest first.
type IDList []int64

// Below implements Members.
func (l IDList) Below(_ *gorm.DB, _, _, before int64, limit int) ([]int64, error) {
	var ids []int64
	for _, id := range l {
		if id < before && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Above implements Members.
func (l IDList) Above(_ *gorm.DB, _, _, after int64, limit int) ([]int64, error) {
	var ids []int64
	for i := len(l) - 1; i >= 0 && len(ids) < limit; i-- {
		if l[i] > after {
			ids = append(ids, l[i])
		}
	}
	return ids, nil
}

// ResolveFilter decides how to search. If the search is a whole address that a contact has or had, an index finds the contact in any workspace. Other
// texts are looked for in names and addresses; but in a workspace with more than searchSpan contacts, in names alone if a name has them.
func (d *DB) ResolveFilter(ctx context.Context, workspaceID int64, f ContactFilter) (ContactFilter, error) {
	if err := d.resolveImport(ctx, workspaceID, &f); err != nil {
		return f, models.In("contacts of an import", err)
	}
	if f.Nobody || f.Search == "" {
		return f, nil
	}
	email, err := models.ReadEmail(f.Search)
	if err != nil {
		return d.resolveNames(ctx, workspaceID, f)
	}
	c, err := d.ContactByEmail(ctx, workspaceID, email)
	if ErrorCode(err) == models.CodeNotFound {
		var n int64
		if err = d.Read(ctx).Model(&FormerAddress{}).Where("workspace_id = ? AND address = ?", workspaceID, email).Count(&n).Error; n > 0 {
			f.Search, f.Former = email, true
		}
		return f, err
	}
	if err != nil {
		return f, err
	}
	f.Search, f.Exact = email, true
	if f.listed() {
		ids, err := f.members().Below(d.Read(ctx), workspaceID, f.Segment, c.ID+1, 1)
		if f.Nobody = len(ids) == 0 || ids[0] != c.ID; err != nil {
			return f, err
		}
		f.Segment, f.IDs = 0, nil
	}
	return f, nil
}

// resolveNames sets Names for a search that the index of names serves, in a workspace with too many contacts to look at all of them.
func (d *DB) resolveNames(ctx context.Context, workspaceID int64, f ContactFilter) (ContactFilter, error) {
	words := f.words()
	if len(words) == 0 {
		return f, nil
	}
	var at struct {
		Highest        int64
		Missing, Named bool
	}
	named, values := words.condition(workspaceID)
	err := d.Read(ctx).Raw(`SELECT coalesce(max(id), 0) AS highest, EXISTS (SELECT 1 FROM contact_word_fills WHERE workspace_id = ?)
			OR EXISTS (SELECT 1 FROM unindexed_names WHERE workspace_id = ?) AS missing, EXISTS (SELECT 1 FROM contact_words WHERE `+named+`) AS named
		FROM contacts WHERE workspace_id = ?`, slices.Concat([]any{workspaceID, workspaceID}, values, []any{workspaceID})...).Scan(&at).Error
	f.highest, f.missing = at.Highest, at.Missing
	if err != nil || at.Highest <= searchSpan || len(words) == 1 && len(words[0]) == 1 {
		return f, err // one letter is in so many names that a look at the newest contacts is faster
	}
	f.Names = at.Named || strings.ContainsFunc(f.Search, unicode.IsSpace) // no address has a blank
	return f, nil
}

// words returns the words that the search looks for in names; none for a part of an address.
func (f ContactFilter) words() nameSearch {
	if f.Exact || f.Former || f.Inside || strings.Contains(f.Search, "@") {
		return nil
	}
	return models.SearchWords(f.Search)
}

// byName reports whether the index of names leads to the contacts.
func (f ContactFilter) byName() bool { return f.Names && f.Segment == 0 && f.IDs == nil }

// listed reports whether the candidates' ids are known. The other conditions are then checked on those contacts, in
// steps.
func (f ContactFilter) listed() bool { return f.Segment != 0 || f.IDs != nil || f.Names }

func (f ContactFilter) members() Members {
	switch {
	case f.Segment != 0:
		return f.Members
	case f.IDs != nil:
		return f.IDs
	}
	return f.words()
}

// narrows reports whether any condition besides the members needs the contact's row.
func (f ContactFilter) narrows() bool {
	return f.Search != "" && !f.byName() || f.Status != "" || f.Tag != 0 || f.Import != 0 || f.Nobody
}

// scans reports whether no index serves this filter. The search then looks at one span of ids at a time.
func (f ContactFilter) scans() bool { return f.Rule != nil || f.scansRest() }

// scansRest is scans without the rule.
func (f ContactFilter) scansRest() bool {
	return !f.Exact && !f.Names && !f.Former && (f.Search != "" || f.Status != "" && f.Tag != 0)
}

// narrow selects the contacts that match f, except for its segment or list of ids.
func (f ContactFilter) narrow(q *gorm.DB, workspaceID int64) *gorm.DB {
	return f.where(q.Table("contacts").Where("contacts.workspace_id = ?", workspaceID), workspaceID)
}

// where is narrow for a query of contacts of the workspace.
func (f ContactFilter) where(q *gorm.DB, workspaceID int64) *gorm.DB {
	if f.Nobody {
		return q.Where("1 = 0")
	}
	if f.Tag != 0 {
		q = q.Joins("JOIN contact_tags ct ON ct.workspace_id = contacts.workspace_id AND ct.contact_id = contacts.id").
			Where("ct.workspace_id = ? AND ct.tag_id = ?", workspaceID, f.Tag)
	}
	if f.Status != "" {
		q = q.Where(hasStatus(f.Status))
	}
	q = f.whereImported(q, workspaceID)
	switch {
	case f.Exact:
		q = q.Where("contacts.email = ?", f.Search)
	case f.Former:
		q = q.Where(hadAddress+"address = ?)", workspaceID, f.Search)
	case f.Search != "":
		q = f.whereFound(q, workspaceID)
	}
	return q
}

// whereFound selects the contacts whose name, address or former address has the search.
func (f ContactFilter) whereFound(q *gorm.DB, workspaceID int64) *gorm.DB {
	var named string
	var names []any
	words := f.words()
	if len(words) > 0 {
		named, names = words.condition(workspaceID)
		named = "contacts.id IN (SELECT contact_id FROM contact_words WHERE " + named + ")"
	}
	if f.Names {
		return q.Where(named, names...)
	}
	has, parts := emailHas(q, "contacts.email", f.Search)
	had, formerParts := emailHas(q, "address", f.Search)
	has += " OR " + hadAddress + had + ")"
	parts = append(append(parts, workspaceID), formerParts...)
	if named != "" {
		has += " OR " + named
	}
	return q.Where("("+has+")", append(parts, names...)...)
}

// hasStatus selects the contacts of a status. The statement contains the status and not a parameter, because there is an index for
// each status, and it serves only statements that contain the status.
func hasStatus(s models.Status) string {
	if !s.Valid() {
		return "1 = 0"
	}
	return "contacts.status = '" + string(s) + "'"
}

// narrowInOrder is narrow for a query in the order of f.id(). SQLite has no statistics here: without the CROSS JOIN it would
// scan all contacts instead of those with the tag.
func (f ContactFilter) narrowInOrder(q *gorm.DB, workspaceID int64) *gorm.DB {
	if f.id() != "ct.contact_id" || f.Exact || q.Name() == string(Postgres) {
		return f.narrow(q, workspaceID)
	}
	tag := f.Tag
	f.Tag = 0
	return f.narrow(q, workspaceID).Table("contact_tags ct CROSS JOIN contacts").
		Where("ct.workspace_id = ? AND ct.tag_id = ? AND contacts.workspace_id = ct.workspace_id AND contacts.id = ct.contact_id", workspaceID, tag)
}

// rows is narrowInOrder without the search if the members of f are those that it finds.
func (f ContactFilter) rows(q *gorm.DB, workspaceID int64) *gorm.DB {
	if f.byName() {
		f.Search = ""
	}
	return f.narrowInOrder(q, workspaceID)
}

// id is the column that orders the contacts of f.
func (f ContactFilter) id() string {
	if f.Tag != 0 && !f.listed() && !f.Nobody {
		return "ct.contact_id"
	}
	return "contacts.id"
}

// inMap replaces a list of at least manyIDs ids if at least one in denseOneIn ids of its span is in the list. It reads the
// span in index order, which is faster than one look-up for each id.
const (
	manyIDs    = 500
	denseOneIn = 16
)

// amongIDs narrows q to a sorted list of contacts, rising or falling, of any length.
func amongIDs(q *gorm.DB, ids []int64) *gorm.DB {
	if n := len(ids); n >= manyIDs {
		low, high := min(ids[0], ids[n-1]), max(ids[0], ids[n-1])
		if high-low < int64(n)*denseOneIn {
			return inMap(q, ids, low, high)
		}
	}
	return Among(q, "contacts.id", ids)
}

// idMap has one byte for each id of a span. It is a Valuer because GORM treats a slice as a list of values.
type idMap []byte

// Value implements driver.Valuer.
func (m idMap) Value() (driver.Value, error) { return []byte(m), nil }

// inMap does amongIDs with an idMap of the list's span.
func inMap(q *gorm.DB, ids []int64, low, high int64) *gorm.DB {
	there := make(idMap, high-low+1)
	for _, id := range ids {
		there[id-low] = 1
	}
	is := "substr(CAST(? AS blob), contacts.id - ?, 1) = x'01'"
	if q.Name() == string(Postgres) {
		is = "get_byte(CAST(? AS bytea), CAST(contacts.id - ? - 1 AS integer)) = 1"
	}
	return q.Where("contacts.id >= ? AND contacts.id <= ?", low, high).Where(is, there, low-1)
}

// reach limits one look-up: to so many ids for a search without an index, to so many members of a segment, to so many contacts that are
// compared with a rule.
type reach struct {
	ids     int64
	members int
	matched int64
}

var (
	pageReach = reach{searchSpan, memberSpan, 20_000} // of a page, while a reader waits
	stepReach = reach{20_000, 2_000, 5_000}           // of a job's step, which blocks others
)

// span is how many ids of a list one look-up for wanted contacts reads.
func (f ContactFilter) span(wanted int, r reach) int {
	if f.narrows() {
		return r.members
	}
	return wanted
}

// below selects at most wanted contacts of f below an id, the newest first. floor is where the look-up ended, 0 if
// nothing is left below. looked is how many contacts it looked at.
func (f ContactFilter) below(q *gorm.DB, workspaceID, before int64, wanted int, r reach) (rows *gorm.DB, floor, looked int64, err error) {
	m, known := f.found.below(before, wanted)
	if f.Rule != nil && !known {
		m, err = f.matchBelow(q, workspaceID, before, wanted, r)
	}
	if f.Rule != nil || known {
		return m.rows(q, workspaceID, " DESC").Limit(wanted), m.end, m.looked, err
	}
	rows = f.rows(q, workspaceID).Where(f.id()+" < ?", before)
	switch {
	case f.byName() && !f.narrows():
		rows = rows.Where("contacts.id IN (?)", f.words().below(q, workspaceID, before, wanted))
	case f.listed():
		ids := f.newest[:min(len(f.newest), f.span(wanted, r))]
		if f.newest == nil || before <= beyondIDs {
			if ids, err = f.members().Below(q, workspaceID, f.Segment, before, f.span(wanted, r)); err != nil {
				return nil, 0, 0, err
			}
		}
		if len(ids) == f.span(wanted, r) {
			floor, looked = ids[len(ids)-1], int64(len(ids))
		}
		rows = amongIDs(rows, ids)
	case f.scans() && before-r.ids > 1:
		floor, looked = before-r.ids, r.ids
		rows = rows.Where(f.id()+" >= ?", floor)
	}
	return rows.Order(f.id() + " DESC").Limit(wanted), floor, looked, nil
}

// above does below in the other direction, the oldest first, up to the newest contact.
func (f ContactFilter) above(q *gorm.DB, workspaceID, after, newest int64, wanted int, r reach) (rows *gorm.DB, ceiling, looked int64, err error) {
	if f.Rule != nil {
		m, err := f.matchAbove(q, workspaceID, after, newest, wanted, r)
		return m.rows(q, workspaceID, "").Limit(wanted), m.end, m.looked, err
	}
	rows = f.rows(q, workspaceID).Where(f.id()+" > ?", after)
	switch {
	case f.listed():
		ids, err := f.members().Above(q, workspaceID, f.Segment, after, f.span(wanted, r))
		if err != nil {
			return nil, 0, 0, err
		}
		if len(ids) == f.span(wanted, r) {
			ceiling, looked = ids[len(ids)-1], int64(len(ids))
		}
		rows = amongIDs(rows, ids)
	case f.scans() && after+r.ids < newest:
		ceiling, looked = after+r.ids, r.ids
		rows = rows.Where(f.id()+" <= ?", ceiling)
	}
	return rows.Order(f.id()).Limit(wanted), ceiling, looked, nil
}

// NextContacts returns at most limit contacts of f below an id, the newest first. Continue below next; 0 is the end.
// Each step is bounded, so more may follow even if it found none.
func (f ContactFilter) NextContacts(q *gorm.DB, workspaceID, before int64, limit int) (found []models.Contact, next int64, err error) {
	rows, floor, _, err := f.below(q, workspaceID, before, limit, stepReach)
	if err != nil {
		return nil, 0, err
	}
	if err := rows.Select("contacts.*").Find(&found).Error; err != nil {
		return nil, 0, err
	}
	if next = floor; len(found) == limit {
		next = found[limit-1].ID
	}
	return found, next, nil
}

package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// thirds are the members of a segment: every contact whose id divides by three, up to 12,000.
type thirds struct{}

func (thirds) Below(_ *gorm.DB, _, _, before int64, limit int) (ids []int64, err error) {
	for id := min(before-1, 12_000); id > 0 && len(ids) < limit; id-- {
		if id%3 == 0 {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (thirds) Above(_ *gorm.DB, _, _, after int64, limit int) (ids []int64, err error) {
	return nil, fmt.Errorf("sorted lists do not ask for members above %d", after)
}

func (thirds) Among(_ *gorm.DB, _, _ int64, contacts []int64) (ids []int64, err error) {
	for _, id := range contacts {
		if id%3 == 0 {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// TestContactsAreSortedByEachOrder pages through the list in each order, with filters that few and many contacts match, forwards and back.
func TestContactsAreSortedByEachOrder(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		const all = 12_000
		random := rand.New(rand.NewPCG(1, 2))
		contacts := make([]models.Contact, all)
		for i := range contacts {
			id := int64(i + 1)
			changed := noon.Add(time.Duration(random.IntN(5000)) * time.Second) // some at the same time
			status := models.StatusSubscribed
			if id%4000 == 7 {
				status = models.StatusUnsubscribed
			}
			contacts[i] = models.Contact{WorkspaceID: ws.ID, ID: id, Email: fmt.Sprintf("%x-%d@example.com", random.Uint32(), id), Status: status, Fields: map[string]string{}, Version: 1, CreatedAt: noon, UpdatedAt: changed}
		}
		err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(&contacts, 500).Error })
		if err != nil {
			t.Fatal(err)
		}
		orders := map[store.ContactSort]func(a, b models.Contact) int{
			store.ContactsOldest: func(a, b models.Contact) int { return cmp.Compare(a.ID, b.ID) },
			store.ContactsUnchanged: func(a, b models.Contact) int {
				return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.ID, b.ID))
			},
			store.ContactsChanged: func(a, b models.Contact) int {
				return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), cmp.Compare(b.ID, a.ID))
			},
			store.ContactsByAddress:   func(a, b models.Contact) int { return strings.Compare(a.Email, b.Email) },
			store.ContactsByAddressUp: func(a, b models.Contact) int { return strings.Compare(b.Email, a.Email) },
		}
		filters := map[string]struct {
			filter store.ContactFilter
			match  func(c models.Contact) bool
		}{
			"no filter":            {store.ContactFilter{}, func(models.Contact) bool { return true }},
			"a rare status":        {store.ContactFilter{Status: models.StatusUnsubscribed}, func(c models.Contact) bool { return c.Status == models.StatusUnsubscribed }},
			"a usual status":       {store.ContactFilter{Status: models.StatusSubscribed}, func(c models.Contact) bool { return c.Status == models.StatusSubscribed }},
			"a segment":            {store.ContactFilter{Segment: 1, Members: thirds{}}, func(c models.Contact) bool { return c.ID%3 == 0 }},
			"a big segment":        {store.ContactFilter{Segment: 1, Members: thirds{}, Known: 20_000}, func(c models.Contact) bool { return c.ID%3 == 0 }},
			"a rule":               {store.ContactFilter{Rule: oneIn(3)}, func(c models.Contact) bool { return c.ID%3 == 0 }},
			"a usual rule":         {store.ContactFilter{Rule: allButOneIn(7)}, func(c models.Contact) bool { return c.ID%7 != 0 }},
			"a rule and a segment": {store.ContactFilter{Rule: allButOneIn(7), Segment: 1, Members: thirds{}}, func(c models.Contact) bool { return c.ID%3 == 0 && c.ID%7 != 0 }},
			"a search":             {store.ContactFilter{Search: "ab"}, func(c models.Contact) bool { return strings.Contains(c.Email, "ab") }},
			"nobody":               {store.ContactFilter{Search: "nobody at all"}, func(models.Contact) bool { return false }},
		}
		for _, sort := range store.ContactSorts {
			order := orders[sort]
			if order == nil {
				t.Fatalf("%s is not tested", sort)
			}
			for name, f := range filters {
				var want []int64
				for _, c := range slices.SortedFunc(slices.Values(contacts), order) {
					if f.match(c) {
						want = append(want, c.ID)
					}
				}
				if sort.ByChange() && max(f.filter.Known, int64(len(want))) > models.ExactCount {
					f.filter.Sort = sort
					page, err := db.Contacts(t.Context(), ws.ID, f.filter, store.ContactCursor{})
					if newest := slices.IsSortedFunc(page.Contacts, func(a, b models.ListedContact) int { return cmp.Compare(b.ID, a.ID) }); err != nil || !page.Unsorted || !newest {
						t.Errorf("%s, %s: got %+v (%v), want the newest first, and that they are not sorted", sort, name, page, err)
					}
					continue
				}
				f.filter.Sort = sort
				var got []int64
				var cursor store.ContactCursor
				for range 5 { // pages forward
					page, err := db.Contacts(t.Context(), ws.ID, f.filter, cursor)
					if err != nil {
						t.Fatal(err)
					}
					if (page.Previous == nil) != (len(got) == 0) {
						t.Errorf("%s, %s: after %d contacts got the previous page %v", sort, name, len(got), page.Previous)
					}
					for _, c := range page.Contacts {
						got = append(got, c.ID)
					}
					if cursor.After, cursor.At = page.Next.Cursor(); cursor.After == 0 {
						break
					}
				}
				if want = want[:min(len(want), 5*store.ContactPageSize)]; !slices.Equal(got, want) {
					t.Fatalf("%s, %s: got %d, want %d", sort, name, got, want)
				}
				if len(want) <= 2*store.ContactPageSize {
					continue
				}
				third := contacts[want[2*store.ContactPageSize]-1]
				page, err := db.Contacts(t.Context(), ws.ID, f.filter, store.ContactCursor{Before: third.ID, At: third.UpdatedAt})
				if err != nil {
					t.Fatal(err)
				}
				var back []int64
				for _, c := range page.Contacts {
					back = append(back, c.ID)
				}
				if !slices.Equal(back, want[store.ContactPageSize:2*store.ContactPageSize]) || page.Previous == nil || page.Next == nil {
					t.Errorf("%s, %s: back from the third page got %d, want the second", sort, name, back)
				}
			}
		}
	})
}

// TestASortedListGoesOnWhereItStopped looks for contacts that only a late part of a long list has.
func TestASortedListGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		fill := `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 41000)
			INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at)
			SELECT ?, i, 'c' || (i + 100000) || '@example.com', 'SUBSCRIBED', '{}', 1, ?, ? FROM n`
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(fill, ws.ID, noon, noon).Error }); err != nil {
			t.Fatal(err)
		}
		filter := store.ContactFilter{Search: "c140999@", Inside: true, Known: 20_000, Sort: store.ContactsByAddress}
		var cursor store.ContactCursor
		var looked []int64
		for range 4 {
			page, err := db.Contacts(t.Context(), ws.ID, filter, cursor)
			if err != nil {
				t.Fatal(err)
			}
			looked = append(looked, page.Searched)
			if len(page.Contacts) > 0 {
				if page.Contacts[0].ID != 40_999 || !slices.Equal(looked, []int64{20_000, 20_000, 0}) {
					t.Errorf("got %d after looking at %d", page.Contacts[0].ID, looked)
				}
				return
			}
			cursor.After, cursor.At = page.Next.Cursor()
		}
		t.Errorf("got nobody after looking at %d", looked)
	})
}

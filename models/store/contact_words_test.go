package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// addNamed stores contacts with the names, by id; indexed says whether their words are stored too.
func addNamed(t *testing.T, db *store.DB, ws models.Workspace, names map[int64]string, indexed bool) {
	t.Helper()
	now := models.Instant(time.Now())
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		for id, name := range names {
			c := models.Contact{WorkspaceID: ws.ID, ID: id, Email: fmt.Sprintf("p%d@example.com", id), Status: models.StatusSubscribed, Fields: map[string]string{"name": name}, Version: 1, CreatedAt: now, UpdatedAt: now}
			if err := tx.Create(&c).Error; err != nil {
				return err
			}
			if !indexed {
				continue
			}
			if err := store.IndexNames(tx, ws.ID, store.NamedContact{ID: id, After: c.Fields}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func namedWorkspace(t *testing.T, db *store.DB, slug string) models.Workspace {
	t.Helper()
	ws := models.Workspace{Slug: slug, Name: slug, TimeZone: "UTC", CreatedAt: models.Instant(time.Now())}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&ws).Error }); err != nil {
		t.Fatal(err)
	}
	return ws
}

// idsFound returns the contacts of the list, page by page.
func idsFound(ctx context.Context, t *testing.T, db *store.DB, ws models.Workspace, filter store.ContactFilter) (ids []int64, first store.ContactPage) {
	t.Helper()
	var cursor store.ContactCursor
	for {
		page, err := db.Contacts(ctx, ws.ID, filter, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if cursor.Before == 0 {
			first = page
		}
		for _, c := range page.Contacts {
			ids = append(ids, c.ID)
		}
		if cursor.Before = page.Older; page.Older == 0 {
			return ids, first
		}
	}
}

func TestNamesAreFoundAmongVeryManyContacts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws, other := namedWorkspace(t, db, "books"), namedWorkspace(t, db, "music")
		addNamed(t, db, other, map[int64]string{1: "Hanna Other"}, true)
		addNamed(t, db, ws, map[int64]string{1: "Hanna Wróbel", 2: "Johanna Wróbel", 300_000: "HANNA Nowak", 500_000: "Anna-Hanna Wrobelska", 500_001: "Otto"}, true)
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("UPDATE contacts SET status = 'UNSUBSCRIBED' WHERE workspace_id = ? AND id = 300000", ws.ID).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			filter store.ContactFilter
			want   []int64
		}{
			{store.ContactFilter{Search: "hanna"}, []int64{500_000, 300_000, 1}},
			{store.ContactFilter{Search: "WROBEL"}, []int64{500_000, 2, 1}},
			{store.ContactFilter{Search: "wróbel han"}, []int64{500_000, 1}},
			{store.ContactFilter{Search: "hanna x"}, nil},
			{store.ContactFilter{Search: "nowa", Status: models.StatusUnsubscribed}, []int64{300_000}},
			{store.ContactFilter{Search: "nowa", Status: models.StatusSubscribed}, nil},
			{store.ContactFilter{Search: "p50000"}, []int64{500_001, 500_000}}, // no name, so addresses
			{store.ContactFilter{Search: "hanna", Inside: true}, nil},
		} {
			got, first := idsFound(t.Context(), t, db, ws, c.filter)
			if !slices.Equal(got, c.want) {
				t.Errorf("%+v: got %d, want %d", c.filter, got, c.want)
			}
			if first.Names && (first.Count != int64(len(c.want)) || first.Searched != 0) {
				t.Errorf("%+v: got the count %d after looking at %d, want %d", c.filter, first.Count, first.Searched, len(c.want))
			}
			resolved, err := db.ResolveFilter(t.Context(), ws.ID, c.filter)
			if err != nil {
				t.Fatal(err)
			}
			var stepped []int64 // as an export or a bulk change goes on
			for before := int64(600_000); before > 0; {
				found, next, err := resolved.NextContacts(db.Read(t.Context()), ws.ID, before, 2)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range found {
					stepped = append(stepped, f.ID)
				}
				before = next
			}
			if !slices.Equal(stepped, c.want) {
				t.Errorf("%+v in steps: got %d, want %d", c.filter, stepped, c.want)
			}
			if n, _, err := db.CountBulk(t.Context(), ws.ID, models.Bulk{Action: models.BulkDelete}, store.BulkCursor{Filter: resolved, Before: 600_000}); n != int64(len(c.want)) || err != nil {
				t.Errorf("%+v: a bulk change would be of %d contacts (%v), want %d", c.filter, n, err, len(c.want))
			}
		}
		back, err := db.Contacts(t.Context(), ws.ID, store.ContactFilter{Search: "hanna"}, store.ContactCursor{After: 1})
		if err != nil || len(back.Contacts) != 2 || back.Contacts[1].ID != 300_000 {
			t.Errorf("the page above the oldest: got %+v (%v), want 500000 and 300000", back.Contacts, err)
		}
		found, err := db.SearchContacts(t.Context(), ws.ID, "hanna wro", 7)
		if err != nil || len(found) != 2 || found[1].ID != 1 {
			t.Errorf("the palette: got %+v (%v), want 500000 and 1", found, err)
		}
	})
}

func TestNamesOfOlderContactsAreIndexed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := namedWorkspace(t, db, "books")
		names := map[int64]string{}
		for id := int64(1); id <= 300; id++ {
			names[id] = fmt.Sprintf("Zoë Number%d", id)
		}
		addNamed(t, db, ws, names, false)
		addNamed(t, db, ws, map[int64]string{400: "Zoë New"}, true)
		if err := db.Write(t.Context(), func(tx *gorm.DB) error {
			return tx.Exec("INSERT INTO contact_word_fills (workspace_id, after_id) VALUES (?, 0)", ws.ID).Error
		}); err != nil {
			t.Fatal(err)
		}
		ids, first := idsFound(t.Context(), t, db, ws, store.ContactFilter{Search: "zoe"})
		if len(ids) != 1 || !first.Indexing {
			t.Errorf("before: got %d (indexing is %v), want the new contact alone and a note", ids, first.Indexing)
		}
		for range 2 {
			if err := db.FillContactWords(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ids, first = idsFound(t.Context(), t, db, ws, store.ContactFilter{Search: "zoe num"})
		if len(ids) != 300 || first.Indexing {
			t.Errorf("after: got %d contacts (indexing is %v), want 300 and no note", len(ids), first.Indexing)
		}
	})
}

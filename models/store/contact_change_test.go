package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// books creates a workspace for contacts.
func books(t *testing.T, db *store.DB, now time.Time) models.Workspace {
	t.Helper()
	w := models.Workspace{Slug: "books", Name: "Books", TimeZone: "UTC", CreatedAt: now}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&w).Error }); err != nil {
		t.Fatal(err)
	}
	return w
}

// If several people change the same version of a contact, one succeeds. If several people add the same address, one
// succeeds and the others get the existing contact.
func TestConcurrentContactChanges(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now())
		w := books(t, db, now)
		var added, changed atomic.Int64
		in := models.ContactInput{Status: models.StatusSubscribed}
		together(t, 8, func(int) error {
			_, err := db.CreateContact(t.Context(), w.ID, 1, "anna@example.com", in, now)
			if err == nil {
				added.Add(1)
			} else if err == models.ErrContactExists {
				err = nil
			}
			return err
		})
		c, err := db.ContactByEmail(t.Context(), w.ID, "anna@example.com")
		if err != nil || added.Load() != 1 || c.Version != 1 {
			t.Fatalf("got %d contacts added, version %d (%v); want one of version 1", added.Load(), c.Version, err)
		}
		m, _, err := db.CreateMergeTag(t.Context(), w.ID, 0, models.MergeTag{Key: "name", Label: "Name", Type: models.MergeTagText}, now)
		if err != nil {
			t.Fatal(err)
		}
		together(t, 8, func(i int) error {
			in := models.ContactInput{Status: models.StatusSubscribed, Fields: map[string]string{m.Key: fmt.Sprint("by ", i), "no_such_key": "x"}}
			_, err := db.UpdateContact(t.Context(), c, 1, c.Version, in, now)
			if err == nil {
				changed.Add(1)
			} else if err == models.ErrChanged {
				err = nil
			}
			return err
		})
		c, err = db.Contact(t.Context(), w.ID, c.ID)
		if err != nil || changed.Load() != 1 || c.Version != 2 || len(c.Fields) != 1 {
			t.Errorf("got %d changes, version %d, fields %v (%v); want one change", changed.Load(), c.Version, c.Fields, err)
		}
	})
}

// together runs f n times concurrently; none may fail.
func together(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if err := f(i); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

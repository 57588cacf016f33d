package store_test

import (
	"errors"
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

// A change of an address takes the locks of both addresses.
func TestChangedAddressesAreLocked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now())
		w := books(t, db, now)
		in := models.ContactInput{Status: models.StatusSubscribed}
		for i, locked := range []string{"old0@example.com", "new1@example.com"} {
			c, err := db.CreateContact(t.Context(), w.ID, 1, fmt.Sprintf("old%d@example.com", i), in, now)
			if err != nil {
				t.Fatal(err)
			}
			var done <-chan error
			err = db.Write(t.Context(), func(tx *gorm.DB) error {
				if err := store.LockAddresses(tx, models.AddressKey(w.ID, locked)); err != nil {
					return err
				}
				done = dbtest.UntilItWaits(t, db, func() error {
					_, err := db.UpdateContact(t.Context(), c, 1, 1, models.ContactInput{Email: fmt.Sprintf("new%d@example.com", i), Status: models.StatusSubscribed}, now)
					return err
				})
				return nil
			})
			if err = errors.Join(err, <-done); err != nil {
				t.Errorf("%s: %v", locked, err)
			}
		}
		if _, err := db.CreateContact(t.Context(), w.ID, 1, "otto@example.com", in, now); err != nil {
			t.Fatal(err)
		}
		c, err := db.ContactByEmail(t.Context(), w.ID, "new0@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.UpdateContact(t.Context(), c, 1, 2, models.ContactInput{Email: "otto@example.com", Status: models.StatusSubscribed}, now); err != models.ErrContactExists {
			t.Errorf("got %v for a taken address, want ErrContactExists", err)
		}
	})
}

// A contact gets another address while its erasure waits for the lock. The erasure then takes the locks of both and erases both.
func TestAddressChangesWhileItsContactIsErased(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now())
		w := books(t, db, now)
		if err := db.EnsureLogDays(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		c, err := db.CreateContact(t.Context(), w.ID, 1, "old@example.com", models.ContactInput{Status: models.StatusSubscribed}, now)
		if err != nil {
			t.Fatal(err)
		}
		var done <-chan error
		err = db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := store.LockAddresses(tx, models.AddressKey(w.ID, "old@example.com"), models.AddressKey(w.ID, "new@example.com")); err != nil {
				return err
			}
			for _, address := range []string{"old@example.com", "new@example.com"} {
				key := models.AddressKey(w.ID, address)
				row := models.WebhookRequest{WorkspaceID: w.ID, ID: models.NewID(now), WebhookID: 1, AddressKey: &key, Address: &address, Method: "POST", Outcome: models.OutcomeNoContact, Status: 404}
				if err := tx.Create(&row).Error; err != nil {
					return err
				}
			}
			if err := tx.Exec("UPDATE contacts SET email = 'new@example.com' WHERE workspace_id = ? AND id = ?", w.ID, c.ID).Error; err != nil {
				return err
			}
			if err := tx.Create(&store.FormerAddress{WorkspaceID: w.ID, ContactID: c.ID, Address: "old@example.com", ChangedAt: now}).Error; err != nil {
				return err
			}
			done = dbtest.UntilItWaits(t, db, func() error { return db.DeleteContact(t.Context(), c, 1, now) })
			return nil
		})
		if err = errors.Join(err, <-done); err != nil {
			t.Fatal(err)
		}
		var left int64
		if err := db.Read(t.Context()).Model(&models.WebhookRequest{}).Where("address IS NOT NULL").Count(&left).Error; err != nil || left != 0 {
			t.Errorf("got %d calls with an address (%v), want none", left, err)
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

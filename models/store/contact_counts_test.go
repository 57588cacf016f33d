package store_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestANewWorkspaceIsCountedBesideTheFold runs the chores in the order that hurts most: the differences are added up between the snapshot of a
// count and its end, for a workspace that was never counted.
func TestANewWorkspaceIsCountedBesideTheFold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := namedWorkspace(t, db, "books")
		now := models.Instant(time.Now())
		rows := func() (ids []int64) {
			t.Helper()
			if err := db.Read(t.Context()).Table("contact_counts").Order("id").Pluck("id", &ids).Error; err != nil {
				t.Fatal(err)
			}
			return ids
		}
		for id := int64(1); id <= 3; id++ {
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				c := models.Contact{WorkspaceID: ws.ID, ID: id, Email: models.NewToken()[:8] + "@example.com", Status: models.StatusSubscribed, Fields: map[string]string{}, Version: 1, CreatedAt: now, UpdatedAt: now}
				return errors.Join(tx.Create(&c).Error, store.CountContacts(tx, ws.ID, models.ContactCounts{"SUBSCRIBED": 1}))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		before := rows()
		if err := db.FoldContactCounts(t.Context(), now); err != nil || !slices.Equal(rows(), before) {
			t.Errorf("got the rows %v (%v) before the count, want those that it may have seen, %v", rows(), err, before)
		}
		if err := db.CountNewContacts(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		counted := rows()
		if err := db.FoldContactCounts(t.Context(), now); err != nil || len(counted) != 1 || !slices.Equal(rows(), counted) {
			t.Errorf("got the rows %v (%v) with nothing to add up, want %v", rows(), err, counted)
		}
		if nav, err := db.NavCounts(t.Context(), ws.ID, now); err != nil || nav.Counted.All() != 3 {
			t.Errorf("got %v (%v), want 3 contacts", nav.Counted, err)
		}
	})
}

// TestCountsWhileTheyAreAddedUp inserts differences while replicas add up the counters and count again. The sum of all rows always has
// every difference once.
func TestCountsWhileTheyAreAddedUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := namedWorkspace(t, db, "books")
		const writers, rounds = 3, 20
		now := models.Instant(time.Now())
		tag, _, err := db.CreateTag(t.Context(), ws.ID, 0, "vip", now)
		if err != nil {
			t.Fatal(err)
		}
		together(t, writers+3, func(i int) error {
			for round := range rounds {
				var err error
				switch i {
				case 0:
					err = db.FoldContactCounts(t.Context(), now)
				case 1:
					err = db.CountAllContacts(t.Context(), now)
				case 2:
					err = errors.Join(db.FoldContactCounts(t.Context(), now), db.CountNewContacts(t.Context(), now))
				default:
					err = db.Write(t.Context(), func(tx *gorm.DB) error {
						id := int64(100*i + round)
						c := models.Contact{WorkspaceID: ws.ID, ID: id, Email: models.NewToken()[:8] + "@example.com", Status: models.StatusSubscribed, Fields: map[string]string{}, Version: 1, CreatedAt: now, UpdatedAt: now}
						if err := tx.Create(&c).Error; err != nil {
							return err
						}
						if err := tx.Create(&models.ContactTag{WorkspaceID: ws.ID, ContactID: id, TagID: tag.ID}).Error; err != nil {
							return err
						}
						return store.CountContacts(tx, ws.ID, models.ContactCounts{"SUBSCRIBED": 1, models.TagCount(tag.ID): 1})
					})
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err := db.CountNewContacts(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		nav, err := db.NavCounts(t.Context(), ws.ID, now)
		if want := (models.ContactCounts{"SUBSCRIBED": writers * rounds, models.TagCount(tag.ID): writers * rounds}); err != nil || !maps.Equal(nav.Counted, want) {
			t.Errorf("got %v (%v), want %v", nav.Counted, err, want)
		}
		for range 2 {
			if err := db.FoldContactCounts(t.Context(), now); err != nil {
				t.Fatal(err)
			}
		}
		var rows int64
		if err := db.Read(t.Context()).Table("contact_counts").Count(&rows).Error; err != nil || rows != 1 {
			t.Errorf("got %d rows (%v) after they were added up, want 1", rows, err)
		}
	})
}

package store_test

import (
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestPurgeWaitsForWorkUnderWay lets a form that read a tag before its deletion commit 20 s after it, as late as a request may.
func TestPurgeWaitsForWorkUnderWay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		contact := models.Contact{WorkspaceID: ws.ID, ID: 1, Email: "marta@example.com", Status: models.StatusSubscribed, Fields: map[string]string{}, Version: 1, CreatedAt: noon, UpdatedAt: noon}
		tag, _, err := db.CreateTag(t.Context(), ws.ID, 0, "vip", noon)
		if err != nil {
			t.Fatal(err)
		}
		write := func(row any) {
			if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(row).Error }); err != nil {
				t.Fatal(err)
			}
		}
		write(&contact)
		if err := db.DeleteTag(t.Context(), ws.ID, 0, tag.ID, func(*gorm.DB) error { return nil }, noon); err != nil {
			t.Fatal(err)
		}
		purge := func(at time.Duration) (tags, links int64) {
			if err := db.PurgeTags(t.Context(), noon.Add(at)); err != nil {
				t.Fatal(err)
			}
			db.Read(t.Context()).Model(&models.Tag{}).Where("id = ?", tag.ID).Count(&tags)
			db.Read(t.Context()).Model(&models.ContactTag{}).Where("tag_id = ?", tag.ID).Count(&links)
			return tags, links
		}
		if tags, _ := purge(19 * time.Second); tags != 1 {
			t.Fatal("the tag is gone while a form that uses it may still commit")
		}
		write(&models.ContactTag{WorkspaceID: ws.ID, ContactID: 1, TagID: tag.ID})
		if tags, links := purge(31 * time.Second); tags != 0 || links != 0 {
			t.Errorf("got %d tags and %d links, want neither after the grace", tags, links)
		}
	})
}

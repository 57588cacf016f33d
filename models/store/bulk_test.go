package store_test

import (
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestABulkChangeCountsManyByTheCounters counts the contacts of a change whose number the counters know. Contacts that came after the question
// are left out, for a workspace, a status, a tag and a segment alike.
func TestABulkChangeCountsManyByTheCounters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "many")
		tag := models.Tag{WorkspaceID: ws.ID, Name: "shop"}
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := tx.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
				INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at)
				SELECT ?, i, 'c' || i || '@example.com', 'SUBSCRIBED', '{}', 1, ?, ? FROM n`, ws.ID, noon, noon).Error; err != nil {
				return err
			}
			if err := tx.Create(&tag).Error; err != nil {
				return err
			}
			return tx.Exec("INSERT INTO contact_tags (workspace_id, contact_id, tag_id) SELECT workspace_id, id, ? FROM contacts WHERE workspace_id = ?", tag.ID, ws.ID).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		everybody := make(store.IDList, 12_000)
		for i := range everybody {
			everybody[i] = int64(len(everybody) - i)
		}
		filters := map[string]store.ContactFilter{"a workspace": {}, "a status": {Status: models.StatusSubscribed}, "a tag": {Tag: tag.ID}, "a segment": {Segment: 1, Members: listedSegment{everybody}}}
		for name, f := range filters {
			for _, f.Known = range []int64{0, 12_000} { // counted one by one, and known
				got, _, err := db.CountBulk(t.Context(), ws.ID, models.Bulk{Action: models.BulkDelete}, store.BulkCursor{Filter: f, Before: 11_991})
				if err != nil || got != 11_990 {
					t.Errorf("%s, known %d: got %d contacts (%v), want 11990: ten came after the question", name, f.Known, got, err)
				}
			}
		}
	})
}

// listedSegment is a segment whose members are listed.
type listedSegment struct{ store.IDList }

func (s listedSegment) Among(_ *gorm.DB, _, _ int64, contacts []int64) ([]int64, error) {
	return contacts, nil
}

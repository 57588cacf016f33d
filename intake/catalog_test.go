package intake

import (
	"fmt"
	"reflect"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestCatalogsFollowEveryChange changes whatever calls rest on, one thing after the other. After each change a pipeline that has read
// the catalog before reads the same as one that has not.
func TestCatalogsFollowEveryChange(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		hook, tag := w.hooks[models.TypeSubscribed], w.tags[0]
		w.send(models.TypeSubscribed, "email_address=a@example.com")
		before := w.readHooks(w.pipe)
		for _, change := range []string{
			"UPDATE tags SET name = 'renamed' WHERE id = %[2]d",
			"UPDATE webhooks SET name = 'renamed' WHERE id = %[1]d",
			"UPDATE webhooks SET enabled = false WHERE id = %[1]d",
			"UPDATE webhooks SET hash = 'another' WHERE id = %[1]d",
			"UPDATE merge_tags SET default_value = 'Linz' WHERE key = 'city'",
			"UPDATE merge_tags SET deleted_at = created_at WHERE key = 'city'",
			"INSERT INTO merge_tags (workspace_id, key, label, type, options, default_value, created_at) SELECT workspace_id, 'one_more', label, type, options, default_value, created_at FROM merge_tags WHERE key = 'city'",
			"DELETE FROM merge_tags WHERE key = 'one_more'",
			"DELETE FROM webhook_tags WHERE webhook_id = %[1]d AND tag_id = %[2]d",
			"INSERT INTO webhook_tags (workspace_id, webhook_id, tag_id) SELECT workspace_id, %[1]d, %[2]d FROM webhooks WHERE id = %[1]d",
			"UPDATE tags SET deleted_at = created_at WHERE id = %[2]d",
			"UPDATE workspaces SET time_zone = 'Europe/Vienna'",
			"UPDATE webhooks SET deleted_at = created_at WHERE id = %[1]d",
			"UPDATE workspaces SET deleted_at = created_at",
		} {
			w.write(func(tx *gorm.DB) error { return tx.Exec(fmt.Sprintf(change+" -- %[1]d %[2]d", hook.ID, tag.ID)).Error })
			got := w.readHooks(w.pipe)
			if want := w.readHooks(w.start(db, Options{})); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, want %+v", change, got, want)
			}
			if reflect.DeepEqual(got, before) {
				t.Errorf("%s: the webhooks are as before", change)
			}
			before = got
		}
	})
}

// TestCatalogsAreBounded keeps the catalogs of many workspaces.
func TestCatalogsAreBounded(t *testing.T) {
	t.Parallel()
	var all catalogs
	for workspace := range int64(1000) {
		c := &catalog{revision: 1, tags: map[int64]models.Tag{}}
		for id := range int64(200) {
			c.tags[id] = models.Tag{ID: id}
		}
		all.put(workspace, c)
		all.put(workspace, c)
		rows := 0
		for _, known := range all.known {
			rows += known.size()
		}
		if rows > maxCatalogRows || rows != all.rows {
			t.Fatalf("got %d rows, counted as %d, want at most %d", rows, all.rows, maxCatalogRows)
		}
		if all.get(workspace, 1) != c || all.get(workspace, 2) != nil {
			t.Fatal("got another catalog than that of the revision")
		}
	}
}

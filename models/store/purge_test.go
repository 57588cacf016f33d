package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestPurgeWaitsForWorkUnderWay lets a form read a tag before its deletion and commit 20 s after it, the longest time of a
// request.
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
		if db.Dialect == store.Postgres { // of a contact that something else than this program deleted
			write(&models.ContactTag{WorkspaceID: ws.ID, ContactID: 999, TagID: tag.ID})
		}
		if tags, links := purge(31 * time.Second); tags != 0 || links != 0 {
			t.Errorf("got %d tags and %d links, want neither after the grace", tags, links)
		}
	})
}

// TestPurgeReadsOnlyWhatIsDeleted checks the query plans of the statements that find a purge's work, among many tags and
// merge tags in use.
func TestPurgeReadsOnlyWhatIsDeleted(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		var tags []models.Tag
		var mergeTags []models.MergeTag
		for i := range 2000 {
			name := fmt.Sprint("t", i)
			tags = append(tags, models.Tag{WorkspaceID: ws.ID, Name: name, NameFolded: name, CreatedAt: noon})
			mergeTags = append(mergeTags, models.MergeTag{WorkspaceID: ws.ID, Key: strings.ToUpper(name), Label: name, Type: models.MergeTagText, CreatedAt: noon})
		}
		tags[7].DeletedAt, mergeTags[7].DeletedAt = &noon, &noon
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			return errors.Join(tx.CreateInBatches(&tags, 500).Error, tx.CreateInBatches(&mergeTags, 500).Error, tx.Exec("ANALYZE").Error)
		})
		if err != nil {
			t.Fatal(err)
		}
		var first string
		watch := func(tx *gorm.DB) {
			if first == "" {
				first = tx.Dialector.Explain(tx.Statement.SQL.String(), tx.Statement.Vars...)
			}
		}
		if err := db.Read(t.Context()).Callback().Query().After("gorm:query").Register("test:statements", watch); err != nil {
			t.Fatal(err)
		}
		for _, list := range []struct {
			index string
			purge func(context.Context, time.Time) error
		}{{"merge_tags_deleted", db.PurgeMergeTags}, {"tags_deleted", db.PurgeTags}} {
			first = ""
			if err := list.purge(t.Context(), noon); err != nil || first == "" {
				t.Fatal(err)
			}
			if plan := explain(t, db, first); !strings.Contains(plan, " "+list.index) {
				t.Errorf("got the plan %s, want the index %s", plan, list.index)
			}
		}
	})
}

// explain returns the database's plan of a query.
func explain(t *testing.T, db *store.DB, query string, values ...any) string {
	t.Helper()
	var plan []string
	prefix := "EXPLAIN "
	if db.Dialect == store.SQLite {
		prefix = "EXPLAIN QUERY PLAN "
	}
	var rows []map[string]any
	if err := db.Read(t.Context()).Raw(prefix+query, values...).Scan(&rows).Error; err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, column := range []string{"detail", "QUERY PLAN"} {
			if text, ok := row[column].(string); ok {
				plan = append(plan, text)
			}
		}
	}
	return strings.Join(plan, "\n")
}

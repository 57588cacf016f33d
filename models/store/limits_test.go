package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestLimits fills a workspace to its limits and adds one more of each kind.
func TestLimits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		var tags []models.Tag
		var fields []models.MergeTag
		var hooks []models.Webhook
		var memberships []models.Membership
		for i := range models.MaxTags {
			name := fmt.Sprint("tag ", i)
			tags = append(tags, models.Tag{WorkspaceID: ws.ID, Name: name, NameFolded: name, CreatedAt: noon})
		}
		for i := range models.MaxMergeTags {
			fields = append(fields, models.MergeTag{WorkspaceID: ws.ID, Key: fmt.Sprint("key", i), Label: "Label", Type: models.MergeTagText, Options: []string{}, CreatedAt: noon})
		}
		for range models.MaxWebhooks {
			hooks = append(hooks, models.Webhook{WorkspaceID: ws.ID, Name: "Shop", Type: models.TypeDelete, Hash: models.NewHash(), CreatedAt: noon, UpdatedAt: noon})
		}
		user := models.User{Email: "ines@example.com", PasswordHash: "none", CreatedAt: noon}
		write := func(rows any) {
			if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(rows, 500).Error }); err != nil {
				t.Fatal(err)
			}
		}
		write(&[]*models.User{&user})
		for i := range models.MaxWorkspaces {
			memberships = append(memberships, models.Membership{WorkspaceID: newWorkspace(t, db, fmt.Sprint("w", i)).ID, UserID: user.ID, Role: models.RoleAdmin, CreatedAt: noon})
		}
		write(&tags)
		write(&fields)
		write(&hooks)
		write(&memberships)
		for what, create := range map[string]func() error{
			"A workspace can have 2,000 tags,": func() error { _, _, err := db.CreateTag(t.Context(), ws.ID, 0, "one more", noon); return err },
			"A workspace can have 500 merge tags,": func() error {
				_, _, err := db.CreateMergeTag(t.Context(), ws.ID, 0, models.MergeTag{Key: "more", Label: "More", Type: models.MergeTagText}, noon)
				return err
			},
			"A workspace can have 1,000 webhooks,": func() error {
				_, _, err := db.CreateWebhook(t.Context(), ws.ID, 0, models.WebhookForm{Name: "One more", Type: models.TypeDelete}, noon)
				return err
			},
			"One person can be an admin of 100 workspaces,": func() error {
				_, _, err := db.CreateWorkspace(t.Context(), user.ID, models.Workspace{Name: "One more", TimeZone: "UTC"}, noon)
				return err
			},
		} {
			if err := create(); store.ErrorCode(err) != models.CodeConflict || !strings.Contains(err.Error(), what) {
				t.Errorf("got %v, want %q", err, what)
			}
		}
		if err := db.DeleteTag(t.Context(), ws.ID, 0, tags[0].ID, nil, noon); err != nil {
			t.Fatal(err)
		}
		if _, errs, err := db.CreateTag(t.Context(), ws.ID, 0, "one more", noon); err != nil || errs.Any() {
			t.Errorf("got %v, %v after a deletion, want room for one more", errs, err)
		}
		if err := db.DeleteWorkspace(t.Context(), models.Workspace{ID: memberships[0].WorkspaceID}, user.ID, noon); err != nil {
			t.Fatal(err)
		}
		if _, errs, err := db.CreateWorkspace(t.Context(), user.ID, models.Workspace{Name: "One more", TimeZone: "UTC"}, noon); err != nil || errs.Any() {
			t.Errorf("got %v, %v after a deletion, want room for one more workspace", errs, err)
		}
	})
}

// TestSlugsOfOneName creates more workspaces with one name than slugWishes has numbers.
func TestSlugsOfOneName(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		user := models.User{Email: "ines@example.com", PasswordHash: "none", CreatedAt: noon}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&user).Error }); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for range 55 {
			w, errs, err := db.CreateWorkspace(t.Context(), user.ID, models.Workspace{Name: "Acme", TimeZone: "UTC"}, noon)
			if err != nil || errs.Any() || seen[w.Slug] || !strings.HasPrefix(w.Slug, "acme") {
				t.Fatalf("got %q (%v, %v), want a slug of its own", w.Slug, errs, err)
			}
			seen[w.Slug] = true
		}
		if !seen["acme"] || !seen["acme-2"] || !seen["acme-50"] {
			t.Errorf("got %v, want the small numbers first", seen)
		}
	})
}

// TestSettingsLetCallsAddContacts changes a workspace's time zone while a contact is added to it.
func TestSettingsLetCallsAddContacts(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t)) // SQLite has one writer
	ws := newWorkspace(t, db, "books")
	moved := ws
	moved.TimeZone = "Europe/Vienna"
	meanwhile := func(*gorm.DB, int64, int64, time.Time) error { return addContact(t, db, ws.ID) }
	if errs, err := db.UpdateWorkspace(t.Context(), ws, moved, 0, meanwhile, noon); err != nil || errs.Any() {
		t.Errorf("got %v, %v, want that the contact is added while the settings are saved", errs, err)
	}
}

// TestDeletionLetsCallsAddContacts adds a contact while the deletion of its workspace waits for a step of an import that has
// locked the job.
func TestDeletionLetsCallsAddContacts(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t)) // SQLite has one writer
	ws := newWorkspace(t, db, "books")
	job := models.NewJob(ws.ID, 0, models.JobImport, struct{}{})
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return store.CreateJob(tx, &job, noon) }); err != nil {
		t.Fatal(err)
	}
	var deleted <-chan error
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE jobs SET done = 1 WHERE id = ?", job.ID).Error; err != nil {
			return err
		}
		deleted = dbtest.UntilItWaits(t, db, func() error { return db.DeleteWorkspace(t.Context(), ws, 0, noon) })
		return addContact(t, db, ws.ID)
	})
	if err != nil {
		t.Errorf("got %v, want that the contact is added", err)
	}
	if err := <-deleted; err != nil {
		t.Errorf("got %v, want that the workspace is deleted", err)
	}
}

// addContact adds a contact in a separate transaction, and gives up after 5 s.
func addContact(t *testing.T, db *store.DB, workspaceID int64) error {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return db.Write(ctx, func(tx *gorm.DB) error {
		return tx.Create(&models.Contact{WorkspaceID: workspaceID, ID: 1, Email: "marta@example.com", Status: models.StatusSubscribed, Fields: map[string]string{}, Version: 1, CreatedAt: noon, UpdatedAt: noon}).Error
	})
}

package store_test

import (
	"errors"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestAChangeFromOldValuesIsRefused changes each thing from what it was before another person's change: it stays as that left it.
func TestAChangeFromOldValuesIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, w := t.Context(), newWorkspace(t, db, "books")
		tag, _, err := db.CreateTag(ctx, w.ID, 1, "vip", noon)
		if err != nil {
			t.Fatal(err)
		}
		m, _, err := db.CreateMergeTag(ctx, w.ID, 1, models.MergeTag{Key: "genre", Label: "Genre", Type: models.MergeTagSingle, Options: []string{"Fiction"}}, noon)
		if err != nil {
			t.Fatal(err)
		}
		hook, _, err := db.CreateWebhook(ctx, w.ID, 1, models.WebhookForm{Name: "Shop", Type: models.TypeSubscribed, Tags: []string{"vip"}}, noon)
		if err != nil {
			t.Fatal(err)
		}
		user, err := db.CreateUser(ctx, models.NewUser{Email: "otto@example.com", Password: "a long enough one", WorkspaceID: w.ID, Role: models.RoleViewer}, noon)
		if err != nil {
			t.Fatal(err)
		}
		mergeTag := func(change func(m *models.MergeTag)) func() error {
			return func() error {
				to := m
				change(&to)
				_, _, err := db.UpdateMergeTag(ctx, m, to, 1, nil, noon)
				return err
			}
		}
		webhook := func(f models.WebhookForm) func() error {
			return func() error {
				_, err := db.UpdateWebhook(ctx, hook, []models.Tag{tag}, 1, f, noon)
				return err
			}
		}
		workspace := func(name, zone string) func() error {
			return func() error {
				_, err := db.UpdateWorkspace(ctx, w, models.Workspace{ID: w.ID, Name: name, TimeZone: zone}, 1, func(*gorm.DB, int64, int64, time.Time) error { return nil }, noon)
				return err
			}
		}
		for name, change := range map[string]func() error{
			"tag": func() error { _, err := db.RenameTag(ctx, tag, 1, "VIP", noon); return err },
			"role": func() error {
				_, err := db.ChangeRole(ctx, w.ID, 1, store.Member{UserID: user.ID, Role: models.RoleViewer}, models.RoleAdmin, noon)
				return err
			},
		} {
			wantOnce(t, name, change, change)
		}
		label, options, standard := mergeTag(func(m *models.MergeTag) { m.Label = "Kind" }), mergeTag(func(m *models.MergeTag) { m.Options = []string{"Crime"} }), mergeTag(func(m *models.MergeTag) { m.Default = "Fiction" })
		wantOnce(t, "label", label, options)
		m.Label = "Kind"
		wantOnce(t, "options", options, standard)
		m.Options = []string{"Crime"}
		wantOnce(t, "default", mergeTag(func(m *models.MergeTag) { m.Default = "Crime" }), label)

		wantOnce(t, "webhook name", webhook(models.WebhookForm{Name: "Till", Type: hook.Type, Tags: []string{"vip"}}), webhook(models.WebhookForm{Name: "Web", Type: hook.Type, Tags: []string{"vip"}}))
		hook.Name = "Till"
		wantOnce(t, "webhook tags", webhook(models.WebhookForm{Name: "Till", Type: hook.Type}), webhook(models.WebhookForm{Name: "Web", Type: hook.Type}))
		wantOnce(t, "workspace name", workspace("Alder", w.TimeZone), workspace(w.Name, "UTC"))
		w.Name = "Alder"
		wantOnce(t, "time zone", workspace("Alder", "Asia/Tokyo"), workspace("Finch", w.TimeZone))
	})
}

// wantOnce expects that first is done, and second, made from the same values, is refused.
func wantOnce(t *testing.T, name string, first, second func() error) {
	t.Helper()
	if err := first(); err != nil {
		t.Errorf("%s: got %v, want the first change stored", name, err)
	}
	if err := second(); !errors.Is(err, models.ErrChanged) {
		t.Errorf("%s: got %v, want ErrChanged", name, err)
	}
}

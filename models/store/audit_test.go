package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// auditLine formats an entry as one line: action, name, and each change as "what: before → after".
func auditLine(e models.AuditEntry) string {
	line := e.Action + " " + e.SubjectName
	for _, c := range e.Changes() {
		line += " | " + c.What + ": " + c.Before + " → " + c.After
	}
	return line
}

// auditOf lists a workspace's audit entries, sorted, because entries of the same millisecond have no order.
func auditOf(t *testing.T, db *store.DB, workspaceID int64) (lines []string) {
	t.Helper()
	var all []models.AuditEntry
	if err := db.Read(t.Context()).Where("workspace_id = ?", workspaceID).Find(&all).Error; err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if e.UserID != 7 {
			t.Errorf("got user %d for %s, want 7", e.UserID, e.Action)
		}
		lines = append(lines, auditLine(e))
	}
	slices.Sort(lines)
	return lines
}

// steps runs the steps of one person in order.
func steps(t *testing.T, all ...func() (models.FieldErrors, error)) {
	t.Helper()
	for i, step := range all {
		if errs, err := step(); err != nil || errs.Any() {
			t.Fatal(i, errs, err)
		}
	}
}

func TestTagsAndMergeTagsAreAudited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, ws := t.Context(), newWorkspace(t, db, "books")
		var tag models.Tag
		var m models.MergeTag
		steps(t,
			func() (errs models.FieldErrors, err error) {
				tag, errs, err = db.CreateTag(ctx, ws.ID, 7, "vip", noon)
				return errs, err
			},
			func() (models.FieldErrors, error) { return db.RenameTag(ctx, tag, 7, "VIP", noon) },
			func() (models.FieldErrors, error) {
				tag.Name = "VIP"
				return db.RenameTag(ctx, tag, 7, "VIP", noon)
			},
			func() (models.FieldErrors, error) { return nil, db.DeleteTag(ctx, ws.ID, 7, tag.ID, nil, noon) },
			func() (errs models.FieldErrors, err error) {
				m, errs, err = db.CreateMergeTag(ctx, ws.ID, 7, models.MergeTag{Key: "size", Label: "Size", Type: models.MergeTagSingle, Options: []string{"Small", "Large"}}, noon)
				return errs, err
			},
			func() (errs models.FieldErrors, err error) {
				seen := m
				m.Label, m.Default = "Format", "Large"
				m, errs, err = db.UpdateMergeTag(ctx, seen, m, 7, nil, noon)
				return errs, err
			},
			func() (models.FieldErrors, error) { return nil, db.DeleteMergeTag(ctx, ws.ID, 7, m.ID, nil, noon) },
		)
		want := []string{
			"tag.created vip",
			"tag.updated vip | Name: vip → VIP",
			"tag.deleted VIP",
			"merge_tag.created Size | Key:  → size | Label:  → Size | Type:  → Single choice | Choices:  → Small, Large",
			"merge_tag.updated Size | Label: Size → Format | Default:  → Large",
			"merge_tag.deleted Format | Key: size →  | Label: Format →  | Type: Single choice →  | Choices: Small, Large →  | Default: Large → ",
		}
		slices.Sort(want)
		if got := auditOf(t, db, ws.ID); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Every change of a webhook and its workspace is recorded, and never with the webhook's URL.
func TestWebhooksAndSettingsAreAudited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, ws := t.Context(), newWorkspace(t, db, "books")
		var w models.Webhook
		rotated := ""
		steps(t,
			func() (errs models.FieldErrors, err error) {
				w, errs, err = db.CreateWebhook(ctx, ws.ID, 7, models.WebhookForm{Name: "Shop", Type: models.TypeSubscribed}, noon)
				return errs, err
			},
			func() (models.FieldErrors, error) {
				return db.UpdateWebhook(ctx, w, nil, 7, models.WebhookForm{Name: "Till", Type: models.TypeSubscribed, NewTags: []string{"vip", "Buyer"}}, noon)
			},
			func() (models.FieldErrors, error) {
				w.Name = "Till"
				tags, err := db.WebhookTags(ctx, ws.ID, w.ID)
				if err != nil {
					return nil, err
				}
				return db.UpdateWebhook(ctx, w, tags, 7, models.WebhookForm{Name: "Till", Type: models.TypeSubscribed, NewTags: []string{"vip", "Buyer"}}, noon)
			},
			func() (models.FieldErrors, error) { return nil, db.EnableWebhook(ctx, w, 7, false, noon) },
			func() (models.FieldErrors, error) { return nil, db.EnableWebhook(ctx, w, 7, false, noon) },
			func() (models.FieldErrors, error) { return nil, db.EnableWebhook(ctx, w, 7, true, noon) },
			func() (_ models.FieldErrors, err error) { rotated, err = db.RotateWebhook(ctx, w, 7, noon); return },
			func() (models.FieldErrors, error) { return nil, db.DeleteWebhook(ctx, w, 7, nil, noon) },
			func() (models.FieldErrors, error) {
				renamed := ws
				renamed.Name, renamed.TimeZone = "Bücher", "Europe/Vienna"
				return db.UpdateWorkspace(ctx, ws, renamed, 7, func(*gorm.DB, int64, int64, time.Time) error { return nil }, noon)
			},
		)
		want := []string{
			"webhook.created Shop | Name:  → Shop | Type:  → SUBSCRIBED",
			"tag.created vip",
			"tag.created Buyer",
			"webhook.updated Shop | Name: Shop → Till | Tags:  → Buyer, vip",
			"webhook.disabled Till",
			"webhook.enabled Till",
			"webhook.rotated Till",
			"webhook.deleted Till | Name: Till →  | Type: SUBSCRIBED →  | Tags: Buyer, vip → ",
			"workspace.updated books | Name: books → Bücher | Time zone: UTC → Europe/Vienna",
		}
		slices.Sort(want)
		got := auditOf(t, db, ws.ID)
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, line := range got {
			if strings.Contains(line, w.Hash) || strings.Contains(line, rotated) {
				t.Errorf("the note holds an address: %s", line)
			}
		}
	})
}

func TestTheAuditLogIsKeptForAYear(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		add := func(at time.Time, n int) {
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				for range n {
					e := models.AuditEntry{WorkspaceID: ws.ID, UserID: 7, Action: models.ActionTagCreated, Subject: models.SubjectTag, SubjectID: 1, SubjectName: "vip"}
					if err := store.Audit(tx, e, nil, at); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		year := 365 * 24 * time.Hour
		add(noon.Add(-year-time.Second), 1200) // more than two steps
		add(noon.Add(-year+time.Second), 2)
		if err := db.DropOldAudit(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		if got := len(auditOf(t, db, ws.ID)); got != 2 {
			t.Errorf("got %d entries, want the 2 that are younger than a year", got)
		}
	})
}

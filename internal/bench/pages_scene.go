package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// tidy does the work of the program's chores and ticker, and makes the admin a member of the support staff, who see every page.
func tidy(ctx context.Context, db *store.DB) error {
	now := models.Instant(time.Now())
	if err := db.FoldWebhookCounts(ctx, now.AddDate(-1, 0, 0).Truncate(time.Hour)); err != nil {
		return err
	}
	if err := db.NoteContactDays(ctx, now); err != nil {
		return err
	}
	if err := untilDone(segments.New(db, segments.Options{}).Tick, ctx); err != nil {
		return err
	}
	return db.Write(ctx, func(tx *gorm.DB) error { return tx.Exec("UPDATE users SET support = true").Error })
}

// untilDone calls step until there is nothing more to do.
func untilDone(step func(context.Context) (bool, error), ctx context.Context) error {
	for {
		if busy, err := step(ctx); err != nil || !busy {
			return err
		}
	}
}

// setScene creates what the demo does not have: an invitation, a destination with a message, imports, a finished bulk action and a segment with a broken
// rule. It does nothing if an earlier run has created them.
func (b *browser) setScene(ctx context.Context, db *store.DB, ws models.Workspace) error {
	var there bool
	err := db.Read(ctx).Raw("SELECT EXISTS (SELECT 1 FROM jobs WHERE workspace_id = ? AND kind = ?)", ws.ID, models.JobBulk).Scan(&there).Error
	if err != nil || there {
		return err
	}
	at := "/w/" + ws.Slug
	if err := b.breakSegment(ctx, db, ws); err != nil {
		return err
	}
	if err := b.post(at+"/settings/members", "email", "new@example.com", "role", "viewer"); err != nil {
		return err
	}
	if err := b.addDestination(ctx, db, ws); err != nil {
		return err
	}
	for _, name := range []string{"received.csv", "tried.csv"} {
		file := strings.NewReader("email\nfirst@example.com\nsecond@example.com\n")
		job, err := jobs.ReceiveImport(ctx, db, ws.ID, 1, name, file, models.Instant(time.Now()))
		if err != nil {
			return err
		}
		if name == "received.csv" {
			continue
		}
		columns := fmt.Sprintf("%s/contacts/import/%d/columns", at, job.ID)
		if err := b.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email"); err != nil {
			return err
		}
	}
	if err := b.post(at+"/contacts/bulk", "do", "tag", "with", "newsletter", "id", "1"); err != nil {
		return err
	}
	return untilDone(jobs.New(db, slog.New(slog.DiscardHandler), time.Now).Turn, ctx)
}

// addDestination creates a destination, sends it a test, and lets an automation wait before it calls it.
func (b *browser) addDestination(ctx context.Context, db *store.DB, ws models.Workspace) error {
	at := "/w/" + ws.Slug + "/destinations"
	if err := b.post(at, "name", "Nowhere", "url", "https://nowhere.invalid/"); err != nil {
		return err
	}
	var id int64
	if err := db.Read(ctx).Raw("SELECT max(id) FROM destinations WHERE workspace_id = ?", ws.ID).Scan(&id).Error; err != nil {
		return err
	}
	if err := b.post(fmt.Sprintf("%s/%d/test", at, id)); err != nil {
		return err
	}
	definition := fmt.Sprintf(`{"triggers":[{"type":"contact_subscribed_confirmed"}],"steps":[{"type":"wait","minutes":60},{"type":"call","destination_id":%d}]}`, id)
	if err := b.post("/w/"+ws.Slug+"/automations", "name", "Tell nowhere", "definition", definition); err != nil {
		return err
	}
	return db.Write(ctx, func(tx *gorm.DB) error {
		now := models.Instant(time.Now())
		var automation int64
		if err := tx.Raw("SELECT max(id) FROM automations WHERE workspace_id = ?", ws.ID).Scan(&automation).Error; err != nil {
			return err
		}
		return tx.Create(&models.AutomationRun{WorkspaceID: ws.ID, ID: models.NewID(now), AutomationID: automation, Revision: 1, EventID: models.NewID(now), ContactID: 1, State: models.RunWaiting,
			Step: 1, DueAt: now.Add(time.Hour)}).Error
	})
}

// breakSegment creates a segment with most of the contacts, and deletes the tag that its rule uses.
func (b *browser) breakSegment(ctx context.Context, db *store.DB, ws models.Workspace) error {
	tags, wrong, err := db.ResolveTagNames(ctx, ws.ID, 1, []string{"short-lived"}, models.Instant(time.Now()))
	if err != nil || wrong.Any() {
		return errors.Join(err, errors.New(wrong["tags"]))
	}
	rule, _ := rule.Parse(fmt.Sprintf(`{"condition":"OR","filters":[{"type":"tags","operator":"has_any","value":[%d]},{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`, tags[0].ID))
	store := segments.Store{DB: db, Now: time.Now}
	if _, err := store.Create(ctx, ws.ID, 1, "Broken", rule); err != nil {
		return err
	}
	if err := untilDone(segments.New(db, segments.Options{}).Tick, ctx); err != nil {
		return err
	}
	return b.post(fmt.Sprintf("/w/%s/tags/%d/delete", ws.Slug, tags[0].ID), "force", "1")
}

// post sends a form and follows the redirect. fields are pairs of name and value.
func (b *browser) post(path string, fields ...string) error {
	form, err := b.formFields()
	if err != nil {
		return err
	}
	for i := 0; i < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	got, err := b.visit(page{path, form})
	if err == nil && got.status != http.StatusOK {
		err = fmt.Errorf("%s was answered with %d: %s", path, got.status, got.body)
	}
	return err
}

var hiddenField = regexp.MustCompile(`name="(csrf|once)" value="([^"]+)"`)

// formFields returns the hidden fields that every form has.
func (b *browser) formFields() (url.Values, error) {
	got, err := b.visit(page{path: reference})
	fields := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(string(got.body), -1) {
		fields.Set(field[1], field[2])
	}
	return fields, err
}

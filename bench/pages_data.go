package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"campaignlark/demo"
	"campaignlark/migrations"
	"campaignlark/models"

	"gorm.io/gorm"
)

// The workspace whose pages are measured.
const (
	pageContacts = 100_000
	pageCalls    = 500_000
	pageDays     = 28 // over which the calls are spread: less than the log is kept
)

// fillLog repeats the calls that are in the log until there are pageCalls, spread over the last days, and counts them.
func fillLog(ctx context.Context, db *models.DB, workspaceID int64, now time.Time) error {
	var kinds []models.WebhookRequest
	if err := db.Read(ctx).Where("workspace_id = ?", workspaceID).Order("id DESC").Limit(5000).Find(&kinds).Error; err != nil {
		return err
	}
	var have int64
	if err := db.Read(ctx).Model(&models.WebhookRequest{}).Where("workspace_id = ?", workspaceID).Count(&have).Error; err != nil {
		return err
	}
	if have == 0 {
		return fmt.Errorf("there is no call to repeat")
	}
	random := rand.New(rand.NewPCG(1, 2))
	counts := map[models.WebhookCount]int64{}
	for left := pageCalls - int(have); left > 0; left -= 500 {
		rows := make([]models.WebhookRequest, min(left, 500))
		for i := range rows {
			at := now.Add(-time.Duration(random.Int64N(int64(pageDays * 24 * time.Hour))))
			rows[i] = kinds[random.IntN(len(kinds))]
			rows[i].ID = models.NewID(at)
			counts[models.WebhookCount{WorkspaceID: workspaceID, WebhookID: rows[i].WebhookID, Hour: at.Truncate(time.Hour),
				Outcome: rows[i].Outcome, Failed: rows[i].Failed(), LastCall: at.Truncate(time.Hour)}]++
		}
		if err := db.Write(ctx, func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error }); err != nil {
			return err
		}
	}
	return db.Write(ctx, func(tx *gorm.DB) error {
		var rows []models.WebhookCount
		for row, calls := range counts {
			row.Calls = calls
			rows = append(rows, row)
		}
		return tx.CreateInBatches(&rows, 100).Error
	})
}

// The admin of the workspace whose pages are measured.
const (
	pageAdmin    = "admin@example.com"
	pagePassword = "the pages of the bench"
)

// fillPages makes the demo's bookshop with pageContacts contacts, and the log of a workspace in use.
func fillPages(ctx context.Context, databaseURL string) error {
	db, err := models.Open(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return err
	}
	now := models.Instant(time.Now())
	for day := range pageDays + 1 {
		if err := db.EnsureLogDays(ctx, now.AddDate(0, 0, -day)); err != nil {
			return err
		}
	}
	ws, user, err := db.CreateFirstAdmin(ctx, demo.FirstAdmin(pageAdmin, pagePassword))
	if err != nil {
		return err
	}
	options := demo.Options{Contacts: pageContacts, LogDays: pageDays, User: user.ID, Now: now, Log: slog.New(slog.DiscardHandler)}
	if _, err := demo.Fill(ctx, db, ws, options); err != nil {
		return err
	}
	if err := fillLog(ctx, db, ws.ID, now); err != nil {
		return err
	}
	_, err = db.Pool().ExecContext(ctx, "ANALYZE") // plans made on empty tables would stay
	return err
}

// pageSample is one visit to the page of a pattern: the id in it, as a query for one id of the workspace @ws, and the
// query string.
type pageSample struct{ id, query string }

// newest selects the newest row of a table of the workspace.
func newest(table string) string {
	return "SELECT id FROM " + table + " WHERE workspace_id = @ws ORDER BY id DESC LIMIT 1"
}

// pageSamples are the visits by the pattern of the page.
var pageSamples = map[string][]pageSample{
	"/":                                     {},
	"/account":                              {},
	"/invitations":                          {{}},
	"/workspaces":                           {{}},
	"/workspaces/new":                       {{}},
	"/support/requests":                     {{}, {query: "?outcome=failed"}, {query: "?q=nobody@example.com"}},
	"/support/requests/:id":                 {{id: newest("webhook_requests")}},
	"/w/:slug":                              {{}, {query: "?calls=30d"}},
	"/w/:slug/webhooks":                     {{}},
	"/w/:slug/webhooks/new":                 {{}},
	"/w/:slug/webhooks/:id":                 {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/edit":            {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/rotate":          {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/delete":          {{id: webhookInUse}},
	"/w/:slug/settings":                     {{}},
	"/w/:slug/settings/inbound-webhooks":    {{}},
	"/w/:slug/settings/members":             {{}},
	"/w/:slug/settings/members/new":         {{}},
	"/w/:slug/settings/members/leave":       {{}},
	"/w/:slug/settings/members/:id/edit":    {{id: member}},
	"/w/:slug/settings/members/:id/remove":  {{id: member}},
	"/w/:slug/settings/invitations/:id":     {}, // nobody is invited
	"/w/:slug/settings/audit-log":           {{}, {query: "?q=shop"}},
	"/w/:slug/settings/delete":              {{}},
	"/w/:slug/search":                       {{}, {query: "?q=anna"}, {query: "?q=shop"}},
	"/w/:slug/keys":                         {{}},
	"/w/:slug/webhooks/:id/wait":            {}, // a stream
	"/w/:slug/segments":                     {{}},
	"/w/:slug/segments/new":                 {{}},
	"/w/:slug/segments/:id":                 {{id: newest("segments")}, {id: newest("segments"), query: "?days=365"}},
	"/w/:slug/segments/:id/changes":         {{id: newest("segments")}},
	"/w/:slug/segments/:id/changes/:change": {},
	"/w/:slug/segments/:id/edit":            {{id: newest("segments")}},
	"/w/:slug/segments/:id/delete":          {{id: newest("segments")}},
	"/w/:slug/tags":                         {{}},
	"/w/:slug/tags/new":                     {{}},
	"/w/:slug/tags/:id/edit":                {{id: newest("tags")}},
	"/w/:slug/tags/:id/delete":              {{id: newest("tags")}},
	"/w/:slug/merge-tags":                   {{}},
	"/w/:slug/merge-tags/new":               {{}},
	"/w/:slug/merge-tags/:id/edit":          {{id: newest("merge_tags")}},
	"/w/:slug/merge-tags/:id/delete":        {{id: newest("merge_tags")}},
	"/w/:slug/requests":                     {{}, {query: "?outcome=failed"}, {query: "?q=example.com"}, {query: "?when=7d"}},
	"/w/:slug/requests/:id":                 {{id: newest("webhook_requests")}},
	"/w/:slug/contacts": {{}, {query: "?status=UNCONFIRMED"}, {query: "?q=anna"}, {query: "?tag=newsletter&status=SUBSCRIBED"},
		{query: "?segment=1"}, {query: "?segment=1&status=SUBSCRIBED"}},
	"/w/:slug/contacts/new":                    {{}},
	"/w/:slug/contacts/:id":                    {{id: newest("contacts")}},
	"/w/:slug/contacts/:id/edit":               {{id: newest("contacts")}},
	"/w/:slug/contacts/:id/delete":             {{id: newest("contacts")}},
	"/w/:slug/contacts/:id/export.json":        {}, // a file
	"/w/:slug/contacts.csv":                    {}, // a file
	"/w/:slug/contacts/import":                 {{}},
	"/w/:slug/contacts/import/:id":             {}, // of a workspace that is measured none is under way
	"/w/:slug/contacts/import/:id/columns":     {},
	"/w/:slug/contacts/import/:id/refused.csv": {},
	"/w/:slug/contacts/bulk":                   {{query: "?do=tag&with=newsletter&all=1"}},
	"/w/:slug/jobs":                            {{}},
	"/w/:slug/jobs/:id":                        {},
}

// webhookInUse selects a webhook that is called.
const webhookInUse = "SELECT webhook_id AS id FROM webhook_counts WHERE workspace_id = @ws GROUP BY webhook_id ORDER BY sum(calls) DESC LIMIT 1"

// member selects a member of the workspace.
const member = "SELECT user_id AS id FROM memberships WHERE workspace_id = @ws"

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
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// The workspace whose pages are measured.
const (
	pageContacts = 100_000
	pageCalls    = 500_000
	pageDays     = 28 // the calls are spread over these days; the log is kept longer
)

// fillLog copies calls of the log until there are pageCalls, at random times in the last pageDays, and counts them in
// webhook_counts.
func fillLog(ctx context.Context, db *store.DB, workspaceID int64, now time.Time) error {
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
	counts := map[store.WebhookCount]int64{}
	for left := pageCalls - int(have); left > 0; left -= 500 {
		rows := make([]models.WebhookRequest, min(left, 500))
		for i := range rows {
			at := now.Add(-time.Duration(random.Int64N(int64(pageDays * 24 * time.Hour))))
			rows[i] = kinds[random.IntN(len(kinds))]
			rows[i].ID = models.NewID(at)
			counts[store.WebhookCount{WorkspaceID: workspaceID, WebhookID: rows[i].WebhookID, Hour: at.Truncate(time.Hour),
				Outcome: rows[i].Outcome, Failed: rows[i].Failed(), LastCall: at.Truncate(time.Hour)}]++
		}
		if err := db.Write(ctx, func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error }); err != nil {
			return err
		}
	}
	return db.Write(ctx, func(tx *gorm.DB) error {
		var rows []store.WebhookCount
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

// fillPages creates the demo's bookshop with pageContacts contacts, and a log of pageCalls calls.
func fillPages(ctx context.Context, databaseURL string) error {
	db, err := store.Open(ctx, databaseURL)
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
	return analyze(ctx, db)
}

// analyze does what autovacuum would do within a minute. Without it plans made for empty tables stay in use, and index-only
// scans have to read the tables. The program uses no statistics on SQLite, so analyze makes none there.
func analyze(ctx context.Context, db *store.DB) error {
	if db.Dialect == store.SQLite {
		return nil
	}
	_, err := db.Pool().ExecContext(ctx, "VACUUM (ANALYZE)")
	return err
}

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

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// The workspace whose pages are measured.
const (
	pageContacts = 100_000
	pageCalls    = 500_000
	pageDays     = 28 // the calls are spread over these days; the log is kept longer
)

// fillLog copies calls of the log until there are so many, at times spread over the last days, and counts them in webhook_counts.
func fillLog(ctx context.Context, db *store.DB, workspaceID int64, calls, days int, now time.Time) error {
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
	const step = 20_000
	missing, span := calls-int(have), time.Duration(days)*24*time.Hour
	for done := 0; done < missing; done += step {
		rows := make([]models.WebhookRequest, min(missing-done, step))
		for i := range rows {
			at := now.Add(-span + time.Duration(float64(span)*float64(done+i)/float64(missing)))
			rows[i] = kinds[random.IntN(len(kinds))]
			rows[i].ID = models.NewID(at)
			counts[store.WebhookCount{WorkspaceID: workspaceID, WebhookID: rows[i].WebhookID, Hour: at.Truncate(time.Hour),
				Outcome: rows[i].Outcome, Failed: rows[i].Failed(), LastCall: at.Truncate(time.Hour)}]++
		}
		if err := insertCalls(ctx, db, rows); err != nil {
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

// callColumns are the columns that insertCalls copies.
var callColumns = []string{"workspace_id", "id", "webhook_id", "contact_id", "contact_version", "who", "address", "method", "content_type", "outcome", "status",
	"client_address", "user_agent", "duration_us", "size", "event", "replay_of", "body"}

// insertCalls adds rows to the log: with COPY on Postgres.
func insertCalls(ctx context.Context, db *store.DB, rows []models.WebhookRequest) error {
	if db.Dialect == store.SQLite {
		return db.Write(ctx, func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error })
	}
	conn, err := db.Pool().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		values := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			r := rows[i]
			var event *string
			if r.Event != nil {
				text := string(*r.Event)
				event = &text
			}
			var replayOf any
			if r.ReplayOf != nil {
				replayOf = [16]byte(*r.ReplayOf)
			}
			return []any{r.WorkspaceID, [16]byte(r.ID), r.WebhookID, r.ContactID, r.ContactVersion, r.AddressKey, r.Address, r.Method, r.ContentType, string(r.Outcome), r.Status,
				r.ClientAddress, r.UserAgent, r.DurationUs, r.Size, event, replayOf, r.Body}, nil
		})
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"webhook_requests"}, callColumns, values)
		return err
	})
}

// The admin of the workspace whose pages are measured.
const (
	pageAdmin    = "admin@example.com"
	pagePassword = "the pages of the bench"
)

// fillPages creates the demo's bookshop with so many contacts, and a log with so many calls of the last days.
func fillPages(ctx context.Context, databaseURL string, contacts, calls, days int) error {
	db, err := store.Open(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return err
	}
	now := models.Instant(time.Now())
	for day := range days + 1 {
		if err := db.EnsureLogDays(ctx, now.AddDate(0, 0, -day)); err != nil {
			return err
		}
	}
	ws, user, err := db.CreateFirstAdmin(ctx, demo.FirstAdmin(pageAdmin, pagePassword))
	if err != nil {
		return err
	}
	options := demo.Options{Contacts: contacts, LogDays: days, User: user.ID, Now: now, Log: slog.New(slog.DiscardHandler)}
	if _, err := demo.Fill(ctx, db, ws, options); err != nil {
		return err
	}
	if err := fillLog(ctx, db, ws.ID, calls, days, now); err != nil {
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

package store_test

import (
	"context"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestOldLogDaysAreDropped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now()).Truncate(24 * time.Hour).Add(12 * time.Hour)
		oldLog(t, db, now)
		if err := db.DropOldLog(t.Context(), now, 30); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int64{"webhook_requests": 1, "segment_changes": 1, "webhook_counts": 1, "automation_events": 1} {
			var got int64
			if err := db.Read(t.Context()).Table(table).Count(&got).Error; err != nil || got != want {
				t.Errorf("got %d rows in %s (%v), want the %d of these 30 days", got, table, err, want)
			}
		}
		if err := db.DropOldLog(t.Context(), now, 30); err != nil {
			t.Errorf("once more: %v", err)
		}
	})
}

// oldLog writes 1,200 calls and events that are 40 days old and one of now, each with a segment change and a counter.
func oldLog(t *testing.T, db *store.DB, now time.Time) {
	t.Helper()
	addWorkspace(t, db)
	old := now.AddDate(0, 0, -40)
	logOf(t, db, old, 1200, func(int, *models.WebhookRequest) {})
	logOf(t, db, now, 1, func(int, *models.WebhookRequest) {})
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		for _, at := range []time.Time{old, now} {
			change := models.SegmentChange{WorkspaceID: 1, ID: models.NewID(at), SegmentID: 1, ContactID: 1, Entered: true, At: at}
			if err := tx.Create(&change).Error; err != nil {
				return err
			}
			events := make([]models.AutomationEvent, 1)
			if at.Equal(old) {
				events = make([]models.AutomationEvent, 1200)
			}
			for i := range events {
				events[i] = models.AutomationEvent{WorkspaceID: 1, ID: models.NewID(at), Type: models.EventPending, ContactID: 1, ContactVersion: int64(i + 1), WebhookID: 7, State: models.EventStateHandled, CreatedAt: at}
			}
			if err := tx.CreateInBatches(&events, 200).Error; err != nil {
				return err
			}
			err := tx.Exec("INSERT INTO webhook_counts (workspace_id, webhook_id, hour, outcome, failed, calls, last_call) VALUES (1, 7, ?, 'created', false, 1, ?)", at, at).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOldRunsAndDeliveriesAreDropped keeps what has not ended, or has ended since, with its steps and attempts.
func TestOldRunsAndDeliveriesAreDropped(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now())
		old, recent := now.AddDate(0, 0, -40), now.AddDate(0, 0, -2)
		addWorkspace(t, db)
		kept, needed := map[uuid.UUID]bool{}, int64(0)
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			for _, c := range []struct {
				begun time.Time
				ended *time.Time
				keep  bool
			}{{old, &old, false}, {old, nil, true}, {old, &recent, true}, {recent, &recent, true}} {
				id := models.NewID(c.begun)
				if c.keep {
					kept[id] = true
				}
				if c.ended == nil || c.begun.Equal(recent) {
					needed++
				}
				for _, row := range []any{
					&models.AutomationEvent{WorkspaceID: 1, ID: id, Type: models.EventConfirmed, State: models.EventStateHandled, CreatedAt: c.begun},
					&models.AutomationRun{WorkspaceID: 1, ID: id, AutomationID: 1, EventID: id, State: "done", DueAt: c.begun, EndedAt: c.ended},
					&models.RunStep{WorkspaceID: 1, RunID: id, Number: 1, At: c.begun},
					&models.RunStep{WorkspaceID: 1, RunID: id, Number: 2, At: c.begun},
					&models.Delivery{WorkspaceID: 1, ID: id, DestinationID: 1, State: models.DeliveryDead, NextAt: c.begun, EndedAt: c.ended},
					&models.DeliveryAttempt{WorkspaceID: 1, DeliveryID: id, Number: 1, At: c.begun},
				} {
					if err := tx.Create(row).Error; err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.DropOldLog(t.Context(), now, 30); err != nil {
			t.Fatal(err)
		}
		var events int64
		if err := db.Read(t.Context()).Model(&models.AutomationEvent{}).Count(&events).Error; err != nil || events != needed {
			t.Errorf("got %d events (%v), want the %d that are recent or that a run needs", events, err, needed)
		}
		for table, key := range map[string]string{"automation_runs": "id", "run_steps": "run_id", "deliveries": "id", "delivery_attempts": "delivery_id"} {
			var ids []uuid.UUID
			if err := db.Read(t.Context()).Table(table).Distinct(key).Pluck(key, &ids).Error; err != nil || len(ids) != len(kept) {
				t.Errorf("%s: got %d left (%v), want %d", table, len(ids), err, len(kept))
			}
			for _, id := range ids {
				if !kept[id] {
					t.Errorf("%s: an old one that has ended is still there", table)
				}
			}
		}
	})
}

func addWorkspace(t *testing.T, db *store.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Create(&models.Workspace{Slug: "books", Name: "Books", TimeZone: "UTC"}).Error
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The next turn finishes an interrupted detach, and drops a day that was only detached.
func TestCutOffDropIsFinished(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now()).Truncate(24 * time.Hour).Add(12 * time.Hour)
		oldLog(t, db, now)
		if db.Dialect == store.Postgres {
			cutOffDetach(t, db, store.LogDayName(now.AddDate(0, 0, -40)))
			detach := "ALTER TABLE webhook_requests DETACH PARTITION " + store.LogDayName(now.AddDate(0, 0, -39))
			if _, err := db.Pool().ExecContext(t.Context(), detach); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.DropOldLog(t.Context(), now, 30); err != nil {
			t.Fatal(err)
		}
		var got int64
		if err := db.Read(t.Context()).Model(&models.WebhookRequest{}).Count(&got).Error; err != nil || got != 1 {
			t.Errorf("got %d calls (%v), want the one of today", got, err)
		}
		if db.Dialect == store.Postgres {
			var days int64
			db.Read(t.Context()).Raw("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^webhook_requests_[0-9]+$'").Scan(&days)
			if want := int64(21); days != want {
				t.Errorf("got %d days, want %d: none of the old ones", days, want)
			}
		}
	})
}

// cutOffDetach starts to detach a day behind an open reader and gives up, like a program that is killed.
func cutOffDetach(t *testing.T, db *store.DB, day string) {
	t.Helper()
	reader, err := db.Pool().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	if _, err := reader.Exec("SELECT count(*) FROM webhook_requests"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := db.Pool().ExecContext(ctx, "ALTER TABLE webhook_requests DETACH PARTITION "+day+" CONCURRENTLY"); err == nil {
		t.Fatal("the detach did not wait for the reader")
	}
}

// While a reader has the old days open, new calls are still logged.
func TestDropBlocksNobody(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now()).Truncate(24 * time.Hour).Add(12 * time.Hour)
		oldLog(t, db, now)
		reader := db.Read(t.Context()).Begin()
		defer reader.Rollback()
		var n int64
		if err := reader.Model(&models.WebhookRequest{}).Count(&n).Error; err != nil || n != 1201 {
			t.Fatalf("got %d calls (%v), want 1,201", n, err)
		}
		done := make(chan error, 1)
		go func() { done <- db.DropOldLog(context.Background(), now, 30) }()
		for i := range 20 {
			logOf(t, db, now.Add(time.Duration(i+1)*time.Minute), 1, func(int, *models.WebhookRequest) {})
		}
		reader.Rollback()
		if err := <-done; err != nil {
			t.Errorf("got %v, want the drop to end once the reader has", err)
		}
	})
}

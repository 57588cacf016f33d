package migrations_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/migrations"
	"campaignlark/models/store"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// eachBefore runs f on both databases, with the tables as they were before a migration.
func eachBefore(t *testing.T, number int64, f func(t *testing.T, db *sql.DB, dialect string)) {
	t.Helper()
	eachStoreBefore(t, number, func(t *testing.T, db *store.DB) { f(t, db.Pool(), string(db.Dialect)) })
}

// eachStoreBefore is eachBefore for tests that need more than the pool.
func eachStoreBefore(t *testing.T, number int64, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	open := func(t *testing.T, url, empty string) {
		t.Parallel()
		db, err := store.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if empty != "" {
			execute(t, db.Pool(), empty)
		}
		if err := migrations.UpTo(t.Context(), db.Pool(), string(db.Dialect), number-1); err != nil {
			t.Fatal(err)
		}
		f(t, db)
	}
	t.Run("sqlite", func(t *testing.T) { open(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db"), "") })
	t.Run("postgres", func(t *testing.T) { open(t, dbtest.PostgresURL(t), "DROP SCHEMA public CASCADE; CREATE SCHEMA public") })
}

func execute(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func number(t *testing.T, db *sql.DB, query string) (n int64) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// TestWebhooksOutliveTheirFormKey migrates a database that has webhooks with hashes and tags, the newest of them deleted.
func TestWebhooksOutliveTheirFormKey(t *testing.T) {
	t.Parallel()
	const at, hook = "'2026-11-24 12:00:00+00:00'", "INSERT INTO webhooks (workspace_id, name, type, hash, enabled, created_at, updated_at) VALUES "
	eachBefore(t, 16, func(t *testing.T, db *sql.DB, dialect string) {
		execute(t, db,
			"INSERT INTO workspaces (slug, name, time_zone, created_at) VALUES ('books', 'Books', 'UTC', "+at+")",
			"INSERT INTO tags (workspace_id, name, name_folded, created_at) VALUES (1, 'Reader', 'reader', "+at+")",
			hook+"(1, 'Join', 'SUBSCRIBED', 'a', true, "+at+", "+at+")",
			hook+"(1, 'Leave', 'UNSUBSCRIBED', 'b', false, "+at+", "+at+")",
			hook+"(1, 'Gone', 'DELETE', 'c', true, "+at+", "+at+")",
			"INSERT INTO webhook_hashes (hash, workspace_id, webhook_id, created_at) VALUES ('a', 1, 1, "+at+"), ('b', 1, 2, "+at+")",
			"INSERT INTO webhook_tags (workspace_id, webhook_id, tag_id) VALUES (1, 1, 1)",
			"DELETE FROM webhooks WHERE name = 'Gone'")
		for range 2 { // the second time as after a crash before its number was stored
			if err := migrations.UpTo(t.Context(), db, dialect, 16); err != nil {
				t.Fatal(err)
			}
			execute(t, db, "DELETE FROM goose_db_version WHERE version_id = 16")
		}
		for query, want := range map[string]int64{
			"SELECT count(*) FROM webhooks WHERE workspace_id = 1 AND (id = 1 AND name = 'Join' AND type = 'SUBSCRIBED' AND hash = 'a' AND enabled OR id = 2 AND name = 'Leave' AND NOT enabled)": 2,
			"SELECT count(*) FROM webhooks WHERE created_at = " + at + " AND updated_at = " + at + " AND deleted_at IS NULL":                                                                      2,
			"SELECT count(*) FROM webhook_hashes JOIN webhooks ON webhooks.id = webhook_id":                                                                                                       2,
			"SELECT count(*) FROM webhook_tags": 1,
		} {
			if got := number(t, db, query); got != want {
				t.Errorf("%s: got %d, want %d", query, got, want)
			}
		}
		if _, err := db.ExecContext(t.Context(), "SELECT form_key FROM webhooks"); err == nil {
			t.Error("form_key is still there")
		}
		execute(t, db, hook+"(1, 'New', 'SUBSCRIBED', 'd', true, "+at+", "+at+")")
		if got := number(t, db, "SELECT id FROM webhooks WHERE name = 'New'"); got != 4 {
			t.Errorf("the next webhook got the id %d, want 4: 3 was given before", got)
		}
		if _, err := db.ExecContext(t.Context(), "INSERT INTO webhook_hashes (hash, workspace_id, webhook_id, created_at) VALUES ('e', 1, 9, "+at+")"); err == nil {
			t.Error("an address of a webhook that is not there was stored: foreign keys are off")
		}
	})
}

// TestCallsGoOnWhileAMigrationWaits reads webhooks, as every call does, while a long transaction blocks the migration.
func TestCallsGoOnWhileAMigrationWaits(t *testing.T) {
	t.Parallel()
	eachStoreBefore(t, 16, func(t *testing.T, stored *store.DB) {
		db, dialect := stored.Pool(), string(stored.Dialect)
		if stored.Dialect != store.Postgres { // SQLite has one writer, and the program does not take calls yet
			return
		}
		long, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer long.Rollback()
		if _, err := long.ExecContext(t.Context(), "SELECT 1 FROM webhooks"); err != nil {
			t.Fatal(err)
		}
		migrated := dbtest.UntilItWaits(t, stored, func() error { return migrations.UpTo(t.Context(), db, dialect, 16) })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := db.ExecContext(ctx, "SELECT 1 FROM webhooks"); err != nil {
			t.Errorf("webhooks cannot be read while the migration waits: %v", err)
		}
		long.Rollback()
		if err := <-migrated; err != nil {
			t.Error(err)
		}
	})
}

// TestStoredEventsAreUnclaimed migrates a database with events from before automations existed.
func TestStoredEventsAreUnclaimed(t *testing.T) {
	t.Parallel()
	const event = "INSERT INTO automation_events (workspace_id, id, type, contact_id, contact_version, webhook_id, request_id, snapshot, state, created_at) VALUES "
	eachBefore(t, 12, func(t *testing.T, db *sql.DB, dialect string) {
		for _, id := range []string{"01a2261d-c942-7172-8214-4d46504dc561", "01a2261d-c942-7172-8214-4d46504dc562"} {
			execute(t, db, event+"(1, '"+id+"', 'contact_unsubscribed', 1, 1, 1, '"+id+"', '{}', 'pending', '2026-11-24 12:00:00+00:00')")
		}
		for range 2 { // the second time as after a crash before its number was stored
			if err := migrations.UpTo(t.Context(), db, dialect, 12); err != nil {
				t.Fatal(err)
			}
			execute(t, db, "DELETE FROM goose_db_version WHERE version_id = 12")
		}
		if got := number(t, db, "SELECT count(*) FROM automation_events WHERE state = 'unclaimed' AND snapshot = '{}' AND contact_id = 1"); got != 2 {
			t.Errorf("got %d events on which nothing starts, want both", got)
		}
	})
}

// TestStoredEventsMoveIntoTheLog migrates a database with more events than one step moves. The call of one is no longer in the log.
func TestStoredEventsMoveIntoTheLog(t *testing.T) {
	t.Parallel()
	const event = "INSERT INTO automation_events (workspace_id, id, type, contact_id, contact_version, webhook_id, request_id, snapshot, state, created_at) VALUES "
	eachBefore(t, 17, func(t *testing.T, db *sql.DB, dialect string) {
		ctx := t.Context()
		if dialect == "postgres" {
			execute(t, db, "CREATE TABLE all_days PARTITION OF webhook_requests DEFAULT")
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		for i := range 1100 {
			id := fmt.Sprintf("01a2261d-c942-7172-8214-4d465%07d", i)
			_, err := tx.ExecContext(ctx, "INSERT INTO webhook_requests (workspace_id, id, webhook_id, method, content_type, outcome, status, duration_us, size) VALUES (1, '"+id+"', 1, 'GET', '', 'unsubscribed', 200, 1, 1)")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.ExecContext(ctx, event+"(1, '"+id+"', 'contact_unsubscribed', 1, 1, 1, '"+id+"', '{}', 'unclaimed', '2026-11-24 12:00:00+00:00')"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM webhook_requests WHERE id = '01a2261d-c942-7172-8214-4d4650000007'"); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := migrations.UpTo(ctx, db, dialect, 17); err != nil {
			t.Fatal(err)
		}
		if dialect == "postgres" { // again, as after a crash before its number was stored
			execute(t, db, "DELETE FROM goose_db_version WHERE version_id = 17")
			if err := migrations.UpTo(ctx, db, dialect, 17); err != nil {
				t.Fatal(err)
			}
		}
		if got := number(t, db, "SELECT count(*) FROM webhook_requests WHERE event = 'contact_unsubscribed'"); got != 1099 {
			t.Errorf("got %d calls with their event, want 1,099", got)
		}
		if got := number(t, db, "SELECT count(*) FROM automation_events"); got != 0 {
			t.Errorf("got %d events that are left, want none", got)
		}
	})
}

package store_test

import (
	"context"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// slow is a query that takes longer than any test.
var slow = map[store.Dialect]string{
	store.Postgres: "SELECT pg_sleep(600)",
	store.SQLite:   "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
}

// TestADeadlineIsNotALostDatabase exceeds the program's own deadline in a query, and while waiting for another transaction.
func TestADeadlineIsNotALostDatabase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		var n int
		wantTimeout(t, "a slow query", db.Read(soon).Raw(slow[db.Dialect]).Scan(&n).Error)

		ws := newWorkspace(t, db, "books")
		rename := func(ctx context.Context, then func()) error {
			return db.Write(ctx, func(tx *gorm.DB) error {
				err := tx.Model(&ws).Update("name", "Bücher").Error
				then()
				return err
			})
		}
		if err := rename(t.Context(), func() {
			if err := db.Read(t.Context()).Raw("SELECT 1").Scan(&n).Error; err != nil { // opens the connection that the query below uses
				t.Error(err)
			}
			soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			wantTimeout(t, "a wait for another transaction", rename(soon, func() {}))
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestPostgresEndsAStatement exceeds a limit that the program has set in the database.
func TestPostgresEndsAStatement(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t))
	wantTimeout(t, "a statement over its limit", db.Write(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("SET LOCAL statement_timeout = '20ms'").Error; err != nil {
			return err
		}
		return tx.Exec(slow[db.Dialect]).Error
	}))
}

func wantTimeout(t *testing.T, what string, err error) {
	t.Helper()
	if got := store.ErrorCode(err); got != models.CodeTimeout || store.IsAway(err) {
		t.Errorf("%s: got the code %q (%T, %v), want %q", what, got, err, err, models.CodeTimeout)
	}
}

// TestALostDatabaseIsNotADeadline ends the connection during a query.
func TestALostDatabaseIsNotADeadline(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t))
	err := db.Read(t.Context()).Exec("SELECT pg_terminate_backend(pg_backend_pid())").Error
	if got := store.ErrorCode(models.In("contacts", err)); got != models.CodeUnavailable {
		t.Errorf("got the code %q (%v), want %q", got, err, models.CodeUnavailable)
	}
}

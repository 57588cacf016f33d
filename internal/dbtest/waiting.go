package dbtest

import (
	"testing"
	"time"

	"campaignlark/models/store"
)

// waitLimit is how long UntilItWaits gives a call until it must wait.
const waitLimit = 30 * time.Second

// UntilItWaits starts call and returns when call waits for a transaction that the test holds open. The channel gets the error of
// call. The test fails if call returns first, or if it neither returns nor waits. On Postgres call waits for a lock, on SQLite
// for the only connection that writes. Nothing else in the test may wait for the database at the same time.
func UntilItWaits(t testing.TB, db *store.DB, call func() error) <-chan error {
	t.Helper()
	before := db.Pool().Stats().WaitCount
	done := make(chan error, 1)
	go func() { done <- call() }()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(waitLimit)
	for !waits(t, db, before) {
		select {
		case err := <-done:
			t.Fatalf("got %v without waiting, want the call to wait for the open transaction", err)
		case <-limit:
			t.Fatalf("the call has not returned after %v, but it waits for no transaction", waitLimit)
		case <-tick.C:
		}
	}
	return done
}

// waits reports whether a connection waits for a lock in Postgres, or whether more calls than before have had to wait for
// SQLite's only writing connection.
func waits(t testing.TB, db *store.DB, before int64) (waits bool) {
	t.Helper()
	if db.Dialect == store.SQLite {
		return db.Pool().Stats().WaitCount > before
	}
	err := db.Read(t.Context()).Raw(`SELECT EXISTS (SELECT 1 FROM pg_stat_activity
		WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waits).Error
	if err != nil {
		t.Fatal(err)
	}
	return waits
}

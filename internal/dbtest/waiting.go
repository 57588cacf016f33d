package dbtest

import (
	"testing"
	"time"

	"campaignlark/models/store"
)

// waitLimit is how long UntilItWaits lets a call take until it waits.
const waitLimit = 30 * time.Second

// UntilItWaits starts call and returns once it waits for a transaction that the test holds open; the channel gets the call's error.
// The test ends if the call returns first, or if it neither returns nor waits. On Postgres the call waits for a lock. On SQLite it
// waits for the one connection that writes. Nothing else may wait in the test's database then.
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

// waits reports whether somebody waits for a lock of Postgres, or has asked for SQLite's one writing connection in vain more often
// than before.
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

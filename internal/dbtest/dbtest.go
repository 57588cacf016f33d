// Package dbtest gives tests real databases: an SQLite file and a database in a private Postgres, both with every
// migration applied. It never touches a Postgres that is already there.
package dbtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"
)

// Main runs a package's tests, with cheap password hashes. Then it calls cleanups, stops the Postgres server if the tests have
// started it, and exits. Call it from TestMain.
func Main(m *testing.M, cleanups ...func()) {
	models.PasswordCost = models.Cost{Memory: 64, Passes: 1}
	code := m.Run()
	for _, clean := range cleanups {
		clean()
	}
	if started.Load() {
		if server, err := shared(); err == nil {
			server.Stop()
		}
	}
	os.Exit(code)
}

// Each runs f as two parallel subtests, one on SQLite and one on Postgres, each on a new, empty database.
func Each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); f(t, Open(t, SQLiteURL(t))) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); f(t, Open(t, PostgresURL(t))) })
}

// Open opens a database from SQLiteURL or PostgresURL and closes it when the test ends.
func Open(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.EnsureLogDays(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	return db
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "campaignlark-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite://" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLiteURL creates an SQLite file with every migration applied and returns its DATABASE_URL.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	content, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite://" + path
}

var (
	databases atomic.Int64
	started   atomic.Bool // a test has asked for the shared server
)

// PostgresURL creates a Postgres database with every migration applied and returns its DATABASE_URL. The first call starts the
// server.
func PostgresURL(t testing.TB) string {
	t.Helper()
	started.Store(true)
	server, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := server.exec("CREATE DATABASE " + name + " TEMPLATE campaignlark STRATEGY file_copy"); err != nil {
		t.Fatal(err)
	}
	return server.URL(name)
}

func migrate(url string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return err
	}
	return db.EnsureLogDays(ctx, time.Now())
}

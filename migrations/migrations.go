// Package migrations has the database's schema as numbered SQL, one folder for each dialect, and updates a database. It
// must not know any entity.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed postgres/*.sql sqlite/*.sql
var files embed.FS

// Run applies missing migrations to db, whose dialect is "postgres" or "sqlite". On Postgres, replicas that start
// together wait for each other. A database newer than this program is an error and stays unchanged.
func Run(ctx context.Context, db *sql.DB, dialect string) error {
	provider, err := newProvider(db, dialect)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	newest := sources[len(sources)-1].Version
	at, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("the database's version cannot be read: %w", err)
	}
	if at > newest {
		return fmt.Errorf("the database is newer (version %d) than this program (version %d); start the newer program", at, newest)
	}
	if _, err = provider.Up(ctx); err != nil {
		return fmt.Errorf("the database could not be brought up to date: %w", err)
	}
	return nil
}

func newProvider(db *sql.DB, dialect string) (*goose.Provider, error) {
	folder, err := fs.Sub(files, dialect)
	if err != nil {
		return nil, err
	}
	if dialect != "postgres" {
		return goose.NewProvider(goose.DialectSQLite3, db, folder)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, folder, goose.WithSessionLocker(locker))
}

// Newest returns the number of a dialect's last migration: the version that the program needs.
func Newest(dialect string) (newest int64) {
	names, _ := fs.Glob(files, dialect+"/*.sql") // the pattern is valid
	for _, name := range names {
		if n, err := goose.NumericComponent(name); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

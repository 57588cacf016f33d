// Package migrations holds the database's schema as numbered SQL, one folder a dialect, and brings a database up to
// date. It knows no entity.
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

// Run applies what is missing to db, whose dialect is "postgres" or "sqlite". Replicas that start together wait for one
// another on Postgres. A database that is newer than this program is an error, and is left alone.
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

// Newest is the number of the last migration of a dialect: the version that the program needs a database to have.
func Newest(dialect string) (newest int64) {
	names, _ := fs.Glob(files, dialect+"/*.sql") // a pattern that is well-formed
	for _, name := range names {
		if n, err := goose.NumericComponent(name); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

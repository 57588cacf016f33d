package migrations

import (
	"context"
	"database/sql"
)

// UpTo applies the migrations up to a number, which gives a database of an earlier program.
func UpTo(ctx context.Context, db *sql.DB, dialect string, number int64) error {
	provider, err := newProvider(db, dialect)
	if err != nil {
		return err
	}
	_, err = provider.UpTo(ctx, number)
	return err
}

package dbtest

import (
	"context"
	"errors"
	"sync/atomic"

	"campaignlark/models/store"

	"gorm.io/gorm"
)

// CountStatements counts the statements that go to the database through GORM from now on. It does not count the statements that
// package segments sends through pgx directly.
func CountStatements(ctx context.Context, db *store.DB) (*atomic.Int64, error) {
	var n atomic.Int64
	count := func(g *gorm.DB) {
		if !g.DryRun { // which only writes a query out, to be a part of another one
			n.Add(1)
		}
	}
	register := func(g *gorm.DB) error {
		c := g.Callback()
		return errors.Join(c.Query().Before("*").Register("dbtest:count", count), c.Row().Before("*").Register("dbtest:count", count),
			c.Raw().Before("*").Register("dbtest:count", count), c.Create().Before("*").Register("dbtest:count", count),
			c.Update().Before("*").Register("dbtest:count", count), c.Delete().Before("*").Register("dbtest:count", count))
	}
	if err := db.Write(ctx, register); err != nil {
		return nil, err
	}
	if db.Dialect == store.SQLite { // reads have a separate pool
		if err := register(db.Read(ctx)); err != nil {
			return nil, err
		}
	}
	return &n, nil
}

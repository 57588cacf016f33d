package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"campaignlark/migrations"
	"campaignlark/models/store"
)

// migrate is the command that applies the migrations and exits.
func (p program) migrate(ctx context.Context, c Config) error {
	db, err := openDatabase(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, "The database is up to date.")
	return db.Close()
}

// openDatabase opens the database and applies the migrations. Errors are sentences for the person who starts the program.
func openDatabase(ctx context.Context, url string) (*store.DB, error) {
	db, err := store.Open(ctx, url)
	if err != nil {
		return nil, err
	}
	if err := migrations.Run(ctx, db.Pool(), string(db.Dialect)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// maxClockDifference limits the difference to the database's clock, because the request log is stored by days.
const maxClockDifference = 24 * time.Hour

// checkClock refuses a database whose clock is a day or more away from now.
func checkClock(ctx context.Context, db *store.DB, now func() time.Time) error {
	if db.Dialect != store.Postgres {
		return nil
	}
	var there time.Time
	if err := db.Pool().QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&there); err != nil {
		return fmt.Errorf("the database's clock cannot be read (code %s)", store.SQLState(err))
	}
	if apart := now().Sub(there); apart.Abs() >= maxClockDifference {
		return fmt.Errorf("this machine's clock and the database's are %s apart; set them right, then start again", apart.Abs().Round(time.Minute))
	}
	return nil
}

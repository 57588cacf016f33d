package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"campaignlark/models"
)

// EmptyWAL writes SQLite's write-ahead log into the database file and empties it. The log holds earlier versions of changed
// pages, with people who were erased since, until something overwrites them. If a query still reads from the log, EmptyWAL leaves
// it for the next time. On Postgres it does nothing.
func (d *DB) EmptyWAL(ctx context.Context, _ time.Time) error {
	if d.Dialect != SQLite {
		return nil
	}
	conn, err := d.Pool().Conn(ctx)
	if err != nil {
		return models.In("empty the write-ahead log", err)
	}
	defer conn.Close()
	err = errors.Join(emptyWAL(ctx, conn), setBusyTimeout(context.WithoutCancel(ctx), conn, sqliteBusyTimeout))
	return models.In("empty the write-ahead log", err)
}

// walWait is how long EmptyWAL waits for queries. Calls to webhooks wait as long.
const walWait = 100 * time.Millisecond

func emptyWAL(ctx context.Context, conn *sql.Conn) error {
	if err := setBusyTimeout(ctx, conn, walWait); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)") // its row says whether it had to stop; that is no error
	return err
}

// setBusyTimeout sets how long a connection waits for others.
func setBusyTimeout(ctx context.Context, conn *sql.Conn, wait time.Duration) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", wait.Milliseconds()))
	return err
}

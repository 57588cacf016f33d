package intake

import (
	"context"
	"database/sql"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresStore commits a batch of any size in two round trips, and one more for each workspace with new contacts. Each
// round trip is a pgx pipeline on a connection from GORM's pool.
type postgresStore struct {
	pool *sql.DB
	ids  *idReserver
}

func newPostgresStore(pool *sql.DB, workers int) *postgresStore {
	return &postgresStore{pool: pool, ids: newIDReserver(pool, workers)}
}

func (s *postgresStore) close() { s.ids.close() }

func (s *postgresStore) transact(ctx context.Context, fn func(transaction) error) error {
	ids, err := s.ids.take(ctx)
	if err != nil {
		return models.In("intake: take a connection for contact ids", err)
	}
	tx := &postgresTx{ids: ids}
	defer func() { s.ids.give(ids, tx.broken) }()
	conn, err := s.pool.Conn(ctx)
	if err != nil {
		return models.In("intake: take a connection", err)
	}
	defer conn.Close()
	return conn.Raw(func(driverConn any) error {
		c := driverConn.(*stdlib.Conn).Conn()
		defer rollBack(c)
		tx.conn = c
		return fn(tx)
	})
}

// rollBack ends a transaction that was not committed. If that fails, it closes the connection, and the pool drops it.
func rollBack(c *pgx.Conn) {
	if c.IsClosed() || c.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if _, err := c.Exec(ctx, "ROLLBACK"); err != nil {
		c.Close(ctx)
	}
}

type postgresTx struct {
	conn   *pgx.Conn
	ids    *sql.Conn // for reserve
	broken bool      // a reservation failed: its connection may be lost
}

const (
	// If the process hangs, Postgres ends the batch after batchDeadline and releases its locks.
	pgLimitsSQL = `SELECT set_config('idle_in_transaction_session_timeout', '10s', true), set_config('statement_timeout', '10s', true)`

	pgWebhooksSQL = `SELECT w.workspace_id, w.id, w.name, w.type, w.hash, w.enabled, w.deleted_at
		FROM unnest($1::bigint[], $2::bigint[]) AS k (workspace_id, id)
		JOIN webhooks w ON w.workspace_id = k.workspace_id AND w.id = k.id
		JOIN workspaces ws ON ws.id = k.workspace_id AND ws.deleted_at IS NULL`

	pgWebhookTagsSQL = `SELECT wt.workspace_id, wt.webhook_id, t.id, t.name
		FROM unnest($1::bigint[], $2::bigint[]) AS k (workspace_id, id)
		JOIN webhook_tags wt ON wt.workspace_id = k.workspace_id AND wt.webhook_id = k.id
		JOIN tags t ON t.workspace_id = wt.workspace_id AND t.id = wt.tag_id AND t.deleted_at IS NULL
		ORDER BY wt.workspace_id, wt.webhook_id, t.id`

	pgMergeTagsSQL = `SELECT workspace_id, id, key, label, type, options, default_value FROM merge_tags
		WHERE workspace_id = ANY ($1::bigint[]) AND deleted_at IS NULL ORDER BY workspace_id, id`

	pgContactsSQL = `SELECT c.workspace_id, c.id, c.email, c.status, c.fields, c.version, c.source_webhook_id,
			c.created_at, c.updated_at, c.subscribed_at, c.unconfirmed_at, c.unsubscribed_at, c.touched_webhook_id, c.touched_at
		FROM unnest($1::bigint[], $2::text[]) AS k (workspace_id, email)
		JOIN contacts c ON c.workspace_id = k.workspace_id AND c.email = k.email
		JOIN workspaces ws ON ws.id = k.workspace_id AND ws.deleted_at IS NULL
		ORDER BY c.workspace_id, c.email FOR NO KEY UPDATE OF c`

	// The tags are read by a separate statement. A join in the statement above would see the tags as they were before it
	// waited for the locks.
	pgContactTagsSQL = `SELECT c.workspace_id, c.email, t.id, t.name
		FROM unnest($1::bigint[], $2::text[]) AS k (workspace_id, email)
		JOIN contacts c ON c.workspace_id = k.workspace_id AND c.email = k.email
		JOIN contact_tags ct ON ct.workspace_id = c.workspace_id AND ct.contact_id = c.id
		JOIN tags t ON t.workspace_id = ct.workspace_id AND t.id = ct.tag_id AND t.deleted_at IS NULL
		ORDER BY c.workspace_id, c.email, t.id`
)

func (t *postgresTx) read(ctx context.Context, w wanted) (reading, error) {
	r := newReading()
	var hookWorkspaces, hookIDs, peopleWorkspaces []int64
	var emails []string
	for _, k := range w.webhooks {
		hookWorkspaces, hookIDs = append(hookWorkspaces, k.workspace), append(hookIDs, k.id)
	}
	for _, k := range w.people {
		peopleWorkspaces, emails = append(peopleWorkspaces, k.workspace), append(emails, k.address)
	}
	var b pgx.Batch
	b.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	b.Queue(pgLimitsSQL)
	b.Queue(store.LockAddressesSQL, w.addressKeys)
	b.Queue(pgWebhooksSQL, hookWorkspaces, hookIDs).Query(each(r.addWebhook))
	b.Queue(pgWebhookTagsSQL, hookWorkspaces, hookIDs).Query(each(r.addWebhookTag))
	b.Queue(pgMergeTagsSQL, w.workspaces).Query(each(r.addMergeTag))
	b.Queue(pgContactsSQL, peopleWorkspaces, emails).Query(each(r.addContact))
	b.Queue(pgContactTagsSQL, peopleWorkspaces, emails).Query(each(r.addContactTag))
	err := t.conn.SendBatch(ctx, &b).Close()
	return r.done(), err
}

// each calls add for every row.
func each(add func(scan) error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			if err := add(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}

func (t *postgresTx) reserve(ctx context.Context, workspace, n int64) (int64, error) {
	first, err := reserve(ctx, t.ids, workspace, n)
	t.broken = t.broken || err != nil
	return first, err
}

// idReserver takes contact ids on separate connections, one for each worker if the pool is large enough. A worker that
// waits for the counter of one workspace then does not block the other workers. A worker takes this connection before it
// takes the batch's own connection. Otherwise all connections could be held by batches that each wait for a second one.
type idReserver struct {
	pool *sql.DB
	free chan *sql.Conn // nil stands for a connection that is not open yet
}

func newIDReserver(pool *sql.DB, workers int) *idReserver {
	conns := workers
	if most := pool.Stats().MaxOpenConnections; most > 0 {
		conns = min(workers, max(1, (most-1)/2)) // leaves at least as many for the batches
	}
	r := &idReserver{pool: pool, free: make(chan *sql.Conn, conns)}
	for range conns {
		r.free <- nil
	}
	return r
}

// take waits for a free connection and returns it. The caller must give it back with give.
func (r *idReserver) take(ctx context.Context) (*sql.Conn, error) {
	var conn *sql.Conn
	select {
	case conn = <-r.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if conn != nil {
		return conn, nil
	}
	conn, err := r.pool.Conn(ctx)
	if err != nil {
		r.free <- nil
		return nil, err
	}
	return conn, nil
}

// give takes a connection back and closes it if it is broken.
func (r *idReserver) give(conn *sql.Conn, broken bool) {
	if broken && conn != nil {
		conn.Close()
		conn = nil
	}
	r.free <- conn
}

// reserve takes n contact ids of a workspace on conn and returns the first. It does not wait for the disk. The batch
// commits later in the write-ahead log, so its commit flushes the reservation too. If a crash loses a reservation, no
// committed batch has used it.
func reserve(ctx context.Context, conn *sql.Conn, workspace, n int64) (first int64, err error) {
	err = conn.Raw(func(driverConn any) error {
		c := driverConn.(*stdlib.Conn).Conn()
		defer rollBack(c)
		var b pgx.Batch
		b.Queue("BEGIN")
		b.Queue("SET LOCAL synchronous_commit = off")
		b.Queue(store.ReserveContactIDsSQL, workspace, n+1, n).QueryRow(func(row pgx.Row) error { return row.Scan(&first) })
		b.Queue("COMMIT")
		return c.SendBatch(ctx, &b).Close()
	})
	return first - n, err
}

// close closes the connections. All workers must have ended. It may be called more than once.
func (r *idReserver) close() {
	for range cap(r.free) {
		r.give(<-r.free, true)
	}
}

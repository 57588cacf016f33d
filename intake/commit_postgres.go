package intake

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"

	"github.com/jackc/pgx/v5"
)

// postgresStore commits a batch in two round trips, with pgx pipelines. Only the intake uses its connections. A batch that needs
// more contact ids than are reserved takes one more round trip.
type postgresStore struct {
	sessions *sessions // one for each worker
	ids      *idBlocks
	catalogs catalogs
}

func newPostgresStore(config *pgx.ConnConfig, workers int, cipher secrets.Cipher) *postgresStore {
	return &postgresStore{sessions: newSessions(config, workers), ids: newIDBlocks(), catalogs: catalogs{cipher: cipher}}
}

// close closes the connections; all workers have ended. It may be called again.
func (s *postgresStore) close() {
	s.sessions.close()
}

func (s *postgresStore) known() *catalogs { return &s.catalogs }

func (s *postgresStore) transact(ctx context.Context, fn func(transaction) error) error {
	own, err := s.sessions.take(ctx)
	if err != nil {
		return err
	}
	defer s.sessions.give(own)
	conn, err := own.connect(ctx, &own.batch)
	if err != nil {
		return err
	}
	defer rollBack(conn)
	return fn(&postgresTx{conn: conn, session: own, ids: s.ids, catalogs: &s.catalogs})
}

type postgresTx struct {
	conn     *pgx.Conn
	session  *session
	ids      *idBlocks
	catalogs *catalogs
}

const (
	// If the process hangs, Postgres ends the batch after batchDeadline and releases its locks.
	pgLimitsSQL = `SELECT set_config('idle_in_transaction_session_timeout', '10s', true), set_config('statement_timeout', '10s', true)`

	// If the statement waits for a locked row, it returns the tags from before the wait. That is safe. Only a transaction with the lock
	// of the address adds tags, and this batch holds that lock. The purge removes only deleted tags, which the catalog leaves out.
	pgContactsSQL = `SELECT c.workspace_id, c.id, c.email, c.status, c.fields, c.version, c.source_webhook_id,
			c.created_at, c.updated_at, c.subscribed_at, c.unconfirmed_at, c.unsubscribed_at, c.touched_webhook_id, c.touched_at,
			ARRAY(SELECT tag_id FROM contact_tags ct WHERE ct.workspace_id = c.workspace_id AND ct.contact_id = c.id)
		FROM unnest($1::bigint[], $2::text[]) AS k (workspace_id, email)
		JOIN contacts c ON c.workspace_id = k.workspace_id AND c.email = k.email
		ORDER BY c.workspace_id, c.email FOR NO KEY UPDATE OF c`

	pgRevisionsSQL = `SELECT id, revision, time_zone, listens FROM workspaces WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL`

	// pgReserveSQL takes a block of ids of each workspace and returns the id after the last one. It locks the counters in the order of
	// the workspaces, as every batch does.
	pgReserveSQL = `INSERT INTO workspace_counters AS c (workspace_id, next_contact_id)
		SELECT workspace, ids + 1 FROM unnest($1::bigint[], $2::bigint[]) AS n (workspace, ids) ORDER BY workspace
		ON CONFLICT (workspace_id) DO UPDATE SET next_contact_id = c.next_contact_id + EXCLUDED.next_contact_id - 1
		RETURNING workspace_id, next_contact_id`

	pgTagsSQL = `SELECT workspace_id, id, name FROM tags WHERE workspace_id = ANY ($1::bigint[]) AND deleted_at IS NULL`

	pgWebhooksSQL = `SELECT workspace_id, id, name, type, hash, enabled, deleted_at, reading, reading_revision FROM webhooks WHERE workspace_id = ANY ($1::bigint[])`

	pgWebhookTagsSQL = `SELECT workspace_id, webhook_id, tag_id FROM webhook_tags WHERE workspace_id = ANY ($1::bigint[])
		ORDER BY workspace_id, webhook_id, tag_id`

	pgSecretsSQL = `SELECT workspace_id, webhook_id, slot, sealed FROM webhook_secrets WHERE workspace_id = ANY ($1::bigint[])`

	pgDeliveriesSQL = `SELECT d.workspace_id, d.webhook_id, d.key, d.request_id
		FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS k (workspace_id, webhook_id, key)
		JOIN webhook_deliveries d ON d.workspace_id = k.workspace_id AND d.webhook_id = k.webhook_id AND d.key = k.key`

	pgErasuresSQL = `SELECT who, at FROM erasures WHERE (workspace_id, who) IN (SELECT * FROM unnest($1::bigint[], $2::bigint[]))`

	pgMovesSQL = `SELECT f.workspace_id, f.address, f.changed_at FROM unnest($1::bigint[], $2::text[]) AS k (workspace_id, address)
		JOIN former_addresses f ON f.workspace_id = k.workspace_id AND f.address = k.address`

	pgMergeTagsSQL = `SELECT workspace_id, id, key, label, type, options, default_value FROM merge_tags
		WHERE workspace_id = ANY ($1::bigint[]) AND deleted_at IS NULL ORDER BY workspace_id, id`
)

func (t *postgresTx) read(ctx context.Context, w wanted) (reading, error) {
	r := newReading(t.catalogs)
	var workspaces []int64
	var emails []string
	for _, k := range w.people {
		workspaces, emails = append(workspaces, k.workspace), append(emails, k.address)
	}
	var b pgx.Batch
	if t.session.replans(time.Now()) {
		b.Queue("DISCARD PLANS")
	}
	b.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	b.Queue(pgLimitsSQL)
	b.Queue(store.LockAddressesSQL, w.addressKeys)
	b.Queue(pgContactsSQL, workspaces, emails).Query(each(func(scan scan) error {
		var tags []int64
		return r.addContact(scan, &tags, func() []int64 { return tags })
	}))
	b.Queue(pgRevisionsSQL, w.workspaces).Query(each(r.addRevision))
	if len(w.deliveries) > 0 {
		var hooks, of []int64
		var keys [][]byte
		for _, d := range w.deliveries {
			of, hooks, keys = append(of, d.workspace), append(hooks, d.id), append(keys, d.key[:])
		}
		b.Queue(pgDeliveriesSQL, of, hooks, keys).Query(each(r.addDelivery))
	}
	if len(w.replayed) > 0 {
		var of, who []int64
		var addresses []string
		for _, k := range w.replayed {
			of, who, addresses = append(of, k.workspace), append(who, models.AddressKey(k.workspace, k.address)), append(addresses, k.address)
		}
		b.Queue(pgErasuresSQL, of, who).Query(each(r.addErasure))
		b.Queue(pgMovesSQL, of, addresses).Query(each(r.addMove))
	}
	if err := t.conn.SendBatch(ctx, &b).Close(); err != nil {
		return reading{}, err
	}
	if stale := r.stale(); len(stale) > 0 {
		b = pgx.Batch{}
		b.Queue(pgTagsSQL, stale).Query(each(r.catalogs.addTag))
		b.Queue(pgWebhooksSQL, stale).Query(each(r.catalogs.addWebhook))
		b.Queue(pgWebhookTagsSQL, stale).Query(each(r.catalogs.addWebhookTag))
		b.Queue(pgSecretsSQL, stale).Query(each(r.catalogs.addSecret))
		b.Queue(pgMergeTagsSQL, stale).Query(each(r.catalogs.addMergeTag))
		if err := t.conn.SendBatch(ctx, &b).Close(); err != nil {
			return reading{}, err
		}
	}
	return r.done(w), nil
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

// reserve takes what is reserved already, then reserves what is missing and more for the next batches, for all workspaces in one
// round trip. The statements do not wait for the disk: the batch's own commit, later in Postgres's log, flushes them too, and a
// reservation that a crash loses was never used.
func (t *postgresTx) reserve(ctx context.Context, needs []need) (map[int64][]int64, error) {
	ids := make(map[int64][]int64, len(needs))
	var workspaces, blocks []int64
	missing := map[int64]int64{}
	for _, n := range needs {
		ids[n.workspace] = t.ids.take(n.workspace, n.ids)
		if m := n.ids - int64(len(ids[n.workspace])); m > 0 {
			missing[n.workspace] = m
			workspaces, blocks = append(workspaces, n.workspace), append(blocks, m+t.ids.block(n.workspace, n.ids))
		}
	}
	if len(missing) == 0 {
		return ids, nil
	}
	var b pgx.Batch
	b.Queue("BEGIN")
	b.Queue("SET LOCAL synchronous_commit = off")
	b.Queue(pgReserveSQL, workspaces, blocks).Query(each(func(scan scan) error {
		var workspace, next int64
		if err := scan(&workspace, &next); err != nil {
			return err
		}
		block := make([]int64, blocks[slices.Index(workspaces, workspace)])
		for i := range block {
			block[i] = next - int64(len(block)-i)
		}
		m := missing[workspace]
		ids[workspace] = append(ids[workspace], block[:m]...)
		t.ids.put(workspace, block[m:])
		return nil
	}))
	b.Queue("COMMIT")
	conn, err := t.session.connect(ctx, &t.session.ids)
	if err != nil {
		return nil, err
	}
	defer rollBack(conn)
	return ids, conn.SendBatch(ctx, &b).Close()
}

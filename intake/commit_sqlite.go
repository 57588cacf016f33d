package intake

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
)

// sqliteStore commits a batch in one BEGIN IMMEDIATE transaction on the only connection that writes. Its statements are
// prepared.
type sqliteStore struct {
	pool     *sql.DB
	prepared map[string]*sql.Stmt // by their SQL; only the single worker uses it
	catalogs catalogs
}

func newSQLiteStore(pool *sql.DB, cipher secrets.Cipher) *sqliteStore {
	return &sqliteStore{pool: pool, prepared: map[string]*sql.Stmt{}, catalogs: catalogs{cipher: cipher}}
}

func (s *sqliteStore) close() {
	for _, stmt := range s.prepared {
		stmt.Close()
	}
	clear(s.prepared)
}

func (s *sqliteStore) known() *catalogs { return &s.catalogs }

func (s *sqliteStore) transact(ctx context.Context, fn func(transaction) error) error {
	for _, text := range sqliteStatements { // before BeginTx, which takes the pool's only connection
		if s.prepared[text] != nil {
			continue
		}
		stmt, err := s.pool.PrepareContext(ctx, text)
		if err != nil {
			return models.In("intake: prepare the statements", err)
		}
		s.prepared[text] = stmt
	}
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return models.In("intake: begin", err)
	}
	defer tx.Rollback() // does nothing after the commit
	return fn(&sqliteTx{tx: tx, prepared: s.prepared, catalogs: &s.catalogs})
}

type sqliteTx struct {
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
	catalogs *catalogs
}

const (
	liteContactSQL = `SELECT workspace_id, id, email, status, fields, version, source_webhook_id,
			created_at, updated_at, subscribed_at, unconfirmed_at, unsubscribed_at, touched_webhook_id, touched_at,
			(SELECT group_concat(tag_id) FROM contact_tags ct WHERE ct.workspace_id = c.workspace_id AND ct.contact_id = c.id)
		FROM contacts c WHERE workspace_id = $1 AND email = $2`

	liteRevisionSQL = `SELECT id, revision, time_zone, listens FROM workspaces WHERE id = $1 AND deleted_at IS NULL`

	liteTagsSQL = `SELECT workspace_id, id, name FROM tags WHERE workspace_id = $1 AND deleted_at IS NULL`

	liteWebhooksSQL = `SELECT workspace_id, id, name, type, hash, enabled, deleted_at, reading, reading_revision FROM webhooks WHERE workspace_id = $1`

	liteWebhookTagsSQL = `SELECT workspace_id, webhook_id, tag_id FROM webhook_tags WHERE workspace_id = $1 ORDER BY webhook_id, tag_id`

	liteSecretsSQL = `SELECT workspace_id, webhook_id, slot, sealed FROM webhook_secrets WHERE workspace_id = $1`

	liteDeliverySQL = `SELECT workspace_id, webhook_id, key, request_id FROM webhook_deliveries
		WHERE workspace_id = $1 AND webhook_id = $2 AND key = $3`

	liteInsertDeliverySQL = `INSERT INTO webhook_deliveries (workspace_id, webhook_id, key, request_id, at) VALUES ($1, $2, $3, $4, $5)`

	liteRepeatDeliverySQL = `UPDATE webhook_deliveries SET repeats = repeats + 1, last_repeat = $4
		WHERE workspace_id = $1 AND webhook_id = $2 AND key = $3`

	liteErasureSQL = `SELECT who, at FROM erasures WHERE workspace_id = $1 AND who = $2`

	liteMovesSQL = `SELECT workspace_id, address, changed_at FROM former_addresses WHERE workspace_id = $1 AND address = $2`

	liteInsertReplaySQL = `INSERT INTO replays (workspace_id, original_id, request_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`

	liteInsertEventSQL = `INSERT INTO automation_events (workspace_id, id, type, contact_id, contact_version, subject_id, webhook_id, request_id, fields, snapshot, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

	liteMergeTagsSQL = `SELECT workspace_id, id, key, label, type, options, default_value FROM merge_tags
		WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY id`

	liteUpdateContactSQL = `UPDATE contacts SET status = $3, fields = $4, version = $5, updated_at = $6,
			subscribed_at = $7, unconfirmed_at = $8, unsubscribed_at = $9, touched_webhook_id = $10, touched_at = $11
		WHERE workspace_id = $1 AND id = $2`

	liteLoseWordSQL = `DELETE FROM contact_words WHERE workspace_id = $1 AND word = $2 AND contact_id = $3`

	liteUnindexedNamesSQL = `INSERT INTO unindexed_names (workspace_id, contact_ids) VALUES ($1, $2)`

	liteInsertSizesSQL = `INSERT INTO contact_counts (workspace_id, whole, counts) VALUES ($1, false, $2)`

	liteInsertMarksSQL = `INSERT INTO call_marks (workspace_id, packed, at) VALUES ($1, $2, $3)`

	liteInsertCountSQL = `INSERT INTO webhook_counts (workspace_id, webhook_id, hour, outcome, failed, calls, last_call)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
)

var (
	liteInsertLog = newLiteInsert(`INSERT INTO webhook_requests (workspace_id, id, webhook_id, contact_id, contact_version, who, address, method,
		content_type, outcome, status, client_address, user_agent, duration_us, size, event, body, replay_of)`, 18)

	liteInsertContacts = newLiteInsert(`INSERT INTO contacts (workspace_id, id, email, status, fields, version, source_webhook_id,
		created_at, updated_at, subscribed_at, unconfirmed_at, unsubscribed_at, touched_webhook_id, touched_at)`, 14)

	liteInsertTags = newLiteInsert(`INSERT INTO contact_tags (workspace_id, contact_id, tag_id)`, 3)

	// A contact whose name changes may have the words already.
	liteInsertWords = newLiteInsert(`INSERT OR IGNORE INTO contact_words (workspace_id, word, contact_id)`, 3)
)

// liteInsert inserts rows into a table, several in one statement.
type liteInsert struct {
	columns int
	texts   map[int]string // by the number of rows
}

// liteRows are the numbers of rows for which a statement is prepared, the largest first.
var liteRows = []int{32, 8, 1}

func newLiteInsert(head string, columns int) liteInsert {
	in := liteInsert{columns, map[int]string{}}
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	for _, n := range liteRows {
		in.texts[n] = head + " VALUES " + row + strings.Repeat(", "+row, n-1)
	}
	return in
}

// insert inserts n rows; values appends those of a row.
func (t *sqliteTx) insert(ctx context.Context, in liteInsert, n int, values func(row int, args []any) ([]any, error)) (err error) {
	for row := 0; row < n; {
		together := liteRows[slices.IndexFunc(liteRows, func(most int) bool { return most <= n-row })]
		args := make([]any, 0, together*in.columns)
		for range together {
			if args, err = values(row, args); err != nil {
				return err
			}
			row++
		}
		if err := t.exec(ctx, in.texts[together], args...); err != nil {
			return err
		}
	}
	return nil
}

var sqliteStatements = slices.Concat(slices.Collect(maps.Values(liteInsertLog.texts)), slices.Collect(maps.Values(liteInsertContacts.texts)),
	slices.Collect(maps.Values(liteInsertTags.texts)), slices.Collect(maps.Values(liteInsertWords.texts)), []string{
		liteContactSQL, liteRevisionSQL, liteTagsSQL, liteWebhooksSQL, liteWebhookTagsSQL, liteMergeTagsSQL, store.ReserveContactIDsSQL,
		store.FormerAddressesSQL, store.EraseFormerRequestsSQL, store.DeleteFormerSQL, store.DeleteEditsSQL, store.EraseRequestsSQL, store.ForgetSQL, store.DeleteContactTagsSQL, store.DeleteContactSQL,
		liteUpdateContactSQL, liteLoseWordSQL, liteUnindexedNamesSQL, liteInsertSizesSQL, liteInsertMarksSQL, liteInsertCountSQL, liteSecretsSQL, liteDeliverySQL, liteInsertDeliverySQL, liteRepeatDeliverySQL,
		liteErasureSQL, liteMovesSQL, store.EraseRequestSQL, liteInsertReplaySQL, liteInsertEventSQL, store.NoteErasureSQL,
	}, outgoingErasures())

func outgoingErasures() (texts []string) {
	for _, outgoing := range store.OutgoingErasures {
		texts = append(texts, outgoing.SQL)
	}
	return texts
}

func (t *sqliteTx) exec(ctx context.Context, text string, args ...any) error {
	_, err := t.tx.StmtContext(ctx, t.prepared[text]).ExecContext(ctx, args...)
	return err
}

func (t *sqliteTx) query(ctx context.Context, text string, add func(scan) error, args ...any) error {
	rows, err := t.tx.StmtContext(ctx, t.prepared[text]).QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := add(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (t *sqliteTx) read(ctx context.Context, w wanted) (reading, error) {
	r := newReading(t.catalogs)
	for _, k := range w.people {
		var tags sql.NullString
		add := func(scan scan) error { return r.addContact(scan, &tags, func() []int64 { return idList(tags.String) }) }
		if err := t.query(ctx, liteContactSQL, add, k.workspace, k.address); err != nil {
			return reading{}, err
		}
	}
	for _, workspace := range w.workspaces {
		if err := t.query(ctx, liteRevisionSQL, r.addRevision, workspace); err != nil {
			return reading{}, err
		}
	}
	for _, d := range w.deliveries {
		if err := t.query(ctx, liteDeliverySQL, r.addDelivery, d.workspace, d.id, d.key[:]); err != nil {
			return reading{}, err
		}
	}
	for _, k := range w.replayed {
		if err := t.query(ctx, liteErasureSQL, r.addErasure, k.workspace, models.AddressKey(k.workspace, k.address)); err != nil {
			return reading{}, err
		}
		if err := t.query(ctx, liteMovesSQL, r.addMove, k.workspace, k.address); err != nil {
			return reading{}, err
		}
	}
	for _, workspace := range r.stale() {
		for _, rows := range []struct {
			query string
			add   func(scan) error
		}{{liteTagsSQL, r.catalogs.addTag}, {liteWebhooksSQL, r.catalogs.addWebhook}, {liteWebhookTagsSQL, r.catalogs.addWebhookTag}, {liteSecretsSQL, r.catalogs.addSecret}, {liteMergeTagsSQL, r.catalogs.addMergeTag}} {
			if err := t.query(ctx, rows.query, rows.add, workspace); err != nil {
				return reading{}, err
			}
		}
	}
	return r.done(w), nil
}

// idList reads ids that are separated by commas.
func idList(text string) (ids []int64) {
	for part := range strings.SplitSeq(text, ",") {
		if id, err := strconv.ParseInt(part, 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

func (t *sqliteTx) reserve(ctx context.Context, needs []need) (map[int64][]int64, error) {
	ids := make(map[int64][]int64, len(needs))
	for _, n := range needs {
		err := t.query(ctx, store.ReserveContactIDsSQL, func(scan scan) error {
			var next int64
			err := scan(&next)
			for id := next - n.ids; id < next; id++ {
				ids[n.workspace] = append(ids[n.workspace], id)
			}
			return err
		}, n.workspace, n.ids+1, n.ids)
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// write writes the changes in the same order as on Postgres, one statement at a time, and commits.
func (t *sqliteTx) write(ctx context.Context, c changes) error {
	for _, step := range []func(context.Context, changes) error{
		t.erase, t.writeContacts, t.writeWordsAndSizes, t.insertMarks, t.noteDeliveries, t.noteReplays, t.insertEvents, t.insertLog, t.insertCounts,
	} {
		if err := step(ctx, c); err != nil {
			return err
		}
	}
	return t.tx.Commit()
}

func (t *sqliteTx) erase(ctx context.Context, c changes) error {
	for i := range c.erased {
		e := &c.erased[i]
		if err := t.eraseOne(ctx, e, c.now); err != nil {
			return err
		}
		if err := t.exec(ctx, store.NoteErasureSQL, e.workspace, e.addressKey, c.now); err != nil {
			return err
		}
		for _, f := range e.former {
			if err := t.exec(ctx, store.NoteErasureSQL, e.workspace, f.AddressKey(), c.now); err != nil {
				return err
			}
		}
	}
	for _, r := range c.aboutErased {
		if err := t.exec(ctx, store.EraseRequestSQL, r.WorkspaceID, r.OriginalID); err != nil {
			return err
		}
	}
	for _, f := range c.forgotten() {
		if err := t.exec(ctx, store.ForgetSQL, f.workspace, f.spec, f.at); err != nil {
			return err
		}
	}
	return nil
}

// eraseOne deletes a contact, and its data in the log and the events.
func (t *sqliteTx) eraseOne(ctx context.Context, e *erasure, now time.Time) error {
	if err := t.exec(ctx, store.EraseRequestsSQL, e.workspace, e.addressKey, e.address); err != nil {
		return err
	}
	for _, outgoing := range store.OutgoingErasures {
		if err := t.exec(ctx, outgoing.SQL, outgoing.Args(e.workspace, e.contact, now)...); err != nil {
			return err
		}
	}
	for _, text := range []string{store.DeleteContactTagsSQL, store.DeleteEditsSQL, store.DeleteContactSQL} {
		if err := t.exec(ctx, text, e.workspace, e.contact); err != nil {
			return err
		}
	}
	if err := t.query(ctx, store.FormerAddressesSQL, e.addFormer, e.workspace, e.contact); err != nil || len(e.former) == 0 {
		return err
	}
	for _, f := range e.former {
		if err := t.exec(ctx, store.EraseFormerRequestsSQL, e.workspace, f.AddressKey(), f.Address, f.Until()); err != nil {
			return err
		}
	}
	return t.exec(ctx, store.DeleteFormerSQL, e.workspace, e.contact)
}

func (t *sqliteTx) insertLog(ctx context.Context, c changes) error {
	rows, err := c.logged()
	if err != nil {
		return err
	}
	err = t.insert(ctx, liteInsertLog, len(rows), func(i int, args []any) ([]any, error) {
		r := &rows[i]
		return append(args, r.WorkspaceID, r.ID, r.WebhookID, r.ContactID, r.ContactVersion, r.AddressKey, r.Address, r.Method, r.ContentType, string(r.Outcome),
			r.Status, r.ClientAddress, r.UserAgent, r.DurationUs, r.Size, (*string)(r.Event), r.Body, r.ReplayOf), nil
	})
	if err != nil {
		return &logError{err}
	}
	return nil
}

func (t *sqliteTx) writeContacts(ctx context.Context, c changes) error {
	err := t.insert(ctx, liteInsertContacts, len(c.created), func(i int, args []any) ([]any, error) {
		p := &c.created[i]
		fields, err := json.Marshal(p.Fields)
		return append(args, p.WorkspaceID, p.ID, p.Email, string(p.Status), string(fields), p.Version, p.SourceWebhookID, p.CreatedAt, p.UpdatedAt,
			p.SubscribedAt, p.UnconfirmedAt, p.UnsubscribedAt, p.TouchedWebhookID, p.TouchedAt), err
	})
	if err != nil {
		return err
	}
	for _, p := range c.updated {
		fields, err := json.Marshal(p.Fields)
		if err != nil {
			return err
		}
		if err := t.exec(ctx, liteUpdateContactSQL, p.WorkspaceID, p.ID, string(p.Status), string(fields), p.Version,
			p.UpdatedAt, p.SubscribedAt, p.UnconfirmedAt, p.UnsubscribedAt, p.TouchedWebhookID, p.TouchedAt); err != nil {
			return err
		}
	}
	return t.insert(ctx, liteInsertTags, len(c.tags), func(i int, args []any) ([]any, error) {
		r := &c.tags[i]
		return append(args, r.WorkspaceID, r.ContactID, r.TagID), nil
	})
}

func (t *sqliteTx) writeWordsAndSizes(ctx context.Context, c changes) error {
	for _, w := range c.lost {
		if err := t.exec(ctx, liteLoseWordSQL, w.WorkspaceID, w.Word, w.ContactID); err != nil {
			return err
		}
	}
	for _, size := range c.sizes {
		if err := t.exec(ctx, liteInsertSizesSQL, size.workspace, size.counts.Text()); err != nil {
			return err
		}
	}
	for _, names := range c.unnamed {
		if err := t.exec(ctx, liteUnindexedNamesSQL, names.WorkspaceID, names.ContactIDs); err != nil {
			return err
		}
	}
	return t.insert(ctx, liteInsertWords, len(c.gained), func(i int, args []any) ([]any, error) {
		return append(args, c.gained[i].WorkspaceID, c.gained[i].Word, c.gained[i].ContactID), nil
	})
}

func (t *sqliteTx) insertMarks(ctx context.Context, c changes) error {
	for _, m := range c.marks {
		if err := t.exec(ctx, liteInsertMarksSQL, m.WorkspaceID, m.Packed, m.At); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTx) noteDeliveries(ctx context.Context, c changes) error {
	for _, d := range c.deliveries {
		if err := t.exec(ctx, liteInsertDeliverySQL, d.WorkspaceID, d.WebhookID, d.Key, d.RequestID, d.At); err != nil {
			return err
		}
	}
	for _, d := range c.repeats {
		if err := t.exec(ctx, liteRepeatDeliverySQL, d.WorkspaceID, d.WebhookID, d.Key, d.LastRepeat); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTx) insertEvents(ctx context.Context, c changes) error {
	for _, e := range c.events {
		if err := t.exec(ctx, liteInsertEventSQL, e.WorkspaceID, e.ID, e.Type, e.ContactID, e.ContactVersion, e.SubjectID, e.WebhookID, e.RequestID, e.Fields, e.Snapshot, e.State, e.CreatedAt); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTx) noteReplays(ctx context.Context, c changes) error {
	for _, r := range c.replays {
		if err := t.exec(ctx, liteInsertReplaySQL, r.WorkspaceID, r.OriginalID, r.RequestID); err != nil {
			return err
		}
	}
	return nil
}

func (t *sqliteTx) insertCounts(ctx context.Context, c changes) error {
	for _, n := range c.counts {
		if err := t.exec(ctx, liteInsertCountSQL, n.workspace, n.webhook, n.hour, string(n.outcome), n.failed, n.calls, n.lastCall); err != nil {
			return err
		}
	}
	return nil
}

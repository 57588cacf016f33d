package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/jackc/pgx/v5"
)

const (
	pgInsertLogSQL = `INSERT INTO webhook_requests (workspace_id, id, webhook_id, contact_id, contact_version, who, address, method,
			content_type, outcome, status, client_address, user_agent, duration_us, size, event, body, replay_of)
		SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
			$9::text[], $10::text[], $11::smallint[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::text[], $17::bytea[], $18::uuid[])`

	pgInsertContactsSQL = `INSERT INTO contacts (workspace_id, id, email, status, fields, version, source_webhook_id,
			created_at, updated_at, subscribed_at, unconfirmed_at, unsubscribed_at, touched_webhook_id, touched_at)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
			$8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::bigint[], $14::timestamptz[])`

	pgUpdateContactsSQL = `UPDATE contacts c SET status = n.status, fields = n.fields, version = n.version, updated_at = n.updated_at,
			subscribed_at = n.subscribed_at, unconfirmed_at = n.unconfirmed_at, unsubscribed_at = n.unsubscribed_at,
			touched_webhook_id = n.touched_webhook_id, touched_at = n.touched_at
		FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[],
			$7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::timestamptz[])
			AS n (workspace_id, id, status, fields, version, updated_at, subscribed_at, unconfirmed_at, unsubscribed_at,
				touched_webhook_id, touched_at)
		WHERE c.workspace_id = n.workspace_id AND c.id = n.id`

	pgInsertTagsSQL = `INSERT INTO contact_tags (workspace_id, contact_id, tag_id)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])`

	pgUnindexedNamesSQL = `INSERT INTO unindexed_names (workspace_id, contact_ids) SELECT * FROM unnest($1::bigint[], $2::bytea[])`

	pgGainWordsSQL = `INSERT INTO contact_words (workspace_id, word, contact_id) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
		ON CONFLICT DO NOTHING`

	pgLoseWordsSQL = `DELETE FROM contact_words w USING unnest($1::bigint[], $2::text[], $3::bigint[]) AS n (workspace_id, word, contact_id)
		WHERE w.workspace_id = n.workspace_id AND w.word = n.word AND w.contact_id = n.contact_id`

	pgInsertSizesSQL = `INSERT INTO contact_counts (workspace_id, whole, counts) SELECT workspace, false, counts FROM unnest($1::bigint[], $2::text[]) AS n (workspace, counts)`

	pgInsertMarksSQL = `INSERT INTO call_marks (workspace_id, packed, at)
		SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::timestamptz[])`

	pgInsertCountsSQL = `INSERT INTO webhook_counts (workspace_id, webhook_id, hour, outcome, failed, calls, last_call)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::boolean[], $6::bigint[], $7::timestamptz[])`

	pgInsertDeliveriesSQL = `INSERT INTO webhook_deliveries (workspace_id, webhook_id, key, request_id, at)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::uuid[], $5::timestamptz[])`

	pgRepeatDeliveriesSQL = `UPDATE webhook_deliveries d SET repeats = repeats + n.calls, last_repeat = n.last
		FROM (SELECT workspace_id, webhook_id, key, count(*) AS calls, max(id::text)::uuid AS last
			FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::uuid[]) AS r (workspace_id, webhook_id, key, id) GROUP BY 1, 2, 3) n
		WHERE d.workspace_id = n.workspace_id AND d.webhook_id = n.webhook_id AND d.key = n.key`

	pgInsertReplaysSQL = `INSERT INTO replays (workspace_id, original_id, request_id) SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[])
		ON CONFLICT DO NOTHING`

	pgInsertEventsSQL = `INSERT INTO automation_events (workspace_id, id, type, contact_id, contact_version, subject_id, webhook_id, request_id, fields, snapshot, state, created_at)
		SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::uuid[], $9::text[], $10::text[], $11::text[], $12::timestamptz[])`

	pgCommitSQL = `COMMIT`
)

// pgWriteStatements are the statements of a pipeline.
var pgWriteStatements = []string{
	pgInsertContactsSQL, pgUpdateContactsSQL, pgInsertTagsSQL, pgUnindexedNamesSQL, pgGainWordsSQL, pgLoseWordsSQL, pgInsertSizesSQL, pgInsertMarksSQL, pgInsertDeliveriesSQL, pgRepeatDeliveriesSQL, pgInsertReplaysSQL, pgInsertEventsSQL,
	pgInsertCountsSQL, pgInsertLogSQL, pgCommitSQL,
}

// write writes all changes and commits, in one round trip. Postgres works on the contacts while the bodies of the log rows are still
// being encoded. A batch that erases people takes two more round trips: erasures come before the log rows, so that they do not erase
// the new rows of a person who comes back in the same batch.
//
// A batch that is already committed fails on its log rows and not on another table, because it has read what it wrote.
func (t *postgresTx) write(ctx context.Context, c changes) error {
	if err := t.erase(ctx, c); err != nil {
		return err
	}
	p, err := startPipeline(ctx, t.conn, pgWriteStatements)
	if err != nil {
		return err
	}
	err = sendContacts(p, c)
	sendTags(p, c.tags)
	if len(c.unnamed) > 0 {
		p.send(pgUnindexedNamesSQL,
			column(c.unnamed, pgBigint, func(r *models.UnindexedNames) int64 { return r.WorkspaceID }),
			column(c.unnamed, pgBytea, func(r *models.UnindexedNames) []byte { return r.ContactIDs }))
	}
	sendWords(p, pgLoseWordsSQL, c.lost)
	sendWords(p, pgGainWordsSQL, c.gained)
	if len(c.sizes) > 0 {
		p.send(pgInsertSizesSQL,
			column(c.sizes, pgBigint, func(s *sizeChange) int64 { return s.workspace }),
			column(c.sizes, pgText, func(s *sizeChange) string { return s.counts.Text() }))
	}
	sendMarks(p, c.marks)
	sendDeliveries(p, c)
	sendReplays(p, c.replays)
	sendEvents(p, c.events)
	logAt := p.sent
	if err == nil {
		err = p.Flush()
	}
	if err == nil {
		err = sendLog(p, c)
	}
	if err == nil {
		sendCounts(p, c.counts)
		p.send(pgCommitSQL)
	}
	failed, ended := p.end()
	switch {
	case err != nil:
		return err
	case ended != nil && failed == logAt:
		return &logError{ended}
	}
	return ended
}

func (t *postgresTx) erase(ctx context.Context, c changes) error {
	if len(c.erased)+len(c.aboutErased) == 0 {
		return nil
	}
	var b pgx.Batch
	for i := range c.erased {
		e := &c.erased[i]
		b.Queue(store.EraseRequestsSQL, e.workspace, e.addressKey, e.address)
		for _, outgoing := range store.OutgoingErasures {
			b.Queue(outgoing.SQL, outgoing.Args(e.workspace, e.contact, c.now)...)
		}
		b.Queue(store.DeleteContactTagsSQL, e.workspace, e.contact)
		b.Queue(store.DeleteEditsSQL, e.workspace, e.contact)
		b.Queue(store.DeleteContactSQL, e.workspace, e.contact)
		b.Queue(store.FormerAddressesSQL, e.workspace, e.contact).Query(each(e.addFormer))
	}
	for _, r := range c.aboutErased {
		b.Queue(store.EraseRequestSQL, r.WorkspaceID, r.OriginalID)
	}
	if err := t.conn.SendBatch(ctx, &b).Close(); err != nil || len(c.erased) == 0 {
		return err
	}
	b = pgx.Batch{}
	for _, e := range c.erased {
		b.Queue(store.NoteErasureSQL, e.workspace, e.addressKey, c.now)
		for _, f := range e.former {
			b.Queue(store.NoteErasureSQL, e.workspace, f.AddressKey(), c.now)
			b.Queue(store.EraseFormerRequestsSQL, e.workspace, f.AddressKey(), f.Address, f.Until())
		}
		if len(e.former) > 0 {
			b.Queue(store.DeleteFormerSQL, e.workspace, e.contact)
		}
	}
	for _, f := range c.forgotten() {
		b.Queue(store.ForgetSQL, f.workspace, f.spec, f.at)
	}
	return t.conn.SendBatch(ctx, &b).Close()
}

// sendContacts sends the new and the changed contacts.
func sendContacts(p *pipeline, c changes) error {
	type row = models.Contact
	if len(c.created) > 0 {
		fields, err := fieldTexts(c.created)
		if err != nil {
			return err
		}
		p.send(pgInsertContactsSQL,
			column(c.created, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
			column(c.created, pgBigint, func(r *row) int64 { return r.ID }),
			column(c.created, pgText, func(r *row) string { return r.Email }),
			column(c.created, pgText, func(r *row) string { return string(r.Status) }),
			fields,
			column(c.created, pgBigint, func(r *row) int64 { return r.Version }),
			nullableColumn(c.created, pgBigint, func(r *row) *int64 { return r.SourceWebhookID }),
			column(c.created, pgTimestamptz, func(r *row) time.Time { return r.CreatedAt }),
			column(c.created, pgTimestamptz, func(r *row) time.Time { return r.UpdatedAt }),
			nullableColumn(c.created, pgTimestamptz, func(r *row) *time.Time { return r.SubscribedAt }),
			nullableColumn(c.created, pgTimestamptz, func(r *row) *time.Time { return r.UnconfirmedAt }),
			nullableColumn(c.created, pgTimestamptz, func(r *row) *time.Time { return r.UnsubscribedAt }),
			nullableColumn(c.created, pgBigint, func(r *row) *int64 { return r.TouchedWebhookID }),
			nullableColumn(c.created, pgTimestamptz, func(r *row) *time.Time { return r.TouchedAt }))
	}
	if len(c.updated) == 0 {
		return nil
	}
	fields, err := fieldTexts(c.updated)
	if err != nil {
		return err
	}
	p.send(pgUpdateContactsSQL,
		column(c.updated, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
		column(c.updated, pgBigint, func(r *row) int64 { return r.ID }),
		column(c.updated, pgText, func(r *row) string { return string(r.Status) }),
		fields,
		column(c.updated, pgBigint, func(r *row) int64 { return r.Version }),
		column(c.updated, pgTimestamptz, func(r *row) time.Time { return r.UpdatedAt }),
		nullableColumn(c.updated, pgTimestamptz, func(r *row) *time.Time { return r.SubscribedAt }),
		nullableColumn(c.updated, pgTimestamptz, func(r *row) *time.Time { return r.UnconfirmedAt }),
		nullableColumn(c.updated, pgTimestamptz, func(r *row) *time.Time { return r.UnsubscribedAt }),
		nullableColumn(c.updated, pgBigint, func(r *row) *int64 { return r.TouchedWebhookID }),
		nullableColumn(c.updated, pgTimestamptz, func(r *row) *time.Time { return r.TouchedAt }))
	return nil
}

// fieldTexts returns the column of the contacts' fields, as JSON.
func fieldTexts(contacts []models.Contact) ([]byte, error) {
	var failed error
	texts := column(contacts, pgBytes, func(c *models.Contact) []byte {
		raw, err := json.Marshal(c.Fields)
		if err != nil {
			failed = fmt.Errorf("fields: %w", err)
		}
		return raw
	})
	return texts, failed
}

func sendTags(p *pipeline, rows []models.ContactTag) {
	type row = models.ContactTag
	if len(rows) == 0 {
		return
	}
	p.send(pgInsertTagsSQL,
		column(rows, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, pgBigint, func(r *row) int64 { return r.ContactID }),
		column(rows, pgBigint, func(r *row) int64 { return r.TagID }))
}

// sendWords sends words of names, for one of the statements that take them.
func sendWords(p *pipeline, statement string, rows []models.ContactWord) {
	type row = models.ContactWord
	if len(rows) == 0 {
		return
	}
	p.send(statement,
		column(rows, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, pgText, func(r *row) string { return r.Word }),
		column(rows, pgBigint, func(r *row) int64 { return r.ContactID }))
}

func sendMarks(p *pipeline, rows []models.CallMarks) {
	type row = models.CallMarks
	if len(rows) == 0 {
		return
	}
	p.send(pgInsertMarksSQL,
		column(rows, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, pgBytea, func(r *row) []byte { return r.Packed }),
		column(rows, pgTimestamptz, func(r *row) time.Time { return r.At }))
}

// sendDeliveries sends the deliveries that were processed. The batch fails if another batch has just processed one of them.
func sendDeliveries(p *pipeline, c changes) {
	type row = models.WebhookDelivery
	key := func(rows []row) [][]byte {
		return [][]byte{
			column(rows, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
			column(rows, pgBigint, func(r *row) int64 { return r.WebhookID }),
			column(rows, pgBytea, func(r *row) []byte { return r.Key }),
		}
	}
	if len(c.deliveries) > 0 {
		p.send(pgInsertDeliveriesSQL, append(key(c.deliveries),
			column(c.deliveries, pgUUID, func(r *row) [16]byte { return r.RequestID }),
			column(c.deliveries, pgTimestamptz, func(r *row) time.Time { return r.At }))...)
	}
	if len(c.repeats) > 0 {
		p.send(pgRepeatDeliveriesSQL, append(key(c.repeats), column(c.repeats, pgUUID, func(r *row) [16]byte { return *r.LastRepeat }))...)
	}
}

func sendReplays(p *pipeline, rows []models.Replay) {
	type row = models.Replay
	if len(rows) == 0 {
		return
	}
	p.send(pgInsertReplaysSQL,
		column(rows, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, pgUUID, func(r *row) [16]byte { return r.OriginalID }),
		column(rows, pgUUID, func(r *row) [16]byte { return r.RequestID }))
}

func sendEvents(p *pipeline, rows []models.AutomationEvent) {
	type row = models.AutomationEvent
	if len(rows) == 0 {
		return
	}
	p.send(pgInsertEventsSQL,
		column(rows, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, pgUUID, func(r *row) [16]byte { return r.ID }),
		column(rows, pgText, func(r *row) string { return string(r.Type) }),
		column(rows, pgBigint, func(r *row) int64 { return r.ContactID }),
		column(rows, pgBigint, func(r *row) int64 { return r.ContactVersion }),
		column(rows, pgBigint, func(r *row) int64 { return r.SubjectID }),
		column(rows, pgBigint, func(r *row) int64 { return r.WebhookID }),
		nullableColumn(rows, pgUUID, func(r *row) *[16]byte { return (*[16]byte)(r.RequestID) }),
		column(rows, pgText, func(r *row) string { return r.Fields }),
		nullableColumn(rows, pgText, func(r *row) *string { return r.Snapshot }),
		column(rows, pgText, func(r *row) string { return r.State }),
		column(rows, pgTimestamptz, func(r *row) time.Time { return r.CreatedAt }))
}

func sendCounts(p *pipeline, rows []count) {
	p.send(pgInsertCountsSQL,
		column(rows, pgBigint, func(r *count) int64 { return r.workspace }),
		column(rows, pgBigint, func(r *count) int64 { return r.webhook }),
		column(rows, pgTimestamptz, func(r *count) time.Time { return r.hour }),
		column(rows, pgText, func(r *count) string { return string(r.outcome) }),
		column(rows, pgBoolean, func(r *count) bool { return r.failed }),
		column(rows, pgBigint, func(r *count) int64 { return r.calls }),
		column(rows, pgTimestamptz, func(r *count) time.Time { return r.lastCall }))
}

// sendLog waits for the bodies of the log rows and sends the rows.
func sendLog(p *pipeline, c changes) error {
	rows, err := c.logged()
	if err != nil {
		return err
	}
	type row = models.WebhookRequest
	p.send(pgInsertLogSQL,
		column(rows, pgBigint, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, pgUUID, func(r *row) [16]byte { return r.ID }),
		column(rows, pgBigint, func(r *row) int64 { return r.WebhookID }),
		nullableColumn(rows, pgBigint, func(r *row) *int64 { return r.ContactID }),
		nullableColumn(rows, pgBigint, func(r *row) *int64 { return r.ContactVersion }),
		nullableColumn(rows, pgBigint, func(r *row) *int64 { return r.AddressKey }),
		nullableColumn(rows, pgText, func(r *row) *string { return r.Address }),
		column(rows, pgText, func(r *row) string { return r.Method }),
		column(rows, pgText, func(r *row) string { return r.ContentType }),
		column(rows, pgText, func(r *row) string { return string(r.Outcome) }),
		column(rows, pgSmallint, func(r *row) int16 { return int16(r.Status) }),
		nullableColumn(rows, pgText, func(r *row) *string { return r.ClientAddress }),
		nullableColumn(rows, pgText, func(r *row) *string { return r.UserAgent }),
		column(rows, pgBigint, func(r *row) int64 { return r.DurationUs }),
		column(rows, pgBigint, func(r *row) int64 { return r.Size }),
		nullableColumn(rows, pgText, func(r *row) *string { return (*string)(r.Event) }),
		nullableColumn(rows, pgBytea, func(r *row) *[]byte {
			if r.Body == nil {
				return nil
			}
			return &r.Body
		}),
		nullableColumn(rows, pgUUID, func(r *row) *[16]byte { return (*[16]byte)(r.ReplayOf) }))
	return nil
}

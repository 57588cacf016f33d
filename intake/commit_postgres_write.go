package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	pgInsertLogSQL = `INSERT INTO webhook_requests (workspace_id, id, webhook_id, contact_id, contact_version, who, address, method,
			content_type, outcome, status, client_address, user_agent, duration_us, size, event, body)
		SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::text[],
			$9::text[], $10::text[], $11::smallint[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::text[], $17::bytea[])`

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

	pgInsertMarksSQL = `INSERT INTO call_marks (workspace_id, packed, at)
		SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::timestamptz[])`

	pgInsertCountsSQL = `INSERT INTO webhook_counts (workspace_id, webhook_id, hour, outcome, failed, calls, last_call)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::boolean[], $6::bigint[], $7::timestamptz[])`
)

// write sends all changes and the COMMIT in one round trip. The log rows come before the contacts, so that a batch that is
// already committed fails on its log rows and not on another table. Erasures come before the log rows, so that they do not
// erase the new rows of a person who comes back in the same batch.
func (t *postgresTx) write(ctx context.Context, c changes) error {
	var b pgx.Batch
	for _, e := range c.erased {
		b.Queue(store.EraseRequestsSQL, e.workspace, e.addressKey, e.address)
		b.Queue(store.EraseEventsSQL, e.workspace, e.contact)
	}
	for _, f := range c.forgotten() {
		b.Queue(store.ForgetSQL, f.workspace, f.spec, f.at)
	}
	logAt, done := b.Len(), 0
	queueLog(&b, c.log)
	for _, e := range c.erased {
		b.Queue(store.DeleteContactTagsSQL, e.workspace, e.contact)
		b.Queue(store.DeleteContactSQL, e.workspace, e.contact)
	}
	if err := queueContacts(&b, c); err != nil {
		return err
	}
	queueTags(&b, c.tags)
	queueMarks(&b, c.marks)
	queueCounts(&b, c.counts)
	b.Queue("COMMIT")
	for _, q := range b.QueuedQueries {
		q.Exec(func(pgconn.CommandTag) error { done++; return nil })
	}
	err := t.conn.SendBatch(ctx, &b).Close()
	if err != nil && done == logAt {
		return &logError{err}
	}
	return err
}

// column returns the values of one column of the rows.
func column[R, V any](rows []R, value func(*R) V) []V {
	values := make([]V, len(rows))
	for i := range rows {
		values[i] = value(&rows[i])
	}
	return values
}

func queueLog(b *pgx.Batch, rows []models.WebhookRequest) {
	type row = models.WebhookRequest
	b.Queue(pgInsertLogSQL,
		column(rows, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, func(r *row) [16]byte { return r.ID }),
		column(rows, func(r *row) int64 { return r.WebhookID }),
		column(rows, func(r *row) *int64 { return r.ContactID }),
		column(rows, func(r *row) *int64 { return r.ContactVersion }),
		column(rows, func(r *row) *int64 { return r.AddressKey }),
		column(rows, func(r *row) *string { return r.Address }),
		column(rows, func(r *row) string { return r.Method }),
		column(rows, func(r *row) string { return r.ContentType }),
		column(rows, func(r *row) string { return string(r.Outcome) }),
		column(rows, func(r *row) int16 { return int16(r.Status) }),
		column(rows, func(r *row) *string { return r.ClientAddress }),
		column(rows, func(r *row) *string { return r.UserAgent }),
		column(rows, func(r *row) int64 { return r.DurationUs }),
		column(rows, func(r *row) int64 { return r.Size }),
		column(rows, func(r *row) *string { return (*string)(r.Event) }),
		column(rows, func(r *row) []byte { return r.Body }))
}

func queueContacts(b *pgx.Batch, c changes) error {
	type row = models.Contact
	if len(c.created) > 0 {
		fields, err := fieldTexts(c.created)
		if err != nil {
			return err
		}
		b.Queue(pgInsertContactsSQL,
			column(c.created, func(r *row) int64 { return r.WorkspaceID }),
			column(c.created, func(r *row) int64 { return r.ID }),
			column(c.created, func(r *row) string { return r.Email }),
			column(c.created, func(r *row) string { return string(r.Status) }),
			fields,
			column(c.created, func(r *row) int64 { return r.Version }),
			column(c.created, func(r *row) *int64 { return r.SourceWebhookID }),
			column(c.created, func(r *row) time.Time { return r.CreatedAt }),
			column(c.created, func(r *row) time.Time { return r.UpdatedAt }),
			column(c.created, func(r *row) *time.Time { return r.SubscribedAt }),
			column(c.created, func(r *row) *time.Time { return r.UnconfirmedAt }),
			column(c.created, func(r *row) *time.Time { return r.UnsubscribedAt }),
			column(c.created, func(r *row) *int64 { return r.TouchedWebhookID }),
			column(c.created, func(r *row) *time.Time { return r.TouchedAt }))
	}
	if len(c.updated) == 0 {
		return nil
	}
	fields, err := fieldTexts(c.updated)
	b.Queue(pgUpdateContactsSQL,
		column(c.updated, func(r *row) int64 { return r.WorkspaceID }),
		column(c.updated, func(r *row) int64 { return r.ID }),
		column(c.updated, func(r *row) string { return string(r.Status) }),
		fields,
		column(c.updated, func(r *row) int64 { return r.Version }),
		column(c.updated, func(r *row) time.Time { return r.UpdatedAt }),
		column(c.updated, func(r *row) *time.Time { return r.SubscribedAt }),
		column(c.updated, func(r *row) *time.Time { return r.UnconfirmedAt }),
		column(c.updated, func(r *row) *time.Time { return r.UnsubscribedAt }),
		column(c.updated, func(r *row) *int64 { return r.TouchedWebhookID }),
		column(c.updated, func(r *row) *time.Time { return r.TouchedAt }))
	return err
}

// fieldTexts returns the JSON of each contact's fields.
func fieldTexts(contacts []models.Contact) ([]string, error) {
	texts := make([]string, len(contacts))
	for i, c := range contacts {
		raw, err := json.Marshal(c.Fields)
		if err != nil {
			return nil, fmt.Errorf("fields: %w", err)
		}
		texts[i] = string(raw)
	}
	return texts, nil
}

func queueTags(b *pgx.Batch, rows []models.ContactTag) {
	type row = models.ContactTag
	if len(rows) == 0 {
		return
	}
	b.Queue(pgInsertTagsSQL,
		column(rows, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, func(r *row) int64 { return r.ContactID }),
		column(rows, func(r *row) int64 { return r.TagID }))
}

func queueMarks(b *pgx.Batch, rows []models.CallMarks) {
	type row = models.CallMarks
	if len(rows) == 0 {
		return
	}
	b.Queue(pgInsertMarksSQL,
		column(rows, func(r *row) int64 { return r.WorkspaceID }),
		column(rows, func(r *row) []byte { return r.Packed }),
		column(rows, func(r *row) time.Time { return r.At }))
}

func queueCounts(b *pgx.Batch, rows []count) {
	b.Queue(pgInsertCountsSQL,
		column(rows, func(r *count) int64 { return r.workspace }),
		column(rows, func(r *count) int64 { return r.webhook }),
		column(rows, func(r *count) time.Time { return r.hour }),
		column(rows, func(r *count) string { return string(r.outcome) }),
		column(rows, func(r *count) bool { return r.failed }),
		column(rows, func(r *count) int64 { return r.calls }),
		column(rows, func(r *count) time.Time { return r.lastCall }))
}

package segments

import (
	"context"
	"strings"

	"campaignlark/models"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// readPostgres reads with pgx directly, which costs half as much as database/sql. It uses a separate connection,
// because two statements share a snapshot only in a REPEATABLE READ transaction, which the program's are not. The
// snapshot has everything that is committed now; no transaction both changes contacts and recalculates them. The caller
// holds one connection and waits for a second. The pool has enough: few callers do this at a time, the ticker and the
// full check.
func (r *subjectReader) readPostgres(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	ctx := db.Statement.Context
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driverConn any) error {
		c := driverConn.(*stdlib.Conn).Conn()
		return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly},
			func(tx pgx.Tx) error { return r.readSnapshot(ctx, tx) })
	})
}

func (r *subjectReader) readSnapshot(ctx context.Context, tx pgx.Tx) error {
	values := []any{r.workspace, r.which.from, r.which.to}
	before, where, after := "", "c.workspace_id = $1 AND %id >= $2 AND %id < $3", ""
	switch {
	case r.which.ids != nil:
		values, where = []any{r.workspace, r.which.ids}, "c.workspace_id = $1 AND %id = ANY ($2::bigint[])"
	case r.which.chunks != nil: // LATERAL with OFFSET 0 makes Postgres read chunk by chunk, and not compare all contacts with the list
		values = []any{r.workspace, r.which.chunks, int64(chunkSize)}
		before, after = "unnest($2::bigint[]) k CROSS JOIN LATERAL (SELECT * FROM ", " OFFSET 0) c"
		where = "c.workspace_id = $1 AND %id >= k * $3::bigint AND %id < k * $3::bigint + $3::bigint"
	}
	from := func(table, id string) string {
		return before + table + " c WHERE " + strings.ReplaceAll(where, "%id", id) + after
	}
	if r.needs.Tags {
		rows, err := tx.Query(ctx, "SELECT c.contact_id, c.tag_id FROM "+from("contact_tags", "c.contact_id")+" ORDER BY c.contact_id, c.tag_id", values...)
		if err != nil {
			return err
		}
		var contact, tag int64
		_, err = pgx.ForEachRow(rows, []any{&contact, &tag}, func() error {
			r.addTag(contact, tag)
			return nil
		})
		if err != nil {
			return err
		}
	}
	columns := r.columns(func(column string) string { return column })
	rows, err := tx.Query(ctx, "SELECT "+columns+" FROM "+from("contacts", "c.id")+" ORDER BY c.id", values...)
	if err != nil {
		return err
	}
	return r.takePostgres(rows)
}

// takePostgres reads the contacts.
func (r *subjectReader) takePostgres(rows pgx.Rows) error {
	s := &r.subject
	var status pgtype.DriverBytes // the driver's own bytes of the row
	var fields string
	var created, changed, subscribed, touched pgtype.Timestamptz
	var createdBy, touchedBy pgtype.Int8
	into := []any{&s.ID, &status}
	if len(r.needs.Fields) > 0 {
		into = append(into, &fields)
	}
	if r.needs.Email {
		into = append(into, &s.Email)
	}
	if r.needs.Times {
		into = append(into, &created, &changed, &subscribed)
	}
	if r.needs.Sources {
		into = append(into, &createdBy, &touchedBy, &touched)
	}
	_, err := pgx.ForEachRow(rows, into, func() error {
		s.CreatedAt, s.ChangedAt, s.SubscribedAt, s.TouchedAt = created.Time.UTC(), changed.Time.UTC(), subscribed.Time.UTC(), touched.Time.UTC()
		s.CreatedBy, s.TouchedBy = createdBy.Int64, touchedBy.Int64
		return r.give(statusOf(status), fields)
	})
	return err
}

// statusOf returns the status without copying its text for each contact.
func statusOf(text []byte) string {
	for _, status := range models.Statuses {
		if string(text) == string(status) {
			return string(status)
		}
	}
	return string(text)
}

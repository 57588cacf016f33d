package segments

import (
	"database/sql/driver"
	"strconv"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// On Postgres many rows are one parameter: the statement stays the same however many there are, and need not be prepared
// anew for each number.

// idArray is a parameter of the type bigint[].
type idArray []int64

// Value is how Postgres writes an array.
func (a idArray) Value() (driver.Value, error) {
	text := append(make([]byte, 0, 8*len(a)+2), '{')
	for i, id := range a {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, id, 10)
	}
	return string(append(text, '}')), nil
}

// among is query for the rows whose column is one of ids, of which there is at least one.
func among(query *gorm.DB, column string, ids []int64) *gorm.DB {
	if query.Name() == string(models.Postgres) {
		return query.Where(column+" = ANY (?)", idArray(ids))
	}
	return query.Where(column+" IN ?", padded(ids))
}

// saveBitsPostgres writes rows of segment_bits.
func saveBitsPostgres(tx *gorm.DB, rows []models.SegmentBits) error {
	if len(rows) == 0 {
		return nil
	}
	chunks, bits := make([]int64, len(rows)), make([][]byte, len(rows))
	for i, row := range rows {
		chunks[i], bits[i] = row.Chunk, row.Bits
	}
	return tx.Exec(`INSERT INTO segment_bits (workspace_id, chunk, bits) SELECT $1::bigint, * FROM unnest($2::bigint[], $3::bytea[])
		ON CONFLICT (workspace_id, chunk) DO UPDATE SET bits = excluded.bits`, rows[0].WorkspaceID, chunks, bits).Error
}

// saveChangesPostgres writes rows of segment_changes.
func saveChangesPostgres(tx *gorm.DB, rows []models.SegmentChange) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows)
	ids, segments, contacts, entered := make([]uuid.UUID, n), make([]int64, n), make([]int64, n), make([]bool, n)
	causes, requests, users, at := make([]string, n), make([]*uuid.UUID, n), make([]*int64, n), make([]time.Time, n)
	for i, row := range rows {
		ids[i], segments[i], contacts[i], entered[i] = row.ID, row.SegmentID, row.ContactID, row.Entered
		causes[i], requests[i], users[i], at[i] = string(row.Cause), row.RequestID, row.UserID, row.At
	}
	return tx.Exec(`INSERT INTO segment_changes (workspace_id, id, segment_id, contact_id, entered, cause, request_id, user_id, at)
		SELECT $1::bigint, * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::boolean[], $6::text[], $7::uuid[], $8::bigint[], $9::timestamptz[])`,
		rows[0].WorkspaceID, ids, segments, contacts, entered, causes, requests, users, at).Error
}

// saveBulkPostgres writes rows of segment_bulk_changes.
func saveBulkPostgres(tx *gorm.DB, rows []models.SegmentBulkChange) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows)
	ids, segments, spans, entered, departed := make([]uuid.UUID, n), make([]int64, n), make([]int64, n), make([][]byte, n), make([][]byte, n)
	causes, users, at := make([]string, n), make([]*int64, n), make([]time.Time, n)
	for i, row := range rows {
		ids[i], segments[i], spans[i] = row.ID, row.SegmentID, row.Span
		entered[i], departed[i] = append([]byte{}, row.Entered...), append([]byte{}, row.Departed...) // none is not NULL
		causes[i], users[i], at[i] = string(row.Cause), row.UserID, row.At
	}
	return tx.Exec(`INSERT INTO segment_bulk_changes (workspace_id, id, segment_id, span, entered, departed, cause, user_id, at)
		SELECT $1::bigint, * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::text[], $8::bigint[], $9::timestamptz[])`,
		rows[0].WorkspaceID, ids, segments, spans, entered, departed, causes, users, at).Error
}

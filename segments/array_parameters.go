package segments

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// The rows of a statement are passed as array parameters, see store.Array.

func uuids(n int, of func(i int) *uuid.UUID) string {
	return store.Array(n, func(b []byte, i int) []byte {
		id := of(i)
		if id == nil {
			return append(b, "NULL"...)
		}
		return hex.AppendEncode(b, id[:])
	})
}

func optional(n int, of func(i int) *int64) string {
	return store.Array(n, func(b []byte, i int) []byte {
		id := of(i)
		if id == nil {
			return append(b, "NULL"...)
		}
		return strconv.AppendInt(b, *id, 10)
	})
}

// packed joins many byte strings into three parameters: all bytes, where each string begins, counted from 1, and its length.
// For an array of byte strings the driver makes several copies of all of them.
func packed(n int, of func(i int) []byte) (all []byte, from, length string) {
	var size int
	for i := range n {
		size += len(of(i))
	}
	all = make([]byte, 0, size)
	starts := make([]int64, n)
	for i := range n {
		starts[i] = int64(len(all)) + 1
		all = append(all, of(i)...)
	}
	return all, store.Integers(n, func(i int) int64 { return starts[i] }), store.Integers(n, func(i int) int64 { return int64(len(of(i))) })
}

// saveBitsPostgres writes rows of segment_bits.
func saveBitsPostgres(tx *gorm.DB, rows []models.SegmentBits) error {
	if len(rows) == 0 {
		return nil
	}
	chunks := store.Integers(len(rows), func(i int) int64 { return rows[i].Chunk })
	bits, from, length := packed(len(rows), func(i int) []byte { return rows[i].Bits })
	return tx.Exec(`INSERT INTO segment_bits (workspace_id, chunk, bits)
		SELECT $1::bigint, c.chunk, substring($2::bytea FROM c.start FOR c.length) FROM unnest($3::bigint[], $4::integer[], $5::integer[]) AS c (chunk, start, length)
		ON CONFLICT (workspace_id, chunk) DO UPDATE SET bits = excluded.bits`, rows[0].WorkspaceID, bits, chunks, from, length).Error
}

// patchBitsPostgres changes a few bytes in each of many existing rows of segment_bits. A row has up to some kilobytes:
// sending whole rows costs more than the rest of a recalculation.
func patchBitsPostgres(tx *gorm.DB, workspace int64, patches []patch) error {
	if len(patches) == 0 {
		return nil
	}
	values := []any{store.Integers(len(patches), func(i int) int64 { return patches[i].chunk })}
	for n := range patchBytes {
		values = append(values, store.Integers(len(patches), func(i int) int64 { return int64(patches[i].bytes[n].at)<<8 | int64(patches[i].bytes[n].byte) }))
	}
	return tx.Exec(patchStatement, append(values, workspace)...).Error
}

// patchStatement sets the bytes of a patch one by one.
var patchStatement = func() string {
	bits, names, arrays := "b.bits", "chunk", "?::bigint[]"
	for i := range patchBytes {
		name := fmt.Sprint("byte", i)
		bits = fmt.Sprintf("set_byte(%[1]s, (p.%[2]s >> 8)::int, (p.%[2]s & 255)::int)", bits, name)
		names, arrays = names+", "+name, arrays+", ?::bigint[]"
	}
	return "UPDATE segment_bits b SET bits = " + bits + " FROM unnest(" + arrays + ") AS p (" + names + ") WHERE b.workspace_id = ? AND b.chunk = p.chunk"
}()

// saveChangesPostgres writes rows of segment_changes, all of one workspace and instant.
func saveChangesPostgres(tx *gorm.DB, rows []models.SegmentChange) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows)
	return tx.Exec(`INSERT INTO segment_changes (workspace_id, id, segment_id, contact_id, entered, cause, request_id, user_id, job_id, run_id, at)
		SELECT $1::bigint, c.*, $2::timestamptz FROM unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::boolean[], $7::text[], $8::uuid[], $9::bigint[], $10::bigint[], $11::uuid[]) AS c`,
		rows[0].WorkspaceID, rows[0].At,
		uuids(n, func(i int) *uuid.UUID { return &rows[i].ID }),
		store.Integers(n, func(i int) int64 { return rows[i].SegmentID }),
		store.Integers(n, func(i int) int64 { return rows[i].ContactID }),
		store.Array(n, func(b []byte, i int) []byte { return strconv.AppendBool(b, rows[i].Entered) }),
		store.Array(n, func(b []byte, i int) []byte { return append(b, rows[i].Cause...) }),
		uuids(n, func(i int) *uuid.UUID { return rows[i].RequestID }),
		optional(n, func(i int) *int64 { return rows[i].UserID }),
		optional(n, func(i int) *int64 { return rows[i].JobID }),
		uuids(n, func(i int) *uuid.UUID { return rows[i].RunID })).Error
}

// saveBulkPostgres writes rows of segment_bulk_changes, all of one workspace and instant.
func saveBulkPostgres(tx *gorm.DB, rows []models.SegmentBulkChange) error {
	if len(rows) == 0 {
		return nil
	}
	n := len(rows)
	entered, enteredFrom, enteredLength := packed(n, func(i int) []byte { return rows[i].Entered })
	departed, departedFrom, departedLength := packed(n, func(i int) []byte { return rows[i].Departed })
	return tx.Exec(`INSERT INTO segment_bulk_changes (workspace_id, id, segment_id, span, entered, departed, cause, user_id, at)
		SELECT $1::bigint, c.id, c.segment, c.span, substring($2::bytea FROM c.e FOR c.el), substring($3::bytea FROM c.d FOR c.dl), c.cause, c.person, $4::timestamptz
		FROM unnest($5::uuid[], $6::bigint[], $7::bigint[], $8::integer[], $9::integer[], $10::integer[], $11::integer[], $12::text[], $13::bigint[])
			AS c (id, segment, span, e, el, d, dl, cause, person)`,
		rows[0].WorkspaceID, entered, departed, rows[0].At,
		uuids(n, func(i int) *uuid.UUID { return &rows[i].ID }),
		store.Integers(n, func(i int) int64 { return rows[i].SegmentID }),
		store.Integers(n, func(i int) int64 { return rows[i].Span }),
		enteredFrom, enteredLength, departedFrom, departedLength,
		store.Array(n, func(b []byte, i int) []byte { return append(b, rows[i].Cause...) }),
		optional(n, func(i int) *int64 { return rows[i].UserID })).Error
}

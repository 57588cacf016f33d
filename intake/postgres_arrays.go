package intake

import (
	"encoding/binary"
	"time"
)

// element is a type of Postgres: its OID, and how a value is written in Postgres's binary format.
type element[V any] struct {
	oid uint32
	put func(b []byte, v V) []byte
}

var (
	pgBoolean = element[bool]{16, func(b []byte, v bool) []byte {
		if v {
			return append(b, 1)
		}
		return append(b, 0)
	}}
	pgBytea    = element[[]byte]{17, func(b, v []byte) []byte { return append(b, v...) }}
	pgBigint   = element[int64]{20, func(b []byte, v int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(v)) }}
	pgSmallint = element[int16]{21, func(b []byte, v int16) []byte { return binary.BigEndian.AppendUint16(b, uint16(v)) }}
	pgBytes    = element[[]byte]{25, pgBytea.put} // text
	pgText     = element[string]{25, func(b []byte, v string) []byte { return append(b, v...) }}
	pgUUID     = element[[16]byte]{2950, func(b []byte, v [16]byte) []byte { return append(b, v[:]...) }}

	pgTimestamptz = element[time.Time]{1184, func(b []byte, v time.Time) []byte {
		return binary.BigEndian.AppendUint64(b, uint64(v.UnixMicro()-postgresEpoch))
	}}
)

// postgresEpoch is 2000-01-01 UTC in microseconds since 1970: Postgres counts from there.
const postgresEpoch = 946_684_800_000_000

// column returns one column of the rows as a one-dimensional array in Postgres's binary format.
func column[R, V any](rows []R, e element[V], value func(*R) V) []byte {
	b := arrayHead(len(rows), e.oid, false)
	for i := range rows {
		b = e.append(b, value(&rows[i]))
	}
	return b
}

// nullableColumn is column for values that can be NULL, which nil stands for.
func nullableColumn[R, V any](rows []R, e element[V], value func(*R) *V) []byte {
	b := arrayHead(len(rows), e.oid, true)
	for i := range rows {
		if v := value(&rows[i]); v != nil {
			b = e.append(b, *v)
		} else {
			b = append(b, 0xff, 0xff, 0xff, 0xff) // the length -1
		}
	}
	return b
}

// append appends the length of v in bytes, and v.
func (e element[V]) append(b []byte, v V) []byte {
	at := len(b)
	b = e.put(append(b, 0, 0, 0, 0), v)
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// arrayHead returns the head of an array of n elements, with room for elements of usual sizes.
func arrayHead(n int, oid uint32, nulls bool) []byte {
	b := make([]byte, 0, 20+n*12)
	flags := uint32(0)
	if nulls {
		flags = 1
	}
	for _, field := range []uint32{1, flags, oid, uint32(n), 1} { // dimensions, flags, type, length, number of the first element
		b = binary.BigEndian.AppendUint32(b, field)
	}
	return b
}

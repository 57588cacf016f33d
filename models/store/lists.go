package store

import (
	"strconv"

	"gorm.io/gorm"
)

// Lists go to Postgres as one parameter of an array type. Statements then stay the same however many values there are, and
// are prepared once. Through GORM the array is its text, as Array writes it; code that calls pgx passes Go slices.

// Array returns the text of a Postgres array of n values. each appends value i, or NULL, to the bytes it gets; the value
// holds no comma, quote or brace. The driver takes several times as long to write an array.
func Array(n int, each func(b []byte, i int) []byte) string {
	return list('{', n, each, '}')
}

// Integers returns the text of a Postgres array of n integers.
func Integers(n int, of func(i int) int64) string {
	return Array(n, func(b []byte, i int) []byte { return strconv.AppendInt(b, of(i), 10) })
}

// Among narrows q to the rows whose column is one of ids, in one parameter on both databases.
func Among(q *gorm.DB, column string, ids []int64) *gorm.DB {
	if q.Name() == string(Postgres) {
		return q.Where(column+" = ANY (?::bigint[])", Integers(len(ids), func(i int) int64 { return ids[i] }))
	}
	return q.Where(column+" IN (SELECT value FROM json_each(?))", JSONList(ids))
}

// JSONList returns ids as a list for SQLite's json_each.
func JSONList(ids []int64) string {
	return list('[', len(ids), func(b []byte, i int) []byte { return strconv.AppendInt(b, ids[i], 10) }, ']')
}

func list(open byte, n int, each func(b []byte, i int) []byte, end byte) string {
	b := append(make([]byte, 0, 16*n+2), open)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = each(b, i)
	}
	return string(append(b, end))
}

package store

import (
	"strconv"

	"gorm.io/gorm"
)

// Postgres gets a list as one parameter of an array type. The statement is then the same for any number of values and is
// prepared once. Through GORM the array is sent as text, from Array; code that calls pgx passes Go slices.

// Array returns the text of a Postgres array of n values. each appends value i, or NULL, to the bytes it gets; values
// contain no comma, quote or brace. The driver takes several times as long for this.
func Array(n int, each func(b []byte, i int) []byte) string {
	return list('{', n, each, '}')
}

// Integers returns the text of a Postgres array of n integers.
func Integers(n int, of func(i int) int64) string {
	return Array(n, func(b []byte, i int) []byte { return strconv.AppendInt(b, of(i), 10) })
}

// Among narrows q to rows whose column is one of ids, in one parameter on both databases.
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

package intake

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"

	"github.com/jackc/pgx/v5"
)

// TestPostgresReadsTheArrays lets Postgres print arrays of every type.
func TestPostgresReadsTheArrays(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), dbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "SET timezone = 'UTC'"); err != nil {
		t.Fatal(err)
	}
	id := [16]byte{1, 15: 255}
	before, after := time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(2026, 3, 29, 3, 0, 0, 1000, time.FixedZone("", 7200))
	for _, c := range []struct {
		kind  string
		array []byte
		want  string
	}{
		{"boolean[]", column([]bool{true, false}, pgBoolean, value), "{t,f}"},
		{"bytea[]", nullableColumn([]*[]byte{new([]byte{0, 255}), nil, new([]byte{})}, pgBytea, value), `{"\\x00ff",NULL,"\\x"}`},
		{"bigint[]", nullableColumn([]*int64{new(int64(math.MinInt64)), nil, new(int64(math.MaxInt64))}, pgBigint, value), "{-9223372036854775808,NULL,9223372036854775807}"},
		{"smallint[]", column([]int16{-1, 503}, pgSmallint, value), "{-1,503}"},
		{"text[]", nullableColumn([]*string{new(`a"b\,{}`), nil, new(""), new("NULL"), new("é\n")}, pgText, value), "{\"a\\\"b\\\\,{}\",NULL,\"\",\"NULL\",\"é\n\"}"},
		{"uuid[]", column([][16]byte{id}, pgUUID, value), "{01000000-0000-0000-0000-0000000000ff}"},
		{"timestamptz[]", nullableColumn([]*time.Time{&before, nil, &after}, pgTimestamptz, value), `{"1969-12-31 23:59:59.999999+00",NULL,"2026-03-29 01:00:00.000001+00"}`},
		{"bigint[]", column([]int64{}, pgBigint, value), "{}"},
	} {
		results := conn.PgConn().ExecParams(t.Context(), fmt.Sprintf("SELECT $1::%s::text", c.kind), [][]byte{c.array}, nil, binaryFormat, nil).Read()
		if results.Err != nil || string(results.Rows[0][0]) != c.want {
			t.Errorf("%s: got %q (%v), want %q", c.kind, results.Rows, results.Err, c.want)
		}
	}
}

// value returns a row that is the value itself.
func value[V any](row *V) V { return *row }

// TestIntakeBehindAPooler runs calls of every kind on a connection that prepares no statements, as behind a pooler.
func TestIntakeBehindAPooler(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	joint := "?"
	if strings.Contains(url, "?") {
		joint = "&"
	}
	w := newWorld(t, dbtest.Open(t, url+joint+"default_query_exec_mode=cache_describe"), Options{})
	for _, kind := range []models.WebhookType{models.TypeSubscribed, models.TypeUnconfirmed, models.TypeUnsubscribed, models.TypeSubscribed, models.TypeDelete, models.TypeSubscribed} {
		answer, err := w.pipe.Submit(t.Context(), w.call(w.hooks[kind], "email_address=ann@example.com&first_name=Ann"))
		if err != nil || answer.Status != 200 {
			t.Fatalf("%s: got %+v (%v)", kind, answer, err)
		}
	}
	if log := w.log(); len(log) != 6 || log[5].Event == nil || *log[5].Event != models.EventConfirmed {
		t.Errorf("got %+v, want six rows of which the last one fired", log)
	}
}

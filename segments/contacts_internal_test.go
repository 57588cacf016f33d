package segments

import (
	"testing"
	"time"
)

func TestReadSQLiteInstant(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2026-11-24 15:04:05+00:00", "2026-11-24 15:04:05.1+00:00", "2026-11-24 15:04:05.123456+00:00", "2026-11-24 15:04:05.000001+00:00",
		"1969-12-31 23:59:59.999999+00:00", "2024-02-29 00:00:00+00:00", "0001-01-01 00:00:00+00:00", "9999-12-31 23:59:59.999999999+00:00",
		"2026-11-24 15:04:05+01:00", "2026-11-24T15:04:05Z", "2026-11-24 15:04:05.+00:00", "2026-11-24 15:04:05,1+00:00", "+00:00", "", "2026-11-24 15:04:05.1234567890+00:00"} {
		got, gotErr := sqliteInstant([]byte(text))
		want, wantErr := time.Parse(sqliteForm, text)
		if !got.Equal(want) || (gotErr == nil) != (wantErr == nil) {
			t.Errorf("%q: got %v, %v; want %v, %v", text, got, gotErr, want, wantErr)
		}
	}
}

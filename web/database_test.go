package main

import (
	"testing"
	"time"

	"campaignlark/internal/dbtest"
)

func TestClockIsChecked(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t))
	for _, c := range []struct {
		apart time.Duration
		fine  bool
	}{
		{0, true}, {23 * time.Hour, true}, {-23 * time.Hour, true}, {25 * time.Hour, false}, {-25 * time.Hour, false},
	} {
		err := checkClock(t.Context(), db, func() time.Time { return time.Now().Add(c.apart) })
		if (err == nil) != c.fine {
			t.Errorf("a clock that is %s off: got %v, want it fine: %v", c.apart, err, c.fine)
		}
	}
}

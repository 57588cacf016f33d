package models_test

import (
	"testing"
	"time"

	"campaignlark/models"
)

func TestClockAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, day string
		hour      int
		want      string
	}{
		{"Europe/Vienna", "2026-11-24", 0, "2026-11-24T00:00:00+01:00"},
		{"Africa/Cairo", "2026-04-24", 0, "2026-04-24T01:00:00+03:00"}, // midnight is skipped
		{"Africa/Cairo", "2026-04-23", 23, "2026-04-23T23:00:00+02:00"},
		{"America/Havana", "2026-03-08", 0, "2026-03-08T01:00:00-04:00"},
		{"Asia/Beirut", "2026-03-29", 0, "2026-03-29T01:00:00+03:00"},
		{"America/Sao_Paulo", "2018-11-04", 0, "2018-11-04T01:00:00-02:00"},
		{"Europe/Vienna", "2026-03-29", 2, "2026-03-29T03:00:00+02:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		noon, err := time.ParseInLocation("2006-01-02 15", c.day+" 12", zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := models.ClockAt(noon, c.hour).Format(time.RFC3339); got != c.want {
			t.Errorf("%s, %s at %d: got %s, want %s", c.zone, c.day, c.hour, got, c.want)
		}
	}
}

// TestLocationIsReadOnce checks that reading a workspace's time zone allocates nothing after the first time.
func TestLocationIsReadOnce(t *testing.T) {
	w := models.Workspace{TimeZone: "America/St_Johns"}
	w.Location()
	if n := testing.AllocsPerRun(100, func() { w.Location() }); n > 0 {
		t.Errorf("got %v allocations, want none: the zone is parsed again", n)
	}
	if got := (models.Workspace{TimeZone: "Moon/Tranquility"}).Location(); got != time.UTC {
		t.Errorf("got %v for a zone that is not known, want UTC", got)
	}
}

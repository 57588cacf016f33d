package models

import (
	"strings"
	"testing"
	"time"
)

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestReadTimeWithoutZone reads times without a zone in the workspace's, also those that clocks skip or show twice.
func TestReadTimeWithoutZone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, text, want string }{
		{"Europe/Vienna", "2026-01-15T10:30:00", "2026-01-15T09:30:00Z"},
		{"Europe/Vienna", "2026-07-15 10:30", "2026-07-15T08:30:00Z"},
		{"Europe/Vienna", "2026-01-15T00:15:00", "2026-01-14T23:15:00Z"},
		{"Europe/Vienna", "2026-01-15T10:30:00Z", "2026-01-15T10:30:00Z"},
		{"Europe/Vienna", "2026-01-15T10:30:00+0000", "2026-01-15T10:30:00Z"},
		{"Europe/Vienna", "2026-01-15", "2026-01-15"},
		{"America/St_Johns", "2026-01-15 10:30:00.25", "2026-01-15T14:00:00.25Z"},
		{"Asia/Kathmandu", "2026-01-15T10:30", "2026-01-15T04:45:00Z"},
		// Skipped: 02:30 is 03:30 after the change.
		{"Europe/Vienna", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z"},
		{"Europe/Vienna", "2026-03-29T02:00", "2026-03-29T01:00:00Z"},
		{"Europe/Vienna", "2026-03-29T02:30", "2026-03-29T01:30:00Z"},
		{"Europe/Vienna", "2026-03-29T03:00", "2026-03-29T01:00:00Z"},
		{"America/New_York", "2026-03-08T02:30", "2026-03-08T07:30:00Z"},
		{"Africa/Cairo", "2026-04-24T00:30", "2026-04-23T22:30:00Z"},        // midnight is skipped
		{"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45:00Z"}, // by half an hour
		{"Pacific/Apia", "2011-12-30T12:00", "2011-12-30T22:00:00Z"},        // a whole day is skipped
		// Twice: the first time.
		{"Europe/Vienna", "2026-10-25T02:00", "2026-10-25T00:00:00Z"},
		{"Europe/Vienna", "2026-10-25T02:30", "2026-10-25T00:30:00Z"},
		{"Europe/Vienna", "2026-10-25T03:00", "2026-10-25T02:00:00Z"},
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z"},
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z"},
	} {
		got, err := MergeTag{Type: MergeTagDate}.Read(Text(c.text), zoneOf(t, c.zone))
		if err != nil || got != c.want {
			t.Errorf("%s in %s: got %s (%v), want %s", c.text, c.zone, got, err, c.want)
		}
	}
	for _, c := range []struct{ zone, text string }{{"Asia/Tokyo", "0000-01-01T00:30"}, {"America/Lima", "9999-12-31T23:30"}} {
		if got, err := (MergeTag{Type: MergeTagDate}).Read(Text(c.text), zoneOf(t, c.zone)); err == nil {
			t.Errorf("%s in %s: got %s, which is outside of the years that can be stored", c.text, c.zone, got)
		}
	}
}

// TestWallTimeMatchesEveryClock reads the times around every change of every time zone over twenty years, and compares them with a
// search through all instants.
func TestWallTimeMatchesEveryClock(t *testing.T) {
	t.Parallel()
	zones := TimeZones
	if testing.Short() {
		zones = []string{"Europe/Vienna", "Africa/Casablanca", "Africa/Cairo", "America/Havana", "Asia/Gaza", "Asia/Pyongyang", "Australia/Lord_Howe", "Pacific/Apia", "Antarctica/Troll", "America/Caracas"}
	}
	for _, name := range zones {
		zone := zoneOf(t, name)
		end := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		for at := time.Date(2010, 1, 1, 0, 0, 0, 0, zone); at.Before(end); {
			_, change := at.ZoneBounds()
			if change.IsZero() {
				break
			}
			compareWallTimes(t, zone, change)
			at = change
		}
	}
}

// compareWallTimes compares wallTime for each quarter of an hour around a change of clocks.
func compareWallTimes(t *testing.T, zone *time.Location, change time.Time) {
	t.Helper()
	const quarter = 15 * time.Minute
	shown := func(at time.Time) time.Time {
		_, offset := at.In(zone).Zone()
		return at.UTC().Add(time.Duration(offset) * time.Second)
	}
	first := map[time.Time]time.Time{}
	for at := change.Add(-72 * time.Hour); at.Before(change.Add(72 * time.Hour)); at = at.Add(quarter) {
		if _, twice := first[shown(at)]; !twice {
			first[shown(at)] = at
		}
	}
	_, before := change.Add(-time.Second).In(zone).Zone()
	middle := shown(change)
	for wall := middle.Add(-30 * time.Hour); wall.Before(middle.Add(30 * time.Hour)); wall = wall.Add(quarter) {
		want, there := first[wall]
		if !there {
			want = wall.Add(-time.Duration(before) * time.Second)
		}
		if got := wallTime(wall, zone); !got.Equal(want) {
			t.Fatalf("%s, %s: got %s, want %s", zone, wall.Format(time.DateTime), got.UTC(), want.UTC())
		}
	}
}

// TestDateFaultsSayWhatIsMissing checks the reason of each text that is almost a date.
func TestDateFaultsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"2026": "The month and the day are missing.", "2026-01": "The day is missing.", "10:30": "The day is missing before the time.", "10:30:00Z": "The day is missing before the time.",
		"20260115": "The hyphens are missing.", "20260115T103000Z": "The hyphens are missing.", "2026-1-15": "A zero is missing before a single digit.",
		"2026-01-5 10:30": "A zero is missing before a single digit.", "15.01.2026": "The year has to come first", "01/15/2026": "The year has to come first", "31/12/90": "The year has to come first, in four digits", "90/12/31": "The year has to come first, in four digits",
		"05.01.2026": "which of these is the day", "1/2/26 10:30": "which of these is the day",
		"2026-01-15T": "The time is missing after the T.", "2026-01-15T10": "The minutes are missing.", "2026-01-15 10Z": "The minutes are missing.", "2026-01-15T10+01:00": "The minutes are missing.",
		"2026-01-15T9:30": "A zero is missing before the hour.", "2026-01-15T10:30:00 01:00": "The sign of the time zone is missing.", "2026-01-15 10:30:00 0000": "The sign of the time zone is missing.",
		"2026-01-15 10:30:00 +0000": "without a blank", "2026-01-15 10:30 UTC": "without a blank", "2026-01-15 10:30 Z": "without a blank", "2026-01-15T10:30:00 CET": "The time zone is not a number.",
		"2026-01-15T10:30:00Europe/Vienna": "The time zone is not a number.", "1700000000": "a count of seconds", "1700000000000": "a count of seconds",
		"2026-02-30": "There is no such day.", "2026-02-30T10:30": "There is no such day.", "2026-01-15T25:00": "There is no such time of day.", "2026-01-15T10:61Z": "There is no such time of day.",
		"tomorrow": "Not a date. Dates look like 1990-12-31.", "15 January 2026": "Not a date. Dates look like 1990-12-31.",
	} {
		got, err := MergeTag{Type: MergeTagDate}.Read(Text(text), nil)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %q (%v), want it refused with %q", text, got, err, says)
		}
	}
}

func TestNamesNoZone(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"2026-01-15T10:30:00": true, " 2026-01-15 10:30 ": true, "2026-01-15t10:30": true, "2026-01-15": false, "2026-01-15T10:30Z": false, "2026-01-15T10:30+01": false, "": false, "x": false,
	} {
		if got := NamesNoZone(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestDayOf(t *testing.T) {
	t.Parallel()
	date, vienna := MergeTag{Type: MergeTagDate}, zoneOf(t, "Europe/Vienna")
	if got, ok := date.DayOf("2026-01-15T23:30:00Z", vienna); got != "16 January 2026" || !ok {
		t.Errorf("got %q, %v", got, ok)
	}
	for _, stored := range []string{"2026-01-15", "", "x"} {
		if got, ok := date.DayOf(stored, vienna); ok {
			t.Errorf("%q: got %q, want no day", stored, got)
		}
	}
	if got, ok := (MergeTag{Type: MergeTagText}).DayOf("2026-01-15T23:30:00Z", vienna); ok {
		t.Errorf("got %q of a text", got)
	}
}

// FuzzReadDate checks that a date is read alike again once it is stored, in every time zone, and that a time without a zone is the
// one that the zone's clocks show, unless they skip it.
func FuzzReadDate(f *testing.F) {
	for _, text := range []string{"2026-01-15", "2026-01-15T10:30:00", "2026-03-29 02:30", "2026-01-15T10:30Z", "2026-01-15T10:30:00.5+0100", "0000-01-01T00:00", "9999-12-31T23:59:59.999999999-01", "2026-01-15T10:30:00 01:00"} {
		f.Add(text, "Europe/Vienna")
	}
	f.Fuzz(func(t *testing.T, text, zoneName string) {
		zone := location(zoneName)
		date := MergeTag{Type: MergeTagDate}
		stored, err := date.Read(Text(text), zone)
		if err != nil || stored == "" {
			return
		}
		for _, where := range []*time.Location{zone, nil} {
			if again, err := date.Read(Text(stored), where); again != stored || err != nil {
				t.Errorf("%q is stored as %q, which reads as %q (%v)", text, stored, again, err)
			}
		}
		if !NamesNoZone(text) {
			return
		}
		instant, err := time.Parse(time.RFC3339, stored)
		if err != nil {
			t.Fatalf("%q is stored as %q: %v", text, stored, err)
		}
		wall := strings.ReplaceAll(strings.ToUpper(TrimBlanks(text)), "T", " ")[:len("2006-01-02 15:04")]
		if shown := instant.In(zone).Format("2006-01-02 15:04"); shown < wall {
			t.Errorf("%q in %s is %s, at which its clocks show %s", text, zone, stored, shown)
		}
	})
}

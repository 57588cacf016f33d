package calendar

import (
	"math/rand/v2"
	"testing"
	"time"
)

// oddZones have days in or near the year that start at another hour than midnight, start twice, or do not exist.
var oddZones = []struct {
	name string
	year int
}{
	{"UTC", 2026}, {"Europe/Vienna", 2026}, {"America/Havana", 2026}, {"Asia/Beirut", 2026}, {"Africa/Cairo", 2026}, {"America/Sao_Paulo", 2018},
	{"Atlantic/Azores", 2026}, {"Pacific/Apia", 2011}, {"America/St_Johns", 2010}, {"Australia/Lord_Howe", 2026}, {"America/Nuuk", 2024},
	{"Pacific/Kwajalein", 1993}, {"Europe/Vienna", 2040}, {"Europe/Vienna", 2060}, {"America/Santiago", 2104},
}

func TestDaysOfZones(t *testing.T) {
	t.Parallel()
	for _, zone := range oddZones {
		location, err := time.LoadLocation(zone.name)
		if err != nil {
			t.Fatal(err)
		}
		z := New(location)
		start := time.Date(zone.year, 1, 1, 0, 0, 0, 0, time.UTC)
		latest := z.Day(start.Unix())
		for at := start; at.Before(start.AddDate(2, 0, 0)); at = at.Add(15 * time.Minute) {
			year, month, day := at.In(location).Date()
			got := z.Day(at.Unix())
			if want := dayNumber(year, int(month), day); got != want {
				t.Fatalf("%s: got day %d for %s, want %d", zone.name, got, at.In(location), want)
			}
			if got <= latest {
				continue
			}
			first := z.Reach(got, at.Add(-time.Hour).Unix())
			if first > at.Unix() || z.Day(first) != got || z.Day(first-1) >= got {
				t.Fatalf("%s: got %s for the first second of a day, the days about it are %d and %d, want %d", zone.name, time.Unix(first, 0).In(location), z.Day(first-1), z.Day(first), got)
			}
			if far := z.Reach(got, at.AddDate(-1, 0, 0).Unix()); far != first {
				t.Fatalf("%s: got %d from a year before, want %d", zone.name, far, first)
			}
			latest = got
		}
	}
}

func TestDayNumbers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		day := r.Int64N(4_000_000) - 800_000
		date := time.Unix(day*DaySeconds, 0).UTC()
		year, month, dayOfMonth := dateOf(day)
		if year != date.Year() || month != int(date.Month()) || dayOfMonth != date.Day() || dayNumber(year, month, dayOfMonth) != day {
			t.Fatalf("day %d: got %d-%d-%d, which is %d, want %s", day, year, month, dayOfMonth, dayNumber(year, month, dayOfMonth), date)
		}
	}
	for text, want := range map[string]int64{"1970-01-01": 0, "0000-03-01": -719468, "1969-12-31": -1, "2026-11-23": 20780} {
		if got, ok := ReadDay(text); !ok || got != want {
			t.Errorf("%s: got %d, %v, want %d", text, got, ok, want)
		}
	}
}

func TestAnniversaries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ day, today, want string }{
		{"1990-11-23", "2026-11-23", "2026-11-23"}, {"1990-11-22", "2026-11-23", "2027-11-22"}, {"2027-05-01", "2026-11-23", "2027-05-01"},
		{"1992-02-29", "2027-01-01", "2027-02-28"}, {"1992-02-29", "2027-03-01", "2028-02-29"}, {"1992-02-29", "2028-02-28", "2028-02-29"}, {"1992-02-29", "2100-02-01", "2100-02-28"},
		{"1990-02-28", "2028-02-29", "2029-02-28"}, {"1990-12-31", "2027-01-01", "2027-12-31"}, {"1990-01-01", "2026-12-31", "2027-01-01"},
	} {
		day, _ := ReadDay(c.day)
		today, _ := ReadDay(c.today)
		if got, _ := DayText(Anniversary(day, today)); got != c.want {
			t.Errorf("%s on %s: got %s, want %s", c.day, c.today, got, c.want)
		}
	}
}

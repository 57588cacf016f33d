package deliveries

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestScheduleNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tries      int
		retryAfter time.Duration
		random     float64
		want       time.Duration // 0: no further attempt
	}{
		{0, 0, 0.5, 0},
		{1, 0, 0, 4500 * time.Millisecond},
		{1, 0, 0.5, 5 * time.Second},
		{1, 0, 1, 5500 * time.Millisecond},
		{2, 0, 0.5, 5 * time.Minute},
		{3, 0, 0.5, 30 * time.Minute},
		{4, 0, 0.5, 2 * time.Hour},
		{5, 0, 0.5, 5 * time.Hour},
		{6, 0, 0.5, 10 * time.Hour},
		{7, 0, 0.5, 14 * time.Hour},
		{8, 0, 0.5, 20 * time.Hour},
		{9, 0, 0.5, 24 * time.Hour},
		{10, 0, 0.5, 0},
		{11, 0, 0.5, 0},
		{1, time.Minute, 0.5, time.Minute},
		{2, time.Minute, 0.5, 5 * time.Minute},   // the schedule waits longer
		{1, 48 * time.Hour, 0.5, 24 * time.Hour}, // no receiver delays a delivery for longer
		{1, -time.Minute, 0.5, 5 * time.Second},
		{10, time.Minute, 0.5, 0}, // asking does not add an attempt
	} {
		got, again := StandardSchedule.Next(c.tries, noon, c.retryAfter, c.random)
		if again != (c.want > 0) || again && got.Sub(noon).Round(time.Millisecond) != c.want {
			t.Errorf("%d tries, asked for %s, random %v: got %v (%v), want %v later", c.tries, c.retryAfter, c.random, got, again, c.want)
		}
	}
}

func TestParseSchedule(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Schedule{
		"5s":                              {5 * time.Second},
		" 100ms, 5m ,1h30m":               {100 * time.Millisecond, 5 * time.Minute, 90 * time.Minute},
		"168h":                            {maxWait},
		StandardSchedule.String():         StandardSchedule,
		"5s,5m,30m,2h,5h,10h,14h,20h,24h": StandardSchedule,
	} {
		if got, err := ParseSchedule(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v (%v), want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                               `"" is no time`,
		"5":                              `"5" is no time`,
		"5s,":                            `"" is no time`,
		"5s;5m":                          `"5s;5m" is no time`,
		"soon":                           `"soon" is no time`,
		"0s":                             "0s is out of range",
		"-5s":                            "-5s is out of range",
		"169h":                           "not longer than 168h",
		strings.Repeat("1s,", 30) + "1s": "too many",
	} {
		if got, err := ParseSchedule(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v (%v), want a sentence with %q", text, got, err, want)
		}
	}
	if got := StandardSchedule.String(); got != "5s,5m,30m,2h,5h,10h,14h,20h,24h" {
		t.Errorf("got %q, want the shortest text of each time", got)
	}
}

func TestReadRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"120":                            2 * time.Minute,
		" 120 ":                          2 * time.Minute,
		"-5":                             0,
		"1.5":                            0,
		"soon":                           0,
		"86401":                          24 * time.Hour,
		"99999999999999999999":           24 * time.Hour,
		"18446744073709551615":           24 * time.Hour,
		"Sun, 01 Mar 2026 12:10:00 GMT":  10 * time.Minute,
		"Sun, 01 Mar 2026 11:00:00 GMT":  0,
		"Sun, 01 Mar 2037 11:00:00 GMT":  24 * time.Hour,
		"Sunday, 01-Mar-26 12:00:30 GMT": 30 * time.Second,
	} {
		if got := readRetryAfter(text, noon); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

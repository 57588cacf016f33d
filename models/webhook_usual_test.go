package models

import (
	"testing"
	"time"
)

func TestAWebhookIsComparedWithItsUsual(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	every := func(gap time.Duration, n int, last time.Time) (hours []time.Time) {
		for i := n - 1; i >= 0; i-- {
			hours = append(hours, last.Add(-time.Duration(i)*gap).Truncate(time.Hour))
		}
		return hours
	}
	weekdays := func(last time.Time) (hours []time.Time) { // from 9 to 17
		for day := 13; day >= 0; day-- {
			at := last.AddDate(0, 0, -day).Truncate(24 * time.Hour)
			if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
				continue
			}
			for hour := 9; hour <= 17; hour++ {
				hours = append(hours, at.Add(time.Duration(hour)*time.Hour))
			}
		}
		return hours
	}
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	friday := time.Date(2026, 11, 27, 17, 30, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		u               WebhookUsual
		failing, silent bool
	}{
		"nothing known":                        {WebhookUsual{}, false, false},
		"fails nine times as often":            {WebhookUsual{Calls: 100, Failures: 18, EarlierCalls: 1000, EarlierFailures: 20}, true, false},
		"fails twice as often":                 {WebhookUsual{Calls: 100, Failures: 20, EarlierCalls: 1000, EarlierFailures: 100}, false, false},
		"never failed before":                  {WebhookUsual{Calls: 50, Failures: 5, EarlierCalls: 1000}, true, false},
		"few fail":                             {WebhookUsual{Calls: 10, Failures: 4, EarlierCalls: 1000}, false, false},
		"a small part fails":                   {WebhookUsual{Calls: 1000, Failures: 20, EarlierCalls: 1000, EarlierFailures: 1}, false, false},
		"fails more, but rarely":               {WebhookUsual{Calls: 1000, Failures: 30, EarlierCalls: 9000, EarlierFailures: 9}, false, false},
		"large numbers":                        {WebhookUsual{Calls: 1e12, Failures: 9e11, EarlierCalls: 1e15, EarlierFailures: 1e10}, true, false},
		"fails always":                         {WebhookUsual{Calls: 100, Failures: 100, EarlierCalls: 1000, EarlierFailures: 1000}, false, false},
		"too new to know":                      {WebhookUsual{Calls: 100, Failures: 100, EarlierCalls: 49}, false, false},
		"every 2 h, silent for 3 days":         {WebhookUsual{LastCall: ago(72 * time.Hour), Hours: every(2*time.Hour, 100, ago(72*time.Hour))}, false, true},
		"every 2 h, silent for 4 h":            {WebhookUsual{LastCall: ago(4 * time.Hour), Hours: every(2*time.Hour, 100, ago(4*time.Hour))}, false, false},
		"every 2 h, silent for 4 h and a bit":  {WebhookUsual{LastCall: ago(4*time.Hour + time.Minute), Hours: every(2*time.Hour, 100, ago(4*time.Hour))}, false, true},
		"every hour, silent for 2 h 59":        {WebhookUsual{LastCall: ago(179 * time.Minute), Hours: every(time.Hour, 100, ago(3*time.Hour))}, false, false},
		"every hour, silent for 3 h":           {WebhookUsual{LastCall: ago(3 * time.Hour), Hours: every(time.Hour, 100, ago(3*time.Hour))}, false, true},
		"on weekdays, on Monday at noon":       {WebhookUsual{LastCall: friday, Hours: weekdays(friday)}, false, false},
		"on weekdays, for a week":              {WebhookUsual{LastCall: friday.AddDate(0, 0, -7), Hours: weekdays(friday.AddDate(0, 0, -7))}, false, true},
		"nine hours are too few":               {WebhookUsual{LastCall: ago(10 * 24 * time.Hour), Hours: every(8*time.Hour, 9, ago(10*24*time.Hour))}, false, false},
		"one day is too short":                 {WebhookUsual{LastCall: ago(5 * 24 * time.Hour), Hours: every(time.Hour, 24, ago(5*24*time.Hour))}, false, false},
		"both: 18 % fail, then nothing for 9h": {WebhookUsual{Calls: 100, Failures: 18, EarlierCalls: 1000, EarlierFailures: 20, LastCall: ago(9 * time.Hour), Hours: every(time.Hour, 100, ago(9*time.Hour))}, true, true},
	} {
		is := test.u.Unusual(now)
		if is.Failing != test.failing || is.Silent != test.silent || is.Any() != (test.failing || test.silent) {
			t.Errorf("%s: got %+v, want failing %v and silent %v", name, is, test.failing, test.silent)
		}
	}
	is := WebhookUsual{Calls: 100, Failures: 18, EarlierCalls: 1000, EarlierFailures: 20, LastCall: ago(72 * time.Hour), Hours: every(2*time.Hour, 100, ago(72*time.Hour))}.Unusual(now)
	if is.Percent != 18 || is.UsualPercent != 2 || is.Gap != 2*time.Hour || is.Longest != 2*time.Hour || is.For != 72*time.Hour {
		t.Errorf("got %+v, want 18 %%, usually 2 %%, and every 2 h, silent for 72 h", is)
	}
}

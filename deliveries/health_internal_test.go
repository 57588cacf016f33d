package deliveries

import (
	"testing"
	"time"

	"campaignlark/models"
)

func TestAfterAnAttempt(t *testing.T) {
	t.Parallel()
	at := func(d time.Duration) *time.Time { at := noon.Add(d); return &at }
	on := func(since, arrived *time.Time, failures int64) models.Destination {
		return models.Destination{Enabled: true, FailingSince: since, ArrivedAt: arrived, Failures: failures}
	}
	arrives, fails, gone := Result{Status: 200}, Result{Status: 500, Code: CodeStatus}, Result{Status: 410, Code: CodeStatus}
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		before  models.Destination
		result  Result
		after   models.Destination
		changed bool
	}{
		"the first arrival":                     {on(nil, nil, 0), arrives, on(nil, at(0), 0), true},
		"another one":                           {on(nil, at(-59*time.Second), 0), arrives, on(nil, at(-59*time.Second), 0), false},
		"one after a minute":                    {on(nil, at(-time.Minute), 0), arrives, on(nil, at(0), 0), true},
		"one after the clock was set back":      {on(nil, at(day), 0), arrives, on(nil, at(0), 0), true},
		"one after failures":                    {on(at(-day), at(-time.Second), 7), arrives, on(nil, at(0), 0), true},
		"the first failure":                     {on(nil, at(-time.Second), 0), fails, on(at(0), at(-time.Second), 1), true},
		"another failure":                       {on(at(-5*day+1), nil, 7), fails, on(at(-5*day+1), nil, 8), true},
		"a failure before the clock was set":    {on(at(day), nil, 7), fails, on(at(0), nil, 8), true},
		"a failure after five days":             {on(at(-5*day), nil, 7), fails, models.Destination{OffReason: offFailing, FailingSince: at(-5 * day), Failures: 8}, true},
		"one that is off already":               {models.Destination{FailingSince: at(-9 * day), Failures: 7}, fails, models.Destination{FailingSince: at(-9 * day), Failures: 8}, true},
		"a fault of this program":               {on(at(-5*day), nil, 7), Result{Code: CodeFault}, on(at(-5*day), nil, 7), false},
		"410":                                   {on(nil, nil, 0), gone, models.Destination{OffReason: offGone, FailingSince: at(0), Failures: 1}, true},
		"410 of one that a person switched off": {models.Destination{}, gone, models.Destination{FailingSince: at(0), Failures: 1}, true},
	} {
		got, changed := after(c.before, outcome{Result: c.result, at: noon})
		same := func(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }
		if changed != c.changed || got.Enabled != c.after.Enabled || got.OffReason != c.after.OffReason || got.Failures != c.after.Failures ||
			!same(got.FailingSince, c.after.FailingSince) || !same(got.ArrivedAt, c.after.ArrivedAt) {
			t.Errorf("%s: got %+v (changed: %v), want %+v", name, got, changed, c.after)
		}
	}
}

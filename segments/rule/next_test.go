package rule_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/segments/rule"
)

// restlessZones have days that start at another hour than midnight, start twice, or do not exist, within two years from
// the given one.
var restlessZones = []struct {
	name string
	year int
}{
	{"UTC", 2027}, {"Europe/Vienna", 2026}, {"America/New_York", 2026}, {"America/Havana", 2026}, {"Asia/Beirut", 2026}, {"Africa/Cairo", 2026},
	{"America/Sao_Paulo", 2018}, {"Atlantic/Azores", 2026}, {"Pacific/Apia", 2011}, {"America/St_Johns", 2010}, {"Australia/Lord_Howe", 2026}, {"Europe/Vienna", 2055},
}

// passing creates random conditions and contacts near an instant.
type passing struct {
	*rand.Rand
	now time.Time
}

func (p passing) instant() time.Time {
	t := p.now.Add(time.Duration(p.Int64N(60*24)-30*24) * time.Hour).Truncate(time.Hour)
	switch p.IntN(4) {
	case 0:
		return p.now.Add(time.Duration(p.Int64N(int64(72*time.Hour))) - 48*time.Hour)
	case 1:
		t = t.AddDate(-p.IntN(20), 0, 0)
	}
	return t
}

func (p passing) date() string {
	switch p.IntN(6) {
	case 0:
		return ""
	case 1:
		return p.instant().UTC().Format(time.RFC3339Nano)
	case 2:
		return []string{"1992-02-29", "1990-02-28", "1990-03-01", "1990-12-31", "1990-01-01", "9999-12-31"}[p.IntN(6)]
	}
	return p.instant().Format(time.DateOnly)
}

func (p passing) subject() rule.Subject {
	s := rule.Subject{ID: 1, Status: models.StatusSubscribed, CreatedAt: p.instant(), ChangedAt: p.instant(), CreatedBy: 31, TouchedBy: p.Int64N(2) * 32, TouchedAt: p.instant()}
	if p.IntN(3) > 0 {
		s.SubscribedAt = p.instant()
	}
	if date := p.date(); date != "" {
		s.Fields = map[string]string{"birthday": date}
	}
	return s
}

func (p passing) condition() string {
	operator := []string{"in_last_days", "not_in_last_days", "in_next_days", "more_than_days_ago", "anniversary_within_days", "in_last_hours"}[p.IntN(6)]
	n := []int{0, 1, 2, p.IntN(40), p.IntN(366)}[p.IntN(5)]
	what := []string{`"field","field_id":4`, `"created_at"`, `"changed_at"`, `"subscribed_at"`}[p.IntN(4)]
	switch {
	case operator == "in_last_hours":
		n++
		what = `"created_at"`
	case p.IntN(6) == 0:
		return fmt.Sprintf(`{"type":"touched_by","operator":%q,"value":32,"days":%d}`, []string{"eq", "ne"}[p.IntN(2)], n)
	}
	return fmt.Sprintf(`{"type":%s,"operator":%q,"value":%d}`, what, operator, n)
}

func (p passing) group(depth int) string {
	filters := p.condition()
	for range p.IntN(3) {
		next := p.condition()
		switch n := p.IntN(6); {
		case n == 0 && depth < 3:
			next = p.group(depth + 1)
		case n == 1:
			next = `{"type":"status","operator":"eq","value":"UNCONFIRMED"}`
		case n == 2:
			next = `{"type":"status","operator":"eq","value":"SUBSCRIBED"}`
		}
		filters += "," + next
	}
	return fmt.Sprintf(`{"condition":%q,"filters":[%s]}`, []string{"AND", "OR"}[p.IntN(2)], filters)
}

// stays fails the test if the result changes before next, within two years. It checks every hour near the ends and some
// instants in between.
func stays(t *testing.T, s rule.Schema, m rule.Matcher, subject *rule.Subject, now, next time.Time, rule string) {
	t.Helper()
	want := m.Match(subject, s.At(now))
	until := now.AddDate(2, 0, 0)
	if !next.IsZero() && next.Before(until) {
		until = next
	}
	wrong := func(at time.Time) {
		if at.Before(until) && m.Match(subject, s.At(at)) != want {
			t.Fatalf("%s in %s on %+v at %s: got next %s, want %s at the latest", rule, s.Location, subject, now, next, at)
		}
	}
	near := 3 * 24 * time.Hour
	for at := now; at.Before(until); {
		wrong(at)
		wrong(at.Truncate(time.Hour).Add(30 * time.Minute))
		step := time.Hour
		if at.Sub(now) > near && until.Sub(at) > near {
			step = 11 * time.Hour
		}
		at = at.Add(step)
	}
	wrong(until.Add(-1))
}

func TestNextIsExactForOneCondition(t *testing.T) {
	t.Parallel()
	for i, zone := range restlessZones {
		s := fullSchema(t, zone.name)
		r := rand.New(rand.NewPCG(3, uint64(i)))
		for range 120 {
			p := passing{Rand: r, now: time.Date(zone.year, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(400 * 24 * time.Hour))))}
			condition, subject := p.condition(), p.subject()
			m := compileOne(t, s, condition)
			next := m.Next(&subject, s.At(p.now))
			stays(t, s, m, &subject, p.now, next, condition)
			if !next.IsZero() && (!next.After(p.now) || m.Match(&subject, s.At(p.now)) == m.Match(&subject, s.At(next))) {
				t.Fatalf("%s in %s on %+v at %s: got next %s, where the answer stays", condition, zone.name, subject, p.now, next)
			}
			if !m.Timed() {
				t.Fatalf("%s: got no dependence on time", condition)
			}
		}
	}
}

func TestNextIsNeverLate(t *testing.T) {
	t.Parallel()
	for i, zone := range restlessZones {
		s := fullSchema(t, zone.name)
		r := rand.New(rand.NewPCG(4, uint64(i)))
		for range 120 {
			p := passing{Rand: r, now: time.Date(zone.year, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.Int64N(int64(400 * 24 * time.Hour))))}
			rule, subject := p.group(1), p.subject()
			m := compileOne(t, s, rule)
			next := m.Next(&subject, s.At(p.now))
			if !next.IsZero() && !next.After(p.now) {
				t.Fatalf("%s at %s: got next %s", rule, p.now, next)
			}
			stays(t, s, m, &subject, p.now, next, rule)
		}
	}
}

// TestNextEndsWithTheYear9999 checks that later instants, which not every database can store, are not returned.
func TestNextEndsWithTheYear9999(t *testing.T) {
	t.Parallel()
	s := fullSchema(t, "America/New_York")
	subject := rule.Subject{Fields: map[string]string{"birthday": "9999-12-31"}}
	for operator, want := range map[string]string{"in_last_days": "9999-12-31T05:00:00Z", "more_than_days_ago": "", "in_next_days": "9999-12-30T05:00:00Z"} {
		m := compileOne(t, s, fmt.Sprintf(`{"type":"field","field_id":4,"operator":%q,"value":1}`, operator))
		got := m.Next(&subject, s.At(ruletest.Noon))
		if want == "" && !got.IsZero() || want != "" && got.Format(time.RFC3339) != want {
			t.Errorf("%s: got %s, want %q", operator, got, want)
		}
	}
	m := compileOne(t, s, `{"type":"field","field_id":4,"operator":"in_next_days","value":1}`)
	if got := m.Next(&subject, s.At(time.Date(9999, 12, 31, 12, 0, 0, 0, time.UTC))); !got.IsZero() {
		t.Errorf("got %s on the last day, want none", got)
	}
}

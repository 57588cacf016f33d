package segments_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/segments"
)

// schema is what the generator's rules speak of.
func (g *generator) schema() segments.Schema {
	var tags []models.Tag
	for _, id := range g.tags {
		tags = append(tags, models.Tag{ID: id, Name: fmt.Sprint("tag ", id)})
	}
	var others []models.Segment
	for _, id := range g.segments {
		others = append(others, models.Segment{ID: id, Name: fmt.Sprint("segment ", id), Rule: subscribed})
	}
	var webhooks []models.Webhook
	for _, id := range g.webhooks {
		webhooks = append(webhooks, models.Webhook{ID: id, Name: fmt.Sprint("webhook ", id)})
	}
	return segments.NewSchema(segments.Schema{MergeTags: g.fields, Tags: tags, Segments: others, Webhooks: webhooks, Location: g.zone})
}

// compiled is a rule as it was given, as it is stored, and ready to be evaluated.
func compiled(t *testing.T, schema segments.Schema, rule string) (stored string, m segments.Matcher) {
	t.Helper()
	g, problems := segments.Parse(rule)
	if len(problems) == 0 {
		g, problems = g.Check(schema)
	}
	if len(problems) > 0 {
		t.Fatalf("%s: %v", rule, problems)
	}
	m, err := segments.Compile(g, schema)
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	return g.String(), m
}

// aCase is one contact at one moment, as a failure shows it.
func aCase(g *generator, s segments.Subject, now time.Time) string {
	in := slices.DeleteFunc(slices.Clone(g.segments), func(id int64) bool { return !s.In(id) })
	s.In = nil
	return fmt.Sprintf("\n  contact %+q\n  in segments %v\n  at %s, which is %s in %s", fmt.Sprintf("%+v", s), in, now.Format(time.RFC3339Nano), now.In(g.zone), g.zone)
}

// TestMatchAgreesWithANaiveReading compares the evaluator with the naive one: on the rule as it was given and as it is
// stored, and what it explains.
func TestMatchAgreesWithANaiveReading(t *testing.T) {
	t.Parallel()
	matched, all := 0, 0
	for seed := range uint64(500) {
		g := newGenerator(seed)
		n, schema := g.naive(), g.schema()
		for range 6 {
			rule := g.rule(segments.MaxDepth)
			stored, m := compiled(t, schema, rule)
			given, again := readWritten(rule), readWritten(stored)
			for range 8 {
				s, now := g.subject(1), g.now()
				at, want := schema.At(now), n.matches(given, s, now)
				got := m.Match(&s, at)
				if got != want || n.matches(again, s, now) != want || m.Explain(&s, at).Matched != want {
					t.Errorf("seed %d: got %v, want %v (stored %v, explained %v)\n  rule %s\n  stored as %s%s", seed, got, want, n.matches(again, s, now),
						m.Explain(&s, at).Matched, rule, stored, aCase(g, s, now))
				}
				if all++; want {
					matched++
				}
			}
			if t.Failed() {
				return
			}
		}
	}
	if matched < all/5 || matched > all*4/5 {
		t.Errorf("%d of %d contacts match: the rules and contacts hardly meet", matched, all)
	}
}

// TestConditionsAgreeWithANaiveReading does the same for every operator alone, where no other condition hides a fault, and
// compares each negative one with its positive.
func TestConditionsAgreeWithANaiveReading(t *testing.T) {
	t.Parallel()
	seen := map[string]*[2]int{} // by type and operator, how often it did not match, and did
	for seed := range uint64(1000) {
		g := newGenerator(seed)
		n, schema := g.naive(), g.schema()
		for range 4 {
			condition := g.condition()
			rule, m := compiled(t, schema, g.alone(condition))
			given := readWritten(rule)
			opposite := opposites[condition.Operator]
			var o segments.Matcher
			if opposite != "" {
				condition.Operator, opposite = opposite, condition.Operator
				_, o = compiled(t, schema, g.alone(condition))
				condition.Operator, opposite = opposite, condition.Operator
			}
			for range 8 {
				s, now := g.subject(1), g.now()
				got, want := m.Match(&s, schema.At(now)), n.matches(given, s, now)
				if got != want {
					t.Errorf("seed %d: got %v, want %v\n  rule %s%s", seed, got, want, rule, aCase(g, s, now))
				}
				if opposite != "" && o.Match(&s, schema.At(now)) == got {
					t.Errorf("seed %d: got %v from %s and from %s too\n  rule %s%s", seed, got, condition.Operator, opposite, rule, aCase(g, s, now))
				}
				name := g.name(condition)
				if seen[name] == nil {
					seen[name] = new([2]int)
				}
				if want {
					seen[name][1]++
				} else {
					seen[name][0]++
				}
			}
			if t.Failed() {
				return
			}
		}
	}
	for _, name := range sortedKeys(seen) {
		always := strings.HasSuffix(name, "set") && (strings.HasPrefix(name, "email") || strings.HasPrefix(name, "created_at") || strings.HasPrefix(name, "changed_at"))
		if n := seen[name]; (n[0] == 0 || n[1] == 0) && !always {
			t.Errorf("%s: got %d that match and %d that do not, want some of each", name, n[1], n[0])
		}
	}
}

// TestEveryOperatorIsChecked finds the operators that people can choose and the generator does not know.
func TestEveryOperatorIsChecked(t *testing.T) {
	t.Parallel()
	g := newGenerator(0)
	known := map[segments.Kind][]string{}
	for name, operators := range typeOperators {
		kind, _ := g.schema().Kind(segments.Condition{Type: segments.Type(name)})
		known[kind] = operators
	}
	for _, m := range g.fields {
		known[segments.KindOf(m)] = fieldOperators[m.Type]
	}
	for kind, operators := range known {
		all := segments.Operators(kind)
		for _, o := range all {
			if !slices.Contains(operators, string(o)) {
				t.Errorf("%s: the generator does not know %s", kind, o)
			}
		}
		if len(all) == 0 {
			t.Errorf("%s: got no operators", kind)
		}
	}
}

func (g *generator) alone(w written) string {
	return asText(written{Join: "AND", Filters: []written{w}})
}

// name is the type and operator of a condition.
func (g *generator) name(w written) string {
	if w.Type == "field" {
		w.Type = string(g.naive().fields[w.FieldID].Type)
	}
	return w.Type + " " + w.Operator
}

// TestNextIsWhenTimeChangesTheAnswer looks at the start of each of the days that follow and at every hour that a rule
// speaks of: before Next the answer stays, and the Next of a single condition is when it changes.
func TestNextIsWhenTimeChangesTheAnswer(t *testing.T) {
	t.Parallel()
	changed := 0
	for seed := range uint64(25) {
		g := newGenerator(seed)
		n, schema := g.naive(), g.schema()
		for i := range 4 {
			rule := g.timedRule(i%2 == 0)
			_, m := compiled(t, schema, rule)
			given := readWritten(rule)
			for range 4 {
				s, now := g.subject(1), g.now()
				next, want := m.Next(&s, schema.At(now)), n.next(given, s, now)
				early, late := !next.IsZero() && !next.After(now), !want.IsZero() && (next.IsZero() || next.After(want))
				if early || late || i%2 == 0 && !want.IsZero() && !next.Equal(want) || !m.Timed() {
					t.Errorf("seed %d: got next %s, want %s\n  rule %s%s", seed, next, want, rule, aCase(g, s, now))
				}
				if !want.IsZero() {
					changed++
				}
			}
			if t.Failed() {
				return
			}
		}
	}
	if changed < 60 {
		t.Errorf("got %d contacts whom passing time moves, want some", changed)
	}
}

// timedRule is a rule of one condition, or of several, that passing time has a part in.
func (g *generator) timedRule(alone bool) string {
	for {
		w := g.group(2)
		if alone {
			w = written{Join: "AND", Filters: []written{g.condition()}}
		}
		if w.isTimed() {
			return asText(w)
		}
	}
}

// relative are the operators whose answer depends on the day.
var relative = []string{"in_last_days", "not_in_last_days", "in_next_days", "more_than_days_ago", "anniversary_within_days", "in_last_hours"}

func (w written) isTimed() bool {
	return w.Days != nil || slices.Contains(relative, w.Operator) || slices.ContainsFunc(w.Filters, written.isTimed)
}

// next tries every instant of the next 13 months at which time can change something, and returns the first that does; zero
// when there is none.
func (n naive) next(w written, s segments.Subject, now time.Time) time.Time {
	if !w.isTimed() {
		return time.Time{}
	}
	instants := n.hours(w, s)
	for day := range 400 {
		instants = append(instants, dayStart(dayIn(now, n.zone).AddDate(0, 0, day+1), n.zone))
	}
	slices.SortFunc(instants, time.Time.Compare)
	is := n.matches(w, s, now)
	for _, at := range instants {
		if at.After(now) && n.matches(w, s, at) != is {
			return at
		}
	}
	return time.Time{}
}

// hours returns the instants at which the conditions in hours begin and end to match.
func (n naive) hours(w written, s segments.Subject) (instants []time.Time) {
	for _, filter := range w.Filters {
		instants = append(instants, n.hours(filter, s)...)
	}
	if w.Operator == "in_last_hours" {
		for _, at := range []time.Time{s.CreatedAt, s.ChangedAt, s.SubscribedAt} {
			instants = append(instants, at, at.Add(time.Duration(w.number())*time.Hour))
		}
	}
	return instants
}

package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/ruletest"
	"campaignlark/segments/rule"
)

// compiled returns a rule in its stored form and ready for evaluation.
func compiled(t *testing.T, schema rule.Schema, root string) (stored string, m rule.Matcher) {
	t.Helper()
	g, problems := rule.Parse(root)
	if len(problems) == 0 {
		g, problems = g.Check(schema)
	}
	if len(problems) > 0 {
		t.Fatalf("%s: %v", root, problems)
	}
	m, err := rule.Compile(g, schema)
	if err != nil {
		t.Fatalf("%s: %v", root, err)
	}
	return g.String(), m
}

// aCase describes one contact at one moment for a failure message.
func aCase(g *ruletest.Generator, s rule.Subject, now time.Time) string {
	in := slices.DeleteFunc(slices.Clone(g.Segments), func(id int64) bool { return !s.In(id) })
	s.In = nil
	return fmt.Sprintf("\n  contact %+q\n  in segments %v\n  at %s, which is %s in %s", fmt.Sprintf("%+v", s), in, now.Format(time.RFC3339Nano), now.In(g.Zone), g.Zone)
}

// TestMatchAgreesWithANaiveReading compares the evaluator with the naive one: for the rule as given, for the rule as
// stored, and for its explanation.
func TestMatchAgreesWithANaiveReading(t *testing.T) {
	t.Parallel()
	matched, all := 0, 0
	seeds := uint64(500)
	if testing.Short() {
		seeds = 100
	}
	for seed := range seeds {
		g := ruletest.NewGenerator(seed)
		n, schema := g.Naive(), g.Schema()
		for range 6 {
			rule := g.Rule(rule.MaxDepth)
			stored, m := compiled(t, schema, rule)
			given, again := ruletest.ReadWritten(rule), ruletest.ReadWritten(stored)
			for range 8 {
				s, now := g.Subject(1), g.Now()
				at, want := schema.At(now), n.Matches(given, s, now)
				got := m.Match(&s, at)
				if got != want || n.Matches(again, s, now) != want || m.Explain(&s, at).Matched != want {
					t.Errorf("seed %d: got %v, want %v (stored %v, explained %v)\n  rule %s\n  stored as %s%s", seed, got, want, n.Matches(again, s, now),
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

// TestConditionsAgreeWithANaiveReading does the same for every single operator, where no other condition hides a fault,
// and compares each negative operator with its positive one.
func TestConditionsAgreeWithANaiveReading(t *testing.T) {
	t.Parallel()
	seen := map[string]*[2]int{} // by type and operator, how often it did not match and how often it did
	for seed := range uint64(1000) {
		g := ruletest.NewGenerator(seed)
		n, schema := g.Naive(), g.Schema()
		for range 4 {
			condition := g.Condition()
			root, m := compiled(t, schema, g.Alone(condition))
			given := ruletest.ReadWritten(root)
			opposite := ruletest.Opposites[condition.Operator]
			var o rule.Matcher
			if opposite != "" {
				condition.Operator, opposite = opposite, condition.Operator
				_, o = compiled(t, schema, g.Alone(condition))
				condition.Operator, opposite = opposite, condition.Operator
			}
			for range 8 {
				s, now := g.Subject(1), g.Now()
				got, want := m.Match(&s, schema.At(now)), n.Matches(given, s, now)
				if got != want {
					t.Errorf("seed %d: got %v, want %v\n  rule %s%s", seed, got, want, root, aCase(g, s, now))
				}
				if opposite != "" && o.Match(&s, schema.At(now)) == got {
					t.Errorf("seed %d: got %v from %s and from %s too\n  rule %s%s", seed, got, condition.Operator, opposite, root, aCase(g, s, now))
				}
				name := g.Name(condition)
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
	for _, name := range ruletest.SortedKeys(seen) {
		always := strings.HasSuffix(name, "set") && (strings.HasPrefix(name, "email") || strings.HasPrefix(name, "created_at") || strings.HasPrefix(name, "changed_at"))
		if n := seen[name]; (n[0] == 0 || n[1] == 0) && !always {
			t.Errorf("%s: got %d that match and %d that do not, want some of each", name, n[1], n[0])
		}
	}
}

// TestEveryOperatorIsChecked finds operators that people can choose but the generator does not know.
func TestEveryOperatorIsChecked(t *testing.T) {
	t.Parallel()
	g := ruletest.NewGenerator(0)
	known := map[rule.Kind][]string{}
	for name, operators := range ruletest.TypeOperators {
		kind, _ := g.Schema().Kind(rule.Condition{Type: rule.Type(name)})
		known[kind] = operators
	}
	for _, m := range g.Fields {
		known[rule.KindOf(m)] = ruletest.FieldOperators[m.Type]
	}
	for kind, operators := range known {
		all := rule.Operators(kind)
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

// TestNextIsWhenTimeChangesTheAnswer checks the start of each following day and every hour that a rule uses: before
// Next the result stays, and the Next of a single condition is when it changes.
func TestNextIsWhenTimeChangesTheAnswer(t *testing.T) {
	t.Parallel()
	changed := 0
	for seed := range uint64(25) {
		g := ruletest.NewGenerator(seed)
		n, schema := g.Naive(), g.Schema()
		for i := range 4 {
			rule := g.TimedRule(i%2 == 0)
			_, m := compiled(t, schema, rule)
			given := ruletest.ReadWritten(rule)
			for range 4 {
				s, now := g.Subject(1), g.Now()
				next, want := m.Next(&s, schema.At(now)), n.Next(given, s, now)
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

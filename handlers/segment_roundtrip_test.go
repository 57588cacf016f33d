package handlers

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
)

// ruleMaker makes rules that use everything in a workspace.
type ruleMaker struct {
	*rand.Rand
	schema rule.Schema
	left   int // conditions
}

// awkward lists texts that a form could damage.
var awkward = []string{"x", "a b", " blank before", "blank after ", "50%", "_", `"quoted"`, "<b>bold</b>", "&amp;", "Straße", "null", "0", "two\nlines", "\nline before", "end\n", "a,b", "日本語", "'", "\ttab", "NaN", "e\u0301"}

func (r ruleMaker) text() string { return awkward[r.IntN(len(awkward))] }

// value makes one value of a kind.
func (r ruleMaker) value(of rule.ValueKind, c rule.Condition) string {
	switch of {
	case rule.ValueEmail:
		return fmt.Sprintf("reader%d@bücher.example", r.IntN(100))
	case rule.ValueDomain:
		return []string{"example.com", "bücher.example", "xn--bcher-kva.example"}[r.IntN(3)]
	case rule.ValueNumber:
		return []string{"0", "-1.5", "1000", "0.00000000000000000000000000001", "123456789012345678901234567890"}[r.IntN(5)]
	case rule.ValueDate:
		return fmt.Sprintf("%04d-%02d-%02d", 1+r.IntN(9998), 1+r.IntN(12), 1+r.IntN(28))
	case rule.ValueBoolean:
		return strconv.FormatBool(r.IntN(2) == 0)
	case rule.ValueCountry:
		return models.Countries()[r.IntN(200)].Code
	case rule.ValueStatus:
		return string(models.Statuses[r.IntN(len(models.Statuses))])
	case rule.ValueTag:
		return itoa(r.schema.Tags[r.IntN(len(r.schema.Tags))].ID)
	case rule.ValueSegment:
		return itoa(r.schema.Segments[0].ID)
	case rule.ValueWebhook:
		return itoa(r.schema.Webhooks[r.IntN(len(r.schema.Webhooks))].ID)
	case rule.ValueDays, rule.ValueHours:
		return strconv.Itoa(1 + r.IntN(300))
	case rule.ValueChoice:
		for _, m := range r.schema.MergeTags {
			if m.ID == c.FieldID {
				return m.Options[r.IntN(len(m.Options))]
			}
		}
	}
	return r.text()
}

// condition completes c with random values for its operator.
func (r ruleMaker) condition(c rule.Condition) rule.Filter {
	kind, _ := r.schema.Kind(c)
	for { // until the values are valid, e.g. from is not after to
		c.Value, c.Days = models.Given{Shape: models.Null}, nil
		n := map[rule.Takes]int{rule.TakesOne: 1, rule.TakesTwo: 2, rule.TakesSeveral: 1 + r.IntN(4)}[kind.Takes(c.Operator)]
		for range n {
			c.Value.Texts, c.Value.Shape = append(c.Value.Texts, r.value(kind.Value(c.Operator), c)), models.Plain
		}
		if n > 1 {
			c.Value.Shape = models.List
		}
		if kind.TakesDays(c.Operator) && r.IntN(2) == 0 {
			days := r.IntN(100)
			c.Days = &days
		}
		one := rule.Group{Join: rule.All, Filters: []rule.Filter{rule.Of(c)}}
		if _, problems := one.Check(r.schema); len(problems) == 0 {
			return one.Filters[0]
		}
	}
}

// all returns a condition of every type and operator, without values.
func (r ruleMaker) all() (all []rule.Condition) {
	for _, t := range rule.Types {
		looks := []rule.Condition{{Type: t}}
		if t == rule.TypeField {
			looks = nil
			for _, m := range r.schema.MergeTags {
				looks = append(looks, rule.Condition{Type: t, FieldID: m.ID})
			}
		}
		for _, c := range looks {
			kind, _ := r.schema.Kind(c)
			for _, c.Operator = range rule.Operators(kind) {
				all = append(all, c)
			}
		}
	}
	return all
}

func (r *ruleMaker) group(depth int) rule.Group {
	g := rule.Group{Join: []rule.Join{rule.All, rule.Any}[r.IntN(2)], Filters: []rule.Filter{firstCondition()}}
	r.left--
	for range r.IntN(5) {
		switch {
		case depth < rule.MaxDepth && r.left > rule.MaxDepth && r.IntN(3) == 0:
			inner := r.group(depth + 1)
			g.Filters = append(g.Filters, rule.Filter{Group: &inner})
		case r.left > 0:
			r.left--
			all := r.all()
			g.Filters = append(g.Filters, r.condition(all[r.IntN(len(all))]))
		}
	}
	return g
}

// TestBuilderKeepsEveryRule opens rules in the builder and saves them again, which must not change them.
func TestBuilderKeepsEveryRule(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for i, kind := range models.MergeTagTypes {
			s.post("/w/books/merge-tags", "key", fmt.Sprintf("field_%d", i), "label", "Field "+string(kind), "type", string(kind), "options", "Tea\nCoffee, black\nSmoked \"Lapsang\"").want(t, 303)
		}
		for _, name := range []string{"customer", "wholesale, \"big\"", "press"} {
			s.post("/w/books/tags", "name", name).want(t, 303)
		}
		s.addWebhook(models.TypeSubscribed)
		s.addWebhook(models.TypeUnconfirmed)
		s.post("/w/books/segments", "name", "Other", "what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED", "do", "save").want(t, 303)
		store := segments.Store{DB: s.db, Now: s.server.now}
		schema, err := store.SchemaOf(t.Context(), s.workspace)
		if err != nil {
			t.Fatal(err)
		}
		g, err := store.Create(t.Context(), s.workspace.ID, s.user.ID, "Changing", rule.Group{Join: rule.All, Filters: []rule.Filter{firstCondition()}})
		if err != nil {
			t.Fatal(err)
		}
		path := "/w/books/segments/" + itoa(g.ID)
		var rules []rule.Group
		made := ruleMaker{rand.New(rand.NewPCG(5, 5)), schema, 0}
		for some := range slices.Chunk(made.all(), 40) {
			rule := rule.Group{Join: rule.Any}
			for _, c := range some {
				rule.Filters = append(rule.Filters, made.condition(c))
			}
			rules = append(rules, rule)
		}
		for range 12 {
			made.left = rule.MaxConditions
			rules = append(rules, made.group(1))
		}
		for _, root := range rules {
			g, err := store.Update(t.Context(), s.workspace.ID, s.user.ID, g.ID, "Changing", root)
			if err != nil {
				t.Fatalf("%v: %s", err, root)
			}
			want := rule.OfSegment(g).String()
			s.post(path, formOf(t, s.get(path+"/edit"), "save")...).want(t, 303)
			if g, err = store.Get(t.Context(), s.workspace.ID, g.ID); err != nil {
				t.Fatal(err)
			}
			if got := rule.OfSegment(g).String(); got != want {
				t.Fatalf("got %s, want %s", got, want)
			}
		}
	})
}

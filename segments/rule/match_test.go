package rule_test

import (
	"fmt"
	"testing"

	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/segments/rule"
)

func compile(t *testing.T, root string) rule.Matcher {
	t.Helper()
	g, problems := rule.Parse(root)
	if len(problems) == 0 {
		g, problems = g.Check(schema(t))
	}
	if len(problems) > 0 {
		t.Fatalf("%s: %v", root, problems)
	}
	m, err := rule.Compile(g, schema(t))
	if err != nil {
		t.Fatalf("%s: %v", root, err)
	}
	return m
}

func TestConditionMatches(t *testing.T) {
	t.Parallel()
	at := schema(t).At(ruletest.Noon)
	for _, c := range []struct {
		field           int64
		operator, value string
		stored          string
		want            bool
	}{
		{1, "eq", "vienna", "VIENNA ", true},
		{1, "eq", "STRASSE", "straße", true},
		{1, "eq", "Zoë", "zoe\u0308", true},
		{1, "eq", "Zoe", "Zoë", false},
		{1, "eq", "%", "x", false},
		{1, "eq", "1.5", "1.50", false},
		{1, "eq", "null", "", false},
		{1, "contains", "%", "100 %", true},
		{1, "contains", "_", "abc", false},
		{1, "contains", "ÉTÉ", "l’été 2026", true},
		{1, "contains", "x", "", false},
		{1, "is_set", "", "0", true},
		{1, "is_set", "", "", false},
		{2, "eq", "1.5", "1.50", true},
		{2, "eq", "-0", "0.000", true},
		{2, "eq", "10", "1", false},
		{2, "eq", "0.1", "0.10000000000000000000000000001", false},
		{2, "eq", "-1", "1", false},
		{3, "eq", "yes", "true", true},
		{3, "eq", "no", "", false},
		{4, "eq", "2026-11-24", "2026-11-23T23:00:00Z", true},
		{4, "eq", "2026-11-23", "2026-11-23T23:00:00Z", false},
		{4, "eq", "2026-03-29", "2026-03-29T21:59:59.999Z", true},
		{4, "eq", "2026-11-23", "2026-11-23", true},
		{5, "eq", "large", "Large", true},
		{5, "eq", "large", "An option that was renamed", false},
		{6, "contains", "Tea", "Tea\nCoffee", true},
		{6, "contains", "Tea, Coffee", "Coffee", false},
		{6, "eq", "Coffee, Tea", "Tea\nCoffee", true},
		{6, "eq", "Tea", "Tea\nCoffee", false},
		{7, "eq", "austria", "AT", true},
		{7, "eq", "DE", "AT", false},
	} {
		key := ruletest.FieldTypes[c.field-1].Key
		subject := &rule.Subject{Status: models.StatusSubscribed, Fields: map[string]string{key: c.stored}}
		negative := map[string]string{"eq": "ne", "is_set": "is_not_set"}
		rule := `{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":%q,"value":%q}]}`
		if got := compile(t, fmt.Sprintf(rule, c.field, c.operator, c.value)).Match(subject, at); got != c.want {
			t.Errorf("%s %s %q on %q: got %v, want %v", key, c.operator, c.value, c.stored, got, c.want)
		}
		if not := negative[c.operator]; not != "" && compile(t, fmt.Sprintf(rule, c.field, not, c.value)).Match(subject, at) == c.want {
			t.Errorf("%s %s %q on %q: got %v, want the opposite of %s", key, not, c.value, c.stored, c.want, c.operator)
		}
	}
}

func TestGroupMatches(t *testing.T) {
	t.Parallel()
	at := schema(t).At(ruletest.Noon)
	yes, no, empty := `{"type":"status","operator":"eq","value":"SUBSCRIBED"}`, `{"type":"tags","operator":"has_any","value":11}`, `{"condition":"AND","filters":[]}`
	for _, c := range []struct {
		join, filters string
		want          bool
	}{
		{"AND", "", false}, {"OR", "", false},
		{"AND", yes, true}, {"OR", yes, true}, {"AND", no, false}, {"OR", no, false},
		{"AND", yes + "," + no, false}, {"OR", yes + "," + no, true}, {"AND", yes + "," + yes, true}, {"OR", no + "," + no, false},
		{"AND", yes + "," + empty, false}, {"OR", yes + "," + empty, true},
		{"AND", `{"condition":"OR","filters":[` + no + `,` + yes + `]},` + yes, true},
	} {
		g, problems := rule.Parse(fmt.Sprintf(`{"condition":%q,"filters":[%s]}`, c.join, c.filters))
		m, err := rule.Compile(g, schema(t)) // not checked: empty groups are refused now, but some are stored
		if len(problems) > 0 || err != nil {
			t.Fatal(problems, err)
		}
		if got := m.Match(&rule.Subject{Status: models.StatusSubscribed, Tags: []int64{12, 13}}, at); got != c.want {
			t.Errorf("%s of %s: got %v, want %v", c.join, c.filters, got, c.want)
		}
	}
}

func TestExplainShowsWhatEachConditionSaw(t *testing.T) {
	t.Parallel()
	at := schema(t).At(ruletest.Noon)
	m := compile(t, `{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"},
		{"condition":"OR","filters":[{"type":"field","field_id":2,"operator":"eq","value":5},{"type":"tags","operator":"has_any","value":[11,12]}]}]}`)
	e := m.Explain(&rule.Subject{Status: models.StatusSubscribed, Fields: map[string]string{"points": "1250.50"}, Tags: []int64{12, 13}}, at)
	inner := e.Filters[1]
	if e.Matched || e.Filters[0].Matched || !inner.Matched || inner.Filters[0].Matched || !inner.Filters[1].Matched {
		t.Errorf("got %+v, want only the tags to match", e)
	}
	for got, want := range map[string]string{e.Filters[0].Saw: "Subscribed", inner.Filters[0].Saw: "1,250.50", inner.Filters[1].Saw: "wholesale", rule.PlainText(inner.Filters[0].Words): "The points is 5",
		rule.PlainText(inner.Filters[1].Words): "has any of the tags customer, wholesale"} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

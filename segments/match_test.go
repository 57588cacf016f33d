package segments_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/segments"
)

func compile(t *testing.T, rule string) segments.Matcher {
	t.Helper()
	g, problems := segments.Parse(rule)
	if len(problems) == 0 {
		g, problems = g.Check(schema(t))
	}
	if len(problems) > 0 {
		t.Fatalf("%s: %v", rule, problems)
	}
	m, err := segments.Compile(g, schema(t))
	if err != nil {
		t.Fatalf("%s: %v", rule, err)
	}
	return m
}

func TestConditionMatches(t *testing.T) {
	t.Parallel()
	at := schema(t).At(noon)
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
		key := fieldTypes[c.field-1].Key
		subject := &segments.Subject{Status: models.StatusSubscribed, Fields: map[string]string{key: c.stored}}
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
	at := schema(t).At(noon)
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
		m := compile(t, fmt.Sprintf(`{"condition":%q,"filters":[%s]}`, c.join, c.filters))
		if got := m.Match(&segments.Subject{Status: models.StatusSubscribed, Tags: []int64{12, 13}}, at); got != c.want {
			t.Errorf("%s of %s: got %v, want %v", c.join, c.filters, got, c.want)
		}
	}
}

func TestExplainShowsWhatEachConditionSaw(t *testing.T) {
	t.Parallel()
	at := schema(t).At(noon)
	m := compile(t, `{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"},
		{"condition":"OR","filters":[{"type":"field","field_id":2,"operator":"eq","value":5},{"type":"tags","operator":"has_any","value":[11,12]}]}]}`)
	e := m.Explain(&segments.Subject{Status: models.StatusSubscribed, Fields: map[string]string{"points": "1250.50"}, Tags: []int64{12, 13}}, at)
	inner := e.Filters[1]
	if e.Matched || e.Filters[0].Matched || !inner.Matched || inner.Filters[0].Matched || !inner.Filters[1].Matched {
		t.Errorf("got %+v, want only the tags to match", e)
	}
	for got, want := range map[string]string{e.Filters[0].Saw: "Subscribed", inner.Filters[0].Saw: "1,250.50", inner.Filters[1].Saw: "wholesale", segments.PlainText(inner.Filters[0].Words): "The points is 5",
		segments.PlainText(inner.Filters[1].Words): "has any of the tags customer, wholesale"} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Values that are easily mistaken for one another, for something else, or for a pattern.
var oddValues = map[models.MergeTagType][]string{
	models.MergeTagText:     {"", "Vienna", "VIENNA", " vienna", "ıstanbul", "İstanbul", "i", "straße", "STRASSE", "é", "e\u0301", "%", "_", "a%b_c", "null", "NULL", "0", "1.50", "1.5", "true", "日本", "👩‍👧", "\\", "'", "a\nb"},
	models.MergeTagNumber:   {"", "0", "0.0", "1", "1.0", "1.50", "1.5", "-1.5", "150", "123456789012345678901234567890", "123456789012345678901234567891", "0.00000000000000000000000000001"},
	models.MergeTagBoolean:  {"", "true", "false"},
	models.MergeTagDate:     {"", "2026-11-23", "2026-11-24", "2026-11-23T22:59:59Z", "2026-11-23T23:00:00Z", "2026-03-29T00:30:00Z", "2026-03-29", "2026-10-25T01:30:00.5Z", "2026-10-25"},
	models.MergeTagSingle:   {"", "Small", "Large"},
	models.MergeTagMultiple: {"", "Tea", "Coffee", "Tea\nCoffee", "Tea\nStraße", "Tea\nCoffee\nStraße"},
	models.MergeTagCountry:  {"", "AT", "DE", "US"},
}

func randomSubject(r *rand.Rand, id int64, tags []int64) segments.Subject {
	s := segments.Subject{ID: id, Status: models.Statuses[r.IntN(3)], Fields: map[string]string{}}
	for _, m := range fieldTypes {
		if value := pick(r, oddValues[m.Type]); value != "" {
			s.Fields[m.Key] = value
		}
	}
	for _, tag := range tags {
		if r.IntN(3) == 0 {
			s.Tags = append(s.Tags, tag)
		}
	}
	return s
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// randomRule makes a rule over the schema's fields and tags, at most depth groups deep.
func randomRule(r *rand.Rand, s segments.Schema, depth int) segments.Group {
	g := segments.Group{Join: pick(r, []segments.Join{segments.All, segments.Any})}
	for range r.IntN(4) {
		if depth > 1 && r.IntN(3) == 0 {
			inner := randomRule(r, s, depth-1)
			g.Filters = append(g.Filters, segments.Filter{Group: &inner})
		} else {
			g.Filters = append(g.Filters, segments.Of(randomCondition(r, s)))
		}
	}
	return g
}

// first are the operators of a kind that naive knows.
func first(k segments.Kind) []segments.Operator {
	switch k {
	case segments.KindStatus:
		return []segments.Operator{segments.Is, segments.IsNot}
	case segments.KindTags:
		return []segments.Operator{segments.HasAny, segments.HasNone}
	case segments.Kind(models.MergeTagText), segments.Kind(models.MergeTagMultiple):
		return []segments.Operator{segments.Is, segments.IsNot, segments.Contains, segments.IsSet, segments.IsNotSet}
	}
	return []segments.Operator{segments.Is, segments.IsNot, segments.IsSet, segments.IsNotSet}
}

func randomCondition(r *rand.Rand, s segments.Schema) segments.Condition {
	switch n := r.IntN(len(s.MergeTags) + 2); n {
	case 0:
		return segments.Condition{Type: segments.TypeStatus, Operator: pick(r, first(segments.KindStatus)), Value: models.Text(string(pick(r, models.Statuses)))}
	case 1:
		given := models.Given{Shape: models.List}
		for range 1 + r.IntN(2) {
			given.Texts = append(given.Texts, strconv.FormatInt(pick(r, s.Tags).ID, 10))
		}
		return segments.Condition{Type: segments.TypeTags, Operator: pick(r, first(segments.KindTags)), Value: given}
	default:
		m := s.MergeTags[n-2]
		value := ""
		for value == "" {
			value = pick(r, oddValues[m.Type])
		}
		return segments.Condition{Type: segments.TypeField, FieldID: m.ID, Operator: pick(r, first(segments.KindOf(m))), Value: models.Text(value)}
	}
}

// TestMatchAgreesWithANaiveReading compares the evaluator with one that is written from the semantics alone, and every
// negative operator with its positive.
func TestMatchAgreesWithANaiveReading(t *testing.T) {
	t.Parallel()
	s := schema(t)
	at := s.At(noon)
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		rule, problems := randomRule(r, s, 4).Check(s)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		m, err := segments.Compile(rule, s)
		if err != nil {
			t.Fatal(err)
		}
		subject := randomSubject(r, 1, []int64{11, 12, 13})
		if got, want := m.Match(&subject, at), naive(s, rule, subject); got != want {
			t.Fatalf("got %v, want %v for %s on %+v", got, want, rule, subject)
		}
		if m.Explain(&subject, at).Matched != m.Match(&subject, at) {
			t.Fatalf("the explanation of %s on %+v says the opposite", rule, subject)
		}
	}
}

func naive(s segments.Schema, g segments.Group, subject segments.Subject) bool {
	matched := 0
	for _, f := range g.Filters {
		if f.Group != nil && naive(s, *f.Group, subject) || f.Condition != nil && naiveCondition(s, *f.Condition, subject) {
			matched++
		}
	}
	if g.Join == segments.Any {
		return matched > 0
	}
	return matched > 0 && matched == len(g.Filters)
}

func naiveCondition(s segments.Schema, c segments.Condition, subject segments.Subject) bool {
	switch c.Type {
	case segments.TypeStatus:
		return (string(subject.Status) == c.Value.Texts[0]) == (c.Operator == segments.Is)
	case segments.TypeTags:
		common := 0
		for _, id := range subject.Tags {
			if slices.Contains(c.Value.Texts, fmt.Sprint(id)) {
				common++
			}
		}
		return (common > 0) == (c.Operator == segments.HasAny)
	}
	m := s.MergeTags[slices.IndexFunc(s.MergeTags, func(m models.MergeTag) bool { return m.ID == c.FieldID })]
	stored, there := subject.Fields[m.Key]
	switch c.Operator {
	case segments.IsSet:
		return there
	case segments.IsNotSet:
		return !there
	case segments.IsNot:
		return !there || !naiveEqual(m.Type, stored, strings.Join(c.Value.Texts, "\n"), s.Location)
	case segments.Is, segments.On:
		return there && naiveEqual(m.Type, stored, strings.Join(c.Value.Texts, "\n"), s.Location)
	}
	if m.Type == models.MergeTagText {
		return there && strings.Contains(models.Fold(stored), models.Fold(c.Value.Texts[0]))
	}
	return there && !slices.ContainsFunc(c.Value.Texts, func(want string) bool { return !slices.Contains(strings.Split(stored, "\n"), want) })
}

func naiveEqual(k models.MergeTagType, a, b string, where *time.Location) bool {
	switch k {
	case models.MergeTagNumber:
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		return x.Cmp(y) == 0
	case models.MergeTagDate:
		day := func(text string) string {
			if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
				y, m, d := at.In(where).Date()
				return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
			}
			return text
		}
		return day(a) == day(b)
	}
	return models.Fold(strings.TrimSpace(a)) == models.Fold(strings.TrimSpace(b))
}

package segments_test

import (
	"encoding/json"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/segments"
)

// rule is a rule's JSON, its groups nested at most depth deep.
func (g *generator) rule(depth int) string {
	for {
		if text := asText(g.group(depth)); len(text) < segments.MaxRuleBytes/2 {
			return text
		}
	}
}

func asText(w written) string {
	text, err := json.Marshal(w)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (g *generator) group(depth int) written {
	w := written{Join: pick(g.Rand, []string{"AND", "OR"})}
	for range 1 + g.IntN(3) {
		if depth > 1 && g.IntN(3) == 0 {
			w.Filters = append(w.Filters, g.group(depth-1))
		} else {
			w.Filters = append(w.Filters, g.condition())
		}
	}
	return w
}

// The operators of the design, by what they compare; released rules may hold others, which are accepted still.
var (
	textOperators    = []string{"eq", "ne", "in", "not_in", "contains", "not_contains", "starts_with", "ends_with", "is_set", "is_not_set"}
	emailOperators   = append([]string{"domain_eq", "domain_in"}, textOperators...)
	choiceOperators  = []string{"eq", "ne", "in", "not_in", "is_set", "is_not_set"}
	severalOperators = []string{"has_any", "has_all", "has_none", "is_set", "is_not_set"}
	dateOperators    = []string{"on", "before", "after", "lte", "gte", "between", "ne", "in_last_days", "not_in_last_days", "in_next_days",
		"more_than_days_ago", "anniversary_within_days", "is_set", "is_not_set"}
	fieldOperators = map[models.MergeTagType][]string{
		models.MergeTagText: textOperators, models.MergeTagSingle: choiceOperators, models.MergeTagCountry: choiceOperators,
		models.MergeTagNumber:   {"eq", "ne", "gt", "gte", "lt", "lte", "between", "is_set", "is_not_set"},
		models.MergeTagBoolean:  {"eq", "ne", "is_set", "is_not_set"},
		models.MergeTagDate:     append([]string{"eq", "lt", "gt"}, dateOperators...),
		models.MergeTagMultiple: append([]string{"contains", "eq", "ne"}, severalOperators...),
	}
	typeOperators = map[string][]string{
		"status": {"eq", "ne", "in", "not_in"}, "tags": severalOperators, "segment": {"in", "not_in"}, "email": emailOperators,
		"created_by": {"eq", "ne", "is_set", "is_not_set"}, "touched_by": {"eq", "ne", "is_set", "is_not_set"},
		"created_at": append([]string{"in_last_hours"}, dateOperators...), "changed_at": append([]string{"in_last_hours"}, dateOperators...),
		"subscribed_at": append([]string{"in_last_hours"}, dateOperators...),
	}
	conditionTypes = sortedKeys(typeOperators)
)

func (g *generator) condition() written {
	if len(g.segments) > 0 && g.IntN(6) == 0 {
		return g.withValue(written{Type: "segment", Operator: pick(g.Rand, typeOperators["segment"])}, models.MergeTag{})
	}
	if n := g.IntN(len(conditionTypes) + len(g.fields)); n < len(conditionTypes) && conditionTypes[n] != "segment" {
		w := written{Type: conditionTypes[n]}
		w.Operator = pick(g.Rand, typeOperators[w.Type])
		return g.withValue(w, models.MergeTag{})
	}
	m := pick(g.Rand, g.fields)
	return g.withValue(written{Type: "field", FieldID: m.ID, Operator: pick(g.Rand, fieldOperators[m.Type])}, m)
}

// withValue gives the condition a value that fits its type and operator.
func (g *generator) withValue(w written, m models.MergeTag) written {
	one := func() any { return g.value(w, m) }
	switch w.Operator {
	case "is_set", "is_not_set":
		return w
	case "in_last_hours":
		w.Value = max(1, min(g.distance()*24+g.IntN(2)*g.IntN(24), 876_000))
		return w
	case "anniversary_within_days":
		w.Value = min(g.distance(), 366)
		return w
	case "in_last_days", "not_in_last_days", "in_next_days", "more_than_days_ago":
		w.Value = pick(g.Rand, []any{g.distance(), strconv.Itoa(g.distance())})
		return w
	case "between":
		a, b := one(), one()
		if g.after(m, a.(string), b.(string)) {
			a, b = b, a
		}
		w.Value = []any{a, b}
		return w
	case "in", "not_in", "domain_in", "has_any", "has_all", "has_none":
		if w.Type != "segment" {
			list := []any{one()}
			for g.IntN(2) == 0 {
				list = append(list, one())
			}
			w.Value = list
			return w
		}
	}
	w.Value = one()
	if strings.HasSuffix(w.Type, "ed_by") && g.IntN(2) == 0 {
		days := g.distance()
		w.Days = &days
	}
	return w
}

// after says whether a number or date is greater than another.
func (g *generator) after(m models.MergeTag, a, b string) bool {
	if m.Type == models.MergeTagNumber {
		return naiveNumber(written{Operator: "gt", Value: b}, a)
	}
	n := g.naive()
	return n.dayOf(a).After(n.dayOf(b))
}

// value is one value that fits.
func (g *generator) value(w written, m models.MergeTag) any {
	switch {
	case w.Type == "status":
		return string(pick(g.Rand, models.Statuses))
	case w.Type == "tags":
		return pick(g.Rand, g.tags)
	case w.Type == "segment":
		return pick(g.Rand, g.segments)
	case strings.HasSuffix(w.Type, "ed_by"):
		return pick(g.Rand, g.webhooks)
	case strings.HasSuffix(w.Type, "ed_at"):
		return g.date()
	case strings.HasPrefix(w.Operator, "domain"):
		_, domain, _ := strings.Cut(pick(g.Rand, g.emails), "@")
		return domain
	case w.Type == "email" && (strings.HasSuffix(w.Operator, "contains") || strings.HasSuffix(w.Operator, "with")):
		email := pick(g.Rand, g.emails)
		at := strings.Index(email, "@")
		return pick(g.Rand, []string{email[:at], email[at:], email, pick(g.Rand, pieces)})
	case w.Type == "email":
		return pick(g.Rand, g.emails)
	case m.Type == models.MergeTagText && w.Operator != "eq" && w.Operator != "ne" && g.IntN(2) == 0:
		return pick(g.Rand, pieces)
	}
	for {
		value := g.given(m)
		if stored, err := m.Read(models.Text(value)); err == nil && stored != "" {
			return value
		}
	}
}

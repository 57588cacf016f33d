package ruletest

import (
	"encoding/json"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/segments/rule"
)

// Rule returns the JSON of a random rule with groups of at most depth levels.
func (g *Generator) Rule(depth int) string {
	for {
		if text := asText(g.group(depth)); len(text) < rule.MaxRuleBytes/2 {
			return text
		}
	}
}

func asText(w Written) string {
	text, err := json.Marshal(w)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (g *Generator) group(depth int) Written {
	w := Written{Join: Pick(g.Rand, []string{"AND", "OR"})}
	for range 1 + g.IntN(3) {
		if depth > 1 && g.IntN(3) == 0 {
			w.Filters = append(w.Filters, g.group(depth-1))
		} else {
			w.Filters = append(w.Filters, g.Condition())
		}
	}
	return w
}

// The operators of the design, by what they compare. Older rules may have others, which are still accepted.
var (
	textOperators    = []string{"eq", "ne", "in", "not_in", "contains", "not_contains", "starts_with", "ends_with", "is_set", "is_not_set"}
	emailOperators   = append([]string{"domain_eq", "domain_in"}, textOperators...)
	choiceOperators  = []string{"eq", "ne", "in", "not_in", "is_set", "is_not_set"}
	severalOperators = []string{"has_any", "has_all", "has_none", "is_set", "is_not_set"}
	dateOperators    = []string{"on", "before", "after", "lte", "gte", "between", "ne", "in_last_days", "not_in_last_days", "in_next_days",
		"more_than_days_ago", "anniversary_within_days", "is_set", "is_not_set"}
	TypeOperators = map[string][]string{
		"status": {"eq", "ne", "in", "not_in"}, "tags": severalOperators, "segment": {"in", "not_in"}, "email": emailOperators,
		"created_by": {"eq", "ne", "is_set", "is_not_set"}, "touched_by": {"eq", "ne", "is_set", "is_not_set"},
		"created_at": append([]string{"in_last_hours"}, dateOperators...), "changed_at": append([]string{"in_last_hours"}, dateOperators...),
		"subscribed_at": append([]string{"in_last_hours"}, dateOperators...),
	}
	conditionTypes = SortedKeys(TypeOperators)
)

// Condition returns a random condition.
func (g *Generator) Condition() Written {
	if len(g.Segments) > 0 && g.IntN(6) == 0 {
		return g.withValue(Written{Type: "segment", Operator: Pick(g.Rand, TypeOperators["segment"])}, models.MergeTag{})
	}
	if n := g.IntN(len(conditionTypes) + len(g.Fields)); n < len(conditionTypes) && conditionTypes[n] != "segment" {
		w := Written{Type: conditionTypes[n]}
		w.Operator = Pick(g.Rand, TypeOperators[w.Type])
		return g.withValue(w, models.MergeTag{})
	}
	m := Pick(g.Rand, g.Fields)
	return g.withValue(Written{Type: "field", FieldID: m.ID, Operator: Pick(g.Rand, FieldOperators[m.Type])}, m)
}

// withValue gives the condition a value that fits its type and operator.
func (g *Generator) withValue(w Written, m models.MergeTag) Written {
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
		w.Value = Pick(g.Rand, []any{g.distance(), strconv.Itoa(g.distance())})
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

// after reports whether a number or date is greater than another.
func (g *Generator) after(m models.MergeTag, a, b string) bool {
	if m.Type == models.MergeTagNumber {
		return naiveNumber(Written{Operator: "gt", Value: b}, a)
	}
	n := g.Naive()
	return n.dayOf(a).After(n.dayOf(b))
}

// value returns one value that fits the condition.
func (g *Generator) value(w Written, m models.MergeTag) any {
	switch {
	case w.Type == "status":
		return string(Pick(g.Rand, models.Statuses))
	case w.Type == "tags":
		return Pick(g.Rand, g.Tags)
	case w.Type == "segment":
		return Pick(g.Rand, g.Segments)
	case strings.HasSuffix(w.Type, "ed_by"):
		return Pick(g.Rand, g.Webhooks)
	case strings.HasSuffix(w.Type, "ed_at"):
		return g.date()
	case strings.HasPrefix(w.Operator, "domain"):
		_, domain, _ := strings.Cut(Pick(g.Rand, g.emails), "@")
		return domain
	case w.Type == "email" && (strings.HasSuffix(w.Operator, "contains") || strings.HasSuffix(w.Operator, "with")):
		email := Pick(g.Rand, g.emails)
		at := strings.Index(email, "@")
		return Pick(g.Rand, []string{email[:at], email[at:], email, Pick(g.Rand, pieces)})
	case w.Type == "email":
		return Pick(g.Rand, g.emails)
	case m.Type == models.MergeTagText && w.Operator != "eq" && w.Operator != "ne" && g.IntN(2) == 0:
		return Pick(g.Rand, pieces)
	}
	for {
		value := g.given(m)
		if stored, err := m.Read(models.Text(value), nil); err == nil && stored != "" {
			return value
		}
	}
}

// Alone returns the JSON of a rule with one condition.
func (g *Generator) Alone(w Written) string {
	return asText(Written{Join: "AND", Filters: []Written{w}})
}

// Name returns the type and operator of a condition. For a field it is the merge tag's type.
func (g *Generator) Name(w Written) string {
	if w.Type == "field" {
		w.Type = string(g.Naive().fields[w.FieldID].Type)
	}
	return w.Type + " " + w.Operator
}

// TimedRule returns a rule whose answer can change as time passes. If alone is set, it has only one condition.
func (g *Generator) TimedRule(alone bool) string {
	for {
		w := g.group(2)
		if alone {
			w = Written{Join: "AND", Filters: []Written{g.Condition()}}
		}
		if w.IsTimed() {
			return asText(w)
		}
	}
}

// relative are the operators whose answer depends on the current time.
var relative = []string{"in_last_days", "not_in_last_days", "in_next_days", "more_than_days_ago", "anniversary_within_days", "in_last_hours"}

// Subscribed is a rule that matches SUBSCRIBED contacts.
const Subscribed = `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`

package rule

import (
	"fmt"
	"strconv"
	"strings"

	"campaignlark/models"
)

// Check returns the rule with every value in its stored form, and its problems. It reads values like those of a webhook
// call. A rule and each group needs a condition; older stored rules without one match no contact.
func (g Group) Check(s Schema) (Group, Problems) {
	c := checker{schema: s}
	checked := c.group(g, "", 1)
	if c.conditions > MaxConditions {
		c.problems = append(c.problems, Problem{Message: fmt.Sprintf("Please use at most %d conditions. There are %d.", MaxConditions, c.conditions)})
	}
	if bytes := len(checked.String()); bytes > MaxRuleBytes && len(c.problems) == 0 {
		c.problems = append(c.problems, Problem{Message: tooLong(bytes)})
	}
	return checked, c.problems
}

type checker struct {
	schema     Schema
	conditions int
	problems   Problems
}

func (c *checker) group(g Group, at string, depth int) Group {
	checked := Group{Join: g.Join, Filters: []Filter{}}
	if depth > MaxDepth {
		c.problems = append(c.problems, Problem{At: at, Message: tooDeep})
		return checked
	}
	if len(g.Filters) == 0 {
		c.problems = append(c.problems, Problem{At: at, Message: emptyMessage(at)})
	}
	for i, f := range g.Filters {
		if f.Group != nil {
			inner := c.group(*f.Group, Place(at, i), depth+1)
			checked.Filters = append(checked.Filters, Filter{Group: &inner})
			continue
		}
		c.conditions++
		condition, problem := c.schema.condition(*f.Condition)
		if problem != nil {
			problem.At = Place(at, i)
			c.problems = append(c.problems, *problem)
		}
		checked.Filters = append(checked.Filters, Of(condition))
	}
	return checked
}

// emptyMessage says what to do about a group without conditions, which would match no contact.
func emptyMessage(at string) string {
	if at == "" {
		return "A rule needs at least one condition. Please add one."
	}
	return "This group has no condition. Please add one, or remove the group."
}

// condition returns the condition with its value in its stored form, or its problem.
func (s Schema) condition(c Condition) (Condition, *Problem) {
	kind, ok := s.Kind(c)
	switch {
	case !ok && c.Type == TypeField:
		return c, &Problem{Part: "field", Message: s.goneMessage(TypeField, c.FieldID, "This field does not exist any more. Please choose another.")}
	case !ok:
		return c, &Problem{Part: "field", Message: "Please choose what to look at, such as the status, the tags or a field."}
	}
	if c.Type != TypeField {
		c.FieldID = 0
	}
	if kind != KindSource {
		c.Days = nil
	}
	stored, ok := kind.canonical(c.Operator)
	if !ok {
		return c, &Problem{Part: "operator", Message: "Please choose one of these: " + labels(kind) + "."}
	}
	c.Operator = stored
	if c.Days != nil && !kind.TakesDays(stored) {
		return c, &Problem{Part: "days", Message: "Days need one webhook. Please choose a webhook, or remove the days."}
	}
	if c.Days != nil && (*c.Days < 0 || *c.Days > maxDays) {
		return c, &Problem{Part: "days", Message: countProblem(InLastDays)}
	}
	if kind.Takes(stored) == TakesNothing {
		c.Value = models.Given{Shape: models.Null}
		return c, nil
	}
	value, message := s.value(kind, c)
	if message != "" {
		return c, &Problem{Part: "value", Message: message}
	}
	c.Value = value
	return c, nil
}

// labels names the operators of a kind.
func labels(k Kind) string {
	var names []string
	for _, o := range operators[k] {
		names = append(names, k.Label(o))
	}
	return strings.Join(names, ", ")
}

// LeftOut counts what WithoutFaults took out of a rule.
type LeftOut struct {
	Faulty   int // conditions and groups with a fault
	Unfilled int // conditions without a value
	Gone     int // conditions that stay, without those of their values that were deleted or cannot be read
}

// WithoutFaults returns the segment's rule in its stored form without faulty conditions and groups, and what was taken out. A
// condition that takes several values keeps the good ones. It also removes a group that loses all its conditions, because it would
// match no contact.
func (g Group) WithoutFaults(s Schema, segment int64) (Group, LeftOut) {
	g, gone := s.goodValues(g)
	checked, problems := g.CheckFor(s, segment)
	faulty, left := map[string]bool{}, LeftOut{Gone: gone}
	for _, p := range problems {
		switch {
		case p.At == "" || faulty[p.At]:
			continue
		case p.unfilled(checked):
			left.Unfilled++
		default:
			left.Faulty++
		}
		faulty[p.At] = true
	}
	return checked.without(faulty, ""), left
}

// goodValues takes the faulty values out of conditions that have good ones too, and counts these conditions.
func (s Schema) goodValues(g Group) (good Group, conditions int) {
	good = Group{Join: g.Join}
	for _, f := range g.Filters {
		if f.Group != nil {
			inner, n := s.goodValues(*f.Group)
			f.Group, conditions = &inner, conditions+n
		} else if c, fewer := s.withGoodValues(*f.Condition); fewer {
			f, conditions = Of(c), conditions+1
		}
		good.Filters = append(good.Filters, f)
	}
	return good, conditions
}

// withGoodValues returns a condition without its faulty values; false if it has none, or only such.
func (s Schema) withGoodValues(c Condition) (Condition, bool) {
	kind, _ := s.Kind(c)
	operator, ok := kind.canonical(c.Operator)
	if _, problem := s.condition(c); !ok || problem == nil || problem.Part != "value" || kind.Takes(operator) != TakesSeveral {
		return c, false
	}
	var good []string
	for _, text := range c.Value.Texts {
		one := c
		one.Value.Texts = []string{text}
		if _, problem := s.condition(one); problem == nil {
			good = append(good, text)
		}
	}
	c.Value.Texts = good
	return c, len(good) > 0
}

// unfilled reports whether the problem is that the condition has no value yet.
func (p Problem) unfilled(root Group) bool {
	f := root.at(p.At)
	return p.Part == "value" && f.Condition != nil && strings.TrimSpace(strings.Join(f.Condition.Value.Texts, "")) == ""
}

// at returns the filter at a place.
func (g Group) at(place string) Filter {
	first, rest, inside := strings.Cut(place, ".")
	i, err := strconv.Atoi(first)
	if err != nil || i < 0 || i >= len(g.Filters) {
		return Filter{}
	}
	f := g.Filters[i]
	if !inside || f.Group == nil {
		return f
	}
	return f.Group.at(rest)
}

func (g Group) without(faulty map[string]bool, at string) Group {
	left := Group{Join: g.Join}
	for i, f := range g.Filters {
		at := Place(at, i)
		if faulty[at] {
			continue
		}
		if f.Group != nil {
			inner := f.Group.without(faulty, at)
			if len(inner.Filters) == 0 {
				continue
			}
			f.Group = &inner
		}
		left.Filters = append(left.Filters, f)
	}
	return left
}

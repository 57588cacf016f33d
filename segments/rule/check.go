package rule

import (
	"fmt"
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
		return c, &Problem{Part: "field", Message: "This field does not exist any more. Please choose another."}
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

// WithoutFaults returns the segment's rule in its stored form without faulty conditions and groups, and how many these were.
// It also removes a group that loses all its conditions, because it would match no contact.
func (g Group) WithoutFaults(s Schema, segment int64) (Group, int) {
	checked, problems := g.CheckFor(s, segment)
	faulty := map[string]bool{}
	for _, p := range problems {
		if p.At != "" {
			faulty[p.At] = true
		}
	}
	return checked.without(faulty, ""), len(faulty)
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

package segments

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
)

// Check returns the rule with every value in its stored form, or what is wrong with it. Values are read like those of a
// webhook call.
func (g Group) Check(s Schema) (Group, Problems) {
	c := checker{schema: s}
	checked := c.group(g, "", 1)
	if c.conditions > MaxConditions {
		c.problems = append(c.problems, Problem{Message: fmt.Sprintf("Please use at most %d conditions. There are %d.", MaxConditions, c.conditions)})
	}
	if len(checked.String()) > MaxRuleBytes {
		c.problems = append(c.problems, Problem{Message: tooLong})
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
	for i, f := range g.Filters {
		if f.Group != nil {
			inner := c.group(*f.Group, place(at, i), depth+1)
			checked.Filters = append(checked.Filters, Filter{Group: &inner})
			continue
		}
		c.conditions++
		condition, problem := c.schema.condition(*f.Condition)
		if problem != nil {
			problem.At = place(at, i)
			c.problems = append(c.problems, *problem)
		}
		checked.Filters = append(checked.Filters, Of(condition))
	}
	return checked
}

// condition returns the condition with its value in its stored form, or what is wrong with it.
func (s Schema) condition(c Condition) (Condition, *Problem) {
	kind, ok := s.Kind(c)
	switch {
	case !ok && c.Type == TypeField:
		return c, &Problem{Part: "field", Message: "This field does not exist any more. Please choose another."}
	case !ok:
		return c, &Problem{Part: "field", Message: "Please choose what to look at: the status, the tags or a field."}
	}
	if c.Type != TypeField {
		c.FieldID = 0
	}
	stored, ok := kind.canonical(c.Operator)
	if !ok {
		return c, &Problem{Part: "operator", Message: "Please choose one of these: " + labels(kind) + "."}
	}
	if c.Operator = stored; kind.Takes(stored) == TakesNothing {
		c.Value = models.Given{Shape: models.Null}
		return c, nil
	}
	value, message := s.value(c)
	if message != "" {
		return c, &Problem{Part: "value", Message: message}
	}
	c.Value = value
	return c, nil
}

// labels names the operators of a kind with what stands for them in a rule's JSON.
func labels(k Kind) string {
	var names []string
	for _, o := range operators[k] {
		names = append(names, fmt.Sprintf("%s (%s)", k.Label(o), string(o)))
	}
	return strings.Join(names, ", ")
}

// value returns the condition's value in its stored form, or a sentence about what is wrong with it.
func (s Schema) value(c Condition) (models.Given, string) {
	switch c.Type {
	case TypeStatus:
		return statusValue(c.Value)
	case TypeTags:
		return s.tagsValue(c)
	}
	m := s.fields[c.FieldID]
	given := c.Value
	if given.Shape == models.List && len(given.Texts) == 1 {
		given.Shape = models.Plain
	}
	stored, err := m.Read(given)
	switch {
	case err != nil:
		return given, err.Error()
	case stored == "":
		return given, "Please give a value to compare with."
	case m.Type == models.MergeTagDate:
		return models.Text(dayOf(stored, s.Location)), ""
	case m.Type == models.MergeTagMultiple:
		return models.Given{Shape: models.List, Texts: choices(stored)}, ""
	}
	return models.Text(stored), ""
}

func statusValue(given models.Given) (models.Given, string) {
	status := models.Status(strings.ToUpper(models.TrimBlanks(given.Last())))
	if len(given.Texts) > 1 || !status.Valid() {
		return given, "Please choose one status: SUBSCRIBED, UNCONFIRMED or UNSUBSCRIBED."
	}
	return models.Text(string(status)), ""
}

func (s Schema) tagsValue(c Condition) (models.Given, string) {
	ids, ok := c.IDs()
	if !ok || len(ids) == 0 {
		return c.Value, "Please choose at least one tag."
	}
	slices.Sort(ids)
	given := models.Given{Shape: models.List}
	for _, id := range slices.Compact(ids) {
		if _, ok := s.tags[id]; !ok {
			return c.Value, "One of these tags does not exist any more. Please choose again."
		}
		given.Texts = append(given.Texts, strconv.FormatInt(id, 10))
	}
	return given, ""
}

// choices are the options of a multiple choice in its stored form.
func choices(stored string) []string { return strings.Split(stored, "\n") }

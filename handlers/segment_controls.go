package handlers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// control is the kind of input for a condition's values.
type control string

const (
	controlNone   control = "none"
	controlText   control = "text"
	controlLines  control = "lines" // several texts, one per line
	controlNumber control = "number"
	controlDate   control = "date"
	controlCount  control = "count"  // days or hours
	controlChoice control = "choice" // one of a list
	controlPicks  control = "picks"  // several of a list
)

// families groups the controls that can keep each other's values.
var families = map[control]string{
	controlText: "text", controlLines: "text", controlNumber: "number", controlDate: "date", controlCount: "count", controlChoice: "choice", controlPicks: "choice",
}

// Boolean values are part of the operator in the form: "is Yes".
const (
	isTrue  = "eq-true"
	isFalse = "eq-false"
)

// conditionOf returns a row's condition without its values. what is a condition type or "field-12".
func conditionOf(what, operator string) rule.Condition {
	c := rule.Condition{Type: rule.Type(what), Operator: rule.Operator(operator), Value: models.Given{Shape: models.Null}}
	if id, found := strings.CutPrefix(what, "field-"); found {
		c.Type = rule.TypeField
		c.FieldID, _ = strconv.ParseInt(id, 10, 64) // the check refuses field 0
	}
	if operator == isTrue || operator == isFalse {
		c.Operator, c.Value = rule.Is, models.Text(strings.TrimPrefix(operator, "eq-"))
	}
	return c
}

// whatOf is the inverse of conditionOf for what.
func whatOf(c rule.Condition) string {
	if c.Type == rule.TypeField {
		return "field-" + strconv.FormatInt(c.FieldID, 10)
	}
	return string(c.Type)
}

// operatorOf is the inverse of conditionOf for operator.
func operatorOf(kind rule.Kind, c rule.Condition) string {
	value := c.Value.Last()
	if kind.Value(c.Operator) == rule.ValueBoolean && c.Operator == rule.Is && len(c.Value.Texts) == 1 && (value == "true" || value == "false") {
		return "eq-" + value
	}
	return string(c.Operator)
}

// operatorOptions lists the operators of a kind.
func operatorOptions(kind rule.Kind) (options []views.Option) {
	for _, o := range rule.Operators(kind) {
		if o == rule.Is && kind.Value(o) == rule.ValueBoolean {
			options = append(options, views.Option{Value: isTrue, Label: "is Yes"}, views.Option{Value: isFalse, Label: "is No"})
			continue
		}
		label := kind.Label(o)
		if kind.Value(o) == rule.ValueHours {
			label += " … hours"
		}
		options = append(options, views.Option{Value: string(o), Label: label})
	}
	return options
}

// offers reports whether the kind has the operator.
func offers(kind rule.Kind, operator string) bool {
	return slices.ContainsFunc(operatorOptions(kind), func(o views.Option) bool { return o.Value == operator })
}

// firstOperator returns the default operator of a kind.
func firstOperator(kind rule.Kind) string {
	if options := operatorOptions(kind); len(options) > 0 {
		return options[0].Value
	}
	return ""
}

// controlOf returns the input that a row needs for its values.
func controlOf(kind rule.Kind, operator string) control {
	if operator == isTrue || operator == isFalse {
		return controlNone
	}
	o := rule.Operator(operator)
	takes := kind.Takes(o)
	if takes == rule.TakesNothing {
		return controlNone
	}
	several := takes == rule.TakesSeveral
	switch kind.Value(o) {
	case rule.ValueBoolean, rule.ValueChoice, rule.ValueCountry, rule.ValueStatus, rule.ValueTag, rule.ValueSegment, rule.ValueWebhook:
		if several {
			return controlPicks
		}
		return controlChoice
	case rule.ValueNumber:
		return controlNumber
	case rule.ValueDate:
		return controlDate
	case rule.ValueDays, rule.ValueHours:
		return controlCount
	}
	if several {
		return controlLines
	}
	return controlText
}

// withValues sets the condition's values from its row. If each is set, a text with several lines is one value.
func withValues(c rule.Condition, how control, given []string, each bool) rule.Condition {
	texts := make([]string, 0, len(given))
	for _, text := range given {
		texts = append(texts, models.OneLineEnd(text))
	}
	switch how {
	case controlNone:
		return c
	case controlLines:
		if !each {
			texts = strings.Split(strings.Join(texts, "\n"), "\n")
		}
		c.Value = models.Given{Texts: slices.DeleteFunc(texts, models.IsBlank), Shape: models.List}
	case controlPicks:
		c.Value = models.Given{Texts: texts, Shape: models.List}
	default:
		c.Value = models.Given{Texts: texts}
		if len(texts) > 1 {
			c.Value.Shape = models.List
		}
	}
	return c
}

// keptValues returns the values that a row keeps when its operator, and so its input, changes.
func keptValues(was, now control, given []string) []string {
	if was == now || len(given) == 0 {
		return given
	}
	if families[was] == "" || families[was] != families[now] {
		return nil
	}
	if was == controlLines {
		return strings.SplitN(given[0], "\n", 2)[:1]
	}
	if now == controlChoice {
		return given[:1]
	}
	return given
}

// conditionRow shows one condition with the operators and values of its kind.
func conditionRow(c rule.Condition, schema rule.Schema) views.ConditionRow {
	kind, known := schema.Kind(c)
	row := views.ConditionRow{What: whatOf(c), Operator: operatorOf(kind, c), Values: c.Value.Texts, Whats: whatOptions(schema), Operators: operatorOptions(kind),
		Two: kind.Takes(c.Operator) == rule.TakesTwo, WithDays: kind.TakesDays(c.Operator)}
	row.Control = string(controlOf(kind, row.Operator))
	if !known {
		row.Whats = append(row.Whats, views.OptionGroup{Options: []views.Option{{Value: row.What, Label: schema.GoneField(c.FieldID)}}})
	}
	if !offers(kind, row.Operator) && kind.Label(c.Operator) != "" { // an operator from an older rule stays until another is chosen
		row.Operators = append(row.Operators, views.Option{Value: row.Operator, Label: kind.Label(c.Operator)})
	}
	if c.Days != nil {
		row.Days = strconv.Itoa(*c.Days)
	}
	switch control(row.Control) {
	case controlChoice, controlPicks:
		row.Options, row.NoChoice = valueOptions(kind.Value(c.Operator), c, schema)
		if len(row.Options)+len(row.Values) > 0 {
			row.Options = withChosen(row.Options, row.Values, func(text string) string { return schema.GoneValue(c, text) })
		}
		if row.Control == string(controlChoice) && strings.Join(row.Values, "") == "" && len(row.Options) > 0 {
			row.Options = append([]views.Option{{Label: "Choose one"}}, row.Options...) // so that no option is selected by default
		}
		row.Many = kind == rule.KindTags || len(row.Options) > 8
	case controlDate:
		row.Dates = !slices.ContainsFunc(row.Values, func(text string) bool { return !isDay(text) })
	case controlCount:
		row.Unit = unitOf(kind.Value(c.Operator))
	}
	return row
}

func unitOf(value rule.ValueKind) string {
	if value == rule.ValueHours {
		return "hours"
	}
	return "days"
}

// isDay reports whether a browser's date picker can show the text.
func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return text == "" || err == nil && !strings.HasPrefix(text, "0000")
}

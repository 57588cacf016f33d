package handlers

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// segmentInput is what the builder's form says. Its rows are numbered from 0: what-0, operator-0, value-0; the field
// "rule" holds the JSON of a tree instead.
type segmentInput struct {
	name   string
	rule   segments.Group
	json   string // the field "rule" as sent; "" when the rows were used
	action string // of the button: "save", "add", "update" or "remove-2"
	focus  int    // the row to go on with, -1 for none
}

// onlyShape says whether the button only changes the form's rows.
func (in segmentInput) onlyShape() bool { return in.action != "" && in.action != "save" }

// firstCondition is what a new row looks at.
func firstCondition() segments.Filter {
	return segments.Of(segments.Condition{Type: segments.TypeStatus, Operator: segments.Is, Value: models.Text(string(models.StatusSubscribed))})
}

// segmentInput reads the form. Its problems are those of a rule that cannot be read at all.
func (v *visit) segmentInput() (segmentInput, segments.Problems) {
	in := segmentInput{name: models.CleanName(v.Form("name")), action: v.Form("do"), focus: -1}
	if text := v.Form("rule"); !models.IsBlank(text) {
		var problems segments.Problems
		in.json = text
		in.rule, problems = segments.Parse(text)
		return in, problems
	}
	in.rule.Join = segments.All
	if v.Form("join") == string(segments.Any) {
		in.rule.Join = segments.Any
	}
	for i := 0; i < segments.MaxConditions+1 && v.hasRow(i); i++ {
		if in.action == "remove-"+strconv.Itoa(i) {
			in.focus = max(i-1, 0)
			continue
		}
		in.rule.Filters = append(in.rule.Filters, segments.Of(v.row(i)))
	}
	if in.action == "add" && len(in.rule.Filters) < segments.MaxConditions {
		in.rule.Filters = append(in.rule.Filters, firstCondition())
		in.focus = len(in.rule.Filters) - 1
	}
	if row, found := strings.CutPrefix(in.action, "update-"); found {
		in.focus, _ = strconv.Atoi(row)
	}
	return in, nil
}

func (v *visit) hasRow(i int) bool { return len(v.FormAll("what-"+strconv.Itoa(i))) > 0 }

// row reads one condition: what it looks at is "status", "tags" or "field-12".
func (v *visit) row(i int) segments.Condition {
	n := strconv.Itoa(i)
	c := segments.Condition{Type: segments.Type(v.Form("what-" + n)), Operator: segments.Operator(v.Form("operator-" + n))}
	if id, found := strings.CutPrefix(string(c.Type), "field-"); found {
		c.Type = segments.TypeField
		c.FieldID, _ = strconv.ParseInt(id, 10, 64) // 0 is no field, which the check says
	}
	c.Value = models.Given{Texts: v.FormAll("value-" + n)}
	if was := v.Form("was-" + n); was != "" && was != v.Form("what-"+n) {
		c.Value = models.Given{} // the value was meant for something else
	}
	if len(c.Value.Texts) > 1 {
		c.Value.Shape = models.List
	}
	return c
}

// fieldOf is the form field at which a problem of the rule is shown.
func (in segmentInput) fieldOf(p segments.Problem) string {
	row, nested, _ := strings.Cut(p.At, ".")
	if in.json != "" || nested != "" || row == "" {
		return "rule"
	}
	switch p.Part {
	case "field":
		return "what-" + row
	case "operator":
		return "operator-" + row
	}
	return "value-" + row
}

// showSegmentForm sends the form: 422 when it was refused, 200 when only its rows changed.
func (v *visit) showSegmentForm(g models.Segment, in segmentInput, errs models.FieldErrors) error {
	schema, err := v.segments().Schema(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return err
	}
	title, action := "Create segment", v.path("segments")
	crumbs := []views.Crumb{{Text: "Segments", Href: v.path("segments")}, {Text: title}}
	if g.ID != 0 {
		title, action = "Edit segment", v.path("segments", g.ID)
		crumbs = []views.Crumb{crumbs[0], {Text: g.Name, Href: action}, {Text: "Edit"}}
	}
	p, err := v.page(views.SectionSegments, title, crumbs...)
	if err != nil {
		return err
	}
	p.Failed = errs.Any()
	m := views.SegmentFormModel{Page: p, Action: action, ID: g.ID, Name: in.name, Any: in.rule.Join == segments.Any, Errors: errs, JSON: in.json, Unsaved: in.action != ""}
	if m.JSON == "" && slices.ContainsFunc(in.rule.Filters, func(f segments.Filter) bool { return f.Group != nil }) {
		m.JSON = in.rule.String() // groups within groups have no rows yet
	}
	if m.JSON == "" {
		for i, f := range in.rule.Filters {
			m.Rows = append(m.Rows, conditionRow(*f.Condition, schema, i == in.focus))
		}
	}
	if checked, problems := in.rule.Check(schema); len(problems) == 0 {
		m.Words = words(segments.Sentence(checked, schema))
	}
	status := fiber.StatusOK
	if v.refill {
		status = v.refillStatus
	}
	if errs.Any() {
		status = fiber.StatusUnprocessableEntity
	}
	return campaignlark.Render(v.Ctx, status, views.SegmentFormPage(m))
}

// conditionRow shows one condition with the operators and values that fit what it looks at.
func conditionRow(c segments.Condition, schema segments.Schema, focus bool) views.ConditionRow {
	row := views.ConditionRow{What: string(c.Type), Operator: string(c.Operator), Values: c.Value.Texts, Focus: focus}
	if c.Type == segments.TypeField {
		row.What = "field-" + strconv.FormatInt(c.FieldID, 10)
	}
	row.Whats = []views.Option{{Value: "status", Label: "Status"}, {Value: "tags", Label: "Tags"}}
	kind := segments.Kind(c.Type)
	known := c.Type != segments.TypeField
	for _, m := range schema.MergeTags {
		value := "field-" + strconv.FormatInt(m.ID, 10)
		row.Whats = append(row.Whats, views.Option{Value: value, Label: m.Label})
		if value == row.What {
			kind, known = segments.KindOf(m), true
			row.Options = fieldOptions(m)
			row.Hint = fieldHint(m)
			row.Several = m.Type == models.MergeTagMultiple
		}
	}
	switch {
	case !known:
		row.Whats = append(row.Whats, views.Option{Value: row.What, Label: "A deleted field"})
	case kind == segments.KindStatus:
		for _, s := range models.Statuses {
			row.Options = append(row.Options, views.Option{Value: string(s), Label: s.Name()})
		}
	case kind == segments.KindTags:
		row.Several = true
		row.NoChoice = "There are no tags yet."
		for _, t := range schema.Tags {
			row.Options = append(row.Options, views.Option{Value: strconv.FormatInt(t.ID, 10), Label: t.Name})
		}
	}
	for _, o := range segments.Operators(kind) {
		row.Operators = append(row.Operators, views.Option{Value: string(o), Label: kind.Label(o)})
	}
	row.NoValue = kind.Takes(c.Operator) == segments.TakesNothing
	if len(row.Options) > 0 {
		row.Options = withChosen(row.Options, c.Value.Texts)
	}
	return row
}

// withChosen marks the options that are chosen. A value that is none of them stays to be seen, so that saving the form
// does not put another in its place.
func withChosen(options []views.Option, values []string) []views.Option {
	for i := range options {
		options[i].Chosen = slices.Contains(values, options[i].Value)
	}
	for _, value := range values {
		known := slices.ContainsFunc(options, func(o views.Option) bool { return o.Value == value })
		if value != "" && !known {
			options = append(options, views.Option{Value: value, Label: value + " (no longer a choice)", Chosen: true})
		}
	}
	return options
}

// fieldOptions are the values to choose from, nil for a field that takes any text.
func fieldOptions(m models.MergeTag) []views.Option {
	var all []views.Option
	switch m.Type {
	case models.MergeTagBoolean:
		return []views.Option{{Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}
	case models.MergeTagSingle, models.MergeTagMultiple:
		for _, o := range m.Options {
			all = append(all, views.Option{Value: o, Label: o})
		}
	case models.MergeTagCountry:
		for _, c := range models.Countries() {
			all = append(all, views.Option{Value: c.Code, Label: c.Name})
		}
	}
	return all
}

func fieldHint(m models.MergeTag) string {
	if m.Type == models.MergeTagDate {
		return "1990-12-31"
	}
	return ""
}

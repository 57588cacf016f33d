package handlers

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/segments/rule"
)

// The names of the builder's fields form a tree. The first condition in the rule's third group has the place 2.0 and the fields
// what-2.0, operator-2.0 and value-2.0 (one for each value). A group there has join-2.0, the rule itself has join. rule.Problem
// names the same place in At. Alternatively the field "rule" holds the rule as JSON. A button (do) names its action and place:
// add-2, group-2, remove-2.0, update-2.0; plain add and group act on the rule itself.

// Limits on what is read from a form. It reads one more than a rule can have, so that the check can refuse it.
const (
	maxRows   = rule.MaxConditions + 1
	maxGroups = rule.MaxConditions + 1
	maxValues = rule.MaxRuleBytes / 2 // in all rows: a value takes at least two bytes of a rule
)

// segmentInput is the content of the builder's form.
type segmentInput struct {
	name   string
	rule   rule.Group
	broken string            // the field "rule" as sent, if it is not a valid rule
	faults rule.Problems     // errors in input that a rule cannot express
	days   map[string]string // invalid numbers of days, by place
	action string            // the button's: "save", "preview", "count", "add", "group", "remove", "update" or "open"
	at     string            // the place that the button acts on
	focus  string            // the id of the field to focus, "" for none
}

// onlyShape reports whether the button only changes the form's rows, or brings them from another form ("open").
func (in segmentInput) onlyShape() bool {
	return slices.Contains([]string{"add", "group", "remove", "update", "open"}, in.action)
}

// previews reports whether the button asks for a preview.
func (in segmentInput) previews() bool { return in.action == "preview" || in.action == "count" }

// onlyShows reports whether the form's button only shows the form again or leads to a list.
func (v *visit) onlyShows() bool {
	action, _, _ := strings.Cut(v.Form("do"), "-")
	in := segmentInput{action: action}
	if v.Route().Path == "/w/:slug/webhooks/:id/reading" {
		return v.readingShows(&readingForm{})
	}
	if v.Route().Path == "/w/:slug/webhooks/:id/console" {
		return v.Form("run") != "real"
	}
	if v.Route().Path == "/w/:slug/contacts/filter" {
		return true
	}
	builder := slices.Contains([]string{"/w/:slug/segments", "/w/:slug/segments/:id"}, v.Route().Path)
	return builder && (in.onlyShape() || in.previews())
}

// firstCondition is the condition of a new row.
func firstCondition() rule.Filter {
	return rule.Of(rule.Condition{Type: rule.TypeStatus, Operator: rule.Is, Value: models.Text(string(models.StatusSubscribed))})
}

// firstRule is the rule of a new form.
func firstRule() rule.Group {
	return rule.Group{Join: rule.All, Filters: []rule.Filter{firstCondition()}}
}

// segmentInput reads the form and applies its button's change.
func (v *visit) segmentInput(schema rule.Schema) segmentInput {
	in := segmentInput{name: models.CleanName(v.Form("name")), days: map[string]string{}}
	in.action, in.at, _ = strings.Cut(v.Form("do"), "-")
	if in.readRule(v.Form("rule")) {
		return in
	}
	r := rowReader{visit: v, schema: schema, in: &in}
	in.rule = r.group("", 1)
	in.change()
	return in
}

// readRule reads a rule's JSON and reports whether there is one.
func (in *segmentInput) readRule(text string) bool {
	if models.IsBlank(text) {
		return false
	}
	if in.rule, in.faults = rule.Parse(text); len(in.faults) > 0 {
		in.broken = text
	}
	return true
}

// rowReader reads the rows of a form.
type rowReader struct {
	*visit
	schema             rule.Schema
	in                 *segmentInput
	conditions, groups int
	values             int
}

// group reads the group at a place: its rows from 0 to the first missing one.
func (r *rowReader) group(place string, depth int) rule.Group {
	g := rule.Group{Join: rule.All}
	if r.Form(fieldAt("join", place)) == string(rule.Any) {
		g.Join = rule.Any
	}
	for i := 0; ; i++ {
		at := rule.Place(place, i)
		switch {
		case r.conditions < maxRows && r.has("what", at):
			r.conditions++
			g.Filters = append(g.Filters, rule.Of(r.condition(at)))
		case r.groups < maxGroups && depth <= rule.MaxDepth && r.has("join", at):
			r.groups++
			inner := r.group(at, depth+1)
			g.Filters = append(g.Filters, rule.Filter{Group: &inner})
		default:
			return g
		}
	}
}

func (r *rowReader) has(name, at string) bool { return len(r.FormAll(fieldAt(name, at))) > 0 }

// condition reads one condition. If its subject or operator changed, it drops values that no longer fit. An operator that the new
// subject does not have is replaced by the first one.
func (r *rowReader) condition(at string) rule.Condition {
	what, operator := r.Form(fieldAt("what", at)), r.Form(fieldAt("operator", at))
	wasWhat, wasOperator := r.Form(fieldAt("was", at)), r.Form(fieldAt("had", at))
	given := r.FormAll(fieldAt("value", at))
	given = given[:min(len(given), maxValues-r.values)]
	r.values += len(given)
	c := conditionOf(what, operator)
	kind, _ := r.schema.Kind(c)
	another := wasWhat != "" && wasWhat != what
	if another && r.in.action != "save" && !offers(kind, operator) {
		operator = firstOperator(kind)
		c = conditionOf(what, operator)
	}
	how := controlOf(kind, operator)
	switch {
	case another:
		given = nil
	case wasOperator != "" && wasOperator != operator:
		given = keptValues(controlOf(kind, wasOperator), how, given)
		if kind.Takes(c.Operator) == rule.TakesOne && len(given) > 1 {
			given = given[:1]
		}
	}
	c = withValues(c, how, given, r.Form(fieldAt("each", at)) != "")
	if kind.TakesDays(c.Operator) && !another {
		c.Days = r.days(at)
	}
	return c
}

// days reads the number of days that limits a condition; empty means no limit.
func (r *rowReader) days(at string) *int {
	text := models.TrimBlanks(r.Form(fieldAt("days", at)))
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		r.in.faults = append(r.in.faults, rule.Problem{At: at, Part: "days", Message: "Please give a whole number of days, or nothing."})
		r.in.days[at] = text
		n = -1 // invalid in a rule
	}
	return &n
}

// fieldAt returns the name of a field of the row at a place; for the rule itself that is name.
func fieldAt(name, place string) string {
	if place == "" {
		return name
	}
	return name + "-" + place
}

// change applies the button's change and chooses the field to focus.
func (in *segmentInput) change() {
	conditions, _ := sizeOf(in.rule)
	switch in.action {
	case "add", "group":
		g, depth := groupAt(&in.rule, in.at)
		if g == nil || conditions >= rule.MaxConditions || in.action == "group" && depth >= rule.MaxDepth {
			return
		}
		at := rule.Place(in.at, len(g.Filters))
		if in.action == "add" {
			g.Filters = append(g.Filters, firstCondition())
		} else {
			g.Filters = append(g.Filters, rule.Filter{Group: &rule.Group{Join: rule.Any, Filters: []rule.Filter{firstCondition()}}})
			at = rule.Place(at, 0)
		}
		in.focus = fieldAt("what", at)
	case "remove":
		in.remove()
	case "update":
		in.focus = fieldAt("operator", in.at)
	}
}

// remove removes the row at in.at. The focus goes to the next row, else to the previous one, else to the button that adds one.
func (in *segmentInput) remove() {
	parent, i := parentOf(in.at)
	g, _ := groupAt(&in.rule, parent)
	if g == nil || i < 0 || i >= len(g.Filters) {
		return
	}
	g.Filters = slices.Delete(g.Filters, i, i+1)
	if len(g.Filters) == 0 {
		in.focus = fieldAt("add", parent)
		return
	}
	i = min(i, len(g.Filters)-1)
	in.focus = fieldAt("what", rule.Place(parent, i))
	if g.Filters[i].Group != nil {
		in.focus = fieldAt("join", rule.Place(parent, i))
	}
}

// parentOf returns the place of the group that contains a place, and the index in it, -1 if invalid.
func parentOf(place string) (parent string, i int) {
	if dot := strings.LastIndexByte(place, '.'); dot >= 0 {
		parent, place = place[:dot], place[dot+1:]
	}
	i, err := strconv.Atoi(place)
	if err != nil {
		i = -1
	}
	return parent, i
}

// groupAt returns the group at a place of the rule and its depth, or nil if there is none.
func groupAt(g *rule.Group, place string) (*rule.Group, int) {
	depth := 1
	if place == "" {
		return g, depth
	}
	for part := range strings.SplitSeq(place, ".") {
		i, err := strconv.Atoi(part)
		if err != nil || i < 0 || i >= len(g.Filters) || g.Filters[i].Group == nil {
			return nil, 0
		}
		g, depth = g.Filters[i].Group, depth+1
	}
	return g, depth
}

// sizeOf counts the conditions and groups in a rule.
func sizeOf(g rule.Group) (conditions, groups int) {
	for _, f := range g.Filters {
		if f.Group == nil {
			conditions++
			continue
		}
		c, n := sizeOf(*f.Group)
		conditions, groups = conditions+c, groups+n+1
	}
	return conditions, groups
}

// fieldOf returns the form field that shows a problem of the rule.
func (in segmentInput) fieldOf(p rule.Problem) string {
	if in.broken != "" || p.At == "" {
		return "rule"
	}
	if g, _ := groupAt(&in.rule, p.At); g != nil {
		return fieldAt("join", p.At)
	}
	switch p.Part {
	case "field":
		return fieldAt("what", p.At)
	case "operator":
		return fieldAt("operator", p.At)
	case "days":
		return fieldAt("days", p.At)
	}
	return fieldAt("value", p.At)
}

package handlers

import (
	"campaignlark"
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// showSegmentForm sends the form: 422 when it was refused, 200 when only its rows changed.
func (v *visit) showSegmentForm(g models.Segment, in segmentInput, schema segments.Schema, errs models.FieldErrors) error {
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
	m := views.SegmentFormModel{Page: p, Action: action, ID: g.ID, Name: in.name, Broken: in.broken, Errors: errs, Focus: in.focus, Unsaved: in.action != ""}
	if in.broken == "" {
		conditions, groups := sizeOf(in.rule)
		m.Full = conditions >= segments.MaxConditions || groups >= maxGroups-1
		m.Rule = in.group(in.rule, "", 1, schema)
	}
	if checked, problems := in.rule.Check(schema); len(problems) == 0 && in.broken == "" {
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

// group shows a group of the rule with its rows.
func (in segmentInput) group(g segments.Group, place string, depth int, schema segments.Schema) views.RuleGroup {
	group := views.RuleGroup{Place: place, Any: g.Join == segments.Any, Deepest: depth >= segments.MaxDepth}
	for i, f := range g.Filters {
		at := placeIn(place, i)
		if f.Group != nil {
			inner := in.group(*f.Group, at, depth+1, schema)
			group.Rows = append(group.Rows, views.RuleRow{Group: &inner})
			continue
		}
		row := conditionRow(*f.Condition, schema)
		row.Place = at
		if row.Days == "" {
			row.Days = in.days[at]
		}
		group.Rows = append(group.Rows, views.RuleRow{Condition: &row})
	}
	return group
}

package handlers

import (
	"slices"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/segments/rule"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// segmentForm is the builder's form as shown.
type segmentForm struct {
	segment models.Segment // the zero Segment for a new one
	segmentInput
	schema  rule.Schema
	errs    models.FieldErrors // at the fields
	refused bool               // it was not saved because of errs or theirs
	edit    views.EditState
	theirs  []rule.Part // the stored rule in words, if somebody else changed the rule too
	preview *views.PreviewModel
}

// showSegmentForm sends the form: 422 if it was refused, 404 if its segment was deleted, 200 if only its rows changed.
func (v *visit) showSegmentForm(f segmentForm) error {
	title, action := "Create segment", v.path("segments")
	crumbs := []views.Crumb{{Text: "Segments", Href: v.path("segments")}, {Text: title}}
	if f.segment.ID != 0 {
		title, action = "Edit segment", v.path("segments", f.segment.ID)
		crumbs = []views.Crumb{crumbs[0], {Text: f.segment.Name, Href: action}, {Text: "Edit"}}
	}
	p, err := v.page(views.SectionSegments, title, crumbs...)
	if err != nil {
		return err
	}
	p.Failed = f.refused || f.edit.Deleted
	if f.edit.Changed {
		f.edit.Now = action
	}
	m, err := v.builder(p, f)
	if err != nil {
		return err
	}
	m.Action = action
	status := v.formStatus(f.refused)
	if f.edit.Deleted {
		status = fiber.StatusNotFound
	}
	return campaignlark.Render(v.Ctx, status, views.SegmentFormPage(m))
}

// formStatus is the status of a form's page: 422 if the form was refused.
func (v *visit) formStatus(refused bool) int {
	switch {
	case refused:
		return fiber.StatusUnprocessableEntity
	case v.refill:
		return v.refillStatus
	}
	return fiber.StatusOK
}

// builder returns the rule builder as shown on a page.
func (v *visit) builder(p views.Page, f segmentForm) (views.SegmentFormModel, error) {
	m := views.SegmentFormModel{Page: p, ID: f.segment.ID, Name: f.name, Broken: f.broken, Errors: f.errs, Refused: f.refused,
		Focus: f.focus, Unsaved: f.action != "", Preview: f.preview, Edit: f.edit, Theirs: words(f.theirs)}
	if f.broken != "" {
		return m, nil
	}
	others := f.schema
	others.Segments = slices.DeleteFunc(slices.Clone(others.Segments), func(g models.Segment) bool { return g.ID == f.segment.ID })
	conditions, groups := sizeOf(f.rule)
	m.Full = conditions >= rule.MaxConditions || groups >= maxGroups-1
	m.Rule, m.Words = f.group(f.rule, others, "", 1), words(f.sentence())
	return m, v.suggestValues(m.Rule, f.rule, f.schema)
}

// group shows a group of the rule with its rows.
func (f segmentForm) group(g rule.Group, schema rule.Schema, place string, depth int) views.RuleGroup {
	group := views.RuleGroup{Place: place, Any: g.Join == rule.Any, Deepest: depth >= rule.MaxDepth}
	for i, filter := range g.Filters {
		at := rule.Place(place, i)
		if filter.Group != nil {
			inner := f.group(*filter.Group, schema, at, depth+1)
			group.Rows = append(group.Rows, views.RuleRow{Group: &inner})
			continue
		}
		row := conditionRow(*filter.Condition, schema)
		row.Place = at
		if text := f.days[at]; text != "" {
			row.Days = text
		}
		group.Rows = append(group.Rows, views.RuleRow{Condition: &row})
	}
	return group
}

// sentence describes the rule in words. An invalid value becomes "…", but a deleted thing is named as deleted. Any other error
// gives nil.
func (f segmentForm) sentence() []rule.Part {
	checked, problems := f.rule.Check(f.schema)
	for _, p := range problems {
		parent, last := parentOf(p.At)
		g, _ := groupAt(&checked, parent)
		if p.Part != "value" || g == nil || last < 0 || last >= len(g.Filters) || g.Filters[last].Condition == nil {
			return nil
		}
		if c := g.Filters[last].Condition; !f.schema.SaysGone(*c) {
			c.Value = models.Text("…")
		}
	}
	return rule.Sentence(checked, f.schema)
}

package handlers

import (
	"errors"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// tryAutomation says what the automation would do for the contact that the form names.
func (v *visit) tryAutomation(f automationForm) (views.TryModel, error) {
	m := views.TryModel{}
	address, err := models.ReadEmail(v.Form("who"))
	if err != nil {
		m.Fault = "Please type the address of a contact."
		return m, nil
	}
	ctx, db := v.UserContext(), v.server.DB
	c, err := store.First[models.Contact](db.Read(ctx).Where("workspace_id = ? AND email = ?", v.Workspace.ID, address))
	if errors.Is(err, models.ErrNotFound) {
		m.Fault = "There is no contact with this address."
		return m, nil
	}
	if err != nil {
		return m, models.In("automation: try: contact", err)
	}
	tags, err := db.ContactTags(ctx, v.Workspace.ID, c.ID)
	if err != nil {
		return m, models.In("automation: try: tags", err)
	}
	tried, err := v.automations().Try(ctx, f.things, f.definition, c, tags)
	if err != nil {
		return m, models.In("automation: try", err)
	}
	for _, t := range tried {
		m.Steps = append(m.Steps, v.triedStep(t))
	}
	return m, nil
}

func (v *visit) triedStep(t automations.Tried) views.TriedStep {
	step := views.TriedStep{Icon: "check", Kind: "good", Words: words(t.Words), Note: t.Note}
	switch {
	case t.Begins && t.Good:
		step.Title = "It would start"
	case t.Begins:
		step.Title = "It would not start"
	case !t.Good:
		step.Title = "It would end here: "
	case !t.Until.IsZero():
		step.Icon, step.Kind, step.Note = "clock", "dim", "until "+t.Until.In(v.Workspace.Location()).Format("Monday 2 January, 15:04")
	}
	if !t.Good {
		step.Icon, step.Kind = "cross", "bad"
	}
	if t.Why != nil {
		step.Why = v.whyOf(*t.Why)
	}
	return step
}

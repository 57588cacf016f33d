package handlers

import (
	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

// automationParts shows the triggers, the rule and the steps with their controls.
func (v *visit) automationParts(m *views.AutomationFormModel, f automationForm) error {
	triggers := f.definition.Triggers
	if len(triggers) == 0 { // one to choose
		triggers = []automations.Trigger{{}}
	}
	for i, t := range triggers {
		row, typed := triggerRow(placed(placeWhen, i), t, f.things), triggerInput{}
		if i < len(f.triggers) {
			typed = f.triggers[i]
		}
		v.makesOf(&row, typed)
		m.Triggers = append(m.Triggers, row)
	}
	var err error
	if f.definition.Rule != nil {
		if m.Rule, err = v.ruleAt(placeRule, f.rule, f.definition.Rule, f.things); err != nil {
			return err
		}
	}
	for i, s := range f.definition.Steps {
		row := v.stepRow(i, s, f)
		row.Zone = v.Workspace.TimeZone
		row.First, row.Last = i == 0, i == len(f.definition.Steps)-1
		row.Again = f.definition.StartsItself(s, f.things)
		if s.Rule != nil {
			if row.Rule, err = v.ruleAt(ruleOfStep(i), f.steps[i].rule, s.Rule, f.things); err != nil {
				return err
			}
		} else if s.Type == automations.StepOnlyIf {
			row.Rule = &views.RuleGroup{Place: ruleOfStep(i)}
		}
		m.Steps = append(m.Steps, row)
	}
	m.Full = len(f.definition.Steps) >= automations.MaxSteps
	m.Next = v.Form("next")
	if about := f.definition.Examples(f.things); len(about) > 1 {
		m.Try.About = optionsOf(about, func(w models.Webhook) (int64, string) { return w.ID, w.Name })
		m.Try.Chosen = v.Form("about")
	}
	m.Kinds = stepKinds(f.things.Mail, f.definition.OfContact(), "")
	if !f.things.Mail {
		m.NoMail = automations.NoMail
	}
	return nil
}

// ruleAt shows a rule with the controls of the builder of segments, at a place. read is the rule as it was posted, or nil.
func (v *visit) ruleAt(place string, read *segmentInput, r *automations.Rule, things automations.Things) (*views.RuleGroup, error) {
	part := segmentForm{schema: things.Schema}
	if read != nil {
		part.segmentInput = *read
	}
	group := part.group(r.Group, things.Schema, place, 1)
	return &group, v.suggestValues(group, r.Group, things.Schema)
}

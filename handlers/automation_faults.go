package handlers

import (
	"slices"
	"strings"

	"campaignlark/automations"
	"campaignlark/models"
)

// faults returns what is wrong with the form, by field.
func (in *automationInput) faults(things automations.Things) models.FieldErrors {
	errs := models.FieldErrors{}
	errs.Add("name", models.ValidateName(in.name))
	if in.broken != "" {
		errs.Add("definition", in.fault)
		return errs
	}
	checked := map[string]bool{placeRule: in.checkRule(errs, things, in.definition.Rule, in.rule, placeRule, "rule")}
	for i, t := range in.triggers {
		if t.newWebhook != "" {
			errs.Add(placed(placeWhen, i)+".new", "This webhook does not exist yet. Please press “Create webhook”, or empty the field.")
		}
	}
	for i, s := range in.definition.Steps {
		place := placed(placeStep, i)
		for control, fault := range in.steps[i].wrong {
			errs.Add(place+"."+control, fault)
			checked[place] = true
		}
		if in.checkRule(errs, things, s.Rule, in.steps[i].rule, ruleOfStep(i), place) {
			checked[place] = true
		}
		if s.Type == automations.StepTellTeam && things.Mail && s.Strangers(things) {
			errs.Add(place+"."+automations.ControlTo, "One of these people is not a member of the workspace. Please choose again.")
			checked[place] = true
		}
	}
	for _, p := range in.definition.Check(things) {
		place := placeOfProblem(p.Place)
		if checked[place] {
			continue
		}
		if p.Control != "" {
			place += "." + p.Control
		}
		if before := errs[place]; before != "" && before != p.Message {
			errs[place] = before + " " + p.Message
		}
		errs.Add(place, p.Message)
	}
	return errs
}

// checkRule adds the faults of a rule at its conditions, and those of the whole rule at whole. It reports whether the rule has any.
func (in *automationInput) checkRule(errs models.FieldErrors, things automations.Things, r *automations.Rule, part *segmentInput, place, whole string) bool {
	if r == nil {
		return false
	}
	if part == nil {
		part = &segmentInput{rule: r.Group}
	}
	_, problems := r.Check(things.Schema)
	for _, p := range append(slices.Clone(part.faults), problems...) {
		if field := part.fieldOf(p); field == "rule" {
			errs.Add(whole, p.Message)
		} else {
			errs.Add(under(place, field), p.Message)
		}
	}
	return len(problems) > 0
}

// placeOfProblem returns the form's place for that of a problem: step.2 for step-2.
func placeOfProblem(place string) string {
	switch what, number, _ := strings.Cut(place, "-"); what {
	case "trigger":
		return placeWhen + "." + number
	case "step":
		return placeStep + "." + number
	case "rule":
		return placeRule
	case "steps":
		return "next"
	}
	return "definition"
}

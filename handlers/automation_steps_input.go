package handlers

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/segments/rule"
)

// readStep reads a step. What a definition cannot express goes into the second result.
func (v *visit) readStep(in *automationInput, i int, things automations.Things) (automations.Step, stepInput) {
	place := placed(placeStep, i)
	s, extra := automations.Step{Type: automations.StepType(v.Form(place))}, stepInput{wrong: map[string]string{}}
	s.ID, _ = strconv.ParseInt(v.Form(place+".id"), 10, 64) // one without an id gets a new one
	of, _ := strconv.ParseInt(v.Form(place+".of"), 10, 64)  // Check finds that nothing is chosen
	if was := automations.StepType(v.Form(place + ".kind")); was != "" && was != s.Type && !(ofTags(was) && ofTags(s.Type)) {
		of = 0 // it names a thing of another kind
	}
	switch s.Type {
	case automations.StepWait:
		var fault string
		if s.Minutes, fault = automations.ReadWait(v.Form(place+".amount"), v.Form(place+".unit")); fault != "" {
			extra.amount, extra.wrong[automations.ControlAmount] = models.TrimBlanks(v.Form(place+".amount")), fault
		}
		if s.Until = models.TrimBlanks(v.Form(place + ".until")); len(s.Until) == len("9:00") {
			s.Until = "0" + s.Until
		}
	case automations.StepOnlyIf:
		s.Rule, extra.rule = v.readBuilt(in, ruleOfStep(i), things)
	case automations.StepAddTag, automations.StepRemoveTag:
		s.TagID, extra.newTag = of, models.CleanName(v.Form(place+".new"))
		if extra.newTag != "" && in.action != "create" {
			extra.wrong["new"] = "This tag does not exist yet. Please press “Create tag”, or empty the field."
		}
	case automations.StepSetField:
		s.FieldID = of
		v.readValue(&s, &extra, place, things)
	case automations.StepCall:
		s.DestinationID = of
	case automations.StepTellTeam:
		s.UserIDs = idsOf(v.FormAll(place + ".to"))
	}
	return s, extra
}

func ofTags(t automations.StepType) bool {
	return t == automations.StepAddTag || t == automations.StepRemoveTag
}

// readValue reads the value of a step that sets a field. A blank value must be meant: it empties the field.
func (v *visit) readValue(s *automations.Step, extra *stepInput, place string, things automations.Things) {
	extra.empty = v.Form(place+".empty") == "1"
	i := slices.IndexFunc(things.MergeTags, func(m models.MergeTag) bool { return m.ID == s.FieldID })
	texts := slices.DeleteFunc(v.FormAll(place+".value"), models.IsBlank)
	switch {
	case i < 0 || len(texts) == 0:
	case things.MergeTags[i].Type == models.MergeTagMultiple:
		s.Value = strings.Join(texts, "\n")
	default:
		s.Value = models.OneLineEnd(texts[len(texts)-1])
	}
	if was := v.Form(place + ".was"); i >= 0 && was != "" && was != strconv.FormatInt(s.FieldID, 10) {
		if _, err := things.MergeTags[i].Read(models.Text(s.Value), things.Location); err != nil {
			s.Value = "" // it was for another field
		}
		extra.empty = false
	}
	s.Unset = s.Value == "" && !extra.empty
	switch {
	case i < 0:
	case s.Unset:
		extra.wrong[automations.ControlValue] = "Please give a value, or tick “Empty the field”."
	case s.Value != "" && extra.empty:
		extra.wrong[automations.ControlValue] = "Please either give a value or tick “Empty the field”, not both."
	}
}

// change applies a button that adds, removes or moves a trigger or a step.
func (in *automationInput) change(next string) {
	d := &in.definition
	what, number, _ := strings.Cut(in.at, ".")
	i, err := strconv.Atoi(number)
	switch {
	case in.action == "add" && in.at == placeWhen && len(d.Triggers) < automations.MaxTriggers:
		d.Triggers, in.triggers = append(d.Triggers, automations.Trigger{Type: models.EventConfirmed}), append(in.triggers, triggerInput{})
		in.focus = placed(placeWhen, len(d.Triggers)-1)
	case in.action == "add" && in.at == placeStep && len(d.Steps) < automations.MaxSteps:
		d.Steps, in.steps = append(d.Steps, newStep(automations.StepType(next))), append(in.steps, stepInput{})
		in.focus = placed(placeStep, len(d.Steps)-1)
	case err != nil || i < 0:
	case what == placeWhen && in.action == "remove" && i < len(d.Triggers):
		d.Triggers, in.triggers = slices.Delete(d.Triggers, i, i+1), slices.Delete(in.triggers, i, i+1)
	case what == placeStep && i < len(d.Steps):
		in.moveStep(i)
	}
}

// moveStep removes or moves the step i, or fills in what a step of another kind needs.
func (in *automationInput) moveStep(i int) {
	steps := in.definition.Steps
	swap := func(j int) {
		steps[i], steps[j] = steps[j], steps[i]
		in.steps[i], in.steps[j] = in.steps[j], in.steps[i]
		in.focus = placed(placeStep, j)
	}
	switch {
	case in.action == "remove":
		in.definition.Steps, in.steps = slices.Delete(steps, i, i+1), slices.Delete(in.steps, i, i+1)
		in.focus = "next"
	case in.action == "up" && i > 0:
		swap(i - 1)
	case in.action == "down" && i < len(steps)-1:
		swap(i + 1)
	case in.action == "update":
		fresh := newStep(steps[i].Type)
		fresh.ID = steps[i].ID
		steps[i], in.steps[i] = fresh, stepInput{}
		in.focus = placed(placeStep, i)
	}
}

// newStep returns a step of a kind with what it begins with.
func newStep(kind automations.StepType) automations.Step {
	s := automations.Step{Type: kind}
	switch kind {
	case automations.StepWait:
		s.Minutes = 24 * 60
	case automations.StepOnlyIf:
		s.Rule = &automations.Rule{Group: rule.Group{Join: rule.All, Filters: []rule.Filter{firstCondition()}}}
	}
	return s
}

// onlyShows reports whether the button only shows the form again.
func (in *automationInput) onlyShows() bool {
	return slices.Contains([]string{"add", "group", "remove", "update", "up", "down", "words", "try", "create"}, in.action)
}

package handlers

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/segments/rule"
)

// The builder's fields have places. A trigger is when.0, with when.0.of for its webhook, tag, segment or merge tag. A step is step.0, with
// step.0.id and the parts of its kind. The rule is at the place r and that of a step at s0, with the fields of the builder of segments below
// them: see segmentInput. A button (do) names its action and place: add-when, add-step, remove-step.1, up-step.1, update-r.0.

const (
	placeWhen = "when"
	placeStep = "step"
	placeRule = "r"
)

// automationInput is the content of the builder's form.
type automationInput struct {
	name       string
	definition automations.Definition
	broken     string // the field "definition" as sent, if it cannot be read
	fault      string // why
	rules      map[string]*segmentInput
	wrong      map[string]string // faults of input that a definition cannot express, by place
	texts      map[string]string // such input, by field
	action, at string
	focus      string
}

// ruleOfStep is the place of a step's rule.
func ruleOfStep(i int) string { return "s" + strconv.Itoa(i) }

func placed(what string, i int) string { return what + "." + strconv.Itoa(i) }

// automationInput reads the form and applies its button's change.
func (v *visit) automationInput(things automations.Things) *automationInput {
	in := &automationInput{name: models.CleanName(v.Form("name")), rules: map[string]*segmentInput{}, wrong: map[string]string{}, texts: map[string]string{}}
	in.action, in.at, _ = strings.Cut(v.Form("do"), "-")
	if text := v.Form("definition"); !models.IsBlank(text) {
		d, err := automations.Parse(text)
		if in.definition = d; err != nil {
			in.broken, in.fault = text, err.Error()
		}
		return in
	}
	in.definition.ByHand = v.Form("by_hand") == "1"
	for i := 0; i < automations.MaxTriggers && v.has(placed(placeWhen, i)); i++ {
		in.definition.Triggers = append(in.definition.Triggers, v.readTrigger(placed(placeWhen, i)))
	}
	if v.has(fieldAt("join", placeRule)) || in.action == "add" && in.at == placeRule {
		in.definition.Rule = v.readBuilt(in, placeRule, things)
	}
	for i := 0; i < automations.MaxSteps && v.has(placed(placeStep, i)); i++ {
		in.definition.Steps = append(in.definition.Steps, v.readStep(in, i, things))
	}
	in.change(v.Form("next"))
	return in
}

func (v *visit) has(name string) bool { return len(v.FormAll(name)) > 0 }

func (v *visit) readTrigger(place string) automations.Trigger {
	t := automations.Trigger{Type: models.EventType(v.Form(place))}
	id, err := strconv.ParseInt(v.Form(place+".of"), 10, 64)
	if err != nil || id <= 0 {
		return t
	}
	switch kindOfTrigger(t.Type) {
	case ofTag:
		t.TagIDs = []int64{id}
	case ofSegment:
		t.SegmentIDs = []int64{id}
	case ofField:
		t.FieldIDs = []int64{id}
	default:
		t.WebhookIDs = []int64{id}
	}
	return t
}

// Kinds of things that narrow a trigger.
const (
	ofWebhook = "webhook"
	ofTag     = "tag"
	ofSegment = "segment"
	ofField   = "field"
)

func kindOfTrigger(t models.EventType) string {
	switch t {
	case models.EventTagAdded, models.EventTagRemoved:
		return ofTag
	case models.EventSegmentEntered, models.EventSegmentLeft:
		return ofSegment
	case models.EventUpdated:
		return ofField
	}
	return ofWebhook
}

// readBuilt reads the rule at a place with the reader of segments, and applies the button if it is for that rule.
func (v *visit) readBuilt(in *automationInput, place string, things automations.Things) *automations.Rule {
	part := &segmentInput{days: map[string]string{}, action: in.action}
	r := rowReader{visit: v, schema: things.Schema, in: part}
	part.rule = r.group(place, 1)
	if in.at == place || strings.HasPrefix(in.at, place+".") {
		part.at = strings.TrimPrefix(strings.TrimPrefix(in.at, place), ".")
		part.change()
		if part.focus != "" {
			in.focus = under(place, part.focus)
		}
	}
	in.rules[place] = part
	if place == placeRule && len(part.rule.Filters) == 0 { // without conditions it is for everybody
		return nil
	}
	return &automations.Rule{Group: part.rule}
}

// under returns the name of a field of the segment builder below a place: what-0.1 at r becomes what-r.0.1, add becomes add-r.
func under(place, field string) string {
	name, at, inside := strings.Cut(field, "-")
	if !inside {
		return name + "-" + place
	}
	return name + "-" + place + "." + at
}

func (v *visit) readStep(in *automationInput, i int, things automations.Things) automations.Step {
	place := placed(placeStep, i)
	s := automations.Step{Type: automations.StepType(v.Form(place))}
	s.ID, _ = strconv.ParseInt(v.Form(place+".id"), 10, 64) // one without an id gets a new one
	of, _ := strconv.ParseInt(v.Form(place+".of"), 10, 64)  // Check finds that nothing is chosen
	switch s.Type {
	case automations.StepWait:
		s.Minutes, s.Until = v.readWait(in, place), models.TrimBlanks(v.Form(place+".until"))
	case automations.StepOnlyIf:
		s.Rule = v.readBuilt(in, ruleOfStep(i), things)
	case automations.StepAddTag, automations.StepRemoveTag:
		s.TagID = of
	case automations.StepSetField:
		s.FieldID, s.Value = of, v.Form(place+".value")
	case automations.StepCall:
		s.DestinationID = of
	case automations.StepTellTeam:
		for _, text := range v.FormAll(place + ".to") {
			id, _ := strconv.ParseInt(text, 10, 64) // what is no number is nobody
			s.UserIDs = append(s.UserIDs, id)
		}
	}
	return s
}

// readWait reads how long a step waits, in minutes. Blank is none.
func (v *visit) readWait(in *automationInput, place string) int {
	text := models.TrimBlanks(v.Form(place + ".amount"))
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > automations.MaxWait {
		in.wrong[place], in.texts[place+".amount"] = "Please give how long it waits as a whole number.", text
		return 0
	}
	for _, u := range automations.Units {
		if u.Name == v.Form(place+".unit") {
			return n * u.Minutes
		}
	}
	return n
}

// change applies a button that adds, removes or moves a trigger or a step.
func (in *automationInput) change(next string) {
	d := &in.definition
	what, number, _ := strings.Cut(in.at, ".")
	i, err := strconv.Atoi(number)
	switch {
	case in.action == "add" && in.at == placeWhen && len(d.Triggers) < automations.MaxTriggers:
		d.Triggers = append(d.Triggers, automations.Trigger{Type: models.EventConfirmed})
		in.focus = placed(placeWhen, len(d.Triggers)-1)
	case in.action == "add" && in.at == placeStep && len(d.Steps) < automations.MaxSteps:
		d.Steps = append(d.Steps, newStep(automations.StepType(next)))
		in.focus = placed(placeStep, len(d.Steps)-1)
	case err != nil || i < 0:
	case what == placeWhen && in.action == "remove" && i < len(d.Triggers):
		d.Triggers = slices.Delete(d.Triggers, i, i+1)
	case what == placeStep && i < len(d.Steps):
		in.moveStep(i)
	}
}

// moveStep removes or moves the step i, or fills in what a step of another kind needs.
func (in *automationInput) moveStep(i int) {
	steps := in.definition.Steps
	switch {
	case in.action == "remove":
		in.definition.Steps = slices.Delete(steps, i, i+1)
		in.focus = "next"
	case in.action == "up" && i > 0:
		steps[i-1], steps[i] = steps[i], steps[i-1]
		in.focus = placed(placeStep, i-1)
	case in.action == "down" && i < len(steps)-1:
		steps[i+1], steps[i] = steps[i], steps[i+1]
		in.focus = placed(placeStep, i+1)
	case in.action == "update":
		fresh := newStep(steps[i].Type)
		fresh.ID = steps[i].ID
		steps[i] = fresh
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
	return slices.Contains([]string{"add", "group", "remove", "update", "up", "down", "words", "try"}, in.action)
}

// faults returns what is wrong with the form, by field.
func (in *automationInput) faults(things automations.Things) models.FieldErrors {
	errs := models.FieldErrors{}
	errs.Add("name", models.ValidateName(in.name))
	if in.broken != "" {
		errs.Add("definition", in.fault)
		return errs
	}
	for place, fault := range in.wrong {
		errs.Add(place, fault)
	}
	check := func(place, whole string, r *automations.Rule) (own bool) {
		if r == nil {
			return false
		}
		part := in.rules[place]
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
	faulty := map[string]bool{"rule": check(placeRule, "rule", in.definition.Rule)}
	for i, s := range in.definition.Steps {
		place := placed(placeStep, i)
		faulty[place] = check(ruleOfStep(i), place, s.Rule) || errs[place] != ""
		if s.Type == automations.StepTellTeam && things.Mail && s.Strangers(things) {
			errs.Add(place, "One of these people is not a member of the workspace. Please choose again.")
			faulty[place] = true
		}
	}
	for _, p := range in.definition.Check(things) {
		field := fieldOfProblem(p.Place)
		if !faulty[field] {
			errs.Add(field, p.Message)
		}
	}
	return errs
}

// fieldOfProblem returns the form field for the place of a problem: step.2 for step-2.
func fieldOfProblem(place string) string {
	switch what, number, _ := strings.Cut(place, "-"); what {
	case "trigger":
		return placeWhen + "." + number
	case "step":
		return placeStep + "." + number
	case "rule":
		return "rule"
	}
	return "definition"
}

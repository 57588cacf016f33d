package handlers

import (
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/models"
)

// The builder's fields have places. A trigger is when.0, with when.0.of for its webhooks, tags, segments or merge tags. A step is step.0, with
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
	broken     string         // the field "definition" as sent, if it cannot be read
	fault      string         // why
	rule       *segmentInput  // of the whole, as posted; nil if it did not come from the form
	triggers   []triggerInput // beside each trigger of the definition
	steps      []stepInput    // beside each step of the definition
	action, at string
	focus      string
}

// triggerInput is a webhook to create at a trigger.
type triggerInput struct {
	newWebhook string // its name
	newType    models.WebhookType
	made       int64 // the id of the one that was created now
}

// stepInput is what the form has of a step and a definition cannot express.
type stepInput struct {
	rule   *segmentInput
	amount string            // how long it waits, as typed, if it cannot be read
	wrong  map[string]string // faults of such input, by control
	empty  bool              // "Empty the field" is ticked
	newTag string            // the name of a tag to create
}

// inputOf returns the form's content for a definition.
func inputOf(name string, d automations.Definition) *automationInput {
	in := &automationInput{name: name, definition: d}
	in.triggers = make([]triggerInput, len(d.Triggers))
	for _, s := range d.Steps {
		in.steps = append(in.steps, stepInput{empty: s.Type == automations.StepSetField && s.FieldID != 0 && models.IsBlank(s.Value)})
	}
	return in
}

// ruleOfStep is the place of a step's rule.
func ruleOfStep(i int) string { return "s" + strconv.Itoa(i) }

func placed(what string, i int) string { return what + "." + strconv.Itoa(i) }

// automationInput reads the form and applies its button's change.
func (v *visit) automationInput(things automations.Things) *automationInput {
	in := &automationInput{name: models.CleanName(v.Form("name"))}
	in.action, in.at, _ = strings.Cut(v.Form("do"), "-")
	if text := v.Form("definition"); !models.IsBlank(text) {
		d, err := automations.Parse(text)
		if err != nil {
			in.broken, in.fault = text, err.Error()
			return in
		}
		read := inputOf(in.name, d)
		read.action, read.at = in.action, in.at
		return read
	}
	in.definition.ByHand = v.Form("by_hand") == "1"
	for i := 0; i < automations.MaxTriggers && v.has(placed(placeWhen, i)); i++ {
		place := placed(placeWhen, i)
		in.definition.Triggers = append(in.definition.Triggers, v.readTrigger(place))
		in.triggers = append(in.triggers, triggerInput{newWebhook: models.CleanName(v.Form(place + ".new")), newType: models.WebhookType(v.Form(place + ".type.new"))})
	}
	if v.has(fieldAt("join", placeRule)) || in.action == "add" && in.at == placeRule {
		in.definition.Rule, in.rule = v.readBuilt(in, placeRule, things)
	}
	for i := 0; i < automations.MaxSteps && v.has(placed(placeStep, i)); i++ {
		s, extra := v.readStep(in, i, things)
		in.definition.Steps, in.steps = append(in.definition.Steps, s), append(in.steps, extra)
	}
	in.change(v.Form("next"))
	return in
}

func (v *visit) has(name string) bool { return len(v.FormAll(name)) > 0 }

func (v *visit) readTrigger(place string) automations.Trigger {
	t := automations.Trigger{Type: models.EventType(v.Form(place))}
	ids := idsOf(v.FormAll(place + ".of"))
	switch kindOfTrigger(t.Type) {
	case ofTag:
		t.TagIDs = ids
	case ofSegment:
		t.SegmentIDs = ids
	case ofField:
		t.FieldIDs = ids
	default:
		t.WebhookIDs = ids
	}
	if v.Form(place+".was") != "" && kindOfTrigger(models.EventType(v.Form(place+".was"))) != kindOfTrigger(t.Type) {
		t.TagIDs, t.SegmentIDs, t.FieldIDs, t.WebhookIDs = nil, nil, nil, nil // the ids are of other things
	}
	if through := idsOf(v.FormAll(place + ".through")); kindOfTrigger(t.Type) != ofWebhook {
		t.WebhookIDs = through
	}
	return t
}

// idsOf reads ids, and skips texts that are none.
func idsOf(texts []string) (ids []int64) {
	for _, text := range texts {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil && id > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// Kinds of things that narrow a trigger.
const (
	ofWebhook = "webhook"
	ofTag     = "tag"
	ofSegment = "segment"
	ofField   = "merge tag"
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
func (v *visit) readBuilt(in *automationInput, place string, things automations.Things) (*automations.Rule, *segmentInput) {
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
	if place == placeRule && len(part.rule.Filters) == 0 { // without conditions it is for everybody
		return nil, part
	}
	return &automations.Rule{Group: part.rule}, part
}

// under returns the name of a field of the segment builder below a place: what-0.1 at r becomes what-r.0.1, add becomes add-r.
func under(place, field string) string {
	name, at, inside := strings.Cut(field, "-")
	if !inside {
		return name + "-" + place
	}
	return name + "-" + place + "." + at
}

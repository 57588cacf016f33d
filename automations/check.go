package automations

import (
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"
)

// Things is what definitions of a workspace can refer to.
type Things struct {
	rule.Schema
	Destinations []models.Destination // that are not deleted
	Members      []store.Member
	Mail         bool // the program can send e-mail
}

// Problem says what is wrong at a place of a definition.
type Problem struct {
	Place   string // "" for the whole, "trigger-0", "rule", "step-2"
	Control string // the control of a trigger or step that holds the fault: one of the Control constants, "" for its kind
	Message string
}

// The controls of a trigger or a step that a problem can be about.
const (
	ControlOf     = "of" // the choice of a webhook, tag, segment, merge tag or destination
	ControlAmount = "amount"
	ControlUntil  = "until"
	ControlValue  = "value"
	ControlTo     = "to" // who is told
)

// Sentence is the message with the step that it is about.
func (p Problem) Sentence() string { return InStep(p.Place, p.Message) }

// InStep puts the number of the step before a message about it: "Step 2: …". place is that of a Problem.
func InStep(place, message string) string {
	text, ofStep := strings.CutPrefix(place, "step-")
	if i, err := strconv.Atoi(text); ofStep && err == nil {
		return "Step " + strconv.Itoa(i+1) + ": " + message
	}
	return message
}

// Check returns the faults of a definition in its workspace. Deleting a tag, field, segment, webhook or destination that it uses makes it
// faulty: it then starts nothing until it is repaired.
func (d Definition) Check(things Things) (problems []Problem) {
	add := func(place, message string) {
		if message != "" {
			problems = append(problems, Problem{Place: place, Message: message})
		}
	}
	switch {
	case len(d.Triggers) == 0:
		add("trigger-0", "Please choose what starts it.")
	case len(d.Triggers) > MaxTriggers:
		add("", "An automation can have "+strconv.Itoa(MaxTriggers)+" triggers. Please remove some.")
	case len(d.Steps) == 0:
		add("steps", "Please add a step: what shall happen?")
	case len(d.Steps) > MaxSteps:
		add("", "An automation can have "+strconv.Itoa(MaxSteps)+" steps. Please remove some.")
	}
	for i, t := range d.Triggers {
		for _, p := range t.check(things) {
			p.Place = "trigger-" + strconv.Itoa(i)
			problems = append(problems, p)
		}
	}
	if d.Rule != nil {
		add("rule", checkRule(d.Rule, things))
	}
	for i, s := range d.Steps {
		if control, message := s.check(things, d.OfContact()); message != "" {
			problems = append(problems, Problem{"step-" + strconv.Itoa(i), control, message})
		}
	}
	return problems
}

func (t Trigger) check(things Things) (problems []Problem) {
	if !t.Type.Valid() {
		return []Problem{{Message: "Please choose what starts it."}}
	}
	add := func(kind string, ids []int64) {
		for _, id := range ids {
			switch name, gone := things.Lost(kind, id); {
			case gone && name == "":
				problems = append(problems, Problem{Control: ControlOf, Message: "A " + kind + " that it waits for was deleted. Please choose another."})
			case gone:
				problems = append(problems, Problem{Control: ControlOf, Message: "The " + kind + " “" + models.Shorten(name, 80) + "”, which it waits for, was deleted. Please choose another."})
			}
		}
	}
	add("webhook", t.WebhookIDs)
	add("tag", t.TagIDs)
	add("segment", t.SegmentIDs)
	add("merge tag", t.FieldIDs)
	return problems
}

func checkRule(r *Rule, things Things) string {
	if _, problems := r.Check(things.Schema); len(problems) > 0 {
		return problems.Error()
	}
	return ""
}

// check returns a sentence about the fault of a step with the control that it is about, "" for none. about says whether the event is about a
// contact.
func (s Step) check(things Things, about bool) (control, message string) {
	if !about && s.Type.NeedsContact() {
		return "", "What starts this automation is about no contact, so this step has nobody to act on. Please remove it."
	}
	switch s.Type {
	case StepWait:
		return s.checkWait()
	case StepOnlyIf:
		if s.Rule == nil || len(s.Rule.Filters) == 0 {
			return "", "Please add a condition."
		}
		return "", checkRule(s.Rule, things)
	case StepAddTag, StepRemoveTag:
		return ControlOf, things.mustHave("tag", s.TagID)
	case StepSetField:
		return s.checkField(things)
	case StepCall:
		return ControlOf, things.mustHave("destination", s.DestinationID)
	case StepTellTeam:
		return ControlTo, s.checkTold(things)
	}
	return "", "Please choose what the step does."
}

// mustHave says what to do if a thing that a step uses is not chosen or was deleted.
func (t Things) mustHave(kind string, id int64) string {
	switch name, gone := t.Lost(kind, id); {
	case id == 0:
		return "Please choose a " + kind + "."
	case gone && name == "":
		return "The " + kind + " of this step was deleted. Please choose another."
	case gone:
		return "The " + kind + " “" + models.Shorten(name, 80) + "” was deleted. Please choose another."
	}
	return ""
}

func (s Step) checkField(things Things) (control, message string) {
	if message := things.mustHave("merge tag", s.FieldID); message != "" {
		return ControlOf, message
	}
	if len(s.Value) > maxValueLength {
		return ControlValue, "The value is too long. At most 10,000 characters can be kept."
	}
	for _, m := range things.MergeTags {
		if m.ID != s.FieldID {
			continue
		}
		if _, err := m.Read(models.Text(s.Value), things.Location); err != nil {
			return ControlValue, err.Error()
		}
	}
	return "", ""
}

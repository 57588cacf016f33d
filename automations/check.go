package automations

import (
	"slices"
	"strconv"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/calendar"
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
	Message string
}

// Check returns the faults of a definition in its workspace. Deleting a tag, field, segment, webhook or destination that it uses makes it
// faulty: it then starts nothing until it is repaired.
func (d Definition) Check(things Things) (problems []Problem) {
	add := func(place, message string) {
		if message != "" {
			problems = append(problems, Problem{place, message})
		}
	}
	switch {
	case len(d.Triggers) == 0:
		add("trigger-0", "Please choose what starts it.")
	case len(d.Triggers) > MaxTriggers:
		add("", "An automation can have "+strconv.Itoa(MaxTriggers)+" triggers. Please remove some.")
	case len(d.Steps) == 0:
		add("step-0", "Please add a step: what shall happen?")
	case len(d.Steps) > MaxSteps:
		add("", "An automation can have "+strconv.Itoa(MaxSteps)+" steps. Please remove some.")
	}
	for i, t := range d.Triggers {
		add("trigger-"+strconv.Itoa(i), t.check(things))
	}
	if d.Rule != nil {
		add("rule", checkRule(d.Rule, things))
	}
	about := slices.ContainsFunc(d.Triggers, func(t Trigger) bool { return t.Type.OfContact() })
	for i, s := range d.Steps {
		add("step-"+strconv.Itoa(i), s.check(things, about || len(d.Triggers) == 0))
	}
	return problems
}

func (t Trigger) check(things Things) string {
	if !t.Type.Valid() {
		return "Please choose what starts it."
	}
	for _, id := range t.WebhookIDs {
		if !slices.ContainsFunc(things.Webhooks, func(w models.Webhook) bool { return w.ID == id && w.DeletedAt == nil }) {
			return "A webhook that it waits for was deleted. Please choose another."
		}
	}
	for _, id := range t.TagIDs {
		if !slices.ContainsFunc(things.Tags, func(tag models.Tag) bool { return tag.ID == id }) {
			return "A tag that it waits for was deleted. Please choose another."
		}
	}
	for _, id := range t.SegmentIDs {
		if !slices.ContainsFunc(things.Segments, func(g models.Segment) bool { return g.ID == id }) {
			return "A segment that it waits for was deleted. Please choose another."
		}
	}
	for _, id := range t.FieldIDs {
		if !slices.ContainsFunc(things.MergeTags, func(m models.MergeTag) bool { return m.ID == id }) {
			return "A merge tag that it waits for was deleted. Please choose another."
		}
	}
	return ""
}

func checkRule(r *Rule, things Things) string {
	if _, problems := r.Check(things.Schema); len(problems) > 0 {
		return problems.Error()
	}
	return ""
}

// check returns a sentence about the fault of a step, "" for none. about says whether the event is about a contact.
func (s Step) check(things Things, about bool) string {
	if !about && (s.Type == StepOnlyIf || s.Type.Changes()) {
		return "What starts this automation is about no contact, so this step has nobody to act on. Please remove it."
	}
	switch s.Type {
	case StepWait:
		return s.checkWait()
	case StepOnlyIf:
		if s.Rule == nil || len(s.Rule.Filters) == 0 {
			return "Please add a condition."
		}
		return checkRule(s.Rule, things)
	case StepAddTag, StepRemoveTag:
		if !slices.ContainsFunc(things.Tags, func(t models.Tag) bool { return t.ID == s.TagID }) {
			return gone(s.TagID, "tag")
		}
	case StepSetField:
		return s.checkField(things)
	case StepCall:
		if !slices.ContainsFunc(things.Destinations, func(d models.Destination) bool { return d.ID == s.DestinationID }) {
			return gone(s.DestinationID, "destination")
		}
	case StepTellTeam:
		return s.checkTold(things)
	default:
		return "Please choose what the step does."
	}
	return ""
}

func gone(id int64, what string) string {
	if id == 0 {
		return "Please choose a " + what + "."
	}
	return "The " + what + " of this step was deleted. Please choose another."
}

func (s Step) checkWait() string {
	switch _, ok := readClock(s.Until); {
	case s.Until != "" && !ok:
		return "Please give the hour as in 09:00."
	case s.Minutes < 0 || s.Minutes > MaxWait:
		return "A wait can take up to 366 days."
	case s.Minutes == 0 && s.Until == "":
		return "Please say how long it waits."
	}
	return ""
}

func (s Step) checkField(things Things) string {
	i := slices.IndexFunc(things.MergeTags, func(m models.MergeTag) bool { return m.ID == s.FieldID })
	switch {
	case i < 0:
		return gone(s.FieldID, "merge tag")
	case len(s.Value) > maxValueLength:
		return "The value is too long. At most 10,000 characters can be kept."
	}
	if _, err := things.MergeTags[i].Read(models.Text(s.Value), things.Location); err != nil {
		return err.Error()
	}
	return ""
}

// readClock reads an hour of the day such as 09:00, as minutes since midnight.
func readClock(text string) (minutes int, ok bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, false
	}
	hour, ok1 := calendar.Digits(text[:2])
	minute, ok2 := calendar.Digits(text[3:])
	return hour*60 + minute, ok1 && ok2 && hour < 24 && minute < 60
}

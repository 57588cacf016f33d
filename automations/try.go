package automations

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
)

// Tried is what one step would do for a contact.
type Tried struct {
	Words   []Part
	Good    bool              // it would be done; otherwise the run would end here
	Note    string            // a sentence about it, "" for none
	Why     *rule.Explanation // of a rule
	Until   time.Time         // of a wait
	Begins  bool              // the first one: whether the run would start
	Message []byte            // the JSON that a destination would get
}

// Trial is what an automation would do if what starts it happened now.
type Trial struct {
	Assumed []Part // what happens
	Note    string // why that cannot happen to this contact as it is now, "" if it can
	Steps   []Tried
}

// Try returns what the steps of a definition would do, and changes nothing. It assumes that the first trigger happens to the contact, or the
// first one about no contact if c is nil, and that only the steps change the contact afterwards. a is the automation, the zero one if it is new.
// about is the webhook that the trigger is about if it is about no contact: one of Examples, or else the first of them.
func (s Store) Try(ctx context.Context, things Things, a models.Automation, d Definition, c *models.Contact, tags []models.Tag, about int64) (Trial, error) {
	i := slices.IndexFunc(d.Triggers, func(t Trigger) bool { return t.Type.Valid() && t.Type.OfContact() == (c != nil) })
	if i < 0 {
		return Trial{}, nil
	}
	t := trial{things: things, now: models.Instant(s.Now()), in: map[int64]bool{}, run: models.AutomationRun{WorkspaceID: a.WorkspaceID, AutomationID: a.ID}, name: a.Name}
	if c != nil {
		places, err := segments.PlacesIn(s.DB.Read(ctx), c.WorkspaceID, c.ID)
		if err != nil {
			return Trial{}, models.In("segments of the contact", err)
		}
		for _, p := range places {
			t.in[p.ID] = p.In
		}
		t.person = &person{Contact: *c, tags: slices.Clone(tags)}
		t.run.WorkspaceID = c.WorkspaceID
	}
	trigger := d.Triggers[i]
	if c == nil {
		trigger.WebhookIDs = example(d.Examples(things), about)
	}
	found := Trial{Assumed: trigger.Words(things), Note: t.happens(trigger)}
	start := Tried{Begins: true, Good: true}
	if d.Rule != nil && len(d.Rule.Filters) > 0 {
		start = t.ask(d.Rule)
		start.Begins = true
	}
	found.Steps = []Tried{start}
	for _, step := range d.Steps {
		if !found.Steps[len(found.Steps)-1].Good {
			break
		}
		found.Steps = append(found.Steps, t.step(step))
	}
	return found, nil
}

// Examples returns the webhooks that the first trigger about no contact can be about: those chosen for it, or all if it is about any.
func (d Definition) Examples(things Things) (all []models.Webhook) {
	i := slices.IndexFunc(d.Triggers, func(t Trigger) bool { return t.Type.Valid() && !t.Type.OfContact() })
	if i < 0 {
		return nil
	}
	for _, w := range things.Webhooks {
		if w.DeletedAt == nil && (len(d.Triggers[i].WebhookIDs) == 0 || slices.Contains(d.Triggers[i].WebhookIDs, w.ID)) {
			all = append(all, w)
		}
	}
	return all
}

// example returns the id of a webhook among all, of the first one if it is not among them, and none if there is none.
func example(all []models.Webhook, id int64) []int64 {
	if len(all) == 0 {
		return nil
	}
	if !slices.ContainsFunc(all, func(w models.Webhook) bool { return w.ID == id }) {
		id = all[0].ID
	}
	return []int64{id}
}

// trial is a contact through the steps.
type trial struct {
	things  Things
	now     time.Time
	person  *person // nil if it is about no contact, or deletes it
	in      map[int64]bool
	run     models.AutomationRun
	name    string // of the automation
	event   models.AutomationEvent
	changed bool // it has waited, or changed the contact: a message then shows the contact as it is
}

func (t *trial) ask(r *Rule) Tried {
	matcher, err := rule.Compile(r.Group, t.things.Schema)
	if err != nil {
		return Tried{Note: "The condition cannot be asked: " + err.Error()}
	}
	if t.person == nil {
		return Tried{Note: "There is no contact that its condition could look at."}
	}
	subject := rule.SubjectOf(t.person.Contact, t.person.ids())
	subject.In = func(segment int64) bool { return t.in[segment] }
	why := matcher.Explain(&subject, t.things.At(t.now))
	return Tried{Good: why.Matched, Why: &why}
}

func (t *trial) step(s Step) Tried {
	tried := Tried{Words: s.Words(t.things), Good: true}
	switch {
	case s.Type == StepWait:
		t.now, t.changed = s.WaitsUntil(t.now, t.things.Location), true
		tried.Until = t.now
	case s.Type == StepOnlyIf && s.Rule != nil:
		asked := t.ask(s.Rule)
		asked.Words = tried.Words
		return asked
	case s.Type.Changes() && t.person == nil:
		tried.Note = "The contact is deleted then, so there is nothing to change."
		if !t.event.Type.OfContact() {
			tried.Note = nobodyToChange
		}
	case s.Unset:
		tried.Good, tried.Note = false, "There is no value yet."
	case s.Type.Changes():
		tried.Good, tried.Note = t.change(s)
		t.changed = true
	case s.Type == StepCall:
		if problem := t.things.mustHave("destination", s.DestinationID); problem != "" {
			return Tried{Words: tried.Words, Note: problem}
		}
		tried.Message = t.message()
	case s.Type == StepTellTeam:
		if _, problem := s.check(t.things, true); problem != "" {
			tried.Note = problem
		}
	}
	return tried
}

// message is what a destination would get.
func (t *trial) message() []byte {
	x := execution{things: t.things, names: map[int64]string{t.run.AutomationID: t.name}}
	envelope := x.envelope(&t.run, t.event)
	if t.person != nil && t.changed {
		now := models.EventContactOf(t.person.Contact, models.TagNames(t.person.tags))
		envelope.Data.Contact = &now
	}
	return envelope.JSON()
}

// change applies a step to the contact of the trial, and notes if it changes nothing or overwrites a value.
func (t *trial) change(s Step) (ok bool, note string) {
	x := execution{things: t.things}
	in := models.ContactInput{Tags: append([]models.Tag{}, t.person.tags...), Fields: map[string]string{}}
	ok, words := x.prepare(&in, s)
	if !ok {
		return false, words
	}
	had := len(t.person.tags)
	t.person.tags = in.Tags
	for key, text := range in.Fields {
		before := t.person.Fields[key]
		t.person.Fields = with(t.person.Fields, key, text)
		switch {
		case before == text:
			return true, "It is so already."
		case before != "":
			return true, "It would overwrite “" + models.Shorten(t.shown(s.FieldID, before), 60) + "”."
		}
		return true, ""
	}
	if len(in.Tags) == had {
		return true, "It is so already."
	}
	return true, ""
}

func (t *trial) shown(field int64, stored string) string {
	for _, m := range t.things.MergeTags {
		if m.ID == field {
			return m.Show(stored, t.things.Location)
		}
	}
	return stored
}

func with(fields map[string]string, key, text string) map[string]string {
	all := map[string]string{}
	for k, v := range fields {
		all[k] = v
	}
	if all[key] = text; text == "" {
		delete(all, key)
	}
	return all
}

func (p person) ids() []int64 {
	ids := make([]int64, len(p.tags))
	for i, t := range p.tags {
		ids[i] = t.ID
	}
	return ids
}

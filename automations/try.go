package automations

import (
	"context"
	"time"

	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
)

// Tried is what one step would do for a contact.
type Tried struct {
	Words  []Part
	Good   bool              // it would be done; otherwise the run would end here
	Note   string            // a sentence about it, "" for none
	Why    *rule.Explanation // of a rule
	Until  time.Time         // of a wait
	Begins bool              // the first one: whether the run would start
}

// Try returns what the steps would do for a contact as it is now, and changes nothing. It assumes that only the steps change the contact.
func (s Store) Try(ctx context.Context, things Things, d Definition, c models.Contact, tags []models.Tag) ([]Tried, error) {
	db := s.DB.Read(ctx)
	places, err := segments.PlacesIn(db, c.WorkspaceID, c.ID)
	if err != nil {
		return nil, models.In("segments of the contact", err)
	}
	t := trial{things: things, now: models.Instant(s.Now()), person: person{Contact: c, tags: tags}, in: map[int64]bool{}}
	for _, p := range places {
		t.in[p.ID] = p.In
	}
	start := Tried{Begins: true, Good: true}
	if d.Rule != nil && len(d.Rule.Filters) > 0 {
		start = t.ask(d.Rule)
		start.Begins = true
	}
	all := []Tried{start}
	for _, step := range d.Steps {
		if !all[len(all)-1].Good {
			break
		}
		all = append(all, t.step(step))
	}
	return all, nil
}

// trial is a contact through the steps.
type trial struct {
	things Things
	now    time.Time
	person person
	in     map[int64]bool
}

func (t *trial) ask(r *Rule) Tried {
	matcher, err := rule.Compile(r.Group, t.things.Schema)
	if err != nil {
		return Tried{Note: "The condition cannot be asked: " + err.Error()}
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
		t.now = s.WaitsUntil(t.now, t.things.Location)
		tried.Until = t.now
	case s.Type == StepOnlyIf && s.Rule != nil:
		asked := t.ask(s.Rule)
		asked.Words = tried.Words
		return asked
	case s.Type.Changes():
		tried.Good, tried.Note = t.change(s)
	}
	return tried
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
	all[key] = text
	return all
}

func (p person) ids() []int64 {
	ids := make([]int64, len(p.tags))
	for i, t := range p.tags {
		ids[i] = t.ID
	}
	return ids
}

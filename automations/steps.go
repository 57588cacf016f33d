package automations

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/models/store"
)

// nobodyToChange says why a step changes nothing in a run that a webhook started by failing or falling silent.
const nobodyToChange = "What started it is about no contact, so there is nobody to change."

// change adds or removes a tag, or sets a field.
func (x *execution) change(run *models.AutomationRun, s Step) error {
	p := x.people[run.ContactID]
	if p == nil {
		words := "The contact was deleted, so there is nothing to change."
		if run.ContactID == 0 {
			words = nobodyToChange
		}
		x.tell(run, s.ID, ResultNothing, Told{Words: words})
		return nil
	}
	in := models.ContactInput{Status: p.Status, Tags: slices.Clone(p.tags), Fields: map[string]string{}}
	done, words := x.prepare(&in, s)
	if !done {
		x.fail(run, s.ID, words)
		return nil
	}
	by := models.ContactChange{Automation: run.AutomationID, AutomationAs: x.names[run.AutomationID], Run: run.ID.String()}
	edit, err := store.ChangeContactInRun(x.tx, &p.Contact, in, by, models.DirtyContact{RunID: &run.ID, Depth: run.Depth + 1}, x.now)
	if err != nil {
		return models.In("change the contact", err)
	}
	if edit.Nothing() {
		x.tell(run, s.ID, ResultNothing, Told{Words: "The contact is so already."})
		return nil
	}
	p.tags = in.Tags
	slices.SortFunc(p.tags, func(a, b models.Tag) int { return cmp.Compare(a.ID, b.ID) })
	x.tell(run, s.ID, ResultDone, Told{Words: words})
	x.fire(run, s, p, edit)
	return nil
}

// prepare puts the change of a step into in. words say what it does, or why it cannot be done.
func (x *execution) prepare(in *models.ContactInput, s Step) (ok bool, words string) {
	if s.Type == StepSetField {
		i := slices.IndexFunc(x.things.MergeTags, func(m models.MergeTag) bool { return m.ID == s.FieldID })
		if i < 0 {
			return false, x.things.lostWords("merge tag", s.FieldID)
		}
		m := x.things.MergeTags[i]
		value, err := m.Read(models.Text(s.Value), x.things.Location)
		if err != nil {
			return false, "The value does not fit the merge tag " + m.Label + " any more. " + err.Error()
		}
		in.Fields[m.Key] = value
		if value == "" {
			return true, m.Label + " was emptied."
		}
		return true, m.Label + " was set to “" + models.Shorten(m.Show(value, x.things.Location), 80) + "”."
	}
	i := slices.IndexFunc(x.things.Tags, func(t models.Tag) bool { return t.ID == s.TagID })
	if i < 0 {
		return false, x.things.lostWords("tag", s.TagID)
	}
	tag := x.things.Tags[i]
	in.Tags = slices.DeleteFunc(in.Tags, func(t models.Tag) bool { return t.ID == tag.ID })
	if s.Type == StepRemoveTag {
		return true, "The tag “" + tag.Name + "” was taken off."
	}
	in.Tags = append(in.Tags, tag)
	return true, "The tag “" + tag.Name + "” was added."
}

// fire adds the events of a change, one deeper than the event of the run.
func (x *execution) fire(run *models.AutomationRun, s Step, p *person, edit models.ContactChange) {
	kind, subject := models.EventUpdated, int64(0)
	switch s.Type {
	case StepAddTag:
		kind, subject = models.EventTagAdded, s.TagID
	case StepRemoveTag:
		kind, subject = models.EventTagRemoved, s.TagID
	}
	if !x.workspace.Listens.Has(kind, false) {
		return
	}
	e := models.EventAbout(p.Contact, models.TagNames(p.tags), kind, x.now)
	e.SubjectID, e.RequestID, e.RunID, e.Depth, e.Fields = subject, run.RequestID, &run.ID, run.Depth+1, strings.Join(edit.Fields, ",")
	x.fired = append(x.fired, e)
}

// call hands the event to a destination. The message shows the contact as it was at the event, or as it is now if asNow: when the run has
// waited or has changed the contact. It goes out in the order of the version that it shows. A contact that is gone is shown as at the event.
func (x *execution) call(run *models.AutomationRun, s Step, event models.AutomationEvent, asNow bool) {
	i := slices.IndexFunc(x.things.Destinations, func(d models.Destination) bool { return d.ID == s.DestinationID })
	if i < 0 {
		x.fail(run, s.ID, x.things.lostWords("destination", s.DestinationID))
		return
	}
	destination, version := x.things.Destinations[i], run.ContactVersion
	message := x.envelope(run, event)
	if p := x.people[run.ContactID]; p != nil && asNow {
		now := models.EventContactOf(p.Contact, models.TagNames(p.tags))
		message.Data.Contact, version = &now, p.Version
	}
	d := deliveries.New(models.Delivery{WorkspaceID: run.WorkspaceID, DestinationID: destination.ID, EventType: event.Type.Outgoing(), EventID: event.ID, RunID: &run.ID,
		RequestID: run.RequestID, ContactID: run.ContactID, ContactVersion: version}, message.JSON(), x.now)
	x.sent = append(x.sent, d)
	x.tell(run, s.ID, ResultDone, Told{Words: "Handed to " + destination.Name + "."}).DeliveryID = &d.ID
}

// envelope returns what a run sends of its event, with the contact as it was then.
func (x *execution) envelope(run *models.AutomationRun, event models.AutomationEvent) deliveries.Envelope {
	e := deliveries.Envelope{ID: deliveries.EventID(event.ID), EventType: event.Type.Outgoing(), WorkspaceID: run.WorkspaceID, CreatedAt: models.EventTime{Time: event.CreatedAt}}
	if event.Snapshot != nil {
		var c models.EventContact
		if json.Unmarshal([]byte(*event.Snapshot), &c) == nil {
			e.Data.Contact = &c
		}
	}
	cause := &deliveries.Cause{Automation: &deliveries.Thing{ID: run.AutomationID, Name: x.names[run.AutomationID]}}
	if event.RequestID != nil {
		cause.RequestID = event.RequestID.String()
	}
	if event.Fields != "" {
		cause.Fields = strings.Split(event.Fields, ",")
	}
	webhook := event.WebhookID
	switch event.Type {
	case models.EventTagAdded, models.EventTagRemoved:
		cause.Tag = nameOf(event.SubjectID, x.things.Tags, func(t models.Tag) (int64, string) { return t.ID, t.Name })
	case models.EventSegmentEntered, models.EventSegmentLeft:
		cause.Segment = nameOf(event.SubjectID, x.things.Segments, func(g models.Segment) (int64, string) { return g.ID, g.Name })
	case models.EventWebhookFailing, models.EventWebhookSilent:
		webhook = event.SubjectID
	}
	cause.Webhook = nameOf(webhook, x.things.Webhooks, func(w models.Webhook) (int64, string) { return w.ID, w.Name })
	e.Data.Cause = cause
	return e
}

// nameOf returns the thing with an id, nil for none.
func nameOf[T any](id int64, all []T, of func(T) (int64, string)) *deliveries.Thing {
	for _, one := range all {
		if is, name := of(one); is == id {
			return &deliveries.Thing{ID: id, Name: name}
		}
	}
	return nil
}

package automations

import (
	"slices"

	"campaignlark/models"
)

// happens lets a trigger happen to the contact of the trial. It returns why that cannot happen to the contact as it is now, "" if it can.
func (t *trial) happens(trigger Trigger) (note string) {
	first := func(ids []int64) int64 {
		if len(ids) == 0 {
			return 0
		}
		return ids[0]
	}
	e := models.AutomationEvent{WorkspaceID: t.run.WorkspaceID, Type: trigger.Type, CreatedAt: t.now, ID: models.NewID(t.now)}
	if p := t.person; p != nil {
		note = t.assume(trigger)
		e = models.EventAbout(p.Contact, models.TagNames(p.tags), trigger.Type, t.now)
		if trigger.Type == models.EventDeleted {
			e, t.person = models.EventErased(p.Contact, t.now), nil
		}
	}
	e.WebhookID = first(trigger.WebhookIDs)
	switch trigger.Type {
	case models.EventTagAdded, models.EventTagRemoved:
		e.SubjectID = first(trigger.TagIDs)
	case models.EventSegmentEntered, models.EventSegmentLeft:
		e.SubjectID = first(trigger.SegmentIDs)
	case models.EventUpdated:
		e.Fields = t.things.fieldKeys()[first(trigger.FieldIDs)]
	case models.EventWebhookFailing, models.EventWebhookSilent:
		e.SubjectID = first(trigger.WebhookIDs)
	}
	t.event = e
	return note
}

// assume changes the contact as a trigger says.
func (t *trial) assume(trigger Trigger) (note string) {
	p := t.person
	hasTag := func(id int64) bool { return slices.Contains(p.ids(), id) }
	isIn := func(id int64) bool { return t.in[id] }
	not := func(is func(int64) bool) func(int64) bool { return func(id int64) bool { return !is(id) } }
	already := func(ids []int64, is func(int64) bool) bool { return len(ids) > 0 && !slices.ContainsFunc(ids, not(is)) }
	switch trigger.Type {
	case models.EventConfirmed:
		if p.Status == models.StatusSubscribed {
			note = "This contact is subscribed already. It starts when a contact was not subscribed before, so now it would not start."
		}
		p.Status = models.StatusSubscribed
	case models.EventPending:
		p.Status = models.StatusUnconfirmed
	case models.EventUnsubscribed:
		p.Status = models.StatusUnsubscribed
	case models.EventCreated:
		note = "This contact exists already. It starts for new contacts, so this shows what would happen to a new one like this."
	case models.EventTagAdded:
		if already(trigger.TagIDs, hasTag) {
			note = "This contact has the tag already, so it cannot get it now."
		} else if len(trigger.TagIDs) > 0 {
			p.tags = append(p.tags, slices.DeleteFunc(slices.Clone(t.things.Tags), func(tag models.Tag) bool { return tag.ID != trigger.TagIDs[0] })...)
		}
	case models.EventTagRemoved:
		if already(trigger.TagIDs, not(hasTag)) {
			note = "This contact does not have the tag, so it cannot lose it now."
		}
		p.tags = slices.DeleteFunc(p.tags, func(tag models.Tag) bool { return len(trigger.TagIDs) > 0 && tag.ID == trigger.TagIDs[0] })
	case models.EventSegmentEntered:
		if already(trigger.SegmentIDs, isIn) {
			note = "This contact is in the segment already, so it cannot enter it now."
		}
		if len(trigger.SegmentIDs) > 0 {
			t.in[trigger.SegmentIDs[0]] = true
		}
	case models.EventSegmentLeft:
		if already(trigger.SegmentIDs, not(isIn)) {
			note = "This contact is not in the segment, so it cannot leave it now."
		}
		if len(trigger.SegmentIDs) > 0 {
			t.in[trigger.SegmentIDs[0]] = false
		}
	}
	return note
}

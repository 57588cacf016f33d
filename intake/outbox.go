package intake

import (
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
)

// outbox returns what happened in the batch and an enabled automation listens for. Where none listens it costs nothing.
func (b *batch) outbox() (all []models.AutomationEvent) {
	for _, s := range b.steps {
		listens := b.listens[s.job.call.Hash.WorkspaceID]
		if listens == 0 || s.life == nil || s.webhook.ID == 0 || s.job.call.Replay != nil && !s.job.call.Replay.Events {
			continue
		}
		all = append(all, s.events(listens, b)...)
	}
	return all
}

// events returns the events of one call.
func (s *step) events(listens models.Listens, b *batch) (all []models.AutomationEvent) {
	var snapshot *string
	add := func(t models.EventType, subject int64, fields string) {
		if !listens.Has(t, false) {
			return
		}
		if snapshot == nil {
			snapshot = s.snapshot()
		}
		call := s.job.call
		all = append(all, models.AutomationEvent{WorkspaceID: call.Hash.WorkspaceID, ID: models.NewID(b.now), Type: t, ContactID: s.life.id, ContactVersion: s.decision.Version,
			SubjectID: subject, WebhookID: call.Hash.WebhookID, RequestID: &call.ID, Fields: fields, Snapshot: snapshot, State: models.EventStatePending, CreatedAt: b.now})
	}
	d := s.decision
	if d.Event != "" {
		add(d.Event, 0, "")
	}
	switch {
	case d.Outcome == models.OutcomeDeleted:
		add(models.EventDeleted, 0, "")
		return all
	case s.before == nil:
		add(models.EventCreated, 0, "")
	default:
		if keys := changedKeys(s.before.Fields, d.Contact.Fields); len(keys) > 0 {
			add(models.EventUpdated, 0, strings.Join(keys, ","))
		}
	}
	for _, t := range d.TagsAdded {
		add(models.EventTagAdded, t.ID, "")
	}
	return all
}

// snapshot returns the contact after the call. It is nil if a later call of the batch erases the person.
func (s *step) snapshot() *string {
	var text string
	switch p := s.decision.Contact; {
	case p == nil: // this call erases the person
		gone := s.before.Contact
		gone.ID = s.life.id
		return models.EventErased(gone, gone.CreatedAt).Snapshot
	case s.erased:
		return nil
	default:
		c := models.EventContactOf(p.Contact, models.TagNames(p.Tags))
		c.ID = s.life.id // one that the batch creates got its id after the decision
		text = c.JSON()
	}
	return &text
}

// changedKeys returns the sorted keys of the fields that differ.
func changedKeys(before, after map[string]string) (keys []string) {
	for key, value := range after {
		if before[key] != value {
			keys = append(keys, key)
		}
	}
	for key := range maps.Keys(before) {
		if _, still := after[key]; !still {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

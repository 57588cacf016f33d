package handlers

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"
)

// tellContact compares the contact before and after the call.
func (t *story) tellContact(s *views.RequestStory) {
	s.Contact = views.Step{ID: "s4", Title: "The contact, before and after", State: views.StateDone, At: after(t.row.DurationUs),
		Lead: "Everything from here to the event was committed together."}
	if t.contactID != 0 {
		s.ContactHref = t.page("contacts", t.contactID)
	}
	before, now := t.body.Before, t.body.After
	if t.row.Outcome == models.OutcomeDeleted {
		s.Contact.Title, s.Contact.Lead = "The contact is gone for good", "With its tags, segments and values, and with the person's data in the log and the events."
		return
	}
	if now == nil {
		s.Contact.Title, s.Contact.Lead = "The contact: "+strings.ToLower(views.OutcomeShort(t.row.Outcome)), "Its values were erased with the person."
		return
	}
	change := &views.ContactChange{After: now.Status, TagsAfter: now.Tags, TagsAdded: t.body.TagsAdded}
	if before != nil {
		change.Before, change.TagsBefore, change.FieldsBefore = before.Status, before.Tags, len(before.Fields)
	}
	t.compareFields(change, before, now)
	s.Change = change
	if said := t.cameBack(); said != "" {
		s.Contact.Lead = said + " " + s.Contact.Lead
	}
}

// cameBack says that the call changed the status of a person who had unsubscribed, "" if it did not.
func (t *story) cameBack() string {
	before, now := t.body.Before, t.body.After
	if before == nil || now == nil || before.Status != models.StatusUnsubscribed || now.Status == before.Status {
		return ""
	}
	said := "This contact had unsubscribed"
	if t.body.LeftAt != 0 {
		said += " on " + time.Unix(t.body.LeftAt, 0).In(t.zone()).Format("2 January 2006")
	}
	if now.Status == models.StatusSubscribed {
		return said + "; the call subscribed them again."
	}
	return said + "; the call made them " + now.Status.Name() + "."
}

// compareFields compares the contact's values before and after the call.
func (t *story) compareFields(change *views.ContactChange, before, now *intake.LogContact) {
	old := map[string]string{}
	if before != nil {
		old = before.Fields
	}
	changed, filled := 0, 0
	for _, key := range t.keysInOrder(now.Fields) {
		value := now.Fields[key]
		switch was, had := old[key]; {
		case !had:
			filled++
		case was != value:
			changed++
		}
		change.Fields = append(change.Fields, views.FieldChange{Label: t.label(key), Before: t.shown(key, old[key]), Now: t.shown(key, value)})
	}
	change.FieldsAfter = strconv.Itoa(len(now.Fields)) + " set"
	var parts []string
	for _, part := range []struct {
		n     int
		words string
	}{{changed, "changed"}, {filled, "filled in"}, {len(now.Fields) - changed - filled, "as before"}} {
		if part.n > 0 {
			parts = append(parts, strconv.Itoa(part.n)+" "+part.words)
		}
	}
	if len(parts) > 0 {
		change.FieldsAfter += ": " + joined(parts)
	}
}

// keysInOrder sorts the keys of a contact's values by their labels.
func (t *story) keysInOrder(fields map[string]string) []string {
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return strings.Compare(t.label(a)+"\x00"+a, t.label(b)+"\x00"+b) })
	return keys
}

// label returns a field's label, or its key if the merge tag was deleted.
func (t *story) label(key string) string {
	if m, ok := t.mergeTags[key]; ok {
		return m.Label
	}
	return key
}

// shown formats a stored value for people.
func (t *story) shown(key, value string) string {
	if m, ok := t.mergeTags[key]; ok && value != "" {
		value = m.Show(value, t.zone())
	}
	return views.Visible(value)
}

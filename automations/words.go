package automations

import (
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/segments/rule"
)

// Part is a part of a sentence: see rule.Part.
type Part = rule.Part

func plain(text string) Part { return Part{Text: text} }
func value(text string) Part { return Part{Text: text, Kind: rule.Value} }
func named(text string) Part { return Part{Text: text, Kind: rule.Named} }
func lost(text string) Part  { return Part{Text: text, Kind: rule.Gone} }

// Sentence describes a definition: "When a contact is subscribed (confirmed) through Shop: wait 1 day; add the tag trial.". Missing parts
// stand as "…".
func (d Definition) Sentence(things Things) []Part {
	parts := []Part{plain("When ")}
	if len(d.Triggers) == 0 {
		parts = append(parts, value("…"))
	}
	for i, t := range d.Triggers {
		if i > 0 {
			parts = append(parts, plain(", or "))
		}
		parts = append(parts, t.Words(things)...)
	}
	if d.Rule != nil && len(d.Rule.Filters) > 0 {
		parts = append(parts, plain(", and only "))
		parts = append(parts, ruleWords(d.Rule, things)...)
	}
	parts = append(parts, plain(": "))
	if len(d.Steps) == 0 {
		parts = append(parts, value("…"))
	}
	for i, s := range d.Steps {
		if i > 0 {
			parts = append(parts, plain("; "))
		}
		parts = append(parts, s.Words(things)...)
	}
	return append(parts, plain("."))
}

// SentenceByHand is Sentence, and says whether changes by hand and by import start the automation too. Alarms have no such changes.
func (d Definition) SentenceByHand(things Things) []Part {
	parts := d.Sentence(things)
	switch {
	case !d.OfContact():
		return parts
	case d.ByHand:
		return append(parts, plain(" Changes by hand and by import start it too."))
	}
	return append(parts, plain(" Changes by hand and by import do not start it."))
}

// ruleWords is a rule's sentence without its capital.
func ruleWords(r *Rule, things Things) []Part {
	words := rule.Sentence(r.Group, things.Schema)
	if len(words) > 0 {
		words = slices.Clone(words)
		words[0].Text = strings.Replace(words[0].Text, "Contacts", "contacts", 1)
	}
	return words
}

// What returns the words that follow "When" for an event, such as "a contact is created".
func What(t models.EventType) string {
	switch t {
	case models.EventConfirmed:
		return "a contact is subscribed (confirmed)"
	case models.EventPending:
		return "a contact is subscribed (pending)"
	case models.EventUnsubscribed:
		return "a contact is unsubscribed"
	case models.EventCreated:
		return "a contact is created"
	case models.EventUpdated:
		return "a contact is updated"
	case models.EventDeleted:
		return "a contact is deleted"
	case models.EventTagAdded:
		return "a contact gets a tag"
	case models.EventTagRemoved:
		return "a contact loses a tag"
	case models.EventSegmentEntered:
		return "a contact enters a segment"
	case models.EventSegmentLeft:
		return "a contact leaves a segment"
	case models.EventWebhookFailing:
		return "a webhook fails far more than usual"
	case models.EventWebhookSilent:
		return "a webhook falls silent"
	}
	return "something happens"
}

// Words describes a trigger.
func (t Trigger) Words(things Things) []Part {
	switch {
	case len(t.TagIDs) > 0 && t.Type == models.EventTagAdded:
		return things.through(t, append([]Part{plain("a contact gets ")}, things.listed("tag", t.TagIDs)...))
	case len(t.TagIDs) > 0 && t.Type == models.EventTagRemoved:
		return things.through(t, append([]Part{plain("a contact loses ")}, things.listed("tag", t.TagIDs)...))
	case len(t.SegmentIDs) > 0 && t.Type == models.EventSegmentEntered:
		return append([]Part{plain("a contact enters ")}, things.listed("segment", t.SegmentIDs)...)
	case len(t.SegmentIDs) > 0 && t.Type == models.EventSegmentLeft:
		return append([]Part{plain("a contact leaves ")}, things.listed("segment", t.SegmentIDs)...)
	case len(t.WebhookIDs) > 0 && t.Type == models.EventWebhookFailing:
		return append(things.listed("webhook", t.WebhookIDs), plain(" fails far more than usual"))
	case len(t.WebhookIDs) > 0 && t.Type == models.EventWebhookSilent:
		return append(things.listed("webhook", t.WebhookIDs), plain(" falls silent"))
	}
	parts := []Part{named(anyOf(t.Type))}
	if len(t.FieldIDs) > 0 && t.Type == models.EventUpdated {
		parts = append(append(parts, plain(" in ")), things.list("merge tag", t.FieldIDs)...)
	}
	return things.through(t, parts)
}

// anyOf is What for a trigger that nothing narrows: "a contact enters any segment".
func anyOf(t models.EventType) string {
	switch t {
	case models.EventTagAdded:
		return "a contact gets any tag"
	case models.EventTagRemoved:
		return "a contact loses any tag"
	case models.EventSegmentEntered:
		return "a contact enters any segment"
	case models.EventSegmentLeft:
		return "a contact leaves any segment"
	case models.EventWebhookFailing:
		return "any webhook fails far more than usual"
	case models.EventWebhookSilent:
		return "any webhook falls silent"
	}
	return What(t)
}

// through adds the webhooks of a trigger.
func (things Things) through(t Trigger, parts []Part) []Part {
	if len(t.WebhookIDs) == 0 || t.Type == models.EventSegmentEntered || t.Type == models.EventSegmentLeft {
		return parts
	}
	return append(append(parts, plain(" through ")), things.list("webhook", t.WebhookIDs)...)
}

package automations

import (
	"slices"
	"strconv"
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

// ruleWords is a rule's sentence without its capital.
func ruleWords(r *Rule, things Things) []Part {
	words := rule.Sentence(r.Group, things.Schema)
	if len(words) > 0 {
		words = slices.Clone(words)
		words[0].Text = strings.Replace(words[0].Text, "Contacts", "contacts", 1)
	}
	return words
}

// What returns the words for an event after "When", such as "a contact is created".
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
	tags := func() []Part {
		return listed(t.TagIDs, things.Tags, "tag", func(x models.Tag) (int64, string) { return x.ID, x.Name })
	}
	segments := func() []Part {
		return listed(t.SegmentIDs, things.Segments, "segment", func(x models.Segment) (int64, string) { return x.ID, x.Name })
	}
	webhooks := func() []Part {
		return listed(t.WebhookIDs, things.Webhooks, "webhook", func(x models.Webhook) (int64, string) { return x.ID, x.Name })
	}
	switch {
	case len(t.TagIDs) > 0 && t.Type == models.EventTagAdded:
		return append([]Part{plain("a contact gets the tag ")}, tags()...)
	case len(t.TagIDs) > 0 && t.Type == models.EventTagRemoved:
		return append([]Part{plain("a contact loses the tag ")}, tags()...)
	case len(t.SegmentIDs) > 0 && t.Type == models.EventSegmentEntered:
		return append([]Part{plain("a contact enters the segment ")}, segments()...)
	case len(t.SegmentIDs) > 0 && t.Type == models.EventSegmentLeft:
		return append([]Part{plain("a contact leaves the segment ")}, segments()...)
	case len(t.WebhookIDs) > 0 && t.Type == models.EventWebhookFailing:
		return append(append([]Part{plain("the webhook ")}, webhooks()...), plain(" fails far more than usual"))
	case len(t.WebhookIDs) > 0 && t.Type == models.EventWebhookSilent:
		return append(append([]Part{plain("the webhook ")}, webhooks()...), plain(" falls silent"))
	}
	parts := []Part{named(What(t.Type))}
	if len(t.FieldIDs) > 0 && t.Type == models.EventUpdated {
		parts = append(parts, plain(" in "))
		parts = append(parts, listed(t.FieldIDs, things.MergeTags, "merge tag", func(x models.MergeTag) (int64, string) { return x.ID, x.Label })...)
	}
	if len(t.WebhookIDs) > 0 {
		parts = append(parts, plain(" through "))
		parts = append(parts, webhooks()...)
	}
	return parts
}

// listed names things by their ids: "a or b".
func listed[T any](ids []int64, all []T, what string, of func(T) (int64, string)) (parts []Part) {
	for i, id := range ids {
		if i > 0 {
			parts = append(parts, plain(" or "))
		}
		parts = append(parts, oneOf(id, all, what, of))
	}
	return parts
}

// oneOf names a thing by its id, "…" for none.
func oneOf[T any](id int64, all []T, what string, of func(T) (int64, string)) Part {
	for _, one := range all {
		if is, name := of(one); is == id {
			return value(models.Shorten(name, 80))
		}
	}
	if id == 0 {
		return value("…")
	}
	return lost("a deleted " + what)
}

// Words describes a step.
func (s Step) Words(things Things) []Part {
	tag := func() Part {
		return oneOf(s.TagID, things.Tags, "tag", func(x models.Tag) (int64, string) { return x.ID, x.Name })
	}
	switch s.Type {
	case StepWait:
		return s.waitWords()
	case StepOnlyIf:
		if s.Rule == nil {
			return []Part{plain("go on only for "), value("…")}
		}
		return append([]Part{plain("go on only for ")}, ruleWords(s.Rule, things)...)
	case StepAddTag:
		return []Part{plain("add the tag "), tag()}
	case StepRemoveTag:
		return []Part{plain("take off the tag "), tag()}
	case StepSetField:
		field := oneOf(s.FieldID, things.MergeTags, "merge tag", func(x models.MergeTag) (int64, string) { return x.ID, x.Label })
		if models.IsBlank(s.Value) {
			return []Part{plain("empty "), field}
		}
		return []Part{plain("set "), field, plain(" to "), value(models.Shorten(s.Value, 80))}
	case StepCall:
		return []Part{plain("call "), oneOf(s.DestinationID, things.Destinations, "destination", func(x models.Destination) (int64, string) { return x.ID, x.Name })}
	case StepTellTeam:
		return append(append([]Part{plain("tell ")}, s.toldWords(things)...), plain(" by e-mail"))
	}
	return []Part{value("…")}
}

func (s Step) waitWords() []Part {
	parts := []Part{plain("wait ")}
	amount, unit := s.Wait()
	switch {
	case s.Minutes > 0:
		parts = append(parts, value(strconv.Itoa(amount)+" "+plural(amount, unit)))
		if s.Until != "" {
			parts = append(parts, plain(", then until "), value(s.Until))
		}
	case s.Until != "":
		parts = append(parts, plain("until "), value(s.Until))
	default:
		parts = append(parts, value("…"))
	}
	return parts
}

// Units are the units of a wait, and their minutes.
var Units = []struct {
	Name    string
	Minutes int
}{{"minute", 1}, {"hour", 60}, {"day", 24 * 60}}

// Wait returns the minutes of a wait in the largest unit that fits.
func (s Step) Wait() (amount int, unit string) {
	for _, u := range slices.Backward(Units) {
		if s.Minutes%u.Minutes == 0 && s.Minutes > 0 {
			return s.Minutes / u.Minutes, u.Name
		}
	}
	return s.Minutes, Units[0].Name
}

func plural(n int, unit string) string {
	if n == 1 {
		return unit
	}
	return unit + "s"
}

// Starts returns which of the automations a definition can start by what it does, each with the step that does it.
func (d Definition) Starts(others []Listed, fields map[int64]string) (all []Started) {
	for _, s := range d.Steps {
		e := models.AutomationEvent{}
		switch s.Type {
		case StepAddTag:
			e.Type, e.SubjectID = models.EventTagAdded, s.TagID
		case StepRemoveTag:
			e.Type, e.SubjectID = models.EventTagRemoved, s.TagID
		case StepSetField:
			e.Type, e.Fields = models.EventUpdated, fields[s.FieldID]
		default:
			continue
		}
		for _, o := range others {
			if o.Enabled && o.Definition.StartedBy(e, fields) {
				all = append(all, Started{Step: s, Other: o})
			}
		}
	}
	return all
}

// Started is an automation that a step starts.
type Started struct {
	Step  Step
	Other Listed
}

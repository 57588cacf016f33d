package intake

import (
	"cmp"
	"fmt"
	"strings"
	"sync"
	"time"

	"campaignlark/models"
	"campaignlark/senders"
)

// Fate says what happened to one field of a call.
type Fate string

const (
	FateStored    Fate = "stored"    // the contact has the value now
	FateUnchanged Fate = "unchanged" // the contact had this value already
	FateLeft      Fate = "left"      // nothing was given (null, empty, blank): a blank never erases what is stored
	FateDefault   Fate = "default"   // nothing was given and nothing stored, so the merge tag's default was used
	FateIgnored   Fate = "ignored"   // no merge tag of that name, or not for this type of webhook
	FateRefused   Fate = "refused"   // the value does not fit its merge tag
	FateUsed      Fate = "used"      // the webhook reads it, but keeps it nowhere: its trap field, or the page to go to
)

// Fates lists every fate.
var Fates = []Fate{FateStored, FateUnchanged, FateLeft, FateDefault, FateIgnored, FateRefused, FateUsed}

// MaxIgnored limits the ignored names that a log row keeps. CONTRACT "What each type does".
const MaxIgnored = 200

const (
	maxLoggedValue = 1000 // bytes of a value in the log
	maxLoggedName  = 200  // bytes of a key in the log
)

// FieldFate explains what happened to one field of a call. Its texts are cut to what the log keeps.
type FieldFate struct {
	Fate       Fate   `json:"fate"`
	Key        string `json:"key,omitempty"`   // as the sender wrote it; "" if nothing was sent and the default was used
	Sent       string `json:"sent,omitempty"`  // the value as sent
	Shape      string `json:"shape,omitempty"` // of the value, one of the Shape constants; "" for a text
	MergeTagID int64  `json:"merge_tag_id,omitempty"`
	MergeTag   string `json:"merge_tag,omitempty"` // its key
	Label      string `json:"label,omitempty"`
	Before     string `json:"before,omitempty"` // the contact's value before the call
	After      string `json:"after,omitempty"`  // and after it
	Reason     string `json:"reason,omitempty"` // a sentence; "" if the fate alone explains it
}

// fillFields stores the sent values in the contact, and defaults in the fields that are still empty. It adds the fate of
// each field to the decision and reports whether the contact changed.
func (d *Decision) fillFields(q Question, p *Person) bool {
	tags, fields := q.Webhook.MergeTags, q.Submission.Fields
	if q.Submission.Mapped == nil {
		fields = joinLists(fields)
	}
	places := matchFields(fields, tags)
	byPlace := make(map[int]FieldFate, len(places))
	var defaults []FieldFate
	changed := false
	for i, tag := range tags {
		var given *Field
		if places[i] >= 0 {
			given = &fields[places[i]]
		}
		if q.NoDefaults {
			tag.Default = ""
		}
		fate := fill(p, tag, given, q.Webhook.Zone)
		changed = changed || fate.After != fate.Before
		if given != nil {
			byPlace[places[i]] = fate.cut()
		} else if fate.Fate == FateDefault {
			defaults = append(defaults, fate.cut())
		}
	}
	why := whyIgnored(q.Webhook)
	for i, f := range fields {
		if fate, ok := byPlace[i]; ok {
			d.Fields = append(d.Fields, fate)
		} else {
			d.ignore(&q, f, why)
		}
	}
	d.Fields = append(d.Fields, defaults...)
	return changed
}

// matchFields returns for each merge tag the index of the field that counts for it, or -1. A field that is null or a file
// counts only if no other field matches the merge tag. A list of keys with brackets counts if nothing else was given.
func matchFields(fields []Field, tags []models.MergeTag) []int {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Key
	}
	given, null, lists := make([]string, len(fields)), make([]string, len(fields)), make([]string, len(fields))
	anyNull, anyList := false, false
	for i, f := range fields {
		switch {
		case f.feeds != "":
			lists[i], anyList = f.feeds, true
		case f.Value.Empty():
			null[i], anyNull = f.Key, true
		default:
			given[i] = f.Key
		}
	}
	places := models.MatchKeys(given, names)
	if anyNull {
		for i, place := range models.MatchKeys(null, names) {
			if places[i] < 0 {
				places[i] = place
			}
		}
	}
	if anyList {
		for i, place := range models.MatchKeys(lists, names) {
			if place >= 0 && (places[i] < 0 || fields[places[i]].Value.IsBlank() && !fields[place].Value.IsBlank()) {
				places[i] = place
			}
		}
	}
	return places
}

// fill stores the value of one merge tag in the contact and returns its fate. given is nil if nothing was sent for it.
// CONTRACT: a blank never erases, a value that does not fit counts as not given, and a default fills only a field that has
// no value.
func fill(p *Person, tag models.MergeTag, given *Field, zone *time.Location) FieldFate {
	before := p.Fields[tag.Key]
	fate := FieldFate{Fate: FateLeft, MergeTagID: tag.ID, MergeTag: tag.Key, Label: tag.Label, Before: before, After: before}
	var value string
	if given != nil {
		var err error
		fate.Key, fate.Sent, fate.Shape = cmp.Or(given.place, given.Key), sentText(given.Value), shapeOf(given.Value)
		if given.place != "" {
			fate.Sent, fate.Shape = sentText(given.sent), shapeOf(given.sent)
		}
		if given.wrong != "" {
			fate.Fate, fate.Reason = FateRefused, given.wrong
		} else if value, err = tag.Read(given.Value, zone); err != nil {
			fate.Fate, fate.Reason = FateRefused, err.Error()
		}
	}
	if value != "" && given.as != senders.AsIs {
		fate.Reason = "Read as: " + given.as.Name() + "."
	}
	switch {
	case value != "" && value == before:
		fate.Fate = FateUnchanged
	case value != "":
		fate.Fate, fate.After = FateStored, value
	case before == "":
		fate.useDefault(tag)
	}
	if fate.Fate == FateLeft {
		fate.Reason = "Nothing was given, and a blank never erases what is stored."
	}
	if fate.After != before {
		p.Fields[tag.Key] = fate.After
	}
	return fate
}

// useDefault gives a field without a value the default of its merge tag. A default that is no longer one of the choices is
// not used.
func (f *FieldFate) useDefault(tag models.MergeTag) {
	if tag.Default == "" {
		return
	}
	value, err := tag.Read(models.Text(tag.Default), nil)
	if err != nil || value == "" {
		return
	}
	f.After = value
	if f.Fate == FateRefused {
		f.Reason += " The default was used instead."
	} else {
		f.Fate = FateDefault
	}
}

// leaveFields adds every field of the call to the decision as ignored, for a type that changes no fields.
func (d *Decision) leaveFields(q Question, reason string) {
	for _, f := range q.Submission.Fields {
		d.ignore(&q, f, func(string) string { return reason })
	}
}

// ignore adds a field to the decision as ignored, or as used if the webhook reads it for its answer. Beyond MaxIgnored fields it only counts. It leaves out files: a file matters
// only where a merge tag wants a text, and the payload has a line about each.
func (d *Decision) ignore(q *Question, f Field, why func(key string) string) {
	fate := FieldFate{Fate: FateUsed, Key: cmp.Or(f.place, f.Key), Sent: sentText(f.Value), Shape: shapeOf(f.Value), Reason: q.usedFor(f.Key)}
	switch {
	case f.Value.Shape == models.File:
		return
	case fate.Reason != "":
		d.Fields = append(d.Fields, fate.cut())
		return
	}
	if d.ignored == MaxIgnored {
		d.MoreNames++
		return
	}
	d.ignored++
	fate.Fate, fate.Reason = FateIgnored, why(f.Key)
	d.Fields = append(d.Fields, fate.cut())
}

// usedFor says what the webhook reads a field for that no merge tag keeps, "" for nothing. The call was processed.
func (q *Question) usedFor(key string) string {
	answers := q.Webhook.Reading.Answering()
	switch {
	case answers.TrapField != "" && key == answers.TrapField:
		return "This is the field that only robots fill in. It was empty."
	case key != RedirectKey || len(answers.AllowedOrigins) == 0:
		return ""
	case !q.Form:
		return "It asks for a page to go to. Only a form that a browser sends can ask for one."
	case q.Next == "":
		return "It asks for a page that is not on the websites of this webhook, so the browser was not led there."
	}
	return "It asks for the page to go to. The browser was led there."
}

// whyIgnored returns a function that says why a key has no effect. The sentence names the merge tag that the sender may
// have meant, if there is one.
func whyIgnored(w Webhook) func(key string) string {
	reasons := sync.OnceValue(func() map[string]string {
		if w.ignored != nil {
			return w.ignored
		}
		return reasonsIgnored(w.MergeTags)
	})
	return func(key string) string {
		if reason := reasons()[models.Fold(shortenBytes(ListKey(key), maxLoggedName))]; reason != "" {
			return reason
		}
		return "No merge tag has this key."
	}
}

// reasonsIgnored returns why a field has no effect, by its folded key, for the keys that are close to a merge tag.
func reasonsIgnored(tags []models.MergeTag) map[string]string {
	reasons := map[string]string{models.EmailKey: "Another field of this call counts as the address."}
	for _, t := range tags {
		reasons[models.Fold(t.Label)] = fmt.Sprintf("This is the label of a merge tag; the key to send is %s.", t.Key)
	}
	for _, t := range tags {
		reasons[t.Key] = fmt.Sprintf("Another field of this call counts for %s.", t.Key)
	}
	return reasons
}

// sentText returns a value as the log shows it.
func sentText(g models.Given) string {
	switch g.Shape {
	case models.Nested:
		return "(nested data)"
	case models.Null:
		return "null"
	case models.File:
		return "(a file)"
	}
	return strings.Join(g.Texts, ", ")
}

// Values of FieldFate.Shape and LogBody.EmailShape.
const (
	ShapeList    = "list"
	ShapeObject  = "object" // or a list of objects
	ShapeNumber  = "number"
	ShapeBoolean = "boolean"
	ShapeNull    = "null"
	ShapeFile    = "file"
)

// shapeOf names the shape of a value for the log, "" for a text.
func shapeOf(g models.Given) string {
	switch {
	case g.Shape == models.List:
		return ShapeList
	case g.Shape == models.Nested:
		return ShapeObject
	case g.Shape == models.Null:
		return ShapeNull
	case g.Shape == models.File:
		return ShapeFile
	case g.Bare && (g.Last() == "true" || g.Last() == "false"):
		return ShapeBoolean
	case g.Bare:
		return ShapeNumber
	}
	return ""
}

// cut shortens every text to what the log keeps.
func (f FieldFate) cut() FieldFate {
	f.Key = shortenBytes(f.Key, maxLoggedName)
	for _, text := range []*string{&f.Sent, &f.Before, &f.After, &f.Reason} {
		*text = shortenBytes(*text, maxLoggedValue)
	}
	return f
}

// shortenBytes cuts a text to a number of bytes and marks the cut with an ellipsis.
func shortenBytes(text string, most int) string {
	if text, cut := cutText(text, most); cut {
		return text + "…"
	}
	return text
}

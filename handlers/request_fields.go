package handlers

import (
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"
)

// fateNames maps the intake's fates to those of the components, in the order of the page.
var fateNames = []struct {
	fate       intake.Fate
	name       string // of views.Fate
	words      string
	kind, word string // for the summary, and for a list
}{
	{intake.FateStored, "stored", "stored", "", ""},
	{intake.FateDefault, "default", "default used", "", "default"},
	{intake.FateUnchanged, "same", "unchanged", "", ""},
	{intake.FateLeft, "blank", "left as it was", "", ""},
	{intake.FateRefused, "refused", "not stored", "bad", "not stored"},
	{intake.FateIgnored, "ignored", "ignored", "warn", "ignored"},
	{intake.FateUsed, "used", "read, not kept", "", ""},
}

func fateName(f intake.Fate) string {
	for _, n := range fateNames {
		if n.fate == f {
			return n.name
		}
	}
	return ""
}

func fateCount(body intake.LogBody, f intake.Fate) int {
	n := 0
	for _, field := range body.Fields {
		if field.Fate == f {
			n++
		}
	}
	if f == intake.FateIgnored {
		n += body.MoreNames
	}
	return n
}

// fateCount counts the fields with a fate. Of a call that was read by a mapping, all values count as ignored that no field takes.
func (t *story) fateCount(f intake.Fate) int {
	if f == intake.FateIgnored && t.body.Mapped != nil {
		return t.unasked
	}
	return fateCount(t.body, f)
}

// ignoredCount counts the ignored fields of a call that are not fine to ignore.
func ignoredCount(body intake.LogBody, fine map[string]bool) int {
	n := body.MoreNames
	for _, f := range body.Fields {
		if f.Fate == intake.FateIgnored && !fine[intake.FieldName(f)] {
			n++
		}
	}
	return n
}

// fatesInShort summarizes the fields of a call that may need attention: "1 not stored", and "2 ignored, 1 default".
func fatesInShort(body intake.LogBody, fine map[string]bool) (lost, rest string) {
	var parts []string
	if body.EmailPlus {
		parts = append(parts, "a + may be lost")
	}
	if len(body.EmailUnused) > 0 {
		parts = append(parts, "several addresses")
	}
	for _, n := range fateNames {
		count := fateCount(body, n.fate)
		if n.fate == intake.FateIgnored {
			count = ignoredCount(body, fine)
		}
		switch words := strconv.Itoa(count) + " " + n.word; {
		case count == 0 || n.word == "" || n.fate == intake.FateIgnored && body.Mapped != nil:
		case n.fate == intake.FateRefused:
			lost = words
		default:
			parts = append(parts, words)
		}
	}
	return lost, joined(parts)
}

// isFine reports whether a field of the call was ignored and is fine to ignore.
func (t *story) isFine(f intake.FieldFate) bool {
	return f.Fate == intake.FateIgnored && t.fine[intake.FieldName(f)]
}

// touchesFields reports whether the call's webhook stores fields at all.
func (t *story) touchesFields() bool {
	return models.WebhookType(t.requestWebhook().Type).HasTags()
}

// tellFields says what happened to each field.
func (t *story) tellFields(s *views.RequestStory) {
	s.Fields = views.Step{ID: "s3", Title: "What happened to each field", State: views.StateDone}
	if fateCount(t.body, intake.FateRefused) > 0 || t.touchesFields() && t.body.Mapped == nil && ignoredCount(t.body, t.fine) > 0 {
		s.Fields.State = views.StateLook
	}
	for _, n := range fateNames {
		if count := t.fateCount(n.fate); count > 0 {
			if n.fate == intake.FateIgnored && (t.body.Mapped != nil || ignoredCount(t.body, t.fine) == 0) {
				n.kind = ""
			}
			s.Tally = append(s.Tally, views.RequestTally{N: count, Words: n.words, Kind: n.kind})
		}
	}
	for i, f := range t.body.Fields {
		if f.Fate == intake.FateIgnored && t.body.Mapped != nil {
			continue
		}
		line := t.ledgerLine(i)
		if t.isFine(f) {
			line.Fate, line.Why, line.Link, line.LinkText = "unasked", "It is fine to ignore.", "", ""
		}
		if t.doubts[i] != "" {
			s.Fields.State, line.Why = views.StateLook, strings.TrimSpace(line.Why+" "+t.doubts[i])
		}
		s.Ledger = append(s.Ledger, line)
	}
	if t.body.Mapped != nil {
		t.tellIgnored(s)
	}
	switch {
	case t.erased:
		s.Fields.Title, s.Fields.State = "Fields: erased with the person", views.StateDone
	case t.body.Shortened:
		s.More = "The values of this call were too large to be kept in the log."
	case len(t.body.Fields) == 0 && t.unasked == 0:
		s.Fields.Lead = "Only the address was sent."
	case t.body.MoreNames > 0 && t.body.Mapped == nil:
		s.More = views.Plural(t.body.MoreNames, "more name was", "more names were") + " ignored."
	}
}

// shapeWords says what a value was sent as, if not as a text.
var shapeWords = map[string]string{
	intake.ShapeList: "a list", intake.ShapeObject: "an object", intake.ShapeNumber: "a number", intake.ShapeBoolean: "true or false",
	intake.ShapeNull: "null, as if not sent", intake.ShapeFile: "a file",
}

func (t *story) ledgerLine(i int) views.LedgerLine {
	f := t.body.Fields[i]
	line := views.LedgerLine{Key: models.NameInvisible(f.Key), Sent: models.NameInvisibleInBlock(f.Sent), Shape: shapeWords[f.Shape], Fate: fateName(f.Fate), Why: f.Reason}
	if f.Shape == intake.ShapeFile || f.Shape == intake.ShapeObject || f.Shape == intake.ShapeNull {
		line.Sent = ""
	}
	if f.Key != "" && f.Sent == "" {
		line.Sent = "(empty)"
	}
	line.Place = t.places[f.Key]
	if f.Fate == intake.FateDefault && f.Reason == "" {
		line.Why = "The contact had no value, so the default was filled in."
	}
	if f.MergeTag != "" {
		line.Label, line.Before, line.Now = f.Label, t.shown(f.MergeTag, f.Before), t.shown(f.MergeTag, f.After)
	}
	if day, ok := t.mergeTags[f.MergeTag].DayOf(f.After, t.zone()); ok && f.Key != "" && f.Fate != intake.FateRefused {
		line.Why = strings.TrimSpace(line.Why + " " + t.readInZone(f.Sent) + countsAs(day, t.visit.Workspace.TimeZone))
	}
	if remedy := t.remedy(i); remedy.link != "" {
		line.Link, line.LinkText = remedy.link, remedy.text
	}
	return line
}

// readInZone says that a time without a time zone was read in the workspace's; "" for any other text.
func (t *story) readInZone(sent string) string {
	if !models.NamesNoZone(sent) {
		return ""
	}
	return "It names no time zone, so it was read as a time in " + t.visit.Workspace.TimeZone + ". "
}

// stops summarizes the whole call as one row of steps.
func (t *story) stops(s views.RequestStory) []views.Stop {
	stop := func(step views.Step, label, note string) views.Stop {
		return views.Stop{Href: "#" + step.ID, Label: label, Note: note, State: step.State}
	}
	stops := []views.Stop{stop(s.Received, "Received", s.Received.At)}
	if s.Signature.Title != "" {
		stops = append(stops, stop(s.Signature, "Signature", t.signatureNote()))
	}
	if s.Ended.Title != "" {
		stops = append(stops, t.endStop(s))
	}
	if s.Counts.Title != "" {
		note := "yes"
		switch s.Counts.State {
		case views.StateIdle:
			note = "no"
		case views.StateSkip:
			note = "not looked at"
		}
		stops = append(stops, stop(s.Counts, "Counts", note))
	}
	answer := strconv.Itoa(answered(t.row, t.body)) + " in " + views.Took(t.facts().Took)
	if t.row.ReplayOf != nil {
		answer = "nobody"
	}
	return append(stops,
		stop(s.Address, "Address", t.outcome().AddressNote()),
		stop(s.Fields, "Fields", t.fieldsNote(s.Fields)),
		stop(s.Contact, "Contact", t.contactNote(s.Contact)),
		stop(s.Event, "Event", t.eventNote()),
		stop(s.Answer, "Answered", answer),
		stop(s.Segments, "Segments", t.segmentsNote()),
	)
}

func (t *story) fieldsNote(step views.Step) string {
	switch {
	case step.State == views.StateSkip:
		return "not looked at"
	case t.erased:
		return "erased"
	case !t.touchesFields():
		return "left as they were"
	case len(t.body.Fields) == 0 && t.unasked == 0:
		return "none sent"
	}
	var parts []string
	kept := len(t.body.Fields) + t.body.MoreNames - fateCount(t.body, intake.FateRefused) - fateCount(t.body, intake.FateIgnored) - fateCount(t.body, intake.FateUsed)
	for _, part := range []struct {
		n     int
		words string
	}{{kept, " kept"}, {fateCount(t.body, intake.FateRefused), " not stored"}, {fateCount(t.body, intake.FateIgnored), " ignored"}} {
		if part.n > 0 && !(part.words == " ignored" && t.body.Mapped != nil) {
			parts = append(parts, strconv.Itoa(part.n)+part.words)
		}
	}
	if len(parts) == 0 {
		return "none kept"
	}
	return joined(parts)
}

func (t *story) contactNote(step views.Step) string {
	switch {
	case step.State == views.StateStop:
		return "not found"
	case step.State == views.StateSkip:
		return "not touched"
	case t.row.Outcome == models.OutcomeDeleted:
		return "gone for good"
	case t.body.After == nil:
		return "erased since"
	case t.body.Before == nil:
		return "new, " + t.body.After.Status.Name()
	case t.body.Before.Status == t.body.After.Status:
		return "still " + t.body.After.Status.Name()
	}
	return "now " + t.body.After.Status.Name()
}

func (t *story) eventNote() string {
	if event := t.fired(); event != "" {
		return strings.TrimPrefix(event.Name(), "Contact ")
	}
	return "none"
}

func (t *story) segmentsNote() string {
	in := 0
	for _, m := range t.moves {
		if m.Entered {
			in++
		}
	}
	switch out := len(t.moves) - in; {
	case in > 0 && out > 0:
		return "in " + strconv.Itoa(in) + ", out of " + strconv.Itoa(out)
	case in > 0:
		return "in " + strconv.Itoa(in)
	case out > 0:
		return "out of " + strconv.Itoa(out)
	case t.waits:
		return "not yet"
	}
	return "as before"
}

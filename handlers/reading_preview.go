package handlers

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/google/uuid"
)

// lostRefused is what the form sends to save a reading that finds no address in calls that were processed.
const lostRefused = "refuse"

// readingPreview is what the last calls would do by a reading.
type readingPreview struct {
	page *views.ReadingPreview
	seen map[string]int // calls that have a value, by the key of the field
	of   int            // calls of which the fields were looked at
}

// previewReading decides the last calls again by the settings, in the order in which they came, each for its contact as it is now. Calls of
// which the log keeps no payload are left out, and calls without a valid signature unless they would be refused again.
func (v *visit) previewReading(f readingForm, settings senders.Settings) (p readingPreview, err error) {
	p.seen = map[string]int{}
	if settings.Mapping == nil || len(settings.Mapping.Address) == 0 {
		return p, nil
	}
	settings.Signature, settings.Answers = f.stored.Signature, f.answers(settings.Sender)
	page, did, repeats := &views.ReadingPreview{}, map[string]int{}, previewRepeats{map[string]uuid.UUID{}, f.last}
	for _, row := range slices.Backward(f.last) {
		row, body, known, err := v.wholeCall(row)
		if err != nil {
			return p, err
		}
		hidden := row.Outcome == models.OutcomeUnverified
		if !known || hidden && !settings.Enforces() || !hidden && body.Payload == "" {
			continue
		}
		if !hidden && body.Truncated { // what decides may stand behind the cut
			page.Cut++
			continue
		}
		q, err := v.previewQuestion(f, row, body, settings, repeats)
		if err != nil {
			return p, err
		}
		d := intake.Decide(q)
		repeats.note(row, body, q.Submission, settings, d)
		line := v.previewRow(row, q, d)
		if d.Outcome != models.OutcomeUnverified {
			p.of++
			found, misfits := v.valuesIn(f, q.Submission, d)
			for key := range found {
				p.seen[key]++
			}
			n := len(settings.Mapping.Fields)
			for key := range found { // and those that are kept by their names
				if _, placed := settings.Mapping.Fields[key]; !placed {
					n++
				}
			}
			if n > 0 && !d.Outcome.Idle() && f.webhook.Type.HasTags() {
				line.Fields = strconv.Itoa(len(found)) + " of " + strconv.Itoa(n)
				if misfits > 0 {
					line.Fields += ", " + views.Plural(misfits, "does not fit", "do not fit")
				}
			}
		}
		if d.Outcome == models.OutcomeNoAddress && doing(row.Outcome) == doesChange && addressOfCall(row, body, f.stored) != "" {
			page.Lost++
		}
		if d.Outcome == models.OutcomeNoAddress {
			noteNoAddress(page, row, body, *settings.Mapping)
		}
		page.Rows = append(page.Rows, line)
		did["then "+doing(row.Outcome)]++
		did[doing(d.Outcome)]++
	}
	if page.Calls = len(page.Rows); page.Calls > 0 {
		slices.Reverse(page.Rows)
		page.Figures, p.page = previewFigures(page.Calls, did), page
	}
	return p, nil
}

// previewQuestion asks what a call of the log would do by the settings. As in a replay, the signature is not checked again, because the log does
// not keep it: a call that did not pass does not pass now.
func (v *visit) previewQuestion(f readingForm, row models.WebhookRequest, body intake.LogBody, settings senders.Settings, repeats previewRepeats) (intake.Question, error) {
	q := v.question(f.webhook, f.tags, intake.Submission{}, nil)
	q.Webhook.Reading = settings
	if settings.Checks() {
		q.Verdict = body.Verdict
	}
	if q.Verdict != nil && !q.Verdict.Passes() && settings.Enforces() {
		return q, nil
	}
	q.Submission = intake.ReadLogged(row, body, settings)
	if row.Outcome == models.OutcomeTestCall && settings.Answering().TestCallsOK {
		q.Submission.TestCall = "It was one when it came."
	}
	q.RepeatOf = repeats.of(row, body, q.Submission, settings)
	q.Again = row.Outcome != models.OutcomeRepeated && body.RepeatOf != "" // processed on purpose
	var err error
	q.Contact, err = v.contactOf(f.webhook, q.Submission)
	return q, err
}

// previewRepeats finds out which of the last calls would be repeats.
type previewRepeats struct {
	taken map[string]uuid.UUID // the calls that would be processed, by the ids of their deliveries
	last  []models.WebhookRequest
}

// note notes the id of a call's delivery if the call would be answered with success. A refused call does not take its id.
func (r previewRepeats) note(row models.WebhookRequest, body intake.LogBody, s intake.Submission, settings senders.Settings, d intake.Decision) {
	if id := intake.LoggedDelivery(s, body, settings); id != "" && d.Answer.Success() && r.taken[id] == uuid.Nil {
		r.taken[id] = row.ID
	}
}

// of returns the call that a call would repeat, zero for none: one of the last calls, or one before them.
func (r previewRepeats) of(row models.WebhookRequest, body intake.LogBody, s intake.Submission, settings senders.Settings) uuid.UUID {
	id := intake.LoggedDelivery(s, body, settings)
	if id == "" || r.taken[id] != uuid.Nil {
		return r.taken[id]
	}
	first, err := uuid.Parse(body.RepeatOf)
	if err != nil || slices.ContainsFunc(r.last, func(other models.WebhookRequest) bool { return other.ID == first }) {
		return uuid.Nil
	}
	return first
}

// noteNoAddress counts a call that would be refused because it has no e-mail address.
func noteNoAddress(page *views.ReadingPreview, row models.WebhookRequest, body intake.LogBody, m senders.Mapping) {
	tree, err := intake.LoggedTree(row, body)
	if err != nil || tree == nil || body.Truncated {
		return
	}
	if empty, none := m.NoAddress(tree); none {
		page.NoAddress++
		if page.EmptyAt == "" && !empty.IsZero() {
			page.EmptyAt = models.Shorten(models.NameInvisible(empty.String()), 60)
		}
	}
}

// These name what would happen to a call. A preview counts its calls by them.
const (
	doesChange = "change"
	isSkipped  = "skipped"
	isRepeated = "repeated"
	isRefused  = "refused"
)

func doing(o models.Outcome) string {
	switch {
	case o.Failed():
		return isRefused
	case o == models.OutcomeRepeated:
		return isRepeated
	case o.Idle():
		return isSkipped
	}
	return doesChange
}

// previewFigures counts what calls would do beside what they did, under "then …".
func previewFigures(calls int, did map[string]int) []views.Figure {
	of := "of " + views.LastOf(calls, "call", "calls")
	figures := []views.Figure{
		{Label: "Would change a contact", State: views.KindGood, Value: views.Count(did[doesChange]), Note: of + ". When they came: " + views.Count(did["then "+doesChange])},
		{Label: "Would be skipped", State: views.KindIdle, Value: views.Count(did[isSkipped]), Note: "not among the calls that count"},
		{Label: "Would be refused", State: views.KindBad, Value: views.Count(did[isRefused]), Note: "When they came: " + views.Count(did["then "+isRefused])},
	}
	if n := did[isRepeated]; n > 0 {
		figures = slices.Insert(figures, 2, views.Figure{Label: "Would be repeats", State: views.KindIdle, Value: views.Count(n), Note: "processed before, so not done again"})
	}
	return figures
}

// wholeCall reads the whole body of a call. Lists read only its beginning. known is false if it was deleted meanwhile or
// its body cannot be read.
func (v *visit) wholeCall(row models.WebhookRequest) (whole models.WebhookRequest, body intake.LogBody, known bool, err error) {
	if len(row.Body) > store.ListedBody {
		row, err = v.server.DB.Request(v.UserContext(), row.WorkspaceID, row.ID)
		if errors.Is(err, models.ErrNotFound) {
			return row, body, false, nil
		}
		if err != nil {
			return row, body, false, models.In("reading: a call of a list", err)
		}
	}
	body, decodeErr := intake.DecodeLogBody(row.Body)
	return row, body, decodeErr == nil, nil
}

// previewRow says what a call did and what it would do.
func (v *visit) previewRow(row models.WebhookRequest, q intake.Question, d intake.Decision) views.PreviewRow {
	s := q.Submission
	line := views.PreviewRow{Href: v.path("requests", row.ID), At: v.callTime(row), Then: views.OutcomeShort(row.Outcome), Now: views.OutcomeShort(d.Outcome),
		Bad: d.Outcome.Failed(), Fields: "–"}
	switch {
	case d.Outcome == models.OutcomeUnverified:
		line.Why = lowerFirst(q.Verdict.Title())
		return line
	case d.Outcome == models.OutcomeRepeated:
		line.Why = "processed before: the call of " + v.callTime(models.WebhookRequest{ID: q.RepeatOf})
		return line
	case d.Outcome.Idle():
		line.Why = unmetSaid(s)
		return line
	}
	line.Why = refusedSaid(d.Outcome, s)
	if address, err := s.Address(); err == nil {
		line.Address = shownAddress(address)
	}
	return line
}

// contactOf returns the contact that a call names, as it is now; nil if there is none.
func (v *visit) contactOf(w models.Webhook, s intake.Submission) (*intake.Person, error) {
	address, err := s.Address()
	if err != nil {
		return nil, nil
	}
	c, err := v.server.DB.ContactByEmail(v.UserContext(), w.WorkspaceID, address)
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	}
	return &intake.Person{Contact: c}, models.In("reading: contact of a call", err)
}

// valuesIn returns the keys of the fields for which a call has a value, and how many of these values do not fit their merge tag.
func (v *visit) valuesIn(f readingForm, s intake.Submission, d intake.Decision) (found map[string]bool, misfits int) {
	if !d.Answer.Success() && !d.Outcome.Idle() || d.Outcome == models.OutcomeRepeated { // the fields were not looked at
		s.Email = intake.Email{Key: models.EmailKey, Value: models.Text("somebody@example.com"), Present: true}
		d = intake.Decide(v.question(f.webhook, f.tags, s, nil))
	}
	found = map[string]bool{}
	for _, field := range d.Fields {
		if field.MergeTag == "" || field.Key == "" || field.Sent == "" {
			continue
		}
		found[field.MergeTag] = true
		if field.Fate == intake.FateRefused {
			misfits++
		}
	}
	return found, misfits
}

// unmetSaid says which condition a call does not meet.
func unmetSaid(s intake.Submission) string {
	if s.Skipped == nil {
		return ""
	}
	places := []string{s.Skipped.Path.String()}
	for _, p := range s.Skipped.Or {
		places = append(places, p.String())
	}
	path := models.Shorten(models.NameInvisible(strings.Join(places, " or ")), 60)
	if len(s.Skipped.Stood) == 0 {
		return path + " is not there"
	}
	return path + " is " + models.Shorten(models.NameInvisible(s.Skipped.Stood[0]), 60)
}

// refusedSaid says what a refused call has in place of an address.
func refusedSaid(o models.Outcome, s intake.Submission) string {
	switch o {
	case models.OutcomeNoAddress:
		return "nothing stands where the address should be"
	case models.OutcomeBadAddress:
		return models.Shorten(models.NameInvisible(s.Email.Value.Last()), 100)
	}
	return ""
}

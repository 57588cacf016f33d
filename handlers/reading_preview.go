package handlers

import (
	"errors"
	"strconv"
	"strings"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"
)

// readingPreview is what the last calls would do by a reading.
type readingPreview struct {
	page *views.ReadingPreview
	seen map[string]int // calls that have a value, by the key of the field
	of   int            // calls that were looked at
}

// previewReading decides the last calls again by the settings, each for its contact as it is now. Calls of which the log keeps no
// payload are left out.
func (v *visit) previewReading(f readingForm, settings senders.Settings) (p readingPreview, err error) {
	p.seen = map[string]int{}
	if settings.Mapping == nil || len(settings.Mapping.Address) == 0 {
		return p, nil
	}
	page, did := &views.ReadingPreview{}, map[string]int{}
	for _, row := range f.calls {
		row, body, known, err := v.wholeCall(row)
		if err != nil {
			return p, err
		}
		if !known || body.Payload == "" || body.Truncated && body.Encoding == intake.EncodingJSON {
			continue
		}
		s := intake.ReadLogged(row, body, settings)
		contact, err := v.contactOf(f.webhook, s)
		if err != nil {
			return p, err
		}
		d := intake.Decide(v.question(f.webhook, f.tags, s, contact))
		found, misfits := v.valuesIn(f, s, d)
		for key := range found {
			p.seen[key]++
		}
		if d.Outcome == models.OutcomeNoAddress {
			noteNoAddress(page, row, body, *settings.Mapping)
		}
		line := v.previewRow(row, s, d)
		if n := len(settings.Mapping.Fields); n > 0 && !d.Outcome.Idle() && f.webhook.Type.HasTags() {
			line.Fields = strconv.Itoa(len(found)) + " of " + strconv.Itoa(n)
			if misfits > 0 {
				line.Fields += ", " + views.Plural(misfits, "does not fit", "do not fit")
			}
		}
		page.Rows = append(page.Rows, line)
		did["then "+doing(row.Outcome)]++
		did[doing(d.Outcome)]++
		p.of++
	}
	if p.of > 0 {
		page.Calls, page.Figures = p.of, previewFigures(p.of, did)
		p.page = page
	}
	return p, nil
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

// The three things that a call can do, for the figures of a preview.
const (
	doesChange = "change"
	doesNot    = "skipped"
	isRefused  = "refused"
)

func doing(o models.Outcome) string {
	switch {
	case o.Failed():
		return isRefused
	case o.Idle():
		return doesNot
	}
	return doesChange
}

// previewFigures counts what calls would do beside what they did, under "then …".
func previewFigures(calls int, did map[string]int) []views.Figure {
	of := "of " + views.LastOf(calls, "call", "calls")
	return []views.Figure{
		{Label: "Would change a contact", State: views.KindGood, Value: views.Count(did[doesChange]), Note: of + ". When they came: " + views.Count(did["then "+doesChange])},
		{Label: "Would be skipped", State: views.KindIdle, Value: views.Count(did[doesNot]), Note: "not among the calls that count"},
		{Label: "Would be refused", State: views.KindBad, Value: views.Count(did[isRefused]), Note: "When they came: " + views.Count(did["then "+isRefused])},
	}
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
func (v *visit) previewRow(row models.WebhookRequest, s intake.Submission, d intake.Decision) views.PreviewRow {
	line := views.PreviewRow{Href: v.path("requests", row.ID), At: v.callTime(row), Then: views.OutcomeShort(row.Outcome), Now: views.OutcomeShort(d.Outcome),
		Bad: d.Outcome.Failed(), Fields: "–"}
	if d.Outcome.Idle() {
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
	if !d.Answer.Success() && !d.Outcome.Idle() { // the fields were not looked at
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

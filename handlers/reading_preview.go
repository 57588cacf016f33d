package handlers

import (
	"errors"
	"strconv"

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
	p.page = &views.ReadingPreview{}
	var changes, skipped, refused, before, failed int
	for _, row := range f.calls {
		if len(row.Body) > store.ListedBody {
			if row, err = v.server.DB.Request(v.UserContext(), row.WorkspaceID, row.ID); errors.Is(err, models.ErrNotFound) {
				continue
			} else if err != nil {
				return p, models.In("reading: a call for the preview", err)
			}
		}
		body, decodeErr := intake.DecodeLogBody(row.Body)
		if decodeErr != nil || body.Payload == "" || body.Truncated && body.Encoding == intake.EncodingJSON {
			continue
		}
		s := intake.ReadLogged(row, body, settings)
		contact, err := v.contactOf(f.webhook, s)
		if err != nil {
			return p, err
		}
		d := intake.Decide(v.question(f.webhook, f.tags, s, contact))
		line := views.PreviewRow{Href: v.path("requests", row.ID), At: v.callTime(row), Then: views.OutcomeShort(row.Outcome), Now: views.OutcomeShort(d.Outcome),
			Bad: d.Outcome.Failed(), Idle: d.Outcome.Idle(), Fields: "–"}
		switch {
		case d.Outcome.Idle():
			skipped++
			line.Why = unmetSaid(s)
		case d.Outcome.Failed():
			refused++
			line.Why = refusedSaid(d.Outcome, s)
		default:
			changes++
		}
		if row.Outcome.Failed() {
			failed++
		} else if !row.Outcome.Idle() {
			before++
		}
		if address, err := s.Address(); err == nil && !d.Outcome.Idle() {
			line.Address = shownAddress(address)
		}
		found := v.valuesIn(f, s, d)
		for key := range found {
			p.seen[key]++
		}
		if n := len(settings.Mapping.Fields); n > 0 && !d.Outcome.Idle() && f.webhook.Type.HasTags() {
			line.Fields = strconv.Itoa(len(found)) + " of " + strconv.Itoa(n)
		}
		p.page.Rows = append(p.page.Rows, line)
		p.of++
	}
	if p.of == 0 {
		p.page = nil
		return p, nil
	}
	of := "of the last " + views.Plural(p.of, "call", "calls")
	p.page.Calls = p.of
	p.page.Figures = []views.Figure{
		{Label: "Would change a contact", State: views.KindGood, Value: views.Count(changes), Note: of + "; then: " + views.Count(before)},
		{Label: "Would be skipped", State: views.KindIdle, Value: views.Count(skipped), Note: "none of those that count"},
		{Label: "Would be refused", State: views.KindBad, Value: views.Count(refused), Note: "then: " + views.Count(failed)},
	}
	return p, nil
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

// valuesIn returns the keys of the fields for which a call has a value.
func (v *visit) valuesIn(f readingForm, s intake.Submission, d intake.Decision) map[string]bool {
	if !d.Answer.Success() && !d.Outcome.Idle() { // the fields were not looked at
		s.Email = intake.Email{Key: models.EmailKey, Value: models.Text("somebody@example.com"), Present: true}
		d = intake.Decide(v.question(f.webhook, f.tags, s, nil))
	}
	found := map[string]bool{}
	for _, field := range d.Fields {
		if field.MergeTag != "" && field.Key != "" && field.Sent != "" {
			found[field.MergeTag] = true
		}
	}
	return found
}

// unmetSaid says which condition a call does not meet.
func unmetSaid(s intake.Submission) string {
	if s.Skipped == nil {
		return ""
	}
	path := models.Shorten(models.NameInvisible(s.Skipped.Path.String()), 60)
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

package handlers

import (
	"bytes"
	"encoding/json"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"
)

// otherCall says how a repeated call differs from the first one of its delivery.
type otherCall string

const (
	samePayload  otherCall = ""
	otherPerson  otherCall = "person"
	otherPayload otherCall = "payload"
)

// compareCalls compares a repeated call with the first one of its delivery, as far as the log keeps both. The page "Try a call" writes what it
// sends in another form, of which only JSON can be compared.
func compareCalls(first, row models.WebhookRequest, firstBody, body intake.LogBody, written bool) otherCall {
	switch {
	case first.Address != nil && row.Address != nil && *first.Address != *row.Address:
		return otherPerson
	case written && (body.Encoding != intake.EncodingJSON || firstBody.Encoding != body.Encoding):
		return samePayload
	case compact(firstBody) != compact(body):
		return otherPayload
	}
	return samePayload
}

// compact returns the payload of a call, JSON without blanks between its parts.
func compact(b intake.LogBody) string {
	var out bytes.Buffer
	if b.Encoding != intake.EncodingJSON || json.Compact(&out, []byte(b.Payload)) != nil {
		return b.Payload
	}
	return out.String()
}

// lookAtFirst compares a repeated call with the first one. It is done before anything is masked.
func (t *story) lookAtFirst() {
	if t.row.Outcome != models.OutcomeRepeated || t.first.WebhookID == 0 || t.erased || erased(t.first) {
		return
	}
	if body, err := intake.DecodeLogBody(t.first.Body); err == nil {
		t.differs = compareCalls(t.first, t.row, body, t.body, t.tried || t.body.TriedBy != 0)
	}
}

// adviseRepeated says what to do about a repeated call: it may differ from the first one, or the first one may have done nothing.
func (t *story) adviseRepeated(issue *views.RequestIssue) {
	switch {
	case t.differs != samePayload:
		issue.Kind, issue.Before = views.KindWarn, "Check what the sender uses as the id."
		issue.Text = "This call has the id of the first one, but other data. So what it says was not taken over."
		if t.differs == otherPerson {
			issue.Text = "This call has the id of the first one, but it is about another person. So nothing was done for this person."
		}
		issue.Advice = "A sender must give each call a different id. It may repeat an id only when it sends the same call again."
	case t.first.Idle():
		issue.Before, issue.Text = "Process it anyway, if it should count now.", "The first call did nothing either, and this one was not read again. If you have changed the webhook since, this call may do something now."
	default:
		return
	}
	issue.Link, issue.LinkText = "", "Process it anyway"
	if to := t.tryAgain(); to != "" && !t.tried {
		issue.Link = to + "&again=1"
	}
}

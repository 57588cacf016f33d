package intake

import (
	"net/url"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/models/store"
)

// Content selects calls by what was sent. An empty text does not narrow. With Field and Value, a value under that name must match.
type Content struct {
	Field string // the name of a field, at any depth
	Value string // a part of a value
	Email string // a whole e-mail address in its stored form, which a value is or contains
}

// Matches reports whether a call of the log was sent with such a field and value. Case does not count. A payload that cannot be read
// matches by its text. A row without a body matches nothing: the person was erased.
func (c Content) Matches(r models.WebhookRequest) bool {
	if c == (Content{}) {
		return true
	}
	body, err := DecodeLogBody(r.Body)
	if err != nil || body.Payload == "" {
		return false
	}
	holds := func(text string) bool { return models.HoldsEmail(text, c.Email) }
	if tree, err := LoggedTree(r, body); err == nil && tree != nil {
		return (c.Field+c.Value == "" || tree.Contains(c.Field, c.Value)) && (c.Email == "" || tree.HoldsText(holds))
	}
	if c.Email != "" && !heldUnread(body.Payload, holds) {
		return false
	}
	text := models.Fold(body.Payload)
	return strings.Contains(text, models.Fold(c.Field)) && strings.Contains(text, models.Fold(c.Value))
}

// heldUnread reports whether holds is true for a payload that cannot be read, also if its signs are escaped as in a form or in JSON.
func heldUnread(payload string, holds func(text string) bool) bool {
	plain, err := url.QueryUnescape(payload)
	return holds(payload) || err == nil && holds(plain) || strings.Contains(payload, `\u0040`) && holds(strings.ReplaceAll(payload, `\u0040`, "@"))
}

// Names reports whether a call of the log names one of the people anywhere in what was sent.
func Names(r models.WebhookRequest, people models.AddressKeys) bool {
	body, err := DecodeLogBody(r.Body)
	if err != nil {
		return false
	}
	said := append([]string{body.EmailSent}, body.EmailUnused...)
	if r.Address != nil {
		said = append(said, *r.Address)
	}
	for _, h := range body.Headers {
		said = append(said, h.Value)
	}
	if slices.ContainsFunc(said, people.Named) {
		return true
	}
	tree, err := LoggedTree(r, body)
	return err == nil && tree != nil && tree.HoldsText(people.Named) || heldUnread(body.Payload, people.Named)
}

// ByContent returns the filter with its Matches, by its Field, Value and Sent.
func ByContent(f store.RequestFilter) store.RequestFilter {
	f.Matches = nil
	if c := (Content{Field: f.Field, Value: f.Value, Email: f.Sent}); c != (Content{}) {
		f.Matches = c.Matches
	}
	return f
}

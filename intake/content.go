package intake

import (
	"net/url"
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
	if tree, err := LoggedTree(r, body); err == nil && tree != nil {
		return (c.Field+c.Value == "" || tree.Contains(c.Field, c.Value)) && (c.Email == "" || tree.HoldsEmail(c.Email))
	}
	if c.Email != "" && !heldUnread(body.Payload, c.Email) {
		return false
	}
	text := models.Fold(body.Payload)
	return strings.Contains(text, models.Fold(c.Field)) && strings.Contains(text, models.Fold(c.Value))
}

// heldUnread reports whether a payload that cannot be read holds an address, also if its signs are escaped as in a form.
func heldUnread(payload, email string) bool {
	plain, err := url.QueryUnescape(payload)
	return models.HoldsEmail(payload, email) || err == nil && models.HoldsEmail(plain, email)
}

// ByContent returns the filter with its Matches, by its Field, Value and Sent.
func ByContent(f store.RequestFilter) store.RequestFilter {
	f.Matches = nil
	if c := (Content{Field: f.Field, Value: f.Value, Email: f.Sent}); c != (Content{}) {
		f.Matches = c.Matches
	}
	return f
}

package intake

import (
	"strings"

	"campaignlark/models"
	"campaignlark/models/store"
)

// Content selects calls by what was sent. An empty text does not narrow. With both, a value under that name must match.
type Content struct {
	Field string // the name of a field, at any depth
	Value string // a part of a value
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
		return tree.Contains(c.Field, c.Value)
	}
	text := models.Fold(body.Payload)
	return strings.Contains(text, models.Fold(c.Field)) && strings.Contains(text, models.Fold(c.Value))
}

// ByContent returns the filter with its Matches, by its Field and Value.
func ByContent(f store.RequestFilter) store.RequestFilter {
	f.Matches = nil
	if c := (Content{Field: f.Field, Value: f.Value}); c != (Content{}) {
		f.Matches = c.Matches
	}
	return f
}

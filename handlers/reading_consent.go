package handlers

import (
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// consentNames are parts of names and questions, spelled without blanks and signs, under which systems send whether a person wants mail.
var consentNames = []string{"consent", "optin", "newsletter", "acceptsmarketing"}

// consentAnswers are the answers that say yes or no, each with the yes that belongs to it.
var consentAnswers = map[string]string{
	"true": "true", "false": "true", "yes": "yes", "no": "yes", "on": "on", "off": "on", "1": "1", "0": "1", "y": "y", "n": "y", "ja": "ja", "nein": "ja", "oui": "oui", "non": "oui",
	"subscribed": "subscribed", "not_subscribed": "subscribed", "unsubscribed": "subscribed",
}

// consent returns a place of the sample that looks like the answer whether the person wants mail, if no condition looks there yet; nil
// for none, and for a webhook that adds nobody.
func (f readingForm) consent(shown shownTree) *views.ReadingConsent {
	if !f.webhook.Type.HasTags() || f.in.sender == senders.Standard {
		return nil
	}
	tree, titles := f.sample.tree, f.titles()
	for at := range tree.Leaves() {
		path := shown.listed[at]
		if path == "" || consentYes(tree, at) == "" || !consentNamed(tree.Name(at)) && !consentNamed(tree.TitleOf(titles, at)) {
			continue
		}
		if slices.ContainsFunc(f.in.when, func(w readingWhen) bool { return w.Path == path }) {
			return nil
		}
		return &views.ReadingConsent{Path: path, Words: placeWords(shown.words[at], path)}
	}
	return nil
}

// onlyWithConsent is the condition that the answer at a path is yes.
func (f readingForm) onlyWithConsent(path string) readingWhen {
	w := readingWhen{Path: path, Is: "in", In: "yes"}
	if p, err := senders.ParsePath(path); err == nil && f.sample.tree != nil {
		for _, at := range f.sample.tree.Find(p) {
			if yes := consentYes(f.sample.tree, at); yes != "" {
				w.In = yes
			}
		}
	}
	return w
}

func consentNamed(name string) bool {
	return slices.ContainsFunc(consentNames, func(part string) bool { return strings.Contains(spelled(name), part) })
}

// consentYes returns the yes to a value that is an answer of yes or no, as the sender writes it; "" for any other value.
func consentYes(t *senders.Tree, at senders.Place) string {
	switch t.Kind(at) {
	case senders.Text, senders.Number, senders.Boolean:
	default:
		return ""
	}
	text := t.Text(at)
	yes := consentAnswers[models.Fold(strings.TrimSpace(text))]
	if models.Fold(text) == yes {
		return text
	}
	return yes
}

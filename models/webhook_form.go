package models

import "strings"

// WebhookForm is what a person says of a webhook. Tags are named by their id or their name, NewTags by their name only.
type WebhookForm struct {
	Name    string
	Type    WebhookType
	Tags    []string
	NewTags []string
}

// SplitNames reads names that are separated by commas; one that holds a comma stands in quotation marks. Blank ones are
// none. JoinTags writes them so.
func SplitNames(text string) []string {
	var names []string
	for _, name := range SplitTags(text) {
		if name = CleanName(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Validate returns what is wrong with the form, by its fields: name, type, tags. CONTRACT: the name has 1 to 64
// characters; tags only for SUBSCRIBED and UNCONFIRMED, of which TagsTakenOff speaks.
func (f WebhookForm) Validate() FieldErrors {
	errs := FieldErrors{}
	errs.Add("name", ValidateName(CleanName(f.Name)))
	if !f.Type.Valid() {
		errs.Add("type", "Please choose what a call should do.")
		return errs
	}
	errs.Add("tags", ValidateNewTags(f.NewTags))
	return errs
}

// ValidateNewTags returns what is wrong with the names of new tags, as one sentence, or "".
func ValidateNewTags(names []string) string {
	for _, name := range names {
		if wrong := ValidateName(name); wrong != "" {
			return "The new tag “" + Shorten(name, 40) + "”: " + wrong
		}
	}
	return ""
}

// TagsTakenOff is the sentence about tags that were named for a webhook whose type can have none.
func TagsTakenOff(names []string) string {
	are := " are"
	if len(names) == 1 {
		are = " is"
	}
	return "Only SUBSCRIBED and UNCONFIRMED webhooks can have tags. " + JoinNames(names) + are + " now taken off; save again if that is right."
}

// JoinNames lists names as a sentence does: "a, b and c".
func JoinNames(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

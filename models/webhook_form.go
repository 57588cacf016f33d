package models

import "strings"

// WebhookForm is a person's input for a webhook. Tags has ids or names, NewTags only names.
type WebhookForm struct {
	Name    string
	Type    WebhookType
	Tags    []string
	NewTags []string
}

// SplitNames reads names separated by commas, as JoinTags writes them: a name with a comma is in quotation marks. It
// skips blank names.
func SplitNames(text string) []string {
	var names []string
	for _, name := range SplitTags(text) {
		if name = CleanName(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Validate returns what is wrong with the form, by field: name, type, tags. CONTRACT: the name has 1 to 64 characters;
// only SUBSCRIBED and UNCONFIRMED have tags, see TagsTakenOff.
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

// ValidateNewTags returns one sentence about what is wrong with the names of new tags, or "".
func ValidateNewTags(names []string) string {
	for _, name := range names {
		if wrong := ValidateName(name); wrong != "" {
			return "The new tag “" + NameInvisible(Shorten(name, 40)) + "”: " + wrong
		}
	}
	return ""
}

// TagsTakenOff returns the sentence about tags of a webhook whose type cannot have any.
func TagsTakenOff(names []string) string {
	return "Only SUBSCRIBED and UNCONFIRMED webhooks can have tags. " + NamesAre(names, "now taken off") + "; save again if that is right."
}

// NamesAre says something of one or more names: "“a”, “b” and “c” are now taken off".
func NamesAre(names []string, what string) string {
	if len(names) == 1 {
		return "“" + names[0] + "” is " + what
	}
	last := len(names) - 1
	return "“" + strings.Join(names[:last], "”, “") + "” and “" + names[last] + "” are " + what
}

// AnyOf lists names to choose from in a sentence: "a, b or c".
func AnyOf(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

package handlers

import (
	"maps"
	"slices"
	"strings"

	"campaignlark/models"
)

// editFields returns the fields of the form: the contact's stored values, and what was posted.
func (f *contactForm) editFields() ([]editField, error) {
	status := editField{name: "status", label: "Status", stored: []string{string(f.contact.Status)}, posted: []string{f.status},
		say: func(text string) string { return models.Status(text).Name() }}
	email := editField{name: "email", label: "E-mail address", stored: []string{models.ShowEmail(f.contact.Email)}, posted: []string{f.email}}
	fields := append([]editField{email, status}, f.mergeTagFields()...)
	tags, err := f.visit.server.DB.ContactTags(f.visit.UserContext(), f.contact.WorkspaceID, f.contact.ID)
	if err != nil {
		return nil, models.In("contact form: tags of the contact", err)
	}
	return append(fields, tagField(tags, f.tags)), nil
}

// mergeTagFields returns the fields of the merge tags: what was posted, and the contact's values or, for a new one, the defaults.
func (f *contactForm) mergeTagFields() (fields []editField) {
	for _, t := range f.mergeTags {
		value := f.contact.Fields[t.Key]
		if f.contact.ID == 0 {
			value = t.Default
		}
		fields = append(fields, editField{name: fieldName(t), label: t.Label, stored: storedTexts(t, value), posted: f.texts[t.Key]})
	}
	return fields
}

// merge gives what the person did not touch its present value. A form without an address, as scripts post it, leaves the address alone,
// and one that neither says what it was filled with nor has tags leaves the tags alone.
func (f *contactForm) merge() error {
	fields, err := f.editFields()
	if err != nil {
		return err
	}
	tags := &fields[len(fields)-1]
	if f.visit.Form("filled") == "" && f.tags == nil && f.newTags == "" {
		tags.posted = tags.stored
	}
	if !f.emailSent {
		fields[0].posted = fields[0].stored
	}
	f.edit = f.visit.edit(fields...)
	f.email = f.edit.text("email")
	f.status, f.tags = f.edit.text("status"), f.edit.threeWay["tags"].items()
	for _, t := range f.mergeTags {
		if _, sent := f.texts[t.Key]; sent {
			field := f.edit.threeWay[fieldName(t)]
			f.texts[t.Key], f.untouched[t.Key] = field.value(), !field.touched()
		}
	}
	return nil
}

// goneFields says which fields with changed input no longer exist, because their merge tags were deleted after the form was opened,
// and what their input was; "" for none.
func (f *contactForm) goneFields() string {
	known := map[string]bool{}
	for _, t := range f.mergeTags {
		known[fieldName(t)] = true
	}
	var gone []string
	filled := f.visit.filled()
	for _, name := range slices.Sorted(maps.Keys(filled)) {
		key, isField := strings.CutPrefix(name, fieldPrefix)
		posted := f.visit.FormAll(name)
		typed := editField{}.words(posted)
		if isField && !known[name] && len(gone) < 20 && typed != "empty" && (threeWay{filled: filled[name], posted: posted}).touched() {
			gone = append(gone, models.Shorten(models.CleanName(key), 50)+" ("+typed+")")
		}
	}
	if len(gone) == 0 {
		return ""
	}
	return "Somebody deleted the merge tag of what you filled in here: " + strings.Join(gone, ", ") + ". Save again to go on without it."
}

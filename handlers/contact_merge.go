package handlers

import "campaignlark/models"

// editFields returns the fields of the form: the contact's stored values, and what was posted.
func (f *contactForm) editFields() ([]editField, error) {
	status := editField{name: "status", label: "Status", stored: []string{string(f.contact.Status)}, posted: []string{f.status},
		say: func(text string) string { return models.Status(text).Name() }}
	fields := []editField{status}
	for _, t := range f.mergeTags {
		fields = append(fields, editField{name: fieldName(t), label: t.Label, stored: storedTexts(t, f.contact.Fields[t.Key]), posted: f.texts[t.Key]})
	}
	tags, err := f.visit.server.DB.ContactTags(f.visit.UserContext(), f.contact.WorkspaceID, f.contact.ID)
	if err != nil {
		return nil, models.In("contact form: tags of the contact", err)
	}
	return append(fields, tagField(tags, f.tags)), nil
}

// merge gives what the person did not touch its present value. A form that neither says what it was filled with nor has tags, as
// scripts post it, leaves the tags alone.
func (f *contactForm) merge() error {
	fields, err := f.editFields()
	if err != nil {
		return err
	}
	tags := &fields[len(fields)-1]
	if f.visit.Form("filled") == "" && f.tags == nil && f.newTags == "" {
		tags.posted = tags.stored
	}
	f.edit = f.visit.edit(fields...)
	f.status, f.tags = f.edit.text("status"), f.edit.threeWay["tags"].items()
	for _, t := range f.mergeTags {
		if _, sent := f.texts[t.Key]; sent {
			field := f.edit.threeWay[fieldName(t)]
			f.texts[t.Key], f.untouched[t.Key] = field.value(), !field.touched()
		}
	}
	return nil
}

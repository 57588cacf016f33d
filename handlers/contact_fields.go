package handlers

import (
	"slices"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/views"
)

// model returns the form's view model.
func (f *contactForm) model(errs models.FieldErrors) (views.ContactFormModel, error) {
	v, c := f.visit, f.contact
	m := views.ContactFormModel{
		ID: c.ID, Version: f.version, Email: f.email, Status: f.status, Statuses: statusOptions(), NewTags: f.newTags,
		Errors: errs,
	}
	title := "Add contact"
	crumbs := []views.Crumb{{Text: "Contacts", Href: v.path("contacts")}}
	if c.ID != 0 {
		title = "Edit contact"
		crumbs = append(crumbs, views.Crumb{Text: models.ShowEmail(c.Email), Href: v.path("contacts", c.ID)})
	}
	if f.exists != 0 {
		m.Exists = v.path("contacts", f.exists)
	}
	if f.stale && c.Status != models.Status(f.status) {
		m.StatusNow = c.Status.Name()
	}
	for _, t := range f.mergeTags {
		m.Fields = append(m.Fields, f.field(t, errs))
	}
	tags, err := v.server.DB.TagNames(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return m, models.In("contact form: tags", err)
	}
	options, names := tagOptions(tags, f.tags)
	m.Tags = options
	m.Edit.Filled = filledWith(f.mergeTagFields()...)
	if c.ID != 0 {
		m.Edit = f.edit.state("contact", names)
		m.Edit.Changed, m.Edit.Now = f.stale, v.path("contacts", c.ID)
	}
	m.Page, err = v.page(views.SectionContacts, title, append(crumbs, views.Crumb{Text: title})...)
	m.Failed = errs.Any() || f.stale
	return m, err
}

// field returns the input for one merge tag, by its type.
func (f *contactForm) field(t models.MergeTag, errs models.FieldErrors) views.ContactInput {
	texts := f.texts[t.Key]
	input := inputFor(fieldName(t), t, texts)
	input.Error = errs[fieldName(t)]
	if f.stale {
		f.tellNow(t, texts, &input)
	}
	return input
}

// inputFor returns the input for a value of a merge tag, by its type.
func inputFor(name string, t models.MergeTag, texts []string) views.ContactInput {
	value := models.Given{Texts: texts}.Last()
	input := views.ContactInput{Field: views.Field{Name: name, Label: t.Label, Value: value, Width: "l"}}
	switch t.Type {
	case models.MergeTagNumber:
		input.InputMode, input.Width = "decimal", "m"
	case models.MergeTagDate:
		dateField(&input)
	case models.MergeTagBoolean:
		input.Kind, input.Width = views.InputSelect, "s"
		input.Options = []views.Option{{Label: "Not set"}, {Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}
	case models.MergeTagSingle:
		input.Kind = views.InputSelect
		input.Options = append([]views.Option{{Label: "Not set"}}, choiceOptions(t.Options, texts)...)
	case models.MergeTagMultiple:
		input.Kind = views.InputChecks
		input.Options = choiceOptions(t.Options, texts)
	case models.MergeTagCountry:
		input.Kind, input.Options = views.InputSelect, countryOptions()
	default:
		if len(value) > 80 || strings.ContainsAny(value, "\r\n") {
			input.Kind = views.InputArea
		}
	}
	if input.Kind == views.InputSelect && value != "" && !slices.ContainsFunc(input.Options, func(o views.Option) bool { return o.Value == value }) {
		input.Options = append(input.Options, views.Option{Value: value, Label: value}) // or the form would send it back as not set
	}
	return input
}

// dateField uses the browser's date picker if the value is a date; a date picker would not show any other text.
func dateField(input *views.ContactInput) {
	input.Width, input.Help = "m", "As 1990-12-31, or with a time as 1990-12-31 14:30."
	_, err := time.Parse(time.DateOnly, input.Value)
	if input.Value == "" || err == nil && !strings.HasPrefix(input.Value, "0000") {
		input.Type, input.Help = "date", ""
	}
}

// tellNow notes beside a field the contact's current value if the person typed another.
func (f *contactForm) tellNow(t models.MergeTag, texts []string, input *views.ContactInput) {
	stored := f.contact.Fields[t.Key]
	if value, err := t.Read(models.Given{Texts: texts}, f.visit.Workspace.Location()); err == nil && value == stored || texts == nil || f.untouched[t.Key] {
		return
	}
	input.Now = "nothing"
	if stored != "" {
		input.Now = t.Show(stored, f.visit.Workspace.Location())
	}
}

func choiceOptions(options, chosen []string) []views.Option {
	var all []views.Option
	for _, o := range options {
		all = append(all, views.Option{Value: o, Label: o, Chosen: slices.Contains(chosen, o)})
	}
	return all
}

func countryOptions() []views.Option {
	all := []views.Option{{Label: "Not set"}}
	for _, c := range models.Countries() {
		all = append(all, views.Option{Value: c.Code, Label: c.Name})
	}
	return all
}

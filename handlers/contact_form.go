package handlers

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// contactNew shows the form of a new contact, with the defaults of the merge tags. ?email= prefills the address.
func (s *Server) contactNew(v *visit) error {
	f, err := v.contactForm(models.Contact{})
	if err != nil {
		return err
	}
	f.email, f.status = cleanText(v.Query("email")), string(models.StatusSubscribed)
	for _, t := range f.mergeTags {
		f.texts[t.Key] = storedTexts(t, t.Default)
	}
	m, err := f.model(nil)
	if err != nil {
		return err
	}
	return v.show(views.ContactFormPage(m))
}

// contactCreate adds a contact.
func (s *Server) contactCreate(v *visit) error {
	ctx := v.UserContext()
	f, err := v.contactForm(models.Contact{})
	if err != nil {
		return err
	}
	f.readPost()
	if v.refill {
		return f.again(nil)
	}
	errs := models.FieldErrors{}
	errs.Add("email", models.ValidateEmail(f.email))
	in := f.input(errs)
	email, _ := models.ReadEmail(f.email)
	if errs["email"] == "" {
		if err := f.checkFree(email, errs); err != nil {
			return err
		}
	}
	if err := f.resolveTags(&in, errs); err != nil {
		return err
	}
	if errs.Any() {
		return f.again(errs)
	}
	c, err := s.DB.CreateContact(ctx, v.Workspace.ID, v.User.ID, email, in, s.now())
	if err == models.ErrContactExists {
		f.exists = c.ID
		return f.again(models.FieldErrors{"email": models.ErrContactExists.Message})
	}
	if err != nil {
		return models.In("contact form: create", err)
	}
	return v.done(v.path("contacts", c.ID), "The contact was added.")
}

// checkFree reports an error if another contact has the address.
func (f *contactForm) checkFree(email string, errs models.FieldErrors) error {
	other, err := f.visit.server.DB.ContactByEmail(f.visit.UserContext(), f.visit.Workspace.ID, email)
	if err == nil {
		f.exists = other.ID
		errs.Add("email", models.ErrContactExists.Message)
	}
	if store.ErrorCode(err) == models.CodeNotFound {
		return nil
	}
	return models.In("contact form: look for the address", err)
}

// contactEdit shows the form of an existing contact.
func (s *Server) contactEdit(v *visit) error {
	c, err := v.contact()
	if err != nil {
		return err
	}
	f, err := v.contactForm(c)
	if err != nil {
		return err
	}
	f.email, f.status, f.version = models.ShowEmail(c.Email), string(c.Status), c.Version
	for _, t := range f.mergeTags {
		f.texts[t.Key] = storedTexts(t, c.Fields[t.Key])
	}
	fields, err := f.editFields()
	if err != nil {
		return err
	}
	f.edit, f.tags = v.edit(fields...), fields[len(fields)-1].stored
	m, err := f.model(nil)
	if err != nil {
		return err
	}
	return v.show(views.ContactFormPage(m))
}

// errErased is shown to a person who saves a contact that was erased in between.
var errErased = &models.Error{Code: models.CodeNotFound, Message: "This contact does not exist any more: somebody erased it. Nothing was saved."}

// contactUpdate changes a contact, unless it changed after the person opened the form.
func (s *Server) contactUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateContact(v) })
}

func (s *Server) updateContact(v *visit) error {
	c, err := v.contact()
	if err != nil {
		return goneIs(errErased, err)
	}
	f, err := v.contactForm(c)
	if err != nil {
		return err
	}
	f.readPost()
	if err := f.merge(); err != nil {
		return err
	}
	errs := models.FieldErrors{}
	in := f.input(errs)
	if err := f.newEmail(&in, errs); err != nil {
		return err
	}
	if v.refill && f.version == c.Version {
		return f.again(nil)
	}
	if f.version != c.Version {
		return f.showConflict(errs)
	}
	if err := f.resolveTags(&in, errs); err != nil {
		return err
	}
	if errs.Any() {
		return f.again(errs)
	}
	changed, err := s.DB.UpdateContact(v.UserContext(), c, v.User.ID, f.version, in, s.now())
	if errors.Is(err, models.ErrContactExists) { // since newEmail looked
		if err := f.checkFree(in.Email, errs); err != nil {
			return err
		}
		return f.again(errs)
	}
	if err != nil {
		return models.In("contact form: store", err)
	}
	if !changed {
		return v.done(v.path("contacts", c.ID), "Nothing was different, so nothing was changed.")
	}
	return v.done(v.path("contacts", c.ID), "Saved.")
}

// newEmail reads the address of an existing contact, if it is another one.
func (f *contactForm) newEmail(in *models.ContactInput, errs models.FieldErrors) error {
	errs.Add("email", models.ValidateEmail(f.email))
	email, err := models.ReadEmail(f.email)
	if err != nil || email == f.contact.Email {
		return nil
	}
	in.Email = email
	return f.checkFree(email, errs)
}

// showConflict shows the form again with the person's input and the current values. The form now carries the current version, so
// saving again succeeds.
func (f *contactForm) showConflict(errs models.FieldErrors) error {
	f.version, f.stale = f.contact.Version, true
	return f.again(errs)
}

// contactAsk asks for confirmation before a contact is deleted.
func (s *Server) contactAsk(v *visit) error {
	c, err := v.contact()
	if err != nil {
		return err
	}
	email := models.ShowEmail(c.Email)
	p, err := v.page(views.SectionContacts, "Erase contact", views.Crumb{Text: "Contacts", Href: v.path("contacts")},
		views.Crumb{Text: email, Href: v.path("contacts", c.ID)}, views.Crumb{Text: "Erase"})
	if err != nil {
		return err
	}
	all, err := v.segments().List(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("erase contact: segments", err)
	}
	may, err := v.mayStart(bulkChange(models.Bulk{Action: models.BulkDelete}, 1))
	if err != nil {
		return err
	}
	outgoing, err := s.DB.ContactOutgoing(v.UserContext(), c)
	if err != nil {
		return models.In("erase contact: automations", err)
	}
	return v.show(views.ContactDeletePage(views.ContactDeleteModel{Outgoing: erasedOutgoing(outgoing), Page: p, ID: c.ID, Email: email, Segments: namedSegments(rule.AddressRef(c.Email).Users(all)), MayStart: may}))
}

// contactDelete erases a contact.
func (s *Server) contactDelete(v *visit) error {
	c, err := v.contact()
	if err != nil {
		return err
	}
	if err := s.DB.DeleteContact(v.UserContext(), c, v.User.ID, s.now()); err != nil {
		return models.In("erase contact: erase", err)
	}
	return v.done(v.path("contacts"), "The contact is gone for good.")
}

// contactForm holds a contact's form between the page and the store.
type contactForm struct {
	visit     *visit
	contact   models.Contact // as stored; id 0 for a new contact
	mergeTags []models.MergeTag

	email, status, newTags string
	emailSent              bool
	texts                  map[string][]string // the input of each merge tag, by key; only fields that were sent
	tags                   []string            // ids or names
	version                int64

	edit      editForm
	untouched map[string]bool // keys of the fields that came back as they were filled

	exists int64 // the id of another contact with this address
	stale  bool  // the contact changed after the person opened the form
}

func (v *visit) contactForm(c models.Contact) (*contactForm, error) {
	all, err := v.server.DB.MergeTags(v.UserContext(), v.Workspace.ID)
	for i, t := range all {
		all[i] = withStored(t, c.Fields[t.Key])
	}
	return &contactForm{visit: v, contact: c, mergeTags: all, texts: map[string][]string{}, untouched: map[string]bool{}}, models.In("contact form: merge tags", err)
}

// withStored adds stored options that the merge tag no longer has: contacts keep a removed option.
func withStored(t models.MergeTag, stored string) models.MergeTag {
	if !t.Type.HasOptions() || stored == "" {
		return t
	}
	t.Options = slices.Clone(t.Options)
	for _, option := range storedTexts(t, stored) {
		if !slices.Contains(t.Options, option) {
			t.Options = append(t.Options, option)
		}
	}
	return t
}

// storedTexts returns what a merge tag's input shows for a stored value: for multiple choice one text per option.
func storedTexts(t models.MergeTag, stored string) []string {
	if t.Type == models.MergeTagMultiple {
		return strings.Split(stored, "\n")
	}
	return []string{stored}
}

// fieldName names a merge tag's input in the form.
func fieldName(t models.MergeTag) string { return fieldPrefix + t.Key }

const fieldPrefix = "field_"

// readPost reads the posted form.
func (f *contactForm) readPost() {
	v := f.visit
	f.email, f.status, f.newTags = v.Form("email"), v.Form("status"), v.Form("new_tags")
	f.tags, f.emailSent = v.FormAll("tags"), v.FormAll("email") != nil
	f.version, _ = strconv.ParseInt(v.Form("version"), 10, 64)
	for _, t := range f.mergeTags {
		if texts := v.FormAll(fieldName(t)); texts != nil {
			f.texts[t.Key] = texts
		}
	}
}

// input reads the contact's status and values, but not its address and tags. It reads values as the intake does, and adds invalid
// ones to errs.
func (f *contactForm) input(errs models.FieldErrors) models.ContactInput {
	in := models.ContactInput{Status: models.Status(f.status), Fields: map[string]string{}}
	if !in.Status.Valid() {
		errs.Add("status", "Please choose a status.")
	}
	for _, t := range f.mergeTags {
		texts, sent := f.texts[t.Key]
		if !sent && f.contact.ID == 0 {
			texts = storedTexts(t, t.Default)
		} else if !sent {
			continue // the merge tag was created after the form was opened
		}
		if f.untouched[t.Key] {
			continue
		}
		value, err := t.Read(models.Given{Texts: texts}, f.visit.Workspace.Location())
		if err != nil {
			errs.Add(fieldName(t), err.Error())
		}
		in.Fields[t.Key] = value
	}
	errs.Add("tags", models.ValidateNewTags(models.SplitNames(f.newTags)))
	errs.Add("gone", f.goneFields())
	return in
}

// resolveTags finds the chosen tags, and creates new ones if the rest of the form is valid.
func (f *contactForm) resolveTags(in *models.ContactInput, errs models.FieldErrors) error {
	if errs.Any() {
		return nil
	}
	v := f.visit
	tags, wrong, err := v.server.DB.FormTags(v.UserContext(), v.Workspace.ID, v.User.ID, f.tags, models.SplitNames(f.newTags), v.server.now())
	errs.Add("tags", wrong["tags"])
	in.Tags = tags
	return models.In("contact form: tags", err)
}

func (f *contactForm) again(errs models.FieldErrors) error {
	m, err := f.model(errs)
	if err != nil {
		return err
	}
	return f.visit.again(views.ContactFormPage(m))
}

package handlers

import (
	"errors"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// tagList lists the tags and their uses.
func (s *Server) tagList(v *visit) error {
	p, err := v.page(views.SectionTags, "Tags")
	if err != nil {
		return err
	}
	tags, err := s.DB.Tags(v.UserContext(), v.Workspace.ID, v.counts.Counted)
	if err != nil {
		return models.In("tags: list", err)
	}
	users, err := v.usingAutomations()
	if err != nil {
		return err
	}
	m := views.TagsModel{Page: p, CanChange: v.canChange()}
	for _, t := range tags {
		m.Tags = append(m.Tags, views.TagRow{ID: t.ID, Name: t.Name, Contacts: t.Contacts, Webhooks: t.Webhooks, Automations: users[automations.Used{Subject: models.SubjectTag, ID: t.ID}]})
	}
	return v.show(views.TagsPage(m))
}

// tagNew shows the form of a new tag.
func (s *Server) tagNew(v *visit) error {
	m, err := v.tagForm(models.Tag{}, "", v.edit(), nil)
	if err != nil {
		return err
	}
	return v.show(views.TagFormPage(m))
}

// tagCreate stores a new tag.
func (s *Server) tagCreate(v *visit) error {
	if v.refill {
		return v.tagAgain(models.Tag{}, v.edit(), nil)
	}
	tag, errs, err := s.DB.CreateTag(v.UserContext(), v.Workspace.ID, v.User.ID, v.Form("name"), s.now())
	if err != nil {
		return models.In("tags: create", err)
	}
	if errs.Any() {
		return v.tagAgain(models.Tag{}, v.edit(), errs)
	}
	return v.done(v.path("tags"), "The tag %s was created.", tag.Name)
}

// tagEdit shows the form that renames a tag.
func (s *Server) tagEdit(v *visit) error {
	tag, err := v.tag()
	if err != nil {
		return err
	}
	m, err := v.tagForm(tag, tag.Name, v.editTag(tag), nil)
	if err != nil {
		return err
	}
	return v.show(views.TagFormPage(m))
}

// tagUpdate renames a tag.
func (s *Server) tagUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateTag(v) })
}

func (s *Server) updateTag(v *visit) error {
	tag, err := v.tag()
	if errors.Is(err, models.ErrNotFound) {
		return v.tagGone()
	}
	if err != nil {
		return err
	}
	e := v.editTag(tag)
	if v.refill || e.clashes() {
		return v.tagAgain(tag, e, nil)
	}
	errs, err := s.DB.RenameTag(v.UserContext(), tag, v.User.ID, e.text("name"), s.now())
	if err != nil {
		return models.In("tags: store", err)
	}
	if errs.Any() {
		return v.tagAgain(tag, e, errs)
	}
	if name := models.CleanName(e.text("name")); name != tag.Name {
		return v.done(v.path("tags"), "The tag %s is now called %s.", tag.Name, name)
	}
	return v.done(v.path("tags"), "The tag is called %s, as it was.", tag.Name)
}

// editTag compares the posted form with the tag.
func (v *visit) editTag(tag models.Tag) editForm {
	return v.edit(editField{name: "name", label: "Name", stored: []string{tag.Name}, posted: v.FormAll("name")})
}

// tagAsk asks for confirmation before a tag is deleted, and says what uses it.
func (s *Server) tagAsk(v *visit) error {
	m, err := v.tagDeletion()
	if err != nil {
		return err
	}
	return v.show(views.TagDeletePage(m))
}

// tagDelete deletes a tag. If a segment's rule uses it, the form has to force it.
func (s *Server) tagDelete(v *visit) error {
	m, err := v.tagDeletion()
	if err != nil {
		return err
	}
	if v.mustForce(&m.Page, &m.Users) {
		return v.again(views.TagDeletePage(m))
	}
	users := segments.Freeze(rule.TagRef(models.Tag{ID: m.ID, Name: m.Name}), v.Workspace.ID, v.forced())
	if err := s.DB.DeleteTag(v.UserContext(), v.Workspace.ID, v.User.ID, m.ID, users, s.now()); err != nil {
		return models.In("tags: delete", err)
	}
	return v.done(v.path("tags"), "The tag %s is deleted. It is being taken off its contacts now.%s", m.Name, m.Users.Frozen())
}

func (v *visit) tag() (models.Tag, error) {
	id, err := v.id()
	if err != nil {
		return models.Tag{}, err
	}
	t, err := v.server.DB.Tag(v.UserContext(), v.Workspace.ID, id)
	return t, models.In("tags: read it", err)
}

// tagOptions lists tags for a form in which some are chosen, by id or, if it is no tag's id, by name. It also returns the names by id.
func tagOptions(tags []models.Tag, chosen []string) (options []views.Option, names map[string]string) {
	names = map[string]string{}
	for _, t := range tags {
		names[strconv.FormatInt(t.ID, 10)] = t.Name
	}
	ids, folded := map[string]bool{}, map[string]bool{}
	for _, text := range chosen {
		if _, isID := names[text]; isID {
			ids[text] = true
		} else {
			folded[models.Fold(text)] = true
		}
	}
	for _, t := range tags {
		id := strconv.FormatInt(t.ID, 10)
		options = append(options, views.Option{Value: id, Label: t.Name, Chosen: ids[id] || folded[t.NameFolded]})
	}
	return options, names
}

func (v *visit) tagForm(tag models.Tag, name string, e editForm, errs models.FieldErrors) (views.TagFormModel, error) {
	title, action := "Create tag", v.path("tags")
	if tag.ID != 0 {
		title, action = "Rename tag", v.path("tags", tag.ID)
	}
	p, err := v.page(views.SectionTags, title, views.Crumb{Text: "Tags", Href: v.path("tags")}, views.Crumb{Text: title})
	m := views.TagFormModel{Page: p, Action: action, ID: tag.ID, Name: name, Edit: e.state("tag", nil), Errors: errs}
	m.Failed = errs.Any() || m.Edit.Changed
	return m, err
}

func (v *visit) tagAgain(tag models.Tag, e editForm, errs models.FieldErrors) error {
	name := v.Form("name")
	if tag.ID != 0 {
		name = e.text("name")
	}
	m, err := v.tagForm(tag, name, e, errs)
	if err != nil {
		return err
	}
	return v.again(views.TagFormPage(m))
}

// tagGone shows the form of a new tag with the name for one that was deleted.
func (v *visit) tagGone() error {
	m, err := v.tagForm(models.Tag{}, v.Form("name"), v.edit(), nil)
	if err != nil {
		return err
	}
	m.Failed, m.Edit = true, views.EditState{What: "tag", Deleted: true, List: v.path("tags")}
	return v.gone(views.TagFormPage(m))
}

func (v *visit) tagDeletion() (views.TagDeleteModel, error) {
	ctx, db := v.UserContext(), v.server.DB
	tag, err := v.tag()
	if err != nil {
		return views.TagDeleteModel{}, err
	}
	m := views.TagDeleteModel{ID: tag.ID, Name: tag.Name}
	if m.Contacts, err = db.TagContacts(ctx, tag.WorkspaceID, tag.ID); err != nil {
		return m, models.In("tags: count contacts", err)
	}
	webhooks, err := db.TagWebhooks(ctx, tag.WorkspaceID, tag.ID)
	if err != nil {
		return m, models.In("tags: webhooks", err)
	}
	for _, w := range webhooks {
		m.Webhooks = append(m.Webhooks, views.Named{ID: w.ID, Name: w.Name})
	}
	if m.Users, err = v.usersOf("this tag", rule.TagRef(tag), usesThing(models.SubjectTag, tag.ID)); err != nil {
		return m, err
	}
	v.askAbout("tag", tag.Name, &m.Users)
	m.Page, err = v.page(views.SectionTags, "Delete tag", views.Crumb{Text: "Tags", Href: v.path("tags")}, views.Crumb{Text: "Delete"})
	return m, err
}

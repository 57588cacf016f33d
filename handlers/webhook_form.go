package handlers

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/views"
)

// webhookNew shows the form of a new webhook.
func (s *Server) webhookNew(v *visit) error {
	m, err := v.webhookForm(models.Webhook{}, models.WebhookForm{Type: models.TypeSubscribed}, v.edit(), nil)
	if err != nil {
		return err
	}
	return v.show(views.WebhookFormPage(m))
}

// webhookCreate stores a new webhook.
func (s *Server) webhookCreate(v *visit) error {
	f := v.postedWebhook()
	tags, err := s.DB.TagNames(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("webhook form: tags", err)
	}
	if v.refill {
		return v.webhookAgain(models.Webhook{}, f, v.edit(), nil)
	}
	errs := f.Validate()
	if named := namedTags(f, tags); f.Type.Valid() && !f.Type.HasTags() && len(named) > 0 {
		errs.Add("type", models.TagsTakenOff(named))
		f.Tags, f.NewTags = nil, nil
	}
	if errs.Any() {
		return v.webhookAgain(models.Webhook{}, f, v.edit(), errs)
	}
	w, errs, err := s.DB.CreateWebhook(v.UserContext(), v.Workspace.ID, v.User.ID, f, s.now())
	if err != nil {
		return models.In("webhook form: create", err)
	}
	if errs.Any() {
		return v.webhookAgain(models.Webhook{}, f, v.edit(), errs)
	}
	return v.done(v.path("webhooks", w.ID), "The webhook %s was created. Its address is below.", w.Name)
}

// webhookEdit shows the form that changes a webhook.
func (s *Server) webhookEdit(v *visit) error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	tags, err := s.DB.WebhookTags(v.UserContext(), w.WorkspaceID, w.ID)
	if err != nil {
		return models.In("webhook form: tags of the webhook", err)
	}
	e := v.editWebhook(w, tags)
	f := models.WebhookForm{Name: w.Name, Type: w.Type, Tags: tagField(tags, nil).stored}
	m, err := v.webhookForm(w, f, e, nil)
	if err != nil {
		return err
	}
	return v.show(views.WebhookFormPage(m))
}

// webhookUpdate changes a webhook's name, type and tags. If the new type cannot have tags, the first post only warns, and the
// next one removes the tags. A type that does harm after the present one is asked for, with figures, until the form has confirm=1. The page also asks
// to type DELETE before that type.
func (s *Server) webhookUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateWebhook(v) })
}

func (s *Server) updateWebhook(v *visit) error {
	w, err := v.webhook()
	if errors.Is(err, models.ErrNotFound) {
		return v.webhookGone()
	}
	if err != nil {
		return err
	}
	had, err := s.DB.WebhookTags(v.UserContext(), w.WorkspaceID, w.ID)
	if err != nil {
		return models.In("webhook form: tags of the webhook", err)
	}
	e := v.editWebhook(w, had)
	f := models.WebhookForm{Name: e.text("name"), Type: models.WebhookType(e.text("type")), Tags: e.threeWay["tags"].items(), NewTags: models.SplitNames(v.Form("new_tags"))}
	if v.refill || e.clashes() {
		return v.webhookAgain(w, f, e, nil)
	}
	errs := f.Validate()
	named, err := v.tagsToTakeOff(w, had, f)
	if err != nil {
		return err
	}
	if len(named) > 0 {
		errs.Add("type", models.TagsTakenOff(named))
		f.Tags, f.NewTags = nil, nil
		if err := v.tellTagsOff(w.ID); err != nil {
			return err
		}
	}
	if errs.Any() {
		return v.webhookAgain(w, f, e, errs)
	}
	if f.Type.HarmfulAfter(w.Type) {
		switch typed := strings.EqualFold(models.TrimBlanks(v.Form("typed")), string(models.TypeDelete)); {
		case v.Form("confirm") != "1":
			return v.askWebhookType(f, "")
		case f.Type == models.TypeDelete && !typed && len(v.FormAll("typed")) > 0: // a script has no such field
			return v.askWebhookType(f, "Nothing was changed. Please type DELETE to confirm.")
		}
	}
	errs, err = s.DB.UpdateWebhook(v.UserContext(), w, had, v.User.ID, f, s.now())
	if err != nil {
		return models.In("webhook form: store", err)
	}
	if errs.Any() {
		return v.webhookAgain(w, f, e, errs)
	}
	delete(v.session.Values, sessionTagsOff)
	changed, err := v.webhookChanges(w, had)
	if err != nil {
		return err
	}
	return v.done(v.path("webhooks", w.ID), "%s", changed)
}

// askWebhookType asks before calls begin to do harm. Its form holds what was posted; wrong says what is wrong with what was typed.
func (v *visit) askWebhookType(f models.WebhookForm, wrong string) error {
	_, m, err := v.webhookQuestion("Edit webhook")
	if err != nil {
		return err
	}
	m.Failed = true
	posted := url.Values{"name": {f.Name}, "type": {string(f.Type)}, "tags": v.FormAll("tags"), "confirm": {"1"}}
	for _, name := range []string{"new_tags", "filled"} {
		if text := v.Form(name); text != "" {
			posted.Set(name, text)
		}
	}
	return v.again(views.WebhookTypePage(views.WebhookTypeQuestion{WebhookQuestion: m, To: f.Type, Posted: hiddenFields(posted), Wrong: wrong}))
}

// webhookChanges says what is different in a webhook and its tags, which were as given before they were saved.
func (v *visit) webhookChanges(was models.Webhook, had []models.Tag) (string, error) {
	is, err := v.server.DB.WebhookUse(v.UserContext(), was.WorkspaceID, was.ID, v.server.now())
	if err != nil {
		return "", models.In("webhook form: what changed", err)
	}
	said := "Saved."
	if is.Name != was.Name {
		said += " It is called “" + is.Name + "” now."
	}
	if is.Type != was.Type {
		said += " Calls now " + is.Type.Does() + "."
	}
	for _, side := range []struct {
		what     string
		had, has []models.Tag
	}{{"added to contacts from now on", had, is.Tags}, {"no longer added", is.Tags, had}} {
		var names []string
		for _, tag := range side.has {
			if !slices.ContainsFunc(side.had, func(t models.Tag) bool { return t.ID == tag.ID }) {
				names = append(names, tag.Name)
			}
		}
		if len(names) > 0 {
			said += " " + models.NamesAre(names, side.what) + "."
		}
	}
	if said == "Saved." {
		said = "Nothing was changed."
	}
	return said, nil
}

// editWebhook compares the posted form with the webhook and its tags.
func (v *visit) editWebhook(w models.Webhook, tags []models.Tag) editForm {
	return v.edit(editField{name: "name", label: "Name", stored: []string{w.Name}, posted: v.FormAll("name")},
		editField{name: "type", label: "What a call does", stored: []string{string(w.Type)}, posted: v.FormAll("type"), say: func(text string) string { return text }},
		tagField(tags, v.FormAll("tags")))
}

// tagsToTakeOff names the tags to warn about if the type cannot have tags: those posted and those of the webhook, had. It returns
// none if the person was just warned and posted none.
func (v *visit) tagsToTakeOff(w models.Webhook, had []models.Tag, f models.WebhookForm) ([]string, error) {
	if !f.Type.Valid() || f.Type.HasTags() {
		return nil, nil
	}
	tags, err := v.server.DB.TagNames(v.UserContext(), w.WorkspaceID)
	if err != nil {
		return nil, models.In("webhook form: tags", err)
	}
	named := namedTags(f, tags)
	if len(named) == 0 && v.toldTagsOff(w.ID) {
		return nil, nil
	}
	for _, t := range had {
		if !slices.Contains(named, t.Name) {
			named = append(named, t.Name)
		}
	}
	return named, nil
}

// tellTagsOff records in the session that the person was warned about a webhook's tags.
func (v *visit) tellTagsOff(webhookID int64) error {
	v.session.Values[sessionTagsOff] = strconv.FormatInt(webhookID, 10)
	return v.saveSession()
}

// toldTagsOff reports whether the last warning was about this webhook's tags.
func (v *visit) toldTagsOff(webhookID int64) bool {
	return v.session.Values[sessionTagsOff] == strconv.FormatInt(webhookID, 10)
}

// namedTags returns the names of a form's tags, new ones included. Unknown ids are left out.
func namedTags(f models.WebhookForm, known []models.Tag) []string {
	var names []string
	for _, text := range f.Tags {
		if i := slices.IndexFunc(known, func(t models.Tag) bool { return strconv.FormatInt(t.ID, 10) == text }); i >= 0 {
			names = append(names, known[i].Name)
		} else if name := models.CleanName(text); name != "" && !isID(name) {
			names = append(names, name)
		}
	}
	return append(names, f.NewTags...)
}

func isID(text string) bool {
	_, err := strconv.ParseInt(text, 10, 64)
	return err == nil
}

// postedWebhook reads the posted form.
func (v *visit) postedWebhook() models.WebhookForm {
	return models.WebhookForm{
		Name: v.Form("name"), Type: models.WebhookType(v.Form("type")),
		Tags: v.FormAll("tags"), NewTags: models.SplitNames(v.Form("new_tags")),
	}
}

// webhookForm builds the form's view model; id 0 means a new webhook.
func (v *visit) webhookForm(w models.Webhook, f models.WebhookForm, e editForm, errs models.FieldErrors) (views.WebhookFormModel, error) {
	title, cancel := "Create Webhook", v.path("webhooks")
	crumbs := []views.Crumb{{Text: "Inbound Webhooks", Href: v.path("webhooks")}}
	if w.ID != 0 {
		title, cancel = "Edit webhook", v.path("webhooks", w.ID)
		crumbs = append(crumbs, views.Crumb{Text: w.Name, Href: cancel})
	}
	p, err := v.page(views.SectionWebhooks, title, append(crumbs, views.Crumb{Text: title})...)
	if err != nil {
		return views.WebhookFormModel{}, err
	}
	tags, err := v.server.DB.TagNames(v.UserContext(), v.Workspace.ID)
	m := views.WebhookFormModel{Page: p, ID: w.ID, Cancel: cancel, Errors: errs,
		Name: f.Name, Type: string(f.Type), NewTags: models.JoinTags(f.NewTags)}
	options, names := tagOptions(tags, f.Tags)
	m.Tags = options
	m.Edit = e.state("webhook", names)
	m.Edit.Now, m.Failed = cancel, errs.Any() || m.Edit.Changed
	return m, models.In("webhook form: tags", err)
}

func (v *visit) webhookAgain(w models.Webhook, f models.WebhookForm, e editForm, errs models.FieldErrors) error {
	m, err := v.webhookForm(w, f, e, errs)
	if err != nil {
		return err
	}
	return v.again(views.WebhookFormPage(m))
}

// webhookGone shows the form of a new webhook with the input for one that was deleted.
func (v *visit) webhookGone() error {
	m, err := v.webhookForm(models.Webhook{}, v.postedWebhook(), v.edit(), nil)
	if err != nil {
		return err
	}
	m.Failed, m.Edit = true, views.EditState{What: "webhook", Deleted: true, List: v.path("webhooks"), Instead: "It will have a new address, so its senders need that one."}
	return v.gone(views.WebhookFormPage(m))
}

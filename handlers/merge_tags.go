package handlers

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

// mergeTagList shows which fields contacts can have.
func (s *Server) mergeTagList(v *visit) error {
	p, err := v.page(views.SectionMergeTags, "Merge tags")
	if err != nil {
		return err
	}
	all, err := s.DB.MergeTags(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("merge tags: list", err)
	}
	users, err := v.usingAutomations()
	if err != nil {
		return err
	}
	m := views.MergeTagsModel{Page: p, CanChange: v.canChange()}
	for _, t := range all {
		row := views.MergeTagRow{ID: t.ID, Key: t.Key, Label: t.Label, Type: t.Type.Name(), Options: t.Options, Automations: users[automations.Used{Subject: models.SubjectMergeTag, ID: t.ID}]}
		if t.Default != "" {
			row.Default = t.Show(t.Default, v.Workspace.Location())
		}
		m.MergeTags = append(m.MergeTags, row)
	}
	if err := v.addUnkept(&m, all); err != nil {
		return err
	}
	return v.show(views.MergeTagsPage(m))
}

// addUnkept adds the fields of the workspace's latest calls that have no merge tag.
func (v *visit) addUnkept(m *views.MergeTagsModel, tags []models.MergeTag) error {
	ctx, db, workspace := v.UserContext(), v.server.DB, v.Workspace.ID
	if err := v.loadFine(workspace); err != nil {
		return err
	}
	webhooks, err := db.WebhooksEver(ctx, workspace)
	if err != nil {
		return models.In("merge tags: webhooks", err)
	}
	rows, err := db.LastRequests(ctx, workspace, store.RequestFilter{}, unkeptCalls)
	if err != nil {
		return models.In("merge tags: latest calls", err)
	}
	m.Unkept = v.unkept(rows, webhooksByID(webhooks), tags, views.SectionMergeTags)
	return nil
}

// mergeTagNew shows the form of a new merge tag. ?key= and ?label= prefill it, for a field that a call sent. ?webhook= leads back to how
// that webhook reads its calls, with its parameters ?use= and ?sample=. ?path= is where its calls have the field. ?call= is the call that sent the field: its page comes next, after the
// question whether to fill the merge tag in from earlier calls.
func (s *Server) mergeTagNew(v *visit) error {
	sent := models.CleanName(cleanText(v.Query("key")))
	m := models.MergeTag{Label: models.CleanName(cleanText(v.Query("label"))), Type: models.MergeTagText}
	unfit := ""
	if sent != "" {
		m.Key = models.SuggestKey(sent)
		if !strings.EqualFold(m.Key, sent) {
			unfit = sent
		}
		if m.Label == "" {
			m.Label = sent
		}
	}
	var err error
	if m.Options, err = v.choicesSeen(); err != nil {
		return err
	}
	form, err := v.mergeTagForm(m, v.edit(), nil)
	if err != nil {
		return err
	}
	form.Unfit, form.Seen = unfit, len(m.Options) > 0
	return v.show(views.MergeTagFormPage(form))
}

// mergeTagCreate stores a new merge tag.
func (s *Server) mergeTagCreate(v *visit) error {
	m := models.MergeTag{Key: v.Form("key"), Type: models.MergeTagType(v.Form("type")), Label: v.Form("label"), Options: models.ParseOptions(v.Form("options")), Default: v.Form("default_value")}
	if v.refill {
		return v.mergeTagAgain(m, v.edit(), nil)
	}
	m, errs, err := s.DB.CreateMergeTag(v.UserContext(), v.Workspace.ID, v.User.ID, m.Clean(v.Workspace.Location()), s.now())
	if err != nil {
		return models.In("merge tags: create", err)
	}
	if errs.Any() {
		return v.mergeTagAgain(m, v.edit(), errs)
	}
	back, err := v.readingBack(v.Form)
	if err != nil {
		return err
	}
	if back.Href != "" {
		return v.done(showsField(back.Href, m.Key), "The merge tag %s was created. Choose here where its value is.", m.Label)
	}
	if id, fromCall := requestID(v.Form("call")); fromCall {
		return v.done(v.path("merge-tags", m.ID, "fill")+"?call="+id.String(), "The merge tag %s was created. Calls that send %s fill it in.", m.Label, m.Key)
	}
	return v.doneNext(v.path("merge-tags"), "The merge tag "+m.Label+" was created. Calls that send "+m.Key+" fill it in.")
}

// mergeTagEdit shows the form of an existing merge tag.
func (s *Server) mergeTagEdit(v *visit) error {
	m, err := v.mergeTag()
	if err != nil {
		return err
	}
	form, err := v.mergeTagForm(m, v.editMergeTag(m), nil)
	if err != nil {
		return err
	}
	return v.show(views.MergeTagFormPage(form))
}

// mergeTagUpdate stores a merge tag's label, options and default.
func (s *Server) mergeTagUpdate(v *visit) error {
	return untilSeen(func() error { return s.updateMergeTag(v) })
}

func (s *Server) updateMergeTag(v *visit) error {
	seen, err := v.mergeTag()
	if errors.Is(err, models.ErrNotFound) {
		return v.mergeTagGone()
	}
	if err != nil {
		return err
	}
	e := v.editMergeTag(seen)
	input := seen
	input.Label, input.Default, input.Options = e.text("label"), e.text("default_value"), models.ParseOptions(e.text("options"))
	if e.threeWay["options"].clashes() {
		input.Options = mergedChoices(e.threeWay["options"])
	}
	if v.refill || e.clashes() {
		return v.mergeTagAgain(input, e, nil)
	}
	removed := removedChoices(seen.Options, input.Options)
	gone := rule.ChoicesRef(seen, removed)
	users, err := v.usersOf("a choice that you removed", gone, func(d automations.Definition) bool { return d.UsesChoices(seen, removed) })
	if err != nil {
		return err
	}
	forced := v.forced() && !v.edit(usersField(users)).threeWay["users"].changed()
	if users.Any() && !forced {
		users.Fault = "Put the choice back, or tick that it should be removed."
		return v.mergeTagAgain(input, e, models.FieldErrors{"options": users.Words()}, users)
	}
	m, errs, err := s.DB.UpdateMergeTag(v.UserContext(), seen, input.Clean(v.Workspace.Location()), v.User.ID, segments.Freeze(gone, v.Workspace.ID, forced), s.now())
	if err != nil {
		return models.In("merge tags: store", err)
	}
	if errs.Any() {
		return v.mergeTagAgain(input, e, errs)
	}
	return v.done(v.path("merge-tags"), "The merge tag %s is saved.%s", m.Label, users.Frozen())
}

// editMergeTag compares the posted form with the merge tag. The order of the choices counts, so they are one text.
func (v *visit) editMergeTag(m models.MergeTag) editForm {
	fields := []editField{
		{name: "label", label: "Label", stored: []string{m.Label}, posted: v.FormAll("label")},
		{name: "default_value", label: "Default", stored: []string{typedDefault(m)}, posted: v.FormAll("default_value")},
	}
	if m.Type.HasOptions() {
		posted := strings.Join(models.ParseOptions(v.Form("options")), "\n")
		fields = append(fields, editField{name: "options", label: "Choices", stored: []string{strings.Join(m.Options, "\n")}, posted: []string{posted},
			say: func(text string) string { return "“" + strings.ReplaceAll(text, "\n", ", ") + "”" }})
	}
	return v.edit(fields...)
}

// mergedChoices returns the posted choices without those that others took out, and with those that they added.
func mergedChoices(t threeWay) []string {
	choices := func(texts []string) []string { return models.ParseOptions(strings.Join(texts, "\n")) }
	return threeWay{filled: choices(t.filled), posted: choices(t.posted), stored: choices(t.stored)}.items()
}

// typedDefault returns a default as a person types it.
func typedDefault(m models.MergeTag) string {
	if m.Type == models.MergeTagMultiple {
		return strings.ReplaceAll(m.Default, "\n", ", ")
	}
	return m.Default
}

// removedChoices returns the choices in before that are not in after.
func removedChoices(before, after []string) []string {
	return slices.DeleteFunc(slices.Clone(before), func(choice string) bool {
		return slices.ContainsFunc(after, func(o string) bool { return models.Fold(models.TrimBlanks(o)) == models.Fold(choice) })
	})
}

// mergeTagAsk asks for confirmation before a merge tag is deleted, and says what uses it.
func (s *Server) mergeTagAsk(v *visit) error {
	m, err := v.mergeTagDeletion()
	if err != nil {
		return err
	}
	return v.show(views.MergeTagDeletePage(m))
}

// mergeTagDelete deletes a merge tag. If a segment's rule uses it, the form has to force it.
func (s *Server) mergeTagDelete(v *visit) error {
	m, err := v.mergeTagDeletion()
	if err != nil {
		return err
	}
	if v.mustForce(&m.Page, &m.Users) {
		return v.again(views.MergeTagDeletePage(m))
	}
	users := segments.Freeze(rule.MergeTagRef(models.MergeTag{ID: m.ID, Label: m.Label}), v.Workspace.ID, v.forced())
	if err := s.DB.DeleteMergeTag(v.UserContext(), v.Workspace.ID, v.User.ID, m.ID, users, s.now()); err != nil {
		return models.In("merge tags: delete", err)
	}
	return v.done(v.path("merge-tags"), "The merge tag %s is deleted. Its values are being removed from the contacts now.%s", m.Label, m.Users.Frozen())
}

func (v *visit) mergeTag() (models.MergeTag, error) {
	id, err := v.id()
	if err != nil {
		return models.MergeTag{}, err
	}
	m, err := v.server.DB.MergeTag(v.UserContext(), v.Workspace.ID, id)
	return m, models.In("merge tags: read it", err)
}

func (v *visit) mergeTagForm(m models.MergeTag, e editForm, errs models.FieldErrors) (views.MergeTagFormModel, error) {
	title, action := "Create merge tag", v.path("merge-tags")
	if m.ID != 0 {
		title, action = "Edit merge tag", v.path("merge-tags", m.ID)
	}
	p, err := v.page(views.SectionMergeTags, title, views.Crumb{Text: "Merge tags", Href: v.path("merge-tags")}, views.Crumb{Text: title})
	form := views.MergeTagFormModel{
		Page: p, Action: action, ID: m.ID, Key: m.Key, Label: m.Label, Type: string(m.Type), TypeName: m.Type.Name(),
		Options: strings.Join(m.Options, "\n"), Default: typedDefault(m), Edit: e.state("merge tag", nil), Errors: errs,
	}
	form.Failed = errs.Any() || form.Edit.Changed
	if err == nil && m.ID == 0 {
		if id, fromCall := requestID(cmp.Or(v.Form("call"), v.Query("call"))); fromCall {
			form.Call = id.String()
		}
		form.Back, err = v.readingBack(func(name string) string { return cmp.Or(v.Form(name), cleanText(v.Query(name))) })
	}
	for _, t := range models.MergeTagTypes {
		form.Types = append(form.Types, views.Option{Value: string(t), Label: t.Name()})
	}
	return form, err
}

func (v *visit) mergeTagAgain(m models.MergeTag, e editForm, errs models.FieldErrors, users ...views.Users) error {
	form, err := v.mergeTagForm(m, e, errs)
	if err != nil {
		return err
	}
	for _, u := range users {
		form.Users, form.Edit.Filled = u, filledWith(append(e.fields, usersField(u))...)
	}
	if form.Default = m.Default; m.ID == 0 {
		form.Label, form.Default = v.Form("label"), v.Form("default_value")
	}
	if m.ID == 0 || !e.threeWay["options"].changed() {
		form.Options = v.Form("options")
	}
	return v.again(views.MergeTagFormPage(form))
}

// mergeTagGone shows the form of a new merge tag with the input for one that was deleted.
func (v *visit) mergeTagGone() error {
	m := models.MergeTag{Key: v.Form("key"), Type: mergeTagTypeNamed(v.Form("type")), Label: v.Form("label"), Options: models.ParseOptions(v.Form("options"))}
	form, err := v.mergeTagForm(m, v.edit(), nil)
	if err != nil {
		return err
	}
	form.Default, form.Failed = v.Form("default_value"), true
	form.Edit = views.EditState{What: "merge tag", Deleted: true, List: v.path("merge-tags"), Instead: "The values of the deleted one do not come back."}
	return v.gone(views.MergeTagFormPage(form))
}

// mergeTagTypeNamed returns the type with a name, which the form of a merge tag shows and sends, or text if there is none.
func mergeTagTypeNamed(name string) models.MergeTagType {
	for _, t := range models.MergeTagTypes {
		if t.Name() == name {
			return t
		}
	}
	return models.MergeTagText
}

func (v *visit) mergeTagDeletion() (views.MergeTagDeleteModel, error) {
	ctx := v.UserContext()
	t, err := v.mergeTag()
	if err != nil {
		return views.MergeTagDeleteModel{}, err
	}
	m := views.MergeTagDeleteModel{ID: t.ID, Key: t.Key, Label: t.Label}
	contacts, err := v.server.DB.MergeTagContacts(ctx, t.WorkspaceID, t.Key)
	if err != nil {
		return m, models.In("merge tags: count contacts", err)
	}
	m.Contacts, m.OneContact = views.CountUpTo(contacts, models.ExactCount), contacts == 1
	if m.Users, err = v.usersOf("this merge tag", rule.MergeTagRef(t), usesThing(models.SubjectMergeTag, t.ID)); err != nil {
		return m, err
	}
	v.askAbout("merge tag", t.Label, &m.Users)
	m.Page, err = v.page(views.SectionMergeTags, "Delete merge tag", views.Crumb{Text: "Merge tags", Href: v.path("merge-tags")}, views.Crumb{Text: "Delete"})
	return m, err
}

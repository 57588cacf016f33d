package handlers

import (
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// firstSteps lists what a new workspace needs. Each open step has a button; the next step's is the primary one.
func (v *visit) firstSteps(o store.Overview) ([]views.FirstStep, error) {
	counts := v.counts
	mergeTags := "Each is a field of contacts that you want to keep. A call that sends a field without a merge tag is answered, but the field is ignored."
	if counts.MergeTags > 0 && (!o.Called || counts.Segments == 0) {
		tags, err := v.server.DB.MergeTags(v.UserContext(), v.Workspace.ID)
		if err != nil {
			return nil, models.In("dashboard: merge tags", err)
		}
		mergeTags = "Fields that calls can fill in: " + firstKeys(tags) + ". A field without a merge tag is ignored."
	}
	button := func(label string, to ...any) views.Btn {
		return views.Btn{Label: label, Href: v.path(to...)}
	}
	send := views.Btn{} // until there is a webhook, the step before is the one to take
	if counts.Webhooks > 0 && !o.Called {
		w, err := v.server.DB.ExampleWebhook(v.UserContext(), v.Workspace.ID)
		if err != nil {
			return nil, models.In("dashboard: webhook of the first call", err)
		}
		send = button("Send a test call", "webhooks", w.ID, "console")
	}
	steps := []struct {
		done        bool
		title, text string
		action      views.Btn
		offer       []views.Option
	}{
		{true, "Name the workspace", v.Workspace.Name + ", " + v.Workspace.TimeZone + ".", views.Btn{}, nil},
		{counts.MergeTags > 0, "Create merge tags", mergeTags, button("Create merge tag", "merge-tags", "new"), usualOptions()},
		{counts.Webhooks > 0 || o.Called, "Create a webhook", "A web address that your shop, form or till calls when somebody signs up or leaves.", button("Create Webhook", "webhooks", "new"), nil},
		{o.Called, "Send a first request", "From the webhook's own page, here or with a ready-made snippet. The contact is there immediately, and the request shows what happened to every field.", send, nil},
		{counts.Segments > 0, "Create a segment", "A rule, such as “subscribed and from Austria”. Contacts enter and leave as they match.", button("Create segment", "segments", "new"), nil},
	}
	var all []views.FirstStep
	next := true
	for _, s := range steps {
		step := views.FirstStep{Title: s.title, Text: s.text}
		if s.done {
			step.State = "done"
		} else if v.canChange() {
			step.Action, step.Offer, step.Post = s.action, s.offer, v.path("merge-tags", "usual")
		}
		if next && !s.done {
			step.State, next = "now", false
			step.Action.Kind = views.Primary
		}
		all = append(all, step)
	}
	tell := views.FirstStep{Title: "Let something follow", Optional: true,
		Text: "An automation adds a tag, tells the team or sends a message to another system, its destination, when something happens to a contact."}
	if counts.Automations > 0 {
		tell.State = "done"
	} else if v.canChange() {
		tell.Action = button("Create automation", "automations", "new")
	}
	return append(all, tell), nil
}

func firstKeys(tags []models.MergeTag) string {
	var keys []string
	for _, m := range tags[:min(3, len(tags))] {
		keys = append(keys, m.Key)
	}
	if more := len(tags) - len(keys); more > 0 {
		return strings.Join(keys, ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(keys, ", ")
}

// stepsDone counts the steps that are not optional, and those of them that are done.
func stepsDone(steps []views.FirstStep) (done, all int) {
	for _, s := range steps {
		if s.Optional {
			continue
		}
		if all++; s.State == "done" {
			done++
		}
	}
	return done, all
}

// usualMergeTags are the merge tags that the first steps offer.
var usualMergeTags = []models.MergeTag{
	{Key: "first_name", Label: "First name", Type: models.MergeTagText},
	{Key: "last_name", Label: "Last name", Type: models.MergeTagText},
	{Key: "birthday", Label: "Birthday", Type: models.MergeTagDate},
}

func usualOptions() (options []views.Option) {
	for _, m := range usualMergeTags {
		options = append(options, views.Option{Value: m.Key, Label: m.Label})
	}
	return options
}

// mergeTagsUsual creates the ticked ones of usualMergeTags. Those that cannot be created, because they exist, are left out.
func (s *Server) mergeTagsUsual(v *visit) error {
	var made []string
	for _, m := range usualMergeTags {
		if !slices.Contains(v.FormAll("key"), m.Key) {
			continue
		}
		_, errs, err := s.DB.CreateMergeTag(v.UserContext(), v.Workspace.ID, v.User.ID, m, s.now())
		if err != nil {
			return models.In("first steps: create a merge tag", err)
		}
		if !errs.Any() {
			made = append(made, m.Label)
		}
	}
	if len(made) == 0 {
		return v.done(v.path(), "No merge tag was created.")
	}
	text := models.NamesAre(made, "merge tags now") + "."
	if len(made) == 1 {
		text = models.NamesAre(made, "a merge tag now") + "."
	}
	return v.doneNext(v.path(), text)
}

// doneNext stores a message for the next page, with a link to the next step if there is no webhook yet, and redirects.
func (v *visit) doneNext(to, text string) error {
	counts, err := v.server.DB.NavCounts(v.UserContext(), v.Workspace.ID, v.server.now())
	if err != nil {
		return models.In("first steps: what is there", err)
	}
	f := views.Flash{Text: text}
	if counts.Webhooks == 0 {
		f.Link, f.LinkText = v.path("webhooks", "new"), "Next: create a webhook"
	}
	if err := v.flash(f); err != nil {
		return err
	}
	return v.Redirect(to, fiber.StatusSeeOther)
}

// stepsHidden is the session's key for hidden first steps of the workspace.
func (v *visit) stepsHidden() string { return "steps_hidden " + strconv.FormatInt(v.Workspace.ID, 10) }

// stepsHide hides the first steps of the workspace until the session ends.
func (s *Server) stepsHide(v *visit) error {
	v.session.Values[v.stepsHidden()] = "1"
	return v.done(v.path(), "First steps are hidden until you sign in again.")
}

package handlers

import (
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// dashboard shows the first page of a workspace.
func (s *Server) dashboard(v *visit) error {
	p, err := v.page(views.SectionDashboard, "Dashboard")
	if err != nil {
		return err
	}
	o, err := s.DB.Overview(v.UserContext(), v.Workspace.ID, s.now())
	if err != nil {
		return models.In("dashboard: overview", err)
	}
	m := views.DashboardModel{Page: p, CanChange: v.canChange()}
	if m.Steps, err = v.firstSteps(o); err != nil {
		return err
	}
	if m.StepsDone = stepsDone(m.Steps); m.StepsDone == len(m.Steps) {
		m.Steps = nil
	}
	if v.counts.Contacts > 0 {
		err = v.growth(&m, o)
	}
	if err == nil && o.Called {
		err = v.dashboardCalls(&m)
	}
	if err == nil && v.counts.Segments > 0 {
		err = v.dashboardSegments(&m)
	}
	if err != nil {
		return err
	}
	return v.show(views.DashboardPage(m))
}

// firstSteps lists what a new workspace needs. Each open step has a button; the next step's is the primary one.
func (v *visit) firstSteps(o store.Overview) ([]views.FirstStep, error) {
	counts := v.counts
	mergeTags := "Names for the fields you want to keep, such as first_name. A field without one is ignored."
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
	steps := []struct {
		done        bool
		title, text string
		action      views.Btn
	}{
		{true, "Name the workspace", v.Workspace.Name + ", " + v.Workspace.TimeZone + ".", views.Btn{}},
		{counts.MergeTags > 0, "Create merge tags", mergeTags, button("Create merge tag", "merge-tags", "new")},
		{counts.Webhooks > 0 || o.Called, "Create a webhook", "A web address that your shop, form or till calls when somebody signs up or leaves.", button("Create Webhook", "webhooks", "new")},
		{o.Called, "Send a first request", "With a ready-made snippet from the webhook's own page. The contact is there immediately, and the request shows what happened to every field.", button("Inbound Webhooks", "webhooks")},
		{counts.Segments > 0, "Create a segment", "A rule, such as “subscribed and from Austria”. Contacts enter and leave as they match.", button("Create segment", "segments", "new")},
	}
	var all []views.FirstStep
	next := true
	for _, s := range steps {
		step := views.FirstStep{Title: s.title, Text: s.text}
		if s.done {
			step.State = "done"
		} else if v.canChange() {
			step.Action = s.action
		}
		if next && !s.done {
			step.State, next = "now", false
			step.Action.Kind = views.Primary
		}
		all = append(all, step)
	}
	return all, nil
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

func stepsDone(steps []views.FirstStep) (n int) {
	for _, s := range steps {
		if s.State == "done" {
			n++
		}
	}
	return n
}

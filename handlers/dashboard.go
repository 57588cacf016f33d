package handlers

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"campaignlark/models"
	"campaignlark/views"
)

const dashboardRows = 5 // of the latest failures and of the busiest webhooks

// dashboard is the first page of a workspace.
func (s *Server) dashboard(v *visit) error {
	p, err := v.page(views.SectionDashboard, "Dashboard")
	if err != nil {
		return err
	}
	ctx, id := v.UserContext(), v.Workspace.ID
	o, err := s.DB.Overview(ctx, id, s.now())
	if err != nil {
		return err
	}
	counts := v.counts
	m := views.DashboardModel{Page: p, CanChange: v.Role.Includes(models.RoleManager), Contacts: v.contactFigures(o, counts),
		All: views.CountUpTo(counts.Contacts, models.ExactCount), Broken: o.BrokenSegments}
	if m.Steps, err = v.firstSteps(o, counts); err != nil {
		return err
	}
	if m.StepsDone = stepsDone(m.Steps); m.StepsDone == len(m.Steps) {
		m.Steps = nil
	}
	if o.Called {
		err = v.dashboardCalls(&m)
	}
	if err != nil {
		return err
	}
	return v.show(views.DashboardPage(m))
}

// contactFigures are the contacts by status.
func (v *visit) contactFigures(o models.Overview, counts models.NavCounts) []views.Figure {
	if counts.Contacts == 0 {
		return nil
	}
	var figures []views.Figure
	for _, f := range []struct {
		status models.Status
		kind   string
		n      int64
	}{{models.StatusSubscribed, "good", o.Subscribed}, {models.StatusUnconfirmed, "warn", o.Unconfirmed}, {models.StatusUnsubscribed, "idle", o.Unsubscribed}} {
		figures = append(figures, views.Figure{Label: f.status.Name(), State: f.kind, Value: views.CountUpTo(f.n, models.ExactCount), Note: "now",
			Href: v.path("contacts") + "?status=" + string(f.status)})
	}
	return figures
}

// firstSteps are what a new workspace needs. Each that is open has a button; that of the next one is the primary.
func (v *visit) firstSteps(o models.Overview, counts models.NavCounts) ([]views.FirstStep, error) {
	mergeTags := "Names for the fields you want to keep, such as first_name. A field without one is ignored."
	if counts.MergeTags > 0 {
		tags, err := v.server.DB.MergeTags(v.UserContext(), v.Workspace.ID)
		if err != nil {
			return nil, err
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
		{o.Called, "Send a first request", "With a ready-made snippet from the webhook's own page. The contact is there at once, and the request shows what became of every field.", button("Inbound Webhooks", "webhooks")},
		{counts.Segments > 0, "Create a segment", "A rule, such as “subscribed and from Austria”. Who fits enters and leaves by itself.", button("Create segment", "segments", "new")},
	}
	var all []views.FirstStep
	next := true
	for _, s := range steps {
		step := views.FirstStep{Title: s.title, Text: s.text}
		if s.done {
			step.State = "done"
		} else if v.Role.Includes(models.RoleManager) {
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

// dashboardCalls reads which webhooks are called, which fails, and the latest failures.
func (v *visit) dashboardCalls(m *views.DashboardModel) error {
	ctx, db, id := v.UserContext(), v.server.DB, v.Workspace.ID
	period := v.callRange("48h")
	var err error
	if m.Calls, m.Total, err = v.callsChart(m.Page, period, 0); err != nil {
		return err
	}
	m.Called, m.Total.FailedHref, m.Ranges = true, v.failuresHref(period, ""), rangeTabs(v.path(), period)
	webhooks, err := db.Webhooks(ctx, id, v.server.now())
	if err != nil {
		return err
	}
	slices.SortStableFunc(webhooks, func(a, b models.WebhookUse) int { return cmp.Compare(b.Calls, a.Calls) })
	for _, w := range webhooks[:min(dashboardRows, len(webhooks))] {
		if w.Calls > 0 {
			m.Busiest = append(m.Busiest, views.BusyWebhook{Name: w.Name, Href: v.path("webhooks", w.ID), Calls: w.Calls, Failures: w.Failures})
		}
	}
	if m.Failing, err = v.failing(webhooks); err != nil {
		return err
	}
	failures, err := db.LastRequests(ctx, id, models.RequestFilter{Outcome: models.OutcomesFailed}, dashboardRows)
	if err != nil {
		return err
	}
	ever, err := db.WebhooksEver(ctx, id)
	if err != nil {
		return err
	}
	names := webhooksByID(ever)
	for _, r := range failures {
		m.Failures = append(m.Failures, v.requestRow(r, names[r.WebhookID]))
	}
	return nil
}

// A webhook fails often when so many of its calls failed in 24 hours, and at least one in so many.
const (
	oftenFailures = 5
	oftenOneIn    = 5
)

// failing is the webhook with the most failures, if it fails often; nil for none.
func (v *visit) failing(webhooks []models.WebhookUse) (*views.FailingWebhook, error) {
	var worst models.WebhookUse
	for _, w := range webhooks {
		if w.Failures >= oftenFailures && w.Failures*oftenOneIn >= w.Calls && w.Failures > worst.Failures {
			worst = w
		}
	}
	if worst.ID == 0 {
		return nil, nil
	}
	reasons, err := v.server.DB.WebhookFailures(v.UserContext(), worst.WorkspaceID, worst.ID, v.server.now())
	if err != nil || len(reasons) == 0 {
		return nil, err
	}
	query := requestQuery{webhook: strconv.FormatInt(worst.ID, 10), outcome: string(models.OutcomesFailed)}
	return &views.FailingWebhook{Name: worst.Name, Calls: worst.Calls, Failures: worst.Failures,
		Mostly: views.OutcomeShort(reasons[0].Outcome), Href: v.requestsURL(query.with())}, nil
}

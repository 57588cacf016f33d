package handlers

import (
	"math"
	"slices"
	"strconv"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/senders"
	"campaignlark/views"
)

const dashboardRows = 5 // for the latest failures, the busiest webhooks and the segments with problems

// dashboardCalls reads the calls over time, the busiest webhooks, the one that fails most, and the latest failures.
func (v *visit) dashboardCalls(m *views.DashboardModel) error {
	ctx, db, id := v.UserContext(), v.server.DB, v.Workspace.ID
	period := v.callRange("48h")
	var err error
	if m.Calls, m.Total, err = v.callsChart(m.Page, period, 0); err != nil {
		return err
	}
	m.Called, m.Total.FailedHref, m.Ranges = true, v.failuresHref(period, ""), rangeTabs(v.path(), period)
	ever, err := db.WebhooksEver(ctx, id)
	if err != nil {
		return models.In("dashboard: webhooks", err)
	}
	webhooks := webhooksByID(ever)
	months, err := db.WebhookMonths(ctx, id, v.server.now())
	if err != nil {
		return models.In("dashboard: calls of the month", err)
	}
	v.addBusiest(m, months, webhooks)
	m.Failing = v.failing(months, webhooks)
	failures, err := db.LastRequests(ctx, id, store.RequestFilter{Outcome: models.OutcomesFailed}, dashboardRows)
	for _, r := range failures {
		m.Failures = append(m.Failures, v.failureRow(r, webhooks[r.WebhookID]))
	}
	return models.In("dashboard: latest requests", err)
}

// addBusiest lists the webhooks with the most calls in 24 hours, without deleted ones.
func (v *visit) addBusiest(m *views.DashboardModel, months []models.WebhookMonth, webhooks map[int64]models.Webhook) {
	for _, u := range months {
		if w := webhooks[u.WebhookID]; u.Calls > 0 && w.ID != 0 && w.DeletedAt == nil && len(m.Busiest) < dashboardRows {
			m.Busiest = append(m.Busiest, views.BusyWebhook{Name: w.Name, Href: v.path("webhooks", w.ID), Calls: u.Calls, Failures: u.Failures})
		}
	}
}

// failing returns the webhook with the most failures among those that fail too often, or nil.
func (v *visit) failing(months []models.WebhookMonth, webhooks map[int64]models.Webhook) *views.FailingWebhook {
	var worst models.WebhookMonth
	for _, u := range months {
		if w := webhooks[u.WebhookID]; w.ID != 0 && w.DeletedAt == nil && u.FailsTooOften() && u.Failures > worst.Failures {
			worst = u
		}
	}
	if worst.WebhookID == 0 {
		return nil
	}
	query := requestQuery{webhook: strconv.FormatInt(worst.WebhookID, 10), outcome: string(models.OutcomesFailed), when: "24h"}
	f := &views.FailingWebhook{Name: webhooks[worst.WebhookID].Name, Calls: worst.Calls, Failures: worst.Failures, Href: v.requestsURL(query.with()),
		Mostly: views.OutcomeShort(worst.Reasons[0].Outcome)}
	if worst.MoreThanUsual() {
		f.Usually = "none"
		if worst.EarlierFailures > 0 {
			f.Usually = "about 1 in " + views.Count(int64(math.Round(float64(worst.EarlierCalls)/float64(worst.EarlierFailures))))
		}
	}
	return f
}

// failureRow shows a failed call and what to do about it.
func (v *visit) failureRow(r models.WebhookRequest, w models.Webhook) views.DashboardFailure {
	f := views.DashboardFailure{RequestRow: v.requestRow(r, w)}
	if len(r.Body) > store.ListedBody {
		return f
	}
	t := &story{visit: v, row: r, webhook: w}
	if body, err := intake.DecodeLogBody(r.Body); err == nil {
		t.body = body
	}
	t.settings, _ = senders.ParseSettings(w.Reading) // what cannot be read gives no advice
	t.lookForAddress()
	look := t.failure()
	f.Do, f.DoCode, f.DoAfter = look.Before, look.Code, look.After
	if look.Reads {
		f.ReadAs, f.ReadAsText = look.Link, look.LinkText
	}
	return f
}

// dashboardSegments lists the segments that are not up to date and counts the others.
func (v *visit) dashboardSegments(m *views.DashboardModel) error {
	all, err := v.segments().List(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("dashboard: segments", err)
	}
	var fresh segments.Freshness
	if slices.ContainsFunc(all, func(g models.Segment) bool { return g.BuildingSlot != nil }) {
		if fresh, err = v.segments().Freshness(v.UserContext(), v.Workspace.ID, m.Now); err != nil {
			return models.In("dashboard: freshness", err)
		}
	}
	for _, g := range all {
		row := segmentRow(g, rule.Schema{}, v.audience(fresh), m.Now) // without the rule in words
		switch {
		case row.Broken != "":
			m.Broken++
			row.Repair = namedSegments(segments.RootCauses(g, all))
		case row.Building:
		default:
			m.UpToDate++
			continue
		}
		if len(m.Segments) < dashboardRows {
			m.Segments = append(m.Segments, row)
		}
	}
	return nil
}

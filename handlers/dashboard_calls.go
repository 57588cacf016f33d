package handlers

import (
	"slices"
	"strconv"
	"strings"
	"time"

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
	m.Called, m.Total.FailedHref, m.Ranges = true, v.failuresHref(m.Calls, ""), rangeTabs(v.path(), period)
	ever, err := db.WebhooksEver(ctx, id)
	if err != nil {
		return models.In("dashboard: webhooks", err)
	}
	webhooks := webhooksByID(ever)
	days, err := db.WebhookDays(ctx, id, v.server.now())
	if err != nil {
		return models.In("dashboard: calls of the day", err)
	}
	unusual, err := v.server.unusual(ctx, id)
	if err != nil {
		return err
	}
	groups, err := db.FailureGroups(ctx, id, v.logBegins())
	if err != nil {
		return models.In("dashboard: failures", err)
	}
	open := failsOpenly(groups, store.CountedFrom(v.server.now()))
	v.addBusiest(m, days, webhooks, unusual, open)
	v.addUnusual(m, ever, unusual)
	m.Failing = v.failing(days, webhooks, unusual, open)
	return v.addFailureGroups(m, groups, webhooks)
}

// newestFailures is among how many failed calls the newest one of each group is looked for.
const newestFailures = 100

// addFailureGroups adds the failed calls of the kept log in groups, each with what to do about its newest call: the latest groups, or all with
// ?failures=all.
func (v *visit) addFailureGroups(m *views.DashboardModel, groups []store.FailureGroup, webhooks map[int64]models.Webhook) error {
	if len(groups) == 0 {
		return nil
	}
	if v.Query("failures") != "all" && len(groups) > dashboardRows {
		m.AllFailures, m.AllGroups = v.path()+"?failures=all#failures", len(groups)
		groups = groups[:dashboardRows]
	}
	failures, err := v.newestFailures(groups, 0)
	if err != nil {
		return err
	}
	for _, g := range groups {
		row := v.failureGroup(g, webhooks[g.WebhookID])
		row.DashboardFailure = v.newestFailure(failures, g, webhooks[g.WebhookID])
		m.Failures = append(m.Failures, row)
	}
	return nil
}

// newestFailures reads the newest failed calls if there are groups of them: of one webhook, or of all for the id 0.
func (v *visit) newestFailures(groups []store.FailureGroup, webhookID int64) ([]models.WebhookRequest, error) {
	if len(groups) == 0 {
		return nil, nil
	}
	failures, err := v.server.DB.LastRequests(v.UserContext(), v.Workspace.ID, store.RequestFilter{WebhookID: webhookID, Outcome: models.OutcomesFailed}, newestFailures)
	return failures, models.In("newest failures", err)
}

// newestFailure shows the newest failed call of a group and what to do about it; nothing if it is not among the failures. The advice to skip
// calls without an address is given only if it fits every call of the group: skipped calls are lost.
func (v *visit) newestFailure(failures []models.WebhookRequest, g store.FailureGroup, w models.Webhook) (f views.DashboardFailure) {
	of := slices.DeleteFunc(slices.Clone(failures), func(r models.WebhookRequest) bool { return r.WebhookID != g.WebhookID || r.Outcome != g.Outcome })
	if len(of) == 0 {
		return f
	}
	t := v.failureStory(of[0], w)
	f = v.failureRow(of[0], t)
	if !t.noAddress {
		return f
	}
	for _, r := range of[1:] {
		if t := v.failureStory(r, w); !t.noAddress && !t.readsNow {
			other := v.failureRow(r, t)
			f.Do, f.DoCode, f.DoAfter, f.ReadAs, f.ReadAsText = other.Do, other.DoCode, other.DoAfter, other.ReadAs, other.ReadAsText
			return f
		}
	}
	return f
}

// logBegins returns the time of the oldest calls that the log keeps.
func (v *visit) logBegins() time.Time {
	return v.server.now().AddDate(0, 0, -v.server.Config.LogRetentionDays)
}

// failureGroup shows a group of failed calls, without its newest call.
func (v *visit) failureGroup(g store.FailureGroup, w models.Webhook) views.FailureGroup {
	query := requestQuery{webhook: strconv.FormatInt(g.WebhookID, 10), outcome: string(g.Outcome)}
	row := views.FailureGroup{Webhook: webhookName(w), What: views.OutcomeShort(g.Outcome), Calls: g.Calls - g.Righted, First: g.FirstHour, Last: g.LastCall, Href: v.requestsURL(query.with()), Dismissed: g.Dismissed}
	switch {
	case g.AllRighted():
		row.Calls = g.Calls
	case g.Righted > 0:
		row.PutRight = views.Count(g.Righted) + " of " + views.Plural(g.Calls, "call", "calls") + " put right"
	}
	if v.canChange() {
		if w.ID != 0 && w.DeletedAt == nil && !views.OutcomeOf(g.Outcome).NotKept {
			row.Replay = withQuery(v.path("requests", "replay"), query.with())
		}
		row.Dismiss, row.WebhookID, row.Outcome = v.path("failures", "dismiss"), g.WebhookID, string(g.Outcome)
	}
	return row
}

// failuresDismiss puts a group of failed calls aside, until the next call fails in the same way. With return=1 it brings the group back.
func (s *Server) failuresDismiss(v *visit) error {
	id, err := strconv.ParseInt(v.Form("webhook"), 10, 64)
	outcome := models.Outcome(v.Form("outcome"))
	if err != nil || !slices.Contains(models.Outcomes, outcome) || !outcome.Failed() {
		return &models.Error{Code: models.CodeInvalid, Message: "Please put failed calls aside with the button beside them, on the dashboard."}
	}
	w, err := s.DB.WebhookEver(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("dismiss failures: webhook", err)
	}
	back := v.path()
	if v.Form("back") == "webhook" {
		back = v.path("webhooks", id)
	}
	if v.Form("return") == "1" {
		if err := s.DB.ReturnFailures(v.UserContext(), v.Workspace.ID, v.User.ID, w, outcome, s.now()); err != nil {
			return models.In("bring failures back", err)
		}
		return v.done(back, "Brought back. The dashboard shows the group again.")
	}
	if err := s.DB.DismissFailures(v.UserContext(), v.Workspace.ID, v.User.ID, w, outcome, s.now()); err != nil {
		return models.In("dismiss failures", err)
	}
	return v.done(back, "Put aside. The group comes back if another call fails in this way. The calls stay in the log.")
}

// addBusiest lists the webhooks with the most calls in 24 hours, without deleted ones.
func (v *visit) addBusiest(m *views.DashboardModel, days []models.WebhookDay, webhooks map[int64]models.Webhook, unusual map[int64]models.Unusual, open map[int64]bool) {
	for _, u := range days {
		if w := webhooks[u.WebhookID]; u.Calls > 0 && w.ID != 0 && w.DeletedAt == nil && len(m.Busiest) < dashboardRows {
			m.Busiest = append(m.Busiest, views.BusyWebhook{Name: w.Name, Href: v.path("webhooks", w.ID), Calls: u.Calls, Failures: u.Failures, Settled: u.Failures > 0 && !open[u.WebhookID],
				Unusual: views.UnusualWords(unusual[u.WebhookID])})
		}
	}
}

// addUnusual adds the webhooks that fail more than usual or are called much less, the first few of them.
func (v *visit) addUnusual(m *views.DashboardModel, webhooks []models.Webhook, unusual map[int64]models.Unusual) {
	for _, w := range webhooks {
		if is := unusual[w.ID]; is.Any() && w.Enabled && w.DeletedAt == nil && len(m.Unusual) < dashboardRows {
			m.Unusual = append(m.Unusual, *v.unusualWebhook(w, is))
		}
	}
}

// failing returns the webhook with the most failures among those of which many calls fail, or nil. One that fails more than usual is left out,
// because it has its own note, and so is one that is not open: its failures were put right or aside.
func (v *visit) failing(days []models.WebhookDay, webhooks map[int64]models.Webhook, unusual map[int64]models.Unusual, open map[int64]bool) *views.FailingWebhook {
	var worst models.WebhookDay
	for _, u := range days {
		w := webhooks[u.WebhookID]
		noted := unusual[w.ID].Failing && w.Enabled || !open[w.ID]
		if w.ID != 0 && w.DeletedAt == nil && !noted && models.ManyFail(u.Failures, u.Calls) && u.Failures > worst.Failures {
			worst = u
		}
	}
	if worst.WebhookID == 0 {
		return nil
	}
	href := v.callsSince(store.CountedFrom(v.server.now()), strconv.FormatInt(worst.WebhookID, 10), models.OutcomesFailed)
	return &views.FailingWebhook{Name: webhooks[worst.WebhookID].Name, Calls: worst.Calls, Failures: worst.Failures, Href: href, Mostly: views.OutcomeShort(worst.Reasons[0].Outcome)}
}

// failureStory reads what is needed to advise about a failed call.
func (v *visit) failureStory(r models.WebhookRequest, w models.Webhook) *story {
	t := &story{visit: v, row: r, webhook: w}
	if body, err := intake.DecodeLogBody(r.Body); err == nil && len(r.Body) <= store.ListedBody {
		t.body = body
	}
	t.settings, _ = senders.ParseSettings(w.Reading) // what cannot be read gives no advice
	t.lookForAddress()
	if looks, unfit := unfitBody(r, t.body); unfit {
		t.hints = []hint{{kind: hintUnfit, body: looks, list: strings.HasPrefix(strings.TrimSpace(t.body.Payload), "[")}}
	}
	return t
}

// failureRow shows a failed call and what to do about it.
func (v *visit) failureRow(r models.WebhookRequest, t *story) views.DashboardFailure {
	f := views.DashboardFailure{RequestRow: v.requestRow(r, t.webhook)}
	if len(r.Body) > store.ListedBody {
		return f
	}
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

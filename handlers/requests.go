package handlers

import (
	"net/url"
	"strconv"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/google/uuid"
)

// requestList shows the calls that match the URL's filters, newest first.
func (s *Server) requestList(v *visit) error {
	p, err := v.page(views.SectionRequests, "Requests")
	if err != nil {
		return err
	}
	webhooks, err := s.DB.WebhooksEver(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("request list: webhooks", err)
	}
	query := v.requestQuery(webhooks)
	m := views.RequestsModel{Page: p, Days: s.Config.LogRetentionDays, CanBuild: v.canChange(),
		Search: query.search, Webhook: query.webhook, Outcome: query.outcome, When: query.when, From: query.from, To: query.to,
		RangeError: query.rangeError, Webhooks: webhookOptions(webhooks), Chips: query.chips(v.path("requests"), webhooks), Clear: v.path("requests")}
	if id, ok := requestID(query.search); ok {
		if _, err := s.DB.Request(v.UserContext(), v.Workspace.ID, id); err == nil {
			return v.Redirect(v.path("requests", id), 303)
		} else if store.ErrorCode(err) != models.CodeNotFound {
			return models.In("request list: read the request", err)
		}
		m.None.Text = "No call of this workspace has this id, or it is older than " + views.Plural(m.Days, "day", "days") + " and was removed."
		return v.show(views.RequestsPage(m))
	}
	if query.unknownWebhook != "" {
		m.None = views.RequestsNone{Text: "There is no webhook “" + shortened(query.unknownWebhook) + "” in this workspace.", Link: v.path("requests"), LinkText: "Show every request"}
		return v.show(views.RequestsPage(m))
	}
	if err := v.fillRequests(&m, query, webhooksByID(webhooks)); err != nil {
		return err
	}
	if err := v.requestsChart(&m, query); err != nil {
		return err
	}
	return v.show(views.RequestsPage(m))
}

// requestsChart draws the calls of 24 hours, or of 7 days if the list shows 7 days. It appears only on the newest page, and only
// for filters that the counters know.
func (v *visit) requestsChart(m *views.RequestsModel, query requestQuery) error {
	if m.Nothing || query.search != "" || query.outcome != "" || query.cursor != (models.Cursor{}) || query.when != "" && query.when != "24h" && query.when != "7d" {
		return nil
	}
	period := callRanges[0]
	if query.when == "7d" {
		period = callRanges[2]
	}
	chart, total, err := v.callsChart(m.Page, period, query.filter.WebhookID)
	if chart.Short = true; total.Calls > 0 {
		m.Chart = &chart
	}
	return err
}

// fillRequests reads the page of the log that matches query.
func (v *visit) fillRequests(m *views.RequestsModel, query requestQuery, webhooks map[int64]models.Webhook) error {
	ctx, db := v.UserContext(), v.server.DB
	page, err := db.Requests(ctx, v.Workspace.ID, query.filter, query.cursor)
	if err != nil {
		return models.In("request list: requests", err)
	}
	n, known, err := db.CountRequests(ctx, v.Workspace.ID, query.filter)
	if err != nil {
		return models.In("request list: count requests", err)
	}
	if known {
		m.Count = views.PluralUpTo(n, models.ExactCount, "request", "requests")
	}
	for _, r := range page.Requests {
		addRequestRow(m, v.requestRow(r, webhooks[r.WebhookID]))
	}
	linkPages(m, query, page, v.requestsURL)
	if len(page.Requests) == 0 {
		m.Nothing = query.plain() && query.cursor == models.Cursor{}
		m.None = v.whyNone(query)
	}
	return nil
}

// addRequestRow appends a call to its day.
func addRequestRow(m *views.RequestsModel, row views.RequestRow) {
	name := views.DayName(row.At, m.Page)
	if last := len(m.ByDay) - 1; last < 0 || m.ByDay[last].Name != name {
		m.ByDay = append(m.ByDay, views.RequestDay{Name: name})
	}
	day := &m.ByDay[len(m.ByDay)-1]
	day.Rows = append(day.Rows, row)
}

// linkPages sets the links to the next and previous page; list builds a URL of the list.
func linkPages(m *views.RequestsModel, query requestQuery, page store.RequestPage, list func(url.Values) string) {
	if n := len(page.Requests); n > 0 {
		if page.Newer {
			m.Newer = list(query.with("after", page.Requests[0].ID.String()))
		}
		if page.Older {
			m.Older = list(query.with("before", page.Requests[n-1].ID.String()))
		}
	} else if page.Newer {
		m.Newer = list(query.with())
	}
	if page.Stopped == uuid.Nil || len(page.Requests) == store.RequestPageSize {
		return
	}
	m.Stopped = models.IDTime(page.Stopped)
	if query.cursor.After != uuid.Nil {
		m.GoOn, m.Newer = list(query.with("after", page.Stopped.String())), ""
	} else {
		m.GoOn, m.Older = list(query.with("before", page.Stopped.String())), ""
	}
}

// whyNone says why no call matches, and suggests a wider search.
func (v *visit) whyNone(query requestQuery) views.RequestsNone {
	days := views.Plural(v.server.Config.LogRetentionDays, "day", "days")
	none := views.RequestsNone{Text: "Nothing matches these filters. Calls older than " + days + " have been removed." + unseenWords(query.search)}
	switch {
	case query.cursor != models.Cursor{}:
		none.Text, none.Link, none.LinkText = "There is nothing more in this direction.", v.requestsURL(query.with()), "Show the newest"
	case query.filter.Address != "":
		none.Text = "No call of the last " + days + " matches these filters and has exactly this address."
		none.Link, none.LinkText = v.requestsURL(requestQuery{search: query.search, part: "1"}.with()), "Search all calls for addresses that contain “"+shortened(query.search)+"”"
	case query.search != "" && query.others():
		none.Link, none.LinkText = v.requestsURL(requestQuery{search: query.search}.with()), "Search all calls for “"+shortened(query.search)+"”"
	}
	return none
}

// requestRow is a call's row in lists. w is its webhook, with id 0 if it no longer exists.
func (v *visit) requestRow(r models.WebhookRequest, w models.Webhook) views.RequestRow {
	row := views.RequestRow{
		Href: v.path("requests", r.ID), At: models.IDTime(r.ID), Status: r.Status, Answer: r.Status, Idle: r.Idle(), Webhook: webhookName(w),
		What: views.OutcomeShort(r.Outcome), SentAs: views.SentAs(r.Method, r.ContentType), Took: time.Duration(r.DurationUs) * time.Microsecond,
	}
	switch {
	case r.Address != nil:
		row.Address = shownAddress(*r.Address)
	case erased(r):
		row.NoAddress = "erased"
	default:
		row.NoAddress = "no address"
	}
	if len(r.Body) > store.ListedBody {
		return row
	}
	if body, err := intake.DecodeLogBody(r.Body); err == nil {
		row.Answer, row.More = answered(r, body), moreOf(r, body)
		if v := body.Verdict; wouldFail(r, body) {
			row.Unproved = "Its signature would not pass: " + lowerFirst(v.Title())
		}
	}
	return row
}

// wouldFail reports whether the signature of a call would not pass, although the call was not refused: its webhook only watches.
func wouldFail(r models.WebhookRequest, body intake.LogBody) bool {
	return body.Verdict != nil && !body.Verdict.Passes() && r.Outcome != models.OutcomeUnverified
}

// moreOf says in a list which part of a call may need attention.
func moreOf(r models.WebhookRequest, body intake.LogBody) string {
	if r.Outcome == models.OutcomeUnreadable || r.Outcome == models.OutcomeMalformed {
		return body.Message
	}
	if r.Outcome.Idle() && body.Mapped != nil {
		for _, c := range body.Mapped.Conditions {
			if !c.Met && len(c.Stood) > 0 {
				return models.Shorten(models.NameInvisible(c.Path), 60) + " is " + models.Shorten(stood(c), 60)
			}
		}
	}
	if r.Failed() || !body.WebhookType.HasTags() { // the other types do not change fields
		return ""
	}
	return fatesInShort(body)
}

// erased reports whether the person's data was erased from this row.
func erased(r models.WebhookRequest) bool {
	return len(r.Body) == 0 && r.Outcome != models.OutcomeNotCommitted
}

// shownAddress formats an address for people, with invisible characters made visible.
func shownAddress(address string) string { return views.Visible(models.ShowEmail(address)) }

func requestID(text string) (uuid.UUID, bool) {
	id, err := uuid.Parse(text)
	return id, err == nil && len(text) == 36
}

func webhooksByID(webhooks []models.Webhook) map[int64]models.Webhook {
	byID := make(map[int64]models.Webhook, len(webhooks))
	for _, w := range webhooks {
		byID[w.ID] = w
	}
	return byID
}

func webhookOptions(webhooks []models.Webhook) []views.Option {
	options := []views.Option{{Label: "Any webhook"}}
	for _, w := range webhooks {
		options = append(options, views.Option{Value: strconv.FormatInt(w.ID, 10), Label: webhookName(w)})
	}
	return options
}

// webhookName returns a webhook's name, marked if it is deleted.
func webhookName(w models.Webhook) string {
	if w.DeletedAt != nil {
		return w.Name + " (deleted)"
	}
	return w.Name
}

package handlers

import (
	"net/url"
	"slices"
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
	query := v.requestQuery(v.Query, webhooks)
	m := views.RequestsModel{Page: p, Days: s.Config.LogRetentionDays, CanBuild: v.canChange(),
		Search: query.search, Webhook: query.webhook, Outcome: query.outcome, When: query.when, From: query.from, To: query.to,
		More: v.Query("more") != "", Status: query.status, Method: query.method, Field: query.field, Value: query.value,
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
	if v.canChange() && !query.filter.Nothing { // the links would leave out what cannot be read
		m.CSV, m.NDJSON = withQuery(v.path("requests.csv"), query.with()), withQuery(v.path("requests.ndjson"), query.with())
		m.Replay, m.Hidden = withQuery(v.path("requests", "replay"), query.with()), hiddenFields(query.with())
	}
	found, err := v.fillRequests(&m, query, webhooksByID(webhooks))
	if err != nil {
		return err
	}
	if err := v.requestsChart(&m, query, found); err != nil {
		return err
	}
	return v.show(views.RequestsPage(m))
}

// foundCalls is what a list knows about the calls that match.
type foundCalls struct {
	many  bool             // they are not counted to the end
	times []store.CallTime // of the newest ones, if counting them has read that
}

// fillRequests reads the page of the log that matches query.
func (v *visit) fillRequests(m *views.RequestsModel, query requestQuery, webhooks map[int64]models.Webhook) (found foundCalls, err error) {
	ctx, db := v.UserContext(), v.server.DB
	if err := v.loadFine(v.Workspace.ID); err != nil {
		return found, err
	}
	page, err := db.Requests(ctx, v.Workspace.ID, query.filter, query.cursor)
	if err != nil {
		return found, models.In("request list: requests", err)
	}
	if found, err = v.countRequests(m, query, page); err != nil {
		return found, err
	}
	mended, err := v.mended(page.Requests)
	if err != nil {
		return found, err
	}
	for _, r := range page.Requests {
		row := v.requestRow(r, webhooks[r.WebhookID])
		row.Mended = mended[r.ID]
		row.Href = withQuery(row.Href, query.with())
		addRequestRow(m, row)
	}
	linkPages(m, query, page, v.requestsURL)
	if query.cursor == (models.Cursor{}) {
		seen := ""
		if len(page.Requests) > 0 {
			seen = page.Requests[0].ID.String()
		}
		m.Live = withQuery(v.path("requests", "live"), query.with("seen", seen))
	}
	if len(page.Requests) == 0 {
		m.Nothing = query.plain() && !query.filter.Nothing && query.cursor == models.Cursor{}
		m.None = v.whyNone(query)
	}
	return found, nil
}

// countRequests says how many calls match. A search of what was sent is not done twice: the newest page counts what it found. Nor is another
// search whose calls the chart needs too.
func (v *visit) countRequests(m *views.RequestsModel, query requestQuery, page store.RequestPage) (found foundCalls, err error) {
	if query.field+query.value != "" {
		switch newest := query.cursor == (models.Cursor{}); {
		case newest && !page.Older:
			m.Count = views.Plural(len(page.Requests), "request", "requests")
		case newest && page.Stopped == uuid.Nil:
			m.Count = views.Count(int64(len(page.Requests))) + "+ requests"
		}
		return foundCalls{many: true}, nil
	}
	var n store.Counted
	switch newest := query.cursor == (models.Cursor{}); {
	case newest && (!page.Older || page.Stopped != uuid.Nil): // the page has all that a search finds
		n = store.Counted{Calls: int64(len(page.Requests)), Stopped: page.Stopped}
		for _, r := range page.Requests {
			found.times = append(found.times, store.TimeOf(r))
		}
	case newest && v.chartCounts(query):
		found.times, n, err = v.server.DB.CallTimes(v.UserContext(), v.Workspace.ID, query.filter)
	default:
		n, err = v.server.DB.CountRequests(v.UserContext(), v.Workspace.ID, query.filter)
	}
	if m.Count = views.PluralUpTo(n.Calls, models.ExactCount, "request", "requests"); n.Stopped != uuid.Nil && n.Calls <= models.ExactCount {
		m.Count += " in the calls since " + models.IDTime(n.Stopped).In(v.Workspace.Location()).Format("2 Jan, 15:04")
	}
	found.many = n.Calls > models.ExactCount || n.Stopped != uuid.Nil
	return found, models.In("request list: count requests", err)
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
	case query.filter.Nothing:
		none.Text, none.Link, none.LinkText = "A part of the filter cannot be read, so nothing is listed.", v.requestsURL(query.with()), "List requests without that part"
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

// mended returns the failed calls among rows that a replay has put right.
func (v *visit) mended(rows []models.WebhookRequest) (map[uuid.UUID]bool, error) {
	var failed []uuid.UUID
	var workspaces []int64
	for _, r := range rows {
		if r.Failed() {
			failed, workspaces = append(failed, r.ID), append(workspaces, r.WorkspaceID)
		}
	}
	mended := map[uuid.UUID]bool{}
	if len(failed) == 0 {
		return mended, nil
	}
	slices.Sort(workspaces)
	done, err := v.server.DB.Replayed(v.UserContext(), slices.Compact(workspaces), failed, v.server.now())
	for _, id := range done {
		mended[id] = true
	}
	return mended, models.In("request list: replays", err)
}

// requestRow is a call's row in lists. w is its webhook, with id 0 if it no longer exists.
func (v *visit) requestRow(r models.WebhookRequest, w models.Webhook) views.RequestRow {
	row := views.RequestRow{
		ID: r.ID.String(), Href: v.path("requests", r.ID), At: models.IDTime(r.ID), Status: r.Status, Answer: r.Status, Idle: r.Idle(), Replay: r.ReplayOf != nil, Webhook: webhookName(w),
		What: views.OutcomeShort(r.Outcome), SentAs: views.SentAs(r.Method, r.ContentType), Took: time.Duration(r.DurationUs) * time.Microsecond,
	}
	switch {
	case r.Address != nil:
		row.Address = shownAddress(*r.Address)
		if r.ContactID != nil && r.WorkspaceID == v.Workspace.ID {
			row.Contact = v.path("contacts", *r.ContactID)
		}
	case erased(r):
		row.NoAddress = "erased"
	default:
		row.NoAddress = "no address"
	}
	if len(r.Body) > store.ListedBody {
		return row
	}
	if body, err := intake.DecodeLogBody(r.Body); err == nil {
		row.Answer = answered(r, body)
		row.Lost, row.More = moreOf(r, body, v.fine[r.WebhookID])
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

// moreOf says in a list which part of a call may need attention: lost is about values that were not stored. fine are the fields that are fine
// to ignore.
func moreOf(r models.WebhookRequest, body intake.LogBody, fine map[string]bool) (lost, more string) {
	if r.Outcome == models.OutcomeUnreadable || r.Outcome == models.OutcomeMalformed {
		return "", models.Shorten(body.Message, 160)
	}
	if r.Outcome.Idle() && body.Mapped != nil {
		for _, c := range body.Mapped.Conditions {
			switch place := models.Shorten(models.NameInvisible(c.Path), 60); {
			case c.Met:
			case len(c.Stood) > 0:
				return "", place + " is " + models.Shorten(stood(c), 60)
			default:
				return "", "Nothing stands at " + place
			}
		}
	}
	if r.Failed() || !body.WebhookType.HasTags() { // the other types do not change fields
		return "", ""
	}
	return fatesInShort(body, fine)
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

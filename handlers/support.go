package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// supportPath lists the calls of all workspaces, for support staff.
const supportPath = "/support/requests"

// supportPage builds the frame of a support page. Its times are in UTC because the workspaces' time zones differ.
func (v *visit) supportPage(section, title string, crumbs ...views.Crumb) (views.Page, error) {
	p := views.Page{Title: title, Section: section, Crumbs: crumbs, Support: true, Workspace: views.Workspace{Name: "Support"},
		UserEmail: v.User.Email, UserName: v.User.Name, Theme: v.User.Theme, Staff: true, CSRF: maskedToken(v.session), Once: models.NewToken()[:22], Whose: whose(v.User), Flash: v.message(), Assets: assets(),
		Loc: time.UTC, Now: v.server.now()}
	own, err := v.workspaces()
	for _, w := range own {
		p.Workspaces = append(p.Workspaces, views.Workspace{Name: w.Name, Slug: w.Slug})
	}
	if err == nil && section == views.SectionRequests {
		p.Invited, err = v.invitedTo()
	}
	return p, err
}

// supportList finds calls of all workspaces by a whole address, a webhook's URL or a request id, or lists the newest that match filters. It
// lists nothing until something was asked for.
func (s *Server) supportList(v *visit) error {
	p, err := v.supportPage(views.SectionRequests, "Find a request")
	if err != nil {
		return err
	}
	f, err := v.finder()
	if err != nil {
		return err
	}
	to, err := f.shortcut()
	if err != nil {
		return err
	}
	if to != "" {
		return v.Redirect(to, 303)
	}
	m := f.model(p)
	if m.Asked = f.asked(); m.Asked && f.none.Text == "" {
		if err := f.find(&m); err != nil {
			return err
		}
	}
	if m.Asked && f.none.Text == "" {
		if m.Contacts, err = f.contactsFound(); err != nil {
			return err
		}
	}
	if m.Asked && len(m.ByDay) == 0 {
		m.None = f.whyNone()
	}
	return v.show(views.SupportPage(m))
}

// supportLive is requestsLive for the list of support staff.
func (s *Server) supportLive(v *visit) error {
	f, err := v.finder()
	if err != nil {
		return err
	}
	switch {
	case !v.streams():
		return v.Redirect(withQuery(supportPath, f.query.with()), fiber.StatusSeeOther)
	case f.none.Text != "":
		return &models.Error{Code: models.CodeInvalid, Message: f.none.Text}
	}
	return v.followCalls(f.workspace.ID, f.query.filter, true)
}

// finder is one search of support staff.
type finder struct {
	visit      *visit
	workspaces []models.Workspace // all of them, by name
	workspace  models.Workspace   // the chosen one; id 0 for all
	webhooks   []models.Webhook   // of the chosen workspace
	query      requestQuery
	none       views.RequestsNone // why there are no results
}

// finder reads the search in the URL.
func (v *visit) finder() (f finder, err error) {
	f.visit = v
	if f.workspaces, err = v.server.DB.Workspaces(v.UserContext()); err != nil {
		return f, models.In("support: workspaces", err)
	}
	return f, f.read()
}

// asked reports whether the URL asks for something.
func (f *finder) asked() bool {
	return f.none.Text != "" || !f.query.plain() || f.query.same != "" || f.workspace.ID != 0 || f.query.cursor != models.Cursor{}
}

// personOf names the person of a call in a list without showing who it is. The name is the same for all calls of the person while the session
// lasts, and an HMAC with the session's secret, so that nobody can compute it from an address. Calls without an address get "".
func (f *finder) personOf(r models.WebhookRequest) string {
	switch {
	case r.Address == nil:
		return ""
	case *r.Address == f.query.filter.Address && f.query.same != "":
		return "the same address"
	case *r.Address == f.query.filter.Address:
		return "the address you searched for"
	}
	mac := hmac.New(sha256.New, []byte(f.visit.session.ID))
	mac.Write([]byte("person in a list of support: " + *r.Address))
	return "Person " + personLetters.EncodeToString(mac.Sum(nil))[:4]
}

// personLetters writes five bits as a letter or digit that is not mistaken for another.
var personLetters = base32.NewEncoding("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")

// read reads the URL.
func (f *finder) read() (err error) {
	v := f.visit
	for _, w := range f.workspaces {
		if w.Slug == cleanText(v.Query("workspace")) {
			f.workspace = w
		}
	}
	if f.workspace.ID != 0 {
		if f.webhooks, err = v.server.DB.WebhooksEver(v.UserContext(), f.workspace.ID); err != nil {
			return models.In("support: webhooks", err)
		}
	}
	f.query = v.requestQueryOf(f.workspace, v.Query, f.webhooks)
	f.query.workspace, f.query.part = f.workspace.Slug, ""
	f.query.field, f.query.value = "", "" // support staff may not see sent values, so they may not search for them
	f.query.readContent("", "")
	f.none = f.notThere()
	if v.Query("sent") != "" {
		f.readSent()
	}
	if f.query.filter.Containing != "" {
		f.query.filter.Containing = ""
		f.none.Text = "This is not a whole e-mail address, a webhook URL of any workspace or a request id. You cannot search for parts of an address here."
	}
	id, ok := requestID(v.Query("same"))
	if ok && f.query.search == "" {
		return f.readSame(id)
	}
	if !ok && v.Query("same") != "" {
		f.none.Text = "The call with this address no longer exists, or the person was erased."
	}
	return nil
}

// readSent looks for the address in what calls sent, in place of those for it: refused calls, unless another outcome is chosen.
func (f *finder) readSent() {
	filter := &f.query.filter
	if filter.Address == "" {
		return
	}
	f.query.sent, filter.Sent, filter.Address = "1", filter.Address, ""
	if filter.Outcome == "" {
		filter.Outcome = models.OutcomesFailed
	}
	*filter = intake.ByContent(*filter)
}

// sentLink leads to the search for the address in what refused calls sent; "" if no address is searched for, or if this is that search.
func (f *finder) sentLink() string {
	if f.query.search == "" || f.query.filter.Address == "" {
		return ""
	}
	return withQuery(supportPath, f.query.with("sent", "1"))
}

// notThere says that the URL names a workspace or webhook that does not exist, so nothing matches.
func (f *finder) notThere() views.RequestsNone {
	none := views.RequestsNone{Link: supportPath, LinkText: "Begin again"}
	switch slug := cleanText(f.visit.Query("workspace")); {
	case slug != "" && f.workspace.ID == 0:
		none.Text = "There is no workspace “" + shortened(models.WithoutAddresses(slug)) + "”."
	case f.query.unknownWebhook != "" && slug == "":
		none.Text = "To filter by webhook, choose its workspace first."
	case f.query.unknownWebhook != "":
		none.Text = "There is no webhook “" + shortened(models.WithoutAddresses(f.query.unknownWebhook)) + "” in this workspace."
	default:
		return views.RequestsNone{}
	}
	return none
}

// readSame filters by the address of another call, without showing it.
func (f *finder) readSame(id uuid.UUID) error {
	row, _, err := f.visit.server.DB.RequestAnywhere(f.visit.UserContext(), id)
	if store.ErrorCode(err) == models.CodeNotFound || err == nil && row.Address == nil {
		f.none.Text = "The call with this address no longer exists, or the person was erased."
		return nil
	}
	if err == nil {
		f.query.same, f.query.filter.Address = id.String(), *row.Address
	}
	return models.In("support: read the request", err)
}

// shortcut returns the redirect for a search that names one call or one webhook. A webhook's URL is secret and must not stay in
// the page's URL.
func (f *finder) shortcut() (to string, err error) {
	ctx, db, search := f.visit.UserContext(), f.visit.server.DB, f.query.search
	if id, ok := requestID(search); ok {
		_, _, err := db.RequestAnywhere(ctx, id)
		if err == nil {
			return supportPath + "/" + id.String(), nil
		}
		f.none.Text = "No call has this id, or it is older than " + f.days() + " and was removed."
		return "", models.In("support: read the request", ignoreNotFound(err))
	}
	hash := hashIn(search)
	if hash == "" {
		return "", nil
	}
	webhook, workspace, err := db.WebhookOfHash(ctx, hash)
	if err == nil {
		return withQuery(supportPath, requestQuery{workspace: workspace.Slug, webhook: strconv.FormatInt(webhook.ID, 10)}.with()), nil
	}
	if ignoreNotFound(err) == nil && strings.Contains(search, "/") {
		f.none.Text = "No webhook has this URL now. Calls to it are answered with 404 and are not logged. Webhooks of deleted workspaces cannot be found."
	}
	return "", models.In("support: webhook of an address", ignoreNotFound(err))
}

// hashIn returns the hash in the first word of search that is a webhook's URL or looks like it (endpointHash), or search itself if it
// may be a hash, else "".
func hashIn(search string) string {
	for word := range strings.FieldsSeq(search) {
		if hash, looks := endpointHash(word); looks {
			return hash
		}
	}
	if len(search) < 20 || strings.ContainsAny(search, "@ ./") {
		return ""
	}
	return search
}

func (f *finder) days() string {
	return views.Plural(f.visit.server.Config.LogRetentionDays, "day", "days")
}

// model builds the view model without the results.
func (f *finder) model(p views.Page) views.SupportModel {
	q := f.query
	m := views.SupportModel{Workspace: q.workspace, InZone: f.workspace.Location().String(), RequestsModel: views.RequestsModel{Page: p, Days: f.visit.server.Config.LogRetentionDays,
		Search: q.search, Webhook: q.webhook, Outcome: q.outcome, When: q.when, From: q.from, To: q.to,
		RangeError: q.rangeError, Chips: q.chips(supportPath, f.webhooks), Clear: supportPath}}
	if f.workspace.ID != 0 {
		m.Webhooks = webhookOptions(f.webhooks)
		rest := q
		rest.workspace, rest.webhook = "", ""
		m.Chips = append(m.Chips, views.Chip{Label: f.workspace.Name, Href: withQuery(supportPath, rest.with())})
	}
	if q.sent != "" {
		rest, label := q, "The address stands in what was sent"
		if rest.sent = ""; q.outcome == "" {
			label = "The address stands in what refused calls sent"
		}
		m.Chips = append(m.Chips, views.Chip{Label: label, Href: withQuery(supportPath, rest.with())})
	}
	m.Sent = f.sentLink()
	if q.same != "" {
		rest := q
		rest.same = ""
		m.Chips = append(m.Chips, views.Chip{Label: "Same address as in " + shortID(q.same), Href: withQuery(supportPath, rest.with())})
	}
	m.Workspaces = []views.Option{{Label: "Every workspace"}}
	for _, w := range f.workspaces {
		m.Workspaces = append(m.Workspaces, views.Option{Value: w.Slug, Label: w.Name})
	}
	return m
}

// find reads the requested page of the log.
func (f *finder) find(m *views.SupportModel) error {
	ctx, db, homes := f.visit.UserContext(), f.visit.server.DB, map[int64]models.Workspace{}
	var ids []int64
	for _, w := range f.workspaces {
		if homes[w.ID] = w; f.workspace.ID == 0 || w.ID == f.workspace.ID {
			ids = append(ids, w.ID)
		}
	}
	page, err := db.RequestsOf(ctx, ids, f.query.filter, f.query.cursor)
	if err != nil {
		return models.In("support: requests", err)
	}
	webhooks, err := db.WebhooksOf(ctx, page.Requests)
	if err != nil {
		return models.In("support: webhooks", err)
	}
	in := map[int64]bool{}
	for _, r := range page.Requests {
		in[r.WorkspaceID] = true
	}
	if err := f.visit.loadFine(slices.Collect(maps.Keys(in))...); err != nil {
		return err
	}
	mended, err := f.visit.mended(page.Requests)
	if err != nil {
		return err
	}
	for _, r := range page.Requests {
		row := f.visit.requestRow(masked(r), webhooks[r.WebhookID])
		row.Mended = mended[r.ID]
		row.Href, row.Workspace, row.ShortID = supportPath+"/"+r.ID.String(), homes[r.WorkspaceID].Name, shortID(r.ID.String())
		if f.workspace.ID != 0 { // all workspaces would be too much for one page
			if row.Unusual, err = f.visit.unusualOf(webhooks[r.WebhookID]); err != nil {
				return err
			}
		}
		row.Zone = besideUTC(homes[r.WorkspaceID])
		if person := f.personOf(r); person != "" {
			row.Address, row.NoAddress = "", person
		}
		if r.Outcome == models.OutcomeUnreadable {
			row.More = "" // it may quote sent values
		}
		addRequestRow(&m.RequestsModel, row)
	}
	if f.query.cursor == (models.Cursor{}) {
		seen := ""
		if len(page.Requests) > 0 {
			seen = page.Requests[0].ID.String()
		}
		m.Live = withQuery(supportPath+"/live", f.query.with("seen", seen))
	}
	linkPages(&m.RequestsModel, f.query, page, func(values url.Values) string { return withQuery(supportPath, values) })
	if len(page.Requests) > 0 && m.Newer == "" && m.Older == "" && m.GoOn == "" {
		m.Count = views.Plural(len(page.Requests), "request", "requests") + " in " + views.Plural(len(in), "workspace", "workspaces")
	}
	return nil
}

// whyNone says why no call matches.
func (f *finder) whyNone() views.RequestsNone {
	switch {
	case f.none.Text != "":
		return f.none
	case f.query.cursor != models.Cursor{}:
		return views.RequestsNone{Text: "There is nothing more in this direction.", Link: withQuery(supportPath, f.query.with()), LinkText: "Show the newest"}
	case f.query.sent != "":
		return views.RequestsNone{Text: "No call of the last " + f.days() + " that matches these filters was sent with this address in one of its values. The log keeps the first 64 KB of what a call sent."}
	case f.query.filter.Address != "":
		return views.RequestsNone{Text: "No call of the last " + f.days() + " matches these filters and has exactly this address."}
	}
	return views.RequestsNone{Text: "Nothing matches these filters. Calls older than " + f.days() + " have been removed." + unseenWords(f.query.search)}
}

// besideUTC returns the zone of a workspace, whose time is shown beside UTC; nil if it is the same.
func besideUTC(w models.Workspace) *time.Location {
	if zone := w.Location(); zone.String() != time.UTC.String() {
		return zone
	}
	return nil
}

// shortID returns the end of a request id, enough to distinguish the calls on a page.
func shortID(id string) string { return "…" + id[len(id)-6:] }

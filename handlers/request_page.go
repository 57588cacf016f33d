package handlers

import (
	"strconv"
	"time"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
)

// story collects everything known about one call.
type story struct {
	visit        *visit
	row          models.WebhookRequest
	body         intake.LogBody
	unusual      string // about the calls of the webhook, in words
	erased       bool   // the person's data was erased from the log
	webhook      models.Webhook
	mergeTags    map[string]models.MergeTag // current ones, by key
	moves        []store.SegmentMove
	movedTags    []models.Tag // of the webhook, if the call moved its contact
	waits        bool         // the segments are not yet recalculated
	builds       []store.FirstBuild
	retiredAt    time.Time
	others       int64                  // other calls for the same address
	contactID    int64                  // of the contact as it is now, 0 if none
	hints        []hint                 // what the sender probably does wrong
	onlyFiles    bool                   // the call had files, and no fields
	tree         *shownTree             // of a call that was read by a mapping; nil if its payload is shown as lines
	places       map[string]string      // by path: where a value stood, in words
	unasked      int                    // values of such a call that nothing asked for
	unaskedNames []string               // the places of the first of them
	noAddress    bool                   // the call was refused, and has no e-mail address by the present reading of its webhook
	emptyAddress senders.Path           // of such a call: where the address is empty; zero if no place of it is in the call
	looksLike    *senders.Sender        // whose mark a call without an e-mail address has; nil if it is not recognised
	readsNow     bool                   // the call was refused, and its webhook finds an e-mail address in it now
	doneSince    bool                   // of such a call: a later call for that address was processed
	misnamed     sentLine               // a field with an address under a wrong name, if no address was sent
	doubts       []string               // why a field of the call needs a look, "" if it does not
	readings     [][]senders.As         // the readings by which a refused field of the call fits its merge tag
	fitsNow      []bool                 // whether a refused field of the call fits its merge tag now, as the webhook reads it
	fault        addressFault           // of an address that is not valid
	unseen       string                 // names the characters of such an address that cannot be seen
	settings     senders.Settings       // of the webhook as they are now
	madeWith     string                 // how the secret ends with which the call was signed; "" if it is not known, or not to be shown
	first        models.WebhookRequest  // of a repeated call: the one that was processed; zero if it is gone
	delivery     models.WebhookDelivery // of a call that was processed: its repeats
	differs      otherCall              // of a repeated call: how it differs from the first one
	hidden       bool                   // what was sent is not shown
	fine         map[string]bool        // the fields that are fine to ignore
	replays      []uuid.UUID            // the calls that repeat this one, the newest first, at most maxReplays

	support bool // the page is for support staff, who see nothing but the call

	tried       bool   // the call was only tried: body is set, and the log has no row of it
	startedFrom string // of a tried call: what its form was filled with
	triedBy     string // of a call that was sent from "Try a call": by whom
}

// requestShow explains one call.
func (s *Server) requestShow(v *visit) error {
	id, ok := requestID(v.Params("id"))
	if !ok {
		return models.ErrNotFound
	}
	row, err := s.DB.Request(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("request page: read the request", err)
	}
	query, err := v.listQuery()
	if err != nil {
		return err
	}
	if side := v.Query("go"); side == "older" || side == "newer" {
		return v.goBeside(row, query, side)
	}
	t := &story{visit: v, row: row}
	if err := t.read(); err != nil {
		return err
	}
	t.hide()
	at := models.IDTime(row.ID).In(v.Workspace.Location()).Format("15:04:05")
	crumbs := []views.Crumb{{Text: "Requests", Href: v.path("requests")}}
	if t.webhook.ID != 0 {
		crumbs = append(crumbs, views.Crumb{Text: t.webhook.Name, Href: t.webhookCalls()})
	}
	p, err := v.page(views.SectionRequests, "Request "+at, append(crumbs, views.Crumb{Text: at})...)
	if err != nil {
		return err
	}
	m := t.model(p)
	link := func(list string) func(before string) string {
		return func(before string) string {
			beside := query.with()
			if before != "" {
				beside.Set(list, before)
			}
			return withQuery(v.path("requests", row.ID), beside) + "#" + list
		}
	}
	m.Deliveries, err = v.deliveriesOf(link("deliveries"), func(before uuid.UUID, limit int) ([]deliveries.Row, error) {
		return v.destinations().OfRequest(v.UserContext(), row.WorkspaceID, row.ID, before, limit)
	}, func() (int64, error) {
		return v.destinations().CountOfRequest(v.UserContext(), row.WorkspaceID, row.ID)
	})
	if err != nil {
		return models.In("request page: deliveries", err)
	}
	m.Deliveries.All = withQuery(v.path("deliveries"), deliveryQuery{request: row.ID.String()}.with())
	if m.Runs, err = v.runsOf(automations.RunFilter{RequestID: &row.ID}, link("runs")); err != nil {
		return models.In("request page: runs", err)
	}
	if m.Beside, err = v.besideLinks(row, query); err != nil {
		return err
	}
	return v.show(views.RequestPage(m))
}

// listQuery returns the filters of the list from which the page was opened.
func (v *visit) listQuery() (requestQuery, error) {
	if v.Context().QueryArgs().Len() == 0 {
		return requestQuery{}, nil
	}
	webhooks, err := v.server.DB.WebhooksEver(v.UserContext(), v.Workspace.ID)
	return v.requestQuery(v.Query, webhooks), models.In("request page: webhooks", err)
}

// besideLinks links to the calls beside this one in the list from which it was opened, and says its place there.
func (v *visit) besideLinks(row models.WebhookRequest, query requestQuery) (views.RequestBeside, error) {
	page := v.path("requests", row.ID)
	links := views.RequestBeside{Older: withQuery(page, query.with("go", "older")), Newer: withQuery(page, query.with("go", "newer")), List: v.requestsURL(query.with())}
	if query.plain() {
		return links, nil
	}
	place, all, known, err := v.server.DB.RequestPlace(v.UserContext(), v.Workspace.ID, query.filter, row.ID)
	if known && query.filter.Covers(row) {
		links.Place = views.Count(place) + " of " + views.Count(all) + " in the list"
	}
	return links, models.In("request page: place in the list", err)
}

// goBeside redirects to the call before or after this one in the list from which the page was opened, or back here at its end.
func (v *visit) goBeside(row models.WebhookRequest, query requestQuery, side string) error {
	id, err := v.server.DB.RequestBeside(v.UserContext(), v.Workspace.ID, query.filter, row.ID, side == "older")
	if store.ErrorCode(err) == models.CodeNotFound {
		end := map[string]string{"older": "This is the oldest request", "newer": "This is the newest request"}[side]
		if !query.plain() {
			end += " that matches the filters"
		}
		return v.done(withQuery(v.path("requests", row.ID), query.with()), "%s.", end)
	}
	if err != nil {
		return models.In("request page: neighbor", err)
	}
	return v.Redirect(withQuery(v.path("requests", id), query.with()), fiber.StatusSeeOther)
}

// read reads everything about the call from the database.
func (t *story) read() (err error) {
	ctx, db, row := t.visit.UserContext(), t.visit.server.DB, t.row
	t.erased = erased(row) && !t.tried
	if body, err := intake.DecodeLogBody(row.Body); err == nil && !t.tried {
		t.body = body
	} // an unreadable body is shown as if none was kept
	t.look()
	if t.webhook, err = db.WebhookEver(ctx, row.WorkspaceID, row.WebhookID); err != nil && store.ErrorCode(err) != models.CodeNotFound {
		return models.In("request page: webhook", err)
	}
	if t.unusual, err = t.visit.unusualOf(t.webhook); err != nil {
		return err
	}
	t.settings, _ = senders.ParseSettings(t.webhook.Reading) // of a webhook that is gone: none
	if found := t.lookForAddress(); found != "" {
		if t.doneSince, err = t.visit.processedSince(row, found); err != nil {
			return err
		}
	}
	if err := t.readDelivery(); err != nil {
		return err
	}
	t.lookAtFirst()
	if err := t.readSecret(); err != nil {
		return err
	}
	if !t.tried {
		if t.replays, err = db.ReplaysOf(ctx, row.WorkspaceID, row.ID, maxReplays); err != nil {
			return models.In("request page: replays", err)
		}
	}
	tags, err := db.MergeTags(ctx, row.WorkspaceID)
	if err != nil {
		return models.In("request page: merge tags", err)
	}
	t.mergeTags = map[string]models.MergeTag{}
	for _, m := range tags {
		t.mergeTags[m.Key] = m
	}
	if t.body.Mapped == nil && fateCount(t.body, intake.FateIgnored) > 0 {
		all, err := db.FineFields(ctx, row.WorkspaceID)
		if err != nil {
			return models.In("request page: fields that are fine to ignore", err)
		}
		t.fine = all[row.WebhookID]
	}
	t.lookAtFields()
	t.lookAtReadings()
	t.readTree()
	if t.tried {
		return t.readPerson()
	}
	if t.body.TriedBy != 0 && !t.support {
		if t.triedBy, err = db.EmailOf(ctx, t.body.TriedBy); err != nil {
			return models.In("request page: who tried it", err)
		}
	}
	if t.moves, err = db.RequestMoves(ctx, row.WorkspaceID, row.ID); err != nil {
		return models.In("request page: segments that changed", err)
	}
	if len(t.moves) > 0 && len(t.body.TagsAdded) > 0 {
		if t.movedTags, err = db.WebhookTags(ctx, row.WorkspaceID, row.WebhookID); err != nil {
			return models.In("request page: tags of the webhook", err)
		}
	}
	if row.ContactID != nil && len(t.moves) == 0 {
		if t.waits, err = db.MarkWaits(ctx, row.WorkspaceID, row.ID); err != nil {
			return models.In("request page: marks", err)
		}
	}
	if row.ContactID != nil {
		if t.builds, err = db.FirstBuilds(ctx, row.WorkspaceID, *row.ContactID, models.IDTime(row.ID)); err != nil {
			return models.In("request page: first builds", err)
		}
	}
	if row.Outcome == models.OutcomeHashRetired {
		if t.retiredAt, err = db.HashRetiredAt(ctx, row.WorkspaceID, row.WebhookID, models.IDTime(row.ID)); err != nil {
			return models.In("request page: history of the address", err)
		}
	}
	if err := t.readPerson(); err != nil {
		return err
	}
	if t.body.Payload != "" && t.body.TriedBy == 0 && row.ReplayOf == nil && (row.Address == nil || t.others > 0) { // a replay and a call from "Try a call" repeat another one on purpose
		earlier, err := db.RequestsJustBefore(ctx, row, repeatSpan, maxEarlier)
		if err != nil {
			return models.In("request page: requests before it", err)
		}
		if h, found := repeated(row, t.body, earlier); found {
			t.hints = append(t.hints, h)
		}
	}
	return nil
}

// readPerson reads what else there is of the call's address.
func (t *story) readPerson() (err error) {
	if t.row.Address == nil {
		return nil
	}
	t.others, t.contactID, err = t.visit.server.DB.AroundRequest(t.visit.UserContext(), t.row.WorkspaceID, *t.row.Address)
	return models.In("request page: requests around it", err)
}

// sentBy says who sent the call from "Try a call"; "" if it came to the webhook's URL.
func (t *story) sentBy() string {
	switch {
	case t.body.TriedBy == 0:
		return ""
	case t.triedBy == "":
		return "a member"
	}
	return t.triedBy
}

// tryAgain returns the page on which the call can be tried again; "" if the person may not, or if the log does not keep what it held. What
// is hidden can be shown there.
func (t *story) tryAgain() string {
	if !t.canRead() || t.erased || t.body.Payload == "" && !t.hidden {
		return ""
	}
	return t.page("webhooks", t.webhook.ID, views.PartConsole) + "?from=" + t.row.ID.String()
}

// model builds the page's view model.
func (t *story) model(p views.Page) views.RequestModel {
	outcome := t.outcome()
	m := views.RequestModel{
		Page: p, ID: t.row.ID.String(), At: models.IDTime(t.row.ID), Kind: t.kind(), Verdict: t.title(outcome),
		Webhook: t.requestWebhook(), WebhookID: t.webhook.ID, Story: t.story(), Facts: t.facts(), TryAgain: t.tryAgain(), First: t.firstHref(), Replay: t.replayHref(),
	}
	switch {
	case outcome.OfAddress && t.row.Address != nil:
		m.Address = shownAddress(*t.row.Address)
	case outcome.OfAddress:
		m.Verdict = "A contact, erased since, " + outcome.Title
	}
	if before := t.body.Before; t.row.Outcome == models.OutcomeResubscribed && before != nil && before.Status == models.StatusUnconfirmed {
		m.Verdict = "is now subscribed"
	}
	if t.row.Failed() {
		m.Lead = "Nothing was changed."
	}
	if t.erased && t.row.Outcome == models.OutcomeDeleted {
		m.Note = "This call to a webhook of type DELETE erased the person's data, here and in all other calls. The log keeps that it happened, when, and through which webhook."
	} else if t.erased && t.row.Outcome == models.OutcomeKeptOut {
		m.Note = "The person was erased, so the log holds no data of this replay. The log keeps that it happened, when, and through which webhook."
	} else if t.erased {
		m.Note = "The person was erased after this call, and with them the data of the call. The log keeps that it happened, when, and through which webhook."
	}
	m.Stops = t.stops(m.Story)
	var issues int
	m.Issues, issues = t.issues()
	m.IssueTitle = issueTitle(t.row, issues)
	return m
}

func (t *story) kind() string {
	switch {
	case t.row.Failed():
		return views.KindBad
	case t.row.Idle():
		return views.KindIdle
	}
	return views.KindGood
}

func issueTitle(r models.WebhookRequest, n int) string {
	switch {
	case r.Failed():
		return "What to do"
	case r.Idle():
		return "Is that right?"
	case n == 1:
		return "One thing to check"
	}
	return strconv.Itoa(n) + " things to check"
}

func (t *story) requestWebhook() views.RequestWebhook {
	w := views.RequestWebhook{Name: "a webhook that no longer exists", Type: string(t.body.WebhookType)}
	if t.webhook.ID == 0 {
		return w
	}
	w.Name = webhookName(t.webhook)
	if w.Type == "" {
		w.Type = string(t.webhook.Type)
	}
	if t.webhook.DeletedAt == nil {
		w.Href = t.page("webhooks", t.webhook.ID)
	}
	w.Unusual = t.unusual
	return w
}

// page links to a page of the workspace, "" for support staff.
func (t *story) page(parts ...any) string {
	if t.support {
		return ""
	}
	return t.visit.path(parts...)
}

// calls links to the workspace's calls that match query.
func (t *story) calls(query requestQuery) string {
	if t.support {
		query.workspace = t.visit.Workspace.Slug
		return withQuery(supportPath, query.with())
	}
	return t.visit.requestsURL(query.with())
}

// callsAlike links to the calls with the same address, without showing the address to support staff.
func (t *story) callsAlike() string {
	if t.support {
		return withQuery(supportPath, requestQuery{same: t.row.ID.String()}.with())
	}
	return t.visit.requestsURL(requestQuery{search: *t.row.Address}.with())
}

// here links to this page.
func (t *story) here() string { return t.pathOf(t.row.ID) }

// pathOf links to the page of a call.
func (t *story) pathOf(id uuid.UUID) string {
	if t.support {
		return supportPath + "/" + id.String()
	}
	return t.visit.path("requests", id)
}

// zone is the page's time zone: the workspace's, or UTC on the support side.
func (t *story) zone() *time.Location {
	if t.support {
		return time.UTC
	}
	return t.visit.Workspace.Location()
}

// webhookCalls links to the webhook's calls.
func (t *story) webhookCalls() string {
	return t.calls(requestQuery{webhook: strconv.FormatInt(t.row.WebhookID, 10)})
}

func (t *story) facts() views.RequestFacts {
	r, at := t.row, models.IDTime(t.row.ID)
	f := views.RequestFacts{
		Took: time.Duration(r.DurationUs) * time.Microsecond, Group: t.body.GroupSize, SentAs: r.Method, SentBy: t.sentBy(),
		KeptUntil: at.AddDate(0, 0, t.visit.server.Config.LogRetentionDays),
	}
	if r.ContentType != "" {
		f.SentAs += ", " + views.Visible(r.ContentType)
	}
	if r.Size > 0 {
		f.Size = views.Bytes(r.Size)
	}
	if r.ClientAddress != nil {
		f.From = *r.ClientAddress
	}
	if r.UserAgent != nil {
		f.Agent = views.Visible(*r.UserAgent)
	}
	if r.Address != nil && t.others > 0 {
		f.Others = views.RequestNear{Text: views.PluralUpTo(t.others, models.ExactCount-1, "other call", "other calls") + " for this address", Href: t.callsAlike()}
	} else if r.Address != nil {
		f.Others.Text = "No other call for this address"
	}
	f.SameID, f.Alike = t.sameID(), t.alike()
	if id := t.deliveryID(); id != "" && !t.hidden {
		f.Delivery = models.NameInvisible(models.Shorten(id, 100))
	}
	f.ReplayOf, f.Replays = t.replayFacts()
	minute := at.In(t.zone()).Truncate(time.Minute)
	span := requestQuery{webhook: strconv.FormatInt(r.WebhookID, 10), when: "range", from: minute.Format(momentLayout), to: minute.Add(time.Minute).Format(momentLayout)}
	f.SameMinute = views.RequestNear{Text: "Same webhook, same minute", Href: t.calls(span)}
	f.SameWebhook = views.RequestNear{Text: "All calls to this webhook", Href: t.webhookCalls()}
	return f
}

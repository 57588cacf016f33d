package handlers

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"campaignlark/automations"
	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
	"campaignlark/views"

	"github.com/google/uuid"
)

// webhookShow shows a webhook: its URL, its latest calls, and how to call it.
func (s *Server) webhookShow(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	u, err := s.DB.WebhookUse(v.UserContext(), v.Workspace.ID, id, s.now())
	if err != nil {
		return models.In("webhook page: webhook", err)
	}
	p, err := v.page(views.SectionWebhooks, u.Name, views.Crumb{Text: "Inbound Webhooks", Href: v.path("webhooks")}, views.Crumb{Text: u.Name})
	if err != nil {
		return err
	}
	m := views.WebhookModel{Page: p, WebhookRow: webhookRow(u), Top: v.webhookTop(u.Webhook, views.PartOverview), CanChange: v.canChange(), URL: s.webhookURL(u.Hash), Created: u.CreatedAt, Waits: !u.Processed, Waited: v.Query("waited") != ""}
	if m.CanChange {
		m.Reach = reachSaid(s.Config.PublicURL)
	}
	users, err := v.usingAutomations()
	if err != nil {
		return err
	}
	m.Automations = users[automations.Used{Subject: models.SubjectWebhook, ID: u.ID}]
	for _, t := range u.Tags {
		m.AddsTags = append(m.AddsTags, views.Named{ID: t.ID, Name: t.Name})
	}
	if !m.CanChange {
		m.URL = s.webhookURL(strings.Repeat("•", 12)) // masked for viewers (DESIGN "Doors")
	}
	settings, err := senders.ParseSettings(u.Reading)
	if err != nil {
		return models.In("webhook page: settings", err)
	}
	v.addHandled(&m, settings)
	if err := v.addUnproven(&m, u.Webhook, settings); err != nil {
		return err
	}
	mergeTags, err := s.DB.MergeTags(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("webhook page: merge tags", err)
	}
	if settings.Mapping == nil {
		v.addSnippets(&m, u.Webhook, mergeTags, settings.Answering().TrapField)
	}
	if err := v.addRequests(&m, u.Webhook, settings, mergeTags); err != nil {
		return err
	}
	if m.CanChange && m.Waits && len(m.Requests) == 0 {
		m.Steps = v.webhookSteps(u.Webhook, settings)
	}
	if err := v.addFailures(&m); err != nil {
		return err
	}
	if err := v.addUsual(&m, u.Webhook); err != nil {
		return err
	}
	if u.LastCall != nil {
		period := v.callRange("24h")
		if m.Chart, m.Total, err = v.callsChart(p, period, id); err != nil {
			return err
		}
		m.Total.FailedHref, m.Ranges = v.failuresHref(m.Chart, strconv.FormatInt(id, 10)), rangeTabs(v.path("webhooks", id), period)
		if err := v.addTurnedAway(&m, u.Webhook, settings.Answering()); err != nil {
			return err
		}
	}
	return v.show(views.WebhookPage(m))
}

// addUsual adds what is unusual about the webhook's calls, and its failed calls in groups.
func (v *visit) addUsual(m *views.WebhookModel, w models.Webhook) error {
	words, err := v.unusualOf(w)
	if err != nil {
		return err
	}
	if words != "" {
		all, err := v.server.unusual(v.UserContext(), w.WorkspaceID)
		if err != nil {
			return err
		}
		m.Usual = v.unusualWebhook(w, all[w.ID])
	}
	groups, err := v.server.DB.WebhookFailureGroups(v.UserContext(), w.WorkspaceID, w.ID, v.logBegins())
	if err != nil {
		return models.In("webhook page: groups of failures", err)
	}
	failures, err := v.newestFailures(groups, w.ID)
	if err != nil {
		return err
	}
	settings, _ := senders.ParseSettings(w.Reading) // what cannot be read gives no advice
	for _, g := range groups {
		row := v.failureGroup(g, w)
		if row.Dismissed = g.Settled(); !row.Dismissed {
			row.DashboardFailure = v.newestFailure(failures, g, w)
		}
		row.Webhook, row.Back = "", "webhook"
		row.Righted = g.AllRighted()
		if g.Dismissed && !row.Righted && row.Replay != "" { // put right before such calls were counted
			if row.Righted, err = v.righted(g); err != nil {
				return err
			}
		}
		if row.Righted {
			row.Replay, row.Calls, row.PutRight = "", g.Calls, ""
		}
		if row.Do == "" && !row.Dismissed && settings.Mapping == nil {
			row.Do = strings.TrimSuffix(views.OutcomeOf(g.Outcome).Advice, ":")
		}
		m.Groups = append(m.Groups, row)
	}
	return nil
}

// righted reports whether no call of a group of failures is left to replay, as far as a search of the log sees.
func (v *visit) righted(g store.FailureGroup) (bool, error) {
	left := store.RequestFilter{WebhookID: g.WebhookID, Outcome: g.Outcome, OpenAt: v.server.now()}
	found, err := v.server.DB.CountRequests(v.UserContext(), v.Workspace.ID, left)
	return err == nil && found.Calls == 0 && found.Stopped == uuid.Nil, models.In("webhook page: failures to replay", err)
}

// unusualWebhook describes a webhook that is not as usual.
func (v *visit) unusualWebhook(w models.Webhook, is models.Unusual) *views.UnusualWebhook {
	query := requestQuery{webhook: strconv.FormatInt(w.ID, 10)}
	if is.Failing {
		query.outcome, query.when = string(models.OutcomesFailed), "24h"
	}
	return &views.UnusualWebhook{Title: views.UnusualTitle(w.Name, is), Words: views.UnusualWords(is), Threshold: views.UnusualThreshold(is), Calls: v.requestsURL(query.with())}
}

// webhookSteps lists what to do until the first call comes.
func (v *visit) webhookSteps(w models.Webhook, settings senders.Settings) []views.FirstStep {
	who := views.FirstStep{Title: "Who will call it?", State: "now",
		Text:   "Choose the system, such as Typeform or Shopify, and this webhook knows where it puts the e-mail address, how it signs and what its test calls look like. Your own program or form can send the plain format and needs none of this.",
		Action: views.Btn{Label: "Choose the sender", Href: v.path("webhooks", w.ID, views.PartReading), Kind: views.Primary}}
	give := views.FirstStep{Title: "Give the address to the sender", Text: "Paste it where that system asks for a webhook URL."}
	if settings.Mapping != nil {
		who = views.FirstStep{Title: models.Capital(senderName(settings.Sender)) + " will call it", State: "done", Text: "How its calls are read is set up."}
		give.State = "now"
	}
	return []views.FirstStep{{Title: "The address is made", State: "done", Text: views.WebhookDoes(string(w.Type))}, who, give,
		{Title: "See the first call arrive", Text: "Every call has a page that explains it, also a call that fails."}}
}

// addUnproven adds the warning that calls are refused and none has passed.
func (v *visit) addUnproven(m *views.WebhookModel, w models.Webhook, settings senders.Settings) error {
	if !settings.Enforces() {
		return nil
	}
	secrets, err := v.server.DB.WebhookSecrets(v.UserContext(), w.WorkspaceID, w.ID)
	if err != nil {
		return models.In("webhook page: secrets", err)
	}
	calls, err := v.signatureCalls(w, secrets)
	m.Unproven = calls.unproven(settings)
	return models.In("webhook page: signature", err)
}

// addTurnedAway adds how many calls were over a limit in the period of the chart.
func (v *visit) addTurnedAway(m *views.WebhookModel, w models.Webhook, answers senders.Answers) (err error) {
	if answers.LimitWebhook == 0 && answers.LimitNetwork == 0 {
		return nil
	}
	since := m.Chart.Slots[0].From
	m.TurnedAway, err = v.server.DB.TurnedAway(v.UserContext(), v.Workspace.ID, m.ID, since)
	for _, h := range v.server.limits.unstored(w) {
		if !h.Hour.Before(since) {
			m.TurnedAway += h.TurnedAway
		}
	}
	return models.In("webhook page: calls over a limit", err)
}

// addHandled says how the webhook handles its calls, and what to do at a sender of the catalogue.
func (v *visit) addHandled(m *views.WebhookModel, settings senders.Settings) {
	v.addRead(m, settings)
	m.Handled = append(m.Handled, views.HandledLine{Question: "Is it really " + systemOf(settings, "the sender") + "?", Answer: signatureHandled(settings), Link: "Signature",
		Href: v.path("webhooks", m.ID, views.PartSignature)})
	answers := v.path("webhooks", m.ID, views.PartAnswers)
	m.Handled = append(m.Handled, views.HandledLine{Question: "What the caller gets", Answer: answersHandled(settings.Answering()), Link: "Answers", Href: answers},
		views.HandledLine{Question: "At most", Answer: limitsHandled(settings.Answering()), Link: "Limits", Href: answers + "#limits"})
}

// addRead says how the webhook reads its calls.
func (v *visit) addRead(m *views.WebhookModel, settings senders.Settings) {
	page := v.path("webhooks", m.ID, views.PartReading)
	line := func(question, answer, link, place string) {
		m.Handled = append(m.Handled, views.HandledLine{Question: question, Answer: answer, Link: link, Href: page + place})
	}
	if settings.Mapping == nil {
		line("Where the values are", "As documented: email_address, and your merge tags", "Reading", "")
		return
	}
	in := readingInputOf(settings)
	where := "In places of your choice"
	if s := senders.FindSender(settings.Sender); s != nil {
		where = "As " + s.System() + " has them"
		m.SetUp = &views.SenderShown{Key: s.Key, System: s.System(), SetUp: s.SetUp, LeaveOut: leaveOut(s, models.WebhookType(m.Type)), Script: scriptFor(s, m.URL)}
		standard := s.MappingFor(!models.WebhookType(m.Type).HasTags())
		if !slices.Equal(in.when, readingInputOf(senders.Settings{Mapping: &standard}).when) && len(in.when) > 0 {
			only := in
			only.skip = false
			m.SetUp.Counts = "Which calls count was changed here: " + lowerFirst(strings.TrimSuffix(whenSaid(only, pathSaid), "Others are skipped.")) + "The sender need not send others."
		}
	}
	fields := "only the address"
	if n := len(settings.Mapping.Fields); n > 0 {
		fields = views.Plural(n, "field", "fields")
	}
	line("Where the values are", where+"; "+fields, "Reading", "#fields")
	line("Which calls count", strings.TrimSuffix(whenSaid(in, pathSaid), " Others are skipped."), "Change", "#counts")
	line("The same call twice", repeatsSaid(in, pathSaid), "Change", "#repeats")
}

// signatureHandled says what the webhook does about signatures.
func signatureHandled(settings senders.Settings) string {
	switch {
	case settings.Checks() && settings.Signature.Scheme.Form.Signs() && signsOtherwise(settings.Sender, settings.Signature.Scheme):
		said := "Watched"
		if settings.Enforces() {
			said = "Checked"
		}
		how := signatureSaid(settings.Signature.Scheme)
		return said + ", but not as " + senders.FindSender(settings.Sender).System() + " signs: " + lowerFirst(how.Text+" "+how.Code)
	case settings.Enforces():
		return "Checked: a call without a valid signature is refused"
	case settings.Checks():
		return "Watched: signatures are checked, and nothing is refused"
	}
	return "Not checked: anyone who knows the address can call it"
}

// answersHandled says how the webhook answers.
func answersHandled(a senders.Answers) string {
	switch {
	case a.SuccessURL != "" && a.FailureURL != "":
		return "A form leads to your pages; others get the standard answer"
	case a.SuccessURL != "" || a.FailureURL != "":
		return "A form leads to your page; others get the standard answer"
	case len(a.AllowedOrigins) > 0:
		return "The standard answer, or the page that a form of your websites names"
	}
	return "The standard answer"
}

// limitsHandled says how many calls a minute the webhook takes.
func limitsHandled(a senders.Answers) string {
	var parts []string
	if a.LimitWebhook > 0 {
		parts = append(parts, views.Plural(a.LimitWebhook, "call", "calls")+" a minute")
	}
	if a.LimitNetwork > 0 {
		parts = append(parts, views.Plural(a.LimitNetwork, "call", "calls")+" a minute from one network")
	}
	if len(parts) == 0 {
		return "No limit"
	}
	return strings.Join(parts, ", ")
}

// reachSaid says why other systems may not be able to call the program at its public address; "" if nothing speaks against it.
func reachSaid(public *url.URL) string {
	ip, _ := netip.ParseAddr(public.Hostname())
	switch host := public.Hostname(); {
	case host == "localhost" || strings.HasSuffix(host, ".localhost") || ip.IsLoopback() || ip.IsUnspecified():
		return "Other systems cannot reach this address: it works on this computer alone. Ask the person who runs this program to set PUBLIC_URL to the address under which it is reached from outside, such as https://hooks.example.com."
	case public.Scheme == "http":
		return "This address begins with http, so what is sent to it is not encrypted, and many systems refuse to call it. Ask the person who runs this program to set PUBLIC_URL to its https address, such as https://hooks.example.com."
	}
	return ""
}

// webhookURL returns the public URL of the webhook with a hash.
func (s *Server) webhookURL(hash string) string {
	return s.base + inboundPrefix + hash
}

// lastRequests is the number of calls on the page, watchedRequests that of calls whose signatures it counts.
const (
	lastRequests    = 5
	watchedRequests = 50
)

// addRequests adds the webhook's latest calls, the fields of them that no merge tag keeps, and how many of them have a signature that would
// not pass if the webhook watches it.
func (v *visit) addRequests(m *views.WebhookModel, w models.Webhook, settings senders.Settings, mergeTags []models.MergeTag) error {
	if err := v.loadFine(w.WorkspaceID); err != nil {
		return err
	}
	most, watches := lastRequests, settings.Checks() && !settings.Enforces()
	if watches {
		most = watchedRequests
	}
	keeps := w.Type.HasTags() && settings.Mapping == nil
	if keeps {
		most = unkeptCalls
	}
	rows, err := v.server.DB.LastRequests(v.UserContext(), w.WorkspaceID, store.RequestFilter{WebhookID: w.ID}, most)
	if watches {
		m.WouldFail = wouldFailSaid(rows[:min(len(rows), watchedRequests)])
	}
	if keeps {
		m.Unkept = v.unkept(rows, map[int64]models.Webhook{w.ID: w}, mergeTags, "")
	} else if w.Type.HasTags() && len(rows) > 0 {
		m.Unkept.Reading, m.Unkept.AlsoKeys = v.path("webhooks", w.ID, views.PartReading), settings.Mapping.AlsoKeys
	}
	newest := rows[:min(len(rows), lastRequests)]
	mended, err := v.mended(newest)
	if err != nil {
		return err
	}
	for _, r := range newest {
		row := v.requestRow(r, w)
		row.Mended = mended[r.ID]
		m.Requests = append(m.Requests, row)
	}
	if len(rows) > 0 {
		m.Live = v.path("requests", "live") + "?webhook=" + strconv.FormatInt(w.ID, 10) + "&seen=" + rows[0].ID.String()
	}
	if err != nil || !m.Waits || len(rows) == 0 {
		return models.In("webhook page: latest requests", err)
	}
	if rows[0].ReplayOf != nil { // no sender sent it
		if rows, err = v.server.DB.LastRequests(v.UserContext(), w.WorkspaceID, store.RequestFilter{WebhookID: w.ID, NoReplays: true}, 1); err != nil || len(rows) == 0 {
			return models.In("webhook page: latest call", err)
		}
	}
	m.Refused = v.refusedCall(rows[0], w)
	return nil
}

// wouldFailSaid says how many of the calls have a signature that would not pass, "" for none. Calls that were not checked do not count.
func wouldFailSaid(rows []models.WebhookRequest) string {
	checked, failed := 0, 0
	for _, r := range rows {
		if len(r.Body) > store.ListedBody {
			continue
		}
		if body, err := intake.DecodeLogBody(r.Body); err == nil && body.Verdict != nil {
			checked++
			if !body.Verdict.Passes() {
				failed++
			}
		}
	}
	if failed == 0 {
		return ""
	}
	return models.Capital(views.OfLast(failed, checked, "call", "calls")) + " would not pass the check of the signature."
}

// refusedCall shows the last call of a webhook that had no successful call yet.
func (v *visit) refusedCall(r models.WebhookRequest, w models.Webhook) *views.RefusedCall {
	return &views.RefusedCall{DashboardFailure: v.failureRow(r, v.failureStory(r, w)), Stream: v.path("webhooks", w.ID, "wait") + "?seen=" + r.ID.String()}
}

// addFailures adds why calls failed in the last 24 hours.
func (v *visit) addFailures(m *views.WebhookModel) error {
	now := v.server.now()
	failures, err := v.server.DB.WebhookFailures(v.UserContext(), v.Workspace.ID, m.ID, now)
	for _, f := range failures {
		href := v.callsSince(store.CountedFrom(now), strconv.FormatInt(m.ID, 10), f.Outcome)
		m.Failed = append(m.Failed, views.FailureRow{Outcome: f.Outcome, Calls: f.Calls, Href: href})
	}
	return models.In("webhook page: failures", err)
}

// addSnippets adds the example that ?show= names, or the first one. Viewers do not see the URL.
func (v *visit) addSnippets(m *views.WebhookModel, w models.Webhook, mergeTags []models.MergeTag, trap string) {
	if !m.CanChange {
		return
	}
	m.MergeTags = len(mergeTags)
	all := views.Snippets(m.URL, w.Type, mergeTags, trap)
	m.Snippet = all[0]
	for _, s := range all {
		if s.Key == v.Query("show") {
			m.Snippet = s
		}
	}
	for _, s := range all {
		m.Tabs = append(m.Tabs, views.Tab{Label: s.Label, Href: v.path("webhooks", w.ID) + "?show=" + s.Key + "#snippets", Current: s.Key == m.Snippet.Key})
	}
}

package handlers

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"
	"campaignlark/views"
)

const deletedListed = 100 // deleted webhooks in the list

// webhookList lists the workspace's webhooks that match the URL's filters.
func (s *Server) webhookList(v *visit) error {
	all, err := s.DB.Webhooks(v.UserContext(), v.Workspace.ID, s.now())
	if err != nil {
		return models.In("webhook list: list", err)
	}
	p, err := v.page(views.SectionWebhooks, "Inbound Webhooks")
	if err != nil {
		return err
	}
	m := views.WebhooksModel{Page: p, CanChange: v.canChange(), Total: len(all),
		Name: cleanText(v.Query("q")), Type: cleanText(v.Query("type")), State: cleanText(v.Query("state")), Sort: knownSort(v.Query("sort"), webhookSorts), Sorts: webhookSorts}
	m.SortHrefs = hrefsBySort(v.path("webhooks"), url.Values{"q": {m.Name}, "type": {m.Type}, "state": {m.State}}, webhookSorts)
	sortWebhooks(all, m.Sort)
	all = slices.DeleteFunc(all, func(u store.WebhookUse) bool { return !webhookMatches(u, m.Name, m.Type, m.State) })
	if m.Webhooks, err = v.webhookRows(all); err != nil {
		return err
	}
	deleted, err := s.DB.DeletedWebhooks(v.UserContext(), v.Workspace.ID, deletedListed)
	if err != nil {
		return models.In("webhook list: deleted ones", err)
	}
	for _, w := range deleted {
		calls := requestQuery{webhook: strconv.FormatInt(w.ID, 10)}
		m.Deleted = append(m.Deleted, views.DeletedWebhook{Name: w.Name, Calls: v.requestsURL(calls.with()), At: *w.DeletedAt})
	}
	return v.show(views.WebhooksPage(m))
}

// webhookRows returns the rows of a list, with what is unusual about each webhook and its calls by hour.
func (v *visit) webhookRows(all []store.WebhookUse) (rows []views.WebhookRow, err error) {
	now := v.server.now()
	since := store.CountedFrom(now)
	groups, err := v.server.DB.FailureGroups(v.UserContext(), v.Workspace.ID, since)
	if err != nil {
		return nil, models.In("webhook list: failures", err)
	}
	hours, err := v.server.DB.HoursOfWebhooks(v.UserContext(), v.Workspace.ID, now)
	if err != nil {
		return nil, models.In("webhook list: calls by hour", err)
	}
	open, bars := failsOpenly(groups, since), map[int64][]views.HourBar{}
	for _, h := range hours {
		if bars[h.WebhookID] == nil {
			bars[h.WebhookID] = make([]views.HourBar, 24)
		}
		if i := int(h.Hour.Sub(since) / time.Hour); i >= 0 && i < 24 {
			bars[h.WebhookID][i] = views.HourBar{Calls: h.Calls, Failed: h.Failed}
		}
	}
	for _, u := range all {
		row := webhookRow(u)
		if row.Unusual, err = v.unusualOf(u.Webhook); err != nil {
			return nil, err
		}
		row.Settled, row.Hours = row.Failures > 0 && !open[u.ID], bars[u.ID]
		rows = append(rows, row)
	}
	return rows, nil
}

// webhookMatches reports whether a webhook matches the filters. An empty or unknown filter matches all.
func webhookMatches(u store.WebhookUse, name, kind, state string) bool {
	switch {
	case !strings.Contains(models.SortKey(u.Name), models.SortKey(models.CleanName(name))):
		return false
	case models.WebhookType(kind).Valid() && string(u.Type) != kind:
		return false
	case state == "on" && !u.Enabled, state == "off" && u.Enabled:
		return false
	}
	return true
}

func webhookRow(u store.WebhookUse) views.WebhookRow {
	row := views.WebhookRow{ID: u.ID, Name: u.Name, Type: string(u.Type), On: u.Enabled, Sender: callerOf(u.Webhook), Calls: u.Calls, Failures: u.Failures}
	for _, t := range u.Tags {
		row.Tags = append(row.Tags, t.Name)
	}
	if u.LastCall != nil {
		row.LastCall = *u.LastCall
	}
	return row
}

// webhookEnable switches a webhook on.
func (s *Server) webhookEnable(v *visit) error {
	w, err := v.switchWebhook(true)
	if err != nil {
		return err
	}
	return v.done(v.path("webhooks", w.ID), "%s is on again. Calls to its address are processed.", w.Name)
}

// webhookDisableAsk asks for confirmation before a webhook is switched off.
func (s *Server) webhookDisableAsk(v *visit) error {
	_, m, err := v.webhookQuestion("Switch off")
	if err != nil {
		return err
	}
	return v.show(views.WebhookDisablePage(m))
}

// webhookDisable switches a webhook off.
func (s *Server) webhookDisable(v *visit) error {
	w, err := v.switchWebhook(false)
	if err != nil {
		return err
	}
	return v.done(v.path("webhooks", w.ID), "%s is switched off.", w.Name)
}

func (v *visit) switchWebhook(on bool) (models.Webhook, error) {
	w, err := v.webhook()
	if err != nil {
		return w, err
	}
	return w, models.In("webhook: switch it", v.server.DB.EnableWebhook(v.UserContext(), w, v.User.ID, on, v.server.now()))
}

// webhookRotateAsk asks for confirmation before a webhook's URL changes.
func (s *Server) webhookRotateAsk(v *visit) error {
	_, m, err := v.webhookRotation()
	if err != nil {
		return err
	}
	return v.show(views.WebhookRotatePage(m))
}

// webhookRotate gives a webhook a new URL. If somebody else did so after the page was opened, it asks again: their new URL would stop
// working.
func (s *Server) webhookRotate(v *visit) error {
	return untilSeen(func() error {
		w, m, err := v.webhookRotation()
		if err != nil {
			return err
		}
		if m.Failed = m.Users.Asked.Changed; m.Failed {
			return v.again(views.WebhookRotatePage(m))
		}
		if _, err := s.DB.RotateWebhook(v.UserContext(), w, v.User.ID, s.now()); err != nil {
			return models.In("webhook: change the address", err)
		}
		return v.done(v.path("webhooks", w.ID), "The address of %s is changed. The new one is below; the old one no longer works.", w.Name)
	})
}

func (v *visit) webhookRotation() (models.Webhook, views.WebhookQuestion, error) {
	w, m, err := v.webhookQuestion("Change the address")
	m.Users.Asked = v.edit(editField{name: "address", said: "Its address was changed.", stored: []string{digest(w.Hash)}}).state("webhook", nil)
	return w, m, err
}

// webhookDeleteAsk asks for confirmation before a webhook is deleted.
func (s *Server) webhookDeleteAsk(v *visit) error {
	_, m, err := v.webhookDeletion()
	if err != nil {
		return err
	}
	return v.show(views.WebhookDeletePage(m))
}

// webhookDelete deletes a webhook. If a segment's rule uses it, the form has to force it.
func (s *Server) webhookDelete(v *visit) error {
	w, m, err := v.webhookDeletion()
	if err != nil {
		return err
	}
	if v.mustForce(&m.Page, &m.Users) {
		return v.again(views.WebhookDeletePage(m))
	}
	users := segments.Freeze(rule.WebhookRef(w), v.Workspace.ID, v.forced())
	if err := s.DB.DeleteWebhook(v.UserContext(), w, v.User.ID, users, s.now()); err != nil {
		return models.In("webhook: delete", err)
	}
	return v.done(v.path("webhooks"), "%s is deleted. Calls to its address are answered with 404 from now on.%s", w.Name, m.Users.Frozen())
}

func (v *visit) webhookDeletion() (models.Webhook, views.WebhookQuestion, error) {
	w, m, err := v.webhookQuestion("Delete")
	if err != nil {
		return w, m, err
	}
	m.Users, err = v.usersOf("this webhook", rule.WebhookRef(w), usesThing(models.SubjectWebhook, w.ID))
	v.askAbout("webhook", w.Name, &m.Users)
	return w, m, err
}

// webhook returns the webhook in the URL.
func (v *visit) webhook() (models.Webhook, error) {
	id, err := v.id()
	if err != nil {
		return models.Webhook{}, err
	}
	w, err := v.server.DB.Webhook(v.UserContext(), v.Workspace.ID, id)
	return w, models.In("webhook: read it", err)
}

func (v *visit) webhookQuestion(title string) (models.Webhook, views.WebhookQuestion, error) {
	id, err := v.id()
	if err != nil {
		return models.Webhook{}, views.WebhookQuestion{}, err
	}
	u, err := v.server.DB.WebhookUse(v.UserContext(), v.Workspace.ID, id, v.server.now())
	w := u.Webhook
	if err != nil {
		return w, views.WebhookQuestion{}, models.In("webhook: read it with its calls", err)
	}
	p, err := v.page(views.SectionWebhooks, title, views.Crumb{Text: "Inbound Webhooks", Href: v.path("webhooks")},
		views.Crumb{Text: w.Name, Href: v.path("webhooks", w.ID)}, views.Crumb{Text: title})
	return w, views.WebhookQuestion{Page: p, WebhookRow: webhookRow(u)}, err
}

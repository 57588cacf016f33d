package handlers

import (
	"bytes"
	"errors"
	"net/url"
	"slices"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"
	"campaignlark/views"

	"github.com/google/uuid"
)

// history collects what happened to one contact, in order.
type history struct {
	visit    *visit
	contact  models.Contact
	webhooks map[int64]models.Webhook
	segments map[int64]models.Segment
	imports  map[int64]views.ImportLink
	tags     map[string]models.MergeTag // by key
	entries  []happened
}

// happened is one entry. version is the contact's version after it, 0 if it does not decide the order.
type happened struct {
	id      uuid.UUID
	version int64
	entry   views.HistoryEntry
}

// contactHistory adds the contact's history before an id to the page, newest first.
func (v *visit) contactHistory(m *views.ContactModel, c models.Contact, before uuid.UUID, schema rule.Schema) error {
	ctx, db := v.UserContext(), v.server.DB
	kind := v.historyTabs(m)
	found, err := db.ContactHistory(ctx, c, kind, before)
	if err != nil {
		return models.In("contact page: history", err)
	}
	first, err := v.firstEdit(c)
	if err != nil {
		return err
	}
	imports, err := v.importLinks(importsOf(found, first))
	if err != nil {
		return err
	}
	h := history{visit: v, imports: imports, contact: c, tags: map[string]models.MergeTag{}, segments: map[int64]models.Segment{}, webhooks: webhooksByID(schema.Webhooks)}
	for _, t := range schema.MergeTags {
		h.tags[t.Key] = t
	}
	for _, g := range schema.Segments {
		h.segments[g.ID] = g
	}
	h.add(found)
	inOrder(h.entries)
	for _, e := range h.entries {
		day := views.DayName(e.entry.At, m.Page)
		if n := len(m.Days); n == 0 || m.Days[n-1].Name != day {
			m.Days = append(m.Days, views.HistoryDay{Name: day})
		}
		last := &m.Days[len(m.Days)-1]
		last.Entries = append(last.Entries, e.entry)
	}
	for _, f := range found.Former {
		m.Former = append(m.Former, models.ShowEmail(f.Address))
	}
	m.FromStart = before == uuid.Nil
	if found.Earlier != uuid.Nil {
		earlier := url.Values{"before": {found.Earlier.String()}}
		if kind != "" {
			earlier.Set("show", string(kind))
		}
		m.Earlier = v.path("contacts", c.ID) + "?" + earlier.Encode()
	}
	if found.Stopped {
		m.Searched = models.IDTime(found.Earlier)
	}
	switch {
	case c.SourceWebhookID != nil:
		w := h.webhooks[*c.SourceWebhookID]
		m.Origin, m.Source, m.SourceHref = views.OriginCall, w.Name, h.webhookHref(w)
	case first.Action == models.ActionContactImported:
		m.Origin, m.Import = views.OriginImport, imports[first.ContactChange().Import]
	case first.Action == models.ActionContactCreated:
		m.Origin = views.OriginHand
	}
	if c.TouchedAt != nil && c.TouchedWebhookID != nil {
		w := h.webhooks[*c.TouchedWebhookID]
		m.LastCall, m.LastCallHref, m.LastCallAt = w.Name, h.webhookHref(w), *c.TouchedAt
	}
	return nil
}

// historyTabs reads which entries of the history the page shows, and links to the others.
func (v *visit) historyTabs(m *views.ContactModel) (kind store.HistoryKind) {
	m.Newest = v.path("contacts", m.ID)
	if k := store.HistoryKind(v.Query("show")); k == store.HistoryRequests || k == store.HistoryChanges || k == store.HistorySegments {
		kind = k
	}
	for _, tab := range []struct {
		kind  store.HistoryKind
		label string
	}{{"", "All"}, {store.HistoryRequests, "Requests"}, {store.HistoryChanges, "Changes"}, {store.HistorySegments, "Segments"}} {
		href := v.path("contacts", m.ID)
		if tab.kind != "" {
			href += "?show=" + string(tab.kind)
		}
		if tab.kind == kind {
			m.Newest = href
		}
		m.Shows = append(m.Shows, views.Tab{Label: tab.label, Href: href + "#history", Current: tab.kind == kind})
	}
	return kind
}

// firstEdit returns the oldest entry of the audit log about a contact that did not come through a webhook; an empty one if there is
// none any more.
func (v *visit) firstEdit(c models.Contact) (models.AuditEntry, error) {
	if c.SourceWebhookID != nil {
		return models.AuditEntry{}, nil
	}
	first, err := v.server.DB.FirstEdit(v.UserContext(), c.WorkspaceID, c.ID)
	if errors.Is(err, models.ErrNotFound) {
		return models.AuditEntry{}, nil
	}
	return first, models.In("contact page: how it came", err)
}

// importsOf returns the ids of the imports that a contact's history names.
func importsOf(found store.ContactHistory, first models.AuditEntry) (ids []int64) {
	for _, e := range append([]store.ContactEdit{{AuditEntry: first}}, found.Changes...) {
		if id := e.ContactChange().Import; id != 0 {
			ids = append(ids, id)
		}
	}
	for _, m := range found.Moves {
		if m.JobID != nil {
			ids = append(ids, *m.JobID)
		}
	}
	return ids
}

// importLinks names imports by id, with links to those that still have a page.
func (v *visit) importLinks(ids []int64) (map[int64]views.ImportLink, error) {
	found, err := v.server.DB.Imports(v.UserContext(), v.Workspace.ID, ids)
	links := map[int64]views.ImportLink{}
	for id, i := range found {
		link := views.ImportLink{File: i.File}
		if i.There {
			link.Href = v.path("jobs", id)
		}
		links[id] = link
	}
	return links, models.In("names of imports", err)
}

func (h *history) webhookHref(w models.Webhook) string {
	if w.ID == 0 || w.DeletedAt != nil {
		return ""
	}
	return h.visit.path("webhooks", w.ID)
}

func (h *history) add(found store.ContactHistory) {
	for _, r := range found.Requests {
		h.addRequest(r)
	}
	for _, e := range found.Changes {
		change := e.ContactChange()
		h.entries = append(h.entries, happened{e.ID, change.Version, views.HistoryEntry{At: e.At, Edit: h.edit(e, change)}})
	}
	h.addMoves(found.Moves)
}

func (h *history) addRequest(r models.WebhookRequest) {
	e := happened{id: r.ID, entry: views.HistoryEntry{At: models.IDTime(r.ID)}}
	if r.ContactID != nil && *r.ContactID == h.contact.ID && r.ContactVersion != nil {
		e.version = *r.ContactVersion
	}
	w := h.webhooks[r.WebhookID]
	e.entry.Webhook, e.entry.WebhookHref = w.Name, h.webhookHref(w)
	call := &views.HistoryCall{Href: h.visit.path("requests", r.ID), Failed: r.Failed(), Answer: r.Status, Event: r.Fired().Name()}
	body, err := intake.DecodeLogBody(r.Body)
	if err == nil { // an unreadable entry is still listed
		call.Answer = answered(r, body)
		h.fill(call, body)
	}
	e.entry.Call = call
	h.entries = append(h.entries, e)
}

// fill describes what a call did.
func (h *history) fill(call *views.HistoryCall, body intake.LogBody) {
	call.Message = body.Message
	if body.After != nil {
		call.After = string(body.After.Status)
		if body.Before != nil {
			call.Before = string(body.Before.Status)
		}
	}
	for _, f := range body.Fields {
		switch {
		case f.Fate == intake.FateRefused:
			call.Refused = append(call.Refused, views.HistoryField{Label: f.Label, Now: f.Reason})
		case f.Fate == intake.FateIgnored:
			call.Ignored++
		}
		if f.Before != f.After {
			call.Fields = append(call.Fields, views.HistoryField{Label: f.Label, Before: h.shown(f.MergeTag, f.Before), Now: h.shown(f.MergeTag, f.After), Default: f.Fate == intake.FateDefault || f.Fate == intake.FateRefused})
		}
	}
	call.Ignored += body.MoreNames
	call.TagsAdded = body.TagsAdded
}

// shown formats a stored value for people, if its merge tag still exists.
func (h *history) shown(key, stored string) string {
	if t, ok := h.tags[key]; ok && stored != "" {
		return t.Show(stored, h.visit.Workspace.Location())
	}
	return stored
}

func (h *history) edit(e store.ContactEdit, c models.ContactChange) *views.HistoryEdit {
	edit := &views.HistoryEdit{Who: e.Person, Created: e.Action == models.ActionContactCreated, Exported: e.Action == models.ActionContactExported,
		Imported: e.Action == models.ActionContactImported, Several: e.Action == models.ActionContactBulk, Lost: e.Action == models.ActionContactLost, TagsAdded: c.TagsAdded, TagsRemoved: c.TagsRemoved,
		FilledIn: c.Job != 0 && !c.TakenBack, TakenBack: c.TakenBack, Before: string(c.StatusBefore), After: string(c.StatusAfter), Import: h.imports[c.Import]}
	if c.Automation != 0 {
		edit.Automation, edit.RunHref = c.AutomationAs, h.visit.path("runs", c.Run)
	}
	if a := e.Values.Address; a != nil {
		edit.OldAddress, edit.NewAddress = models.ShowEmail(a.Before), models.ShowEmail(a.After)
	} else if c.Address {
		edit.Fields = append(edit.Fields, "Address")
	}
	for _, key := range c.Fields {
		label := key
		if t, ok := h.tags[key]; ok {
			label = t.Label
		}
		if value, kept := e.Values.Field(key); kept {
			edit.Values = append(edit.Values, views.HistoryField{Label: label, Before: h.shown(key, value.Before), Now: h.shown(key, value.After)})
		} else {
			edit.Fields = append(edit.Fields, label)
		}
	}
	return edit
}

// addMoves adds the segments that the contact entered and left. Moves with the same time and cause make one entry. moves are
// newest first.
func (h *history) addMoves(moves []store.ContactMove) {
	var before store.ContactMove
	for i, m := range moves {
		if i == 0 || !m.At.Equal(before.At) || m.Cause != before.Cause || m.Person != before.Person || !sameRun(m.RunID, before.RunID) {
			why := views.Cause{Kind: string(m.Cause), Who: m.Person}
			if m.JobID != nil {
				why.Import = h.imports[*m.JobID]
			}
			if m.RunID != nil {
				why.Automation, why.RunHref = m.Automation, h.visit.path("runs", *m.RunID)
			}
			if m.RequestID != nil {
				why.Href = h.visit.path("requests", *m.RequestID)
			}
			h.entries = append(h.entries, happened{id: m.ID, entry: views.HistoryEntry{At: m.At, Moves: &views.HistoryMoves{Why: why}}})
		}
		before = m
		last := h.entries[len(h.entries)-1].entry.Moves
		segment := views.Named{ID: m.SegmentID, Name: h.segments[m.SegmentID].Name}
		if segment.Name == "" {
			segment = views.Named{Name: m.GoneName}
		}
		if m.Entered {
			last.Entered = append(last.Entered, segment)
		} else {
			last.Left = append(last.Left, segment)
		}
	}
}

func sameRun(a, b *uuid.UUID) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// inOrder sorts entries newest first. Ids give the order in time, but changes of the contact are sorted by its versions: calls
// that arrive together are committed in the order of versions (CONTRACT "What each type does").
func inOrder(entries []happened) {
	byID := func(a, b happened) int { return bytes.Compare(b.id[:], a.id[:]) }
	slices.SortStableFunc(entries, byID)
	var places []int
	var versioned []happened
	for i, e := range entries {
		if e.version > 0 {
			places = append(places, i)
			versioned = append(versioned, e)
		}
	}
	slices.SortStableFunc(versioned, func(a, b happened) int { return int(b.version - a.version) })
	for i, place := range places {
		entries[place] = versioned[i]
	}
}

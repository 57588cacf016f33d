package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"campaignlark/handlers"
	"campaignlark/models"
	"campaignlark/models/store"
)

// page is one visit: a form that is posted, or a page that is fetched.
type page struct {
	path string
	form url.Values // nil for a page that is fetched
}

// String returns the name of the visit in the table.
func (p page) String() string {
	name := p.path
	if p.form != nil {
		name = "post " + p.form.Get("do") + " " + name
	}
	if len(name) > 58 {
		return name[:55] + "..."
	}
	return name
}

// pageSample is a visit to the page of a route's pattern. id and change are queries that select one id of the workspace @ws,
// for :id and :change in the pattern.
type pageSample struct {
	path, id, change, query string
	form                    url.Values
}

// newest returns a query for the newest row of the workspace in a table.
func newest(table string) string {
	return "SELECT id FROM " + table + " WHERE workspace_id = @ws ORDER BY id DESC LIMIT 1"
}

// newestLeft is newest for a table with deleted_at: it skips deleted rows.
func newestLeft(table string) string {
	return "SELECT id FROM " + table + " WHERE workspace_id = @ws AND deleted_at IS NULL ORDER BY id DESC LIMIT 1"
}

// Rules for the list of contacts: one that most contacts match, and one that none does, so that the search goes as far as it may.
const (
	commonRule = `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`
	rareRule   = `{"condition":"AND","filters":[{"type":"email","operator":"contains","value":"nobody.at.all"}]}`
)

// pageSamples has the visits for each route's pattern. The list is empty for streams and files, which are not measured.
var pageSamples = map[string][]pageSample{
	"/":                                     {},
	"/account":                              {},
	"/invitations":                          {{}},
	"/workspaces":                           {{}},
	"/workspaces/new":                       {{}},
	"/support/requests":                     {{}, {query: "?when=7d"}, {query: "?outcome=failed"}, {query: "?q=nobody@example.com"}},
	"/support/requests/live":                {},
	"/support/reveals":                      {{}},
	"/support/w/:slug/contacts/:id":         {{id: newest("contacts")}},
	"/support/requests/:id":                 {{id: newest("webhook_requests")}},
	"/w/:slug":                              {{}, {query: "?calls=30d"}},
	"/w/:slug/webhooks":                     {{}},
	"/w/:slug/webhooks/new":                 {{}},
	"/w/:slug/webhooks/:id":                 {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/signature":       {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/answers":         {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/reading":         {{id: webhookInUse}, {id: webhookInUse, query: "?use=own"}},
	"/w/:slug/webhooks/:id/console":         {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/edit":            {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/disable":         {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/rotate":          {{id: webhookInUse}},
	"/w/:slug/webhooks/:id/delete":          {{id: webhookInUse}},
	"/w/:slug/automations":                  {{}},
	"/w/:slug/automations/new":              {{}},
	"/w/:slug/automations/:id":              {{id: newestLeft("automations")}},
	"/w/:slug/automations/:id/edit":         {{id: newestLeft("automations")}},
	"/w/:slug/automations/:id/disable":      {{id: newestLeft("automations")}},
	"/w/:slug/automations/:id/retry":        {{id: newestLeft("automations")}},
	"/w/:slug/automations/:id/delete":       {{id: newestLeft("automations")}},
	"/w/:slug/runs/:id":                     {{id: newest("automation_runs")}},
	"/w/:slug/destinations":                 {{}},
	"/w/:slug/destinations/new":             {{}},
	"/w/:slug/destinations/:id":             {{id: newestLeft("destinations")}, {id: newestLeft("destinations"), query: "?state=arrived&calls=30d"}},
	"/w/:slug/destinations/:id/edit":        {{id: newestLeft("destinations")}},
	"/w/:slug/destinations/:id/disable":     {{id: newestLeft("destinations")}},
	"/w/:slug/destinations/:id/secret":      {{id: newestLeft("destinations")}},
	"/w/:slug/destinations/:id/replay":      {{id: newestLeft("destinations")}},
	"/w/:slug/destinations/:id/delete":      {{id: newestLeft("destinations")}},
	"/w/:slug/deliveries":                   {{}, {query: "?state=dead"}, {query: "?result=timeout"}},
	"/w/:slug/deliveries/:id":               {{id: newest("deliveries")}},
	"/w/:slug/deliveries/:id/give-up":       {{id: newest("deliveries")}},
	"/w/:slug/settings":                     {{}},
	"/w/:slug/settings/inbound-webhooks":    {{}},
	"/w/:slug/settings/members":             {{}},
	"/w/:slug/settings/members/new":         {{}},
	"/w/:slug/settings/members/leave":       {{}},
	"/w/:slug/settings/members/:id/edit":    {{id: member}},
	"/w/:slug/settings/members/:id/remove":  {{id: member}},
	"/w/:slug/settings/invitations/:id":     {{id: newest("invitations")}},
	"/w/:slug/settings/audit-log":           {{}, {query: "?q=shop"}},
	"/w/:slug/settings/delete":              {{}},
	"/w/:slug/search":                       {{}, {query: "?q=anna"}, {query: "?q=shop"}},
	"/w/:slug/keys":                         {{}},
	"/w/:slug/webhooks/:id/wait":            {}, // a stream
	"/w/:slug/segments":                     {{}},
	"/w/:slug/segments/new":                 {{}},
	"/w/:slug/segments/:id":                 {{id: editedSegment}, {id: editedSegment, query: "?days=365"}, {id: brokenSegment}},
	"/w/:slug/segments/:id/changes":         {{id: editedSegment}},
	"/w/:slug/segments/:id/changes/:change": {{id: editedSegment, change: "SELECT c.id " + changeOfMany}},
	"/w/:slug/segments/:id/edit":            {{id: editedSegment}, {id: brokenSegment}},
	"/w/:slug/segments/:id/delete":          {{id: editedSegment}},
	"/w/:slug/tags":                         {{}},
	"/w/:slug/tags/new":                     {{}},
	"/w/:slug/tags/:id/edit":                {{id: newestLeft("tags")}},
	"/w/:slug/tags/:id/delete":              {{id: newestLeft("tags")}},
	"/w/:slug/merge-tags":                   {{}},
	"/w/:slug/merge-tags/new":               {{}},
	"/w/:slug/merge-tags/:id/edit":          {{id: newestLeft("merge_tags")}},
	"/w/:slug/merge-tags/:id/delete":        {{id: newestLeft("merge_tags")}},
	"/w/:slug/merge-tags/:id/fill":          {{id: newestLeft("merge_tags")}},
	"/w/:slug/requests":                     {{}, {query: "?outcome=failed"}, {query: "?q=example.com"}, {query: "?when=7d"}, {query: "?field=email_address"}, {query: "?status=404&method=GET"}},
	"/w/:slug/requests/replay":              {{query: "?outcome=failed"}},
	"/w/:slug/requests/live":                {},
	"/w/:slug/requests.csv":                 {},
	"/w/:slug/requests.ndjson":              {},
	"/w/:slug/requests/:id":                 {{id: newest("webhook_requests")}, {id: requestThatMoved}},
	"/w/:slug/contacts": {{}, {query: "?status=UNCONFIRMED"}, {query: "?q=anna"}, {query: "?tag=newsletter&status=SUBSCRIBED"},
		{query: "?segment=1"}, {query: "?segment=1&status=SUBSCRIBED"}, {query: "?segment=1&q=anna"}, {query: "?q=anna+gruber"}, {query: "?q=anna.gruber"},
		{query: "?sort=changed-desc"}, {query: "?sort=address-asc"}, {query: "?sort=changed-desc&status=UNCONFIRMED"}, {query: "?sort=changed-desc&tag=newsletter&status=SUBSCRIBED"},
		{query: "?sort=address-asc&segment=1"}, {query: "?rule=" + url.QueryEscape(commonRule)}, {query: "?rule=" + url.QueryEscape(rareRule)}},
	"/w/:slug/contacts/filter":                 {{}},
	"/w/:slug/contacts/new":                    {{}},
	"/w/:slug/contacts/:id":                    {{id: newest("contacts")}, {id: contactThatMoved}},
	"/w/:slug/contacts/:id/edit":               {{id: newest("contacts")}},
	"/w/:slug/contacts/:id/delete":             {{id: newest("contacts")}},
	"/w/:slug/contacts/:id/unsubscribe":        {{id: newest("contacts")}},
	"/w/:slug/contacts/:id/export.json":        {}, // a file
	"/w/:slug/contacts.csv":                    {}, // a file
	"/w/:slug/contacts/import":                 {{}},
	"/w/:slug/contacts/import/:id":             {{id: importTried}},
	"/w/:slug/contacts/import/:id/columns":     {{id: importReceived}},
	"/w/:slug/contacts/import/:id/undo":        {}, // of an import that has ended
	"/w/:slug/contacts/import/:id/refused.csv": {}, // a file
	"/w/:slug/contacts/bulk": {{query: "?do=tag&with=newsletter&all=1"}, {query: "?do=delete&all=1"},
		{query: "?do=status&to=UNSUBSCRIBED&all=1&segment=1"}, {query: "?do=untag&with=newsletter&all=1&tag=newsletter&status=SUBSCRIBED"}},
	"/w/:slug/jobs":     {{}},
	"/w/:slug/jobs/:id": {{id: bulkDone}},
}

// Queries for one id of the workspace @ws. The rows that setScene creates are the newest.
const (
	webhookInUse = "SELECT webhook_id AS id FROM webhook_counts WHERE workspace_id = @ws GROUP BY webhook_id ORDER BY sum(calls) DESC LIMIT 1"
	member       = "SELECT user_id AS id FROM memberships WHERE workspace_id = @ws"

	changeOfMany     = "FROM segment_bulk_changes c JOIN segments s ON s.id = c.segment_id WHERE c.workspace_id = @ws AND s.broken_reason = '' ORDER BY c.id DESC LIMIT 1"
	editedSegment    = "SELECT s.id " + changeOfMany
	brokenSegment    = "SELECT id FROM segments WHERE workspace_id = @ws AND broken_reason <> '' ORDER BY id DESC LIMIT 1"
	contactThatMoved = "SELECT contact_id AS id FROM segment_changes WHERE workspace_id = @ws GROUP BY contact_id ORDER BY count(*) DESC, contact_id DESC LIMIT 1"
	requestThatMoved = "SELECT request_id AS id FROM segment_changes WHERE workspace_id = @ws AND request_id IS NOT NULL ORDER BY segment_changes.id DESC LIMIT 1"

	importReceived = "SELECT min(id) AS id FROM jobs WHERE workspace_id = @ws AND kind = 'import'"
	importTried    = "SELECT max(id) AS id FROM jobs WHERE workspace_id = @ws AND kind = 'import'"
	bulkDone       = "SELECT max(id) AS id FROM jobs WHERE workspace_id = @ws AND kind = 'bulk'"
)

// ruleText is a rule that reads most properties of a contact.
const ruleText = `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"},{"type":"email","operator":"contains","value":"a"},
	{"condition":"OR","filters":[{"type":"tags","operator":"is_not_set"},{"type":"tags","operator":"is_set"},{"type":"created_at","operator":"in_last_days","value":90}]}]}`

// pagePosts are forms that are answered with a page and not with a redirect.
var pagePosts = []pageSample{
	{path: "/w/:slug/segments", form: url.Values{"do": {"add"}, "rule": {ruleText}}},
	{path: "/w/:slug/segments", form: url.Values{"do": {"preview"}, "rule": {ruleText}}},
	{path: "/w/:slug/segments/:id", id: editedSegment, form: url.Values{"do": {"preview"}, "rule": {ruleText}}},
	{path: "/w/:slug/segments/:id", id: brokenSegment, form: url.Values{"do": {"preview"}, "rule": {ruleText}}},
}

// pagesOf returns the visits to every page that the routes of the program name, and those of pagePosts.
func pagesOf(ctx context.Context, db *store.DB, ws models.Workspace, fields url.Values) (pages []page, err error) {
	var samples []pageSample
	for _, pattern := range handlers.Pages() {
		of, known := pageSamples[pattern]
		if !known {
			return nil, fmt.Errorf("%s is not measured; add it to pageSamples", pattern)
		}
		for _, s := range of {
			s.path = pattern
			samples = append(samples, s)
		}
	}
	for _, s := range slices.Concat([]pageSample{{path: reference}}, samples, pagePosts) {
		p, err := s.page(ctx, db, ws)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.path, err)
		}
		if p.form != nil {
			maps.Copy(p.form, fields)
		}
		pages = append(pages, p)
	}
	return pages, nil
}

// page returns the visit with the workspace and the selected ids in its path.
func (s pageSample) page(ctx context.Context, db *store.DB, ws models.Workspace) (page, error) {
	path := strings.ReplaceAll(s.path, ":slug", ws.Slug)
	for name, query := range map[string]string{":id": s.id, ":change": s.change} {
		if query == "" {
			continue
		}
		var id string
		err := db.Read(ctx).Raw("SELECT CAST(x.id AS text) FROM ("+query+") AS x", map[string]any{"ws": ws.ID}).Scan(&id).Error
		if err != nil || id == "" {
			return page{}, fmt.Errorf("no row was found for the path: %w", err)
		}
		path = strings.ReplaceAll(path, name, id)
	}
	return page{path + s.query, maps.Clone(s.form)}, nil
}

package handlers

import (
	"net/url"
	"strings"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

const (
	mostFound  = 6   // results shown of each kind
	mostSearch = 254 // characters of a search that are used
)

// search finds pages by name, a contact by its name or a part of its address, webhooks, segments, tags and merge tags by name, and a
// request, a message or an event by its id. With ?only=results it sends only the list, for the palette.
func (s *Server) search(v *visit) error {
	text := models.TrimBlanks(cleanText(v.Query("q")))
	if runes := []rune(text); len(runes) > mostSearch {
		text = string(runes[:mostSearch])
	}
	m := views.SearchModel{Query: text, Groups: v.places(text)}
	if text != "" {
		if err := v.addFound(&m, text); err != nil {
			return err
		}
	}
	if v.Query("only") == "results" {
		return campaignlark.Render(v.Ctx, fiber.StatusOK, views.SearchResults(m))
	}
	var err error
	if m.Page, err = v.page(views.SectionSearch, "Search"); err != nil {
		return err
	}
	return v.show(views.SearchPage(m))
}

// addFound adds the results from the database before the pages.
func (v *visit) addFound(m *views.SearchModel, text string) error {
	ctx, db := v.UserContext(), v.server.DB
	var groups []views.FoundGroup
	if id, ok := requestID(text); ok {
		r, err := db.Request(ctx, v.Workspace.ID, id)
		if err == nil {
			groups = append(groups, views.FoundGroup{Title: "Requests", Found: []views.Found{{Icon: views.SectionRequests, Text: r.ID.String(), More: views.OutcomeShort(r.Outcome), Href: v.path("requests", r.ID)}}})
		} else if store.ErrorCode(err) != models.CodeNotFound {
			return models.In("search: read the request", err)
		}
	}
	outgoing, err := v.foundOutgoing(text)
	if err != nil {
		return err
	}
	groups = append(groups, outgoing...)
	contacts, err := db.SearchContacts(ctx, v.Workspace.ID, text, mostFound+1)
	if err != nil {
		return models.In("search: contacts", err)
	}
	found := views.FoundGroup{Title: "Contacts"}
	for _, c := range contacts {
		more := c.Status.Name()
		if name := views.PersonName(c.Fields); name != "" {
			more = name + " · " + more
		}
		found.Found = append(found.Found, views.Found{Icon: views.SectionContacts, Text: models.ShowEmail(c.Email), More: more, Href: v.path("contacts", c.ID)})
	}
	groups = append(groups, found)
	named, err := db.SearchNames(ctx, v.Workspace.ID, text, mostFound+1)
	if err != nil {
		return models.In("search: names", err)
	}
	for _, kind := range nameKinds {
		groups = append(groups, v.namedGroup(kind, named))
	}
	for i, g := range groups {
		if len(g.Found) > mostFound {
			groups[i].Found, m.Most = g.Found[:mostFound], mostFound
		}
	}
	m.Groups = append(groups, m.Groups...)
	return nil
}

// nameKind is a kind of thing found by name.
type nameKind struct{ kind, title, section string }

var nameKinds = []nameKind{
	{"webhook", "Inbound Webhooks", views.SectionWebhooks},
	{"segment", "Segments", views.SectionSegments},
	{"tag", "Tags", views.SectionTags},
	{"merge-tag", "Merge tags", views.SectionMergeTags},
	{"automation", "Automations", views.SectionAutomations},
	{"destination", "Destinations", views.SectionDestinations},
}

func (v *visit) namedGroup(kind nameKind, all []store.FoundName) views.FoundGroup {
	group := views.FoundGroup{Title: kind.title}
	for _, f := range all {
		if f.Kind != kind.kind {
			continue
		}
		one := views.Found{Icon: kind.section, Text: f.Name, More: f.More, Href: v.path(kind.section, f.ID)}
		switch kind.kind {
		case "tag":
			one.Href = v.path("contacts") + "?tag=" + views.Number(f.ID)
		case "merge-tag":
			one.Href = v.path("merge-tags")
			if v.canChange() {
				one.Href = v.path("merge-tags", f.ID, "edit")
			}
		}
		group.Found = append(group.Found, one)
	}
	return group
}

// place is a page found by name.
type place struct {
	icon, text, keys string
	path             []any
	least            models.Role
}

var places = []place{
	{views.SectionDashboard, "Dashboard", "G D", nil, models.RoleViewer},
	{views.SectionWebhooks, "Inbound Webhooks", "G W", []any{"webhooks"}, models.RoleViewer},
	{views.SectionRequests, "Requests", "G R", []any{"requests"}, models.RoleViewer},
	{views.SectionContacts, "Contacts", "G C", []any{"contacts"}, models.RoleViewer},
	{views.SectionSegments, "Segments", "G S", []any{"segments"}, models.RoleViewer},
	{views.SectionTags, "Tags", "G T", []any{"tags"}, models.RoleViewer},
	{views.SectionMergeTags, "Merge tags", "G M", []any{"merge-tags"}, models.RoleViewer},
	{views.SectionAutomations, "Automations", "G A", []any{"automations"}, models.RoleViewer},
	{views.SectionDestinations, "Destinations", "G O", []any{"destinations"}, models.RoleViewer},
	{views.SectionSettings, "Workspace settings", "", []any{"settings"}, models.RoleViewer},
	{views.SectionSettings, "Members", "", []any{"settings", "members"}, models.RoleViewer},
	{views.SectionSettings, "Audit log", "", []any{"settings", "audit-log"}, models.RoleAdmin},
	{views.SectionContacts, "Import contacts from a file", "", []any{"contacts", "import"}, models.RoleManager},
	{views.SectionContacts, "Recent work", "", []any{"jobs"}, models.RoleViewer},
	{"info", "Keyboard", "?", []any{"keys"}, models.RoleViewer},
	{"plus", "Create Webhook", "", []any{"webhooks", "new"}, models.RoleManager},
	{"plus", "Add contact", "", []any{"contacts", "new"}, models.RoleManager},
	{"plus", "Create segment", "", []any{"segments", "new"}, models.RoleManager},
	{"plus", "Create tag", "", []any{"tags", "new"}, models.RoleManager},
	{"plus", "Create merge tag", "", []any{"merge-tags", "new"}, models.RoleManager},
	{"plus", "Create automation", "", []any{"automations", "new"}, models.RoleManager},
	{"plus", "Create destination", "", []any{"destinations", "new"}, models.RoleAdmin},
}

// ownPlaces are the person's pages outside any workspace.
var ownPlaces = []views.Found{
	{Icon: views.SectionWorkspaces, Text: "Your workspaces", Href: "/workspaces"},
	{Icon: views.SectionAccount, Text: "Your account", Href: "/account"},
	{Icon: views.SectionInvitations, Text: "Invitations", Href: invitationsPath},
	{Icon: views.SectionHelp, Text: "Help", Href: "/docs"},
	{Icon: "plus", Text: "Create workspace", Href: "/workspaces/new"},
}

// places returns the pages whose name contains text.
func (v *visit) places(text string) []views.FoundGroup {
	group := views.FoundGroup{Title: "Go to"}
	holds := func(name string) bool { return strings.Contains(models.Fold(name), models.Fold(text)) }
	for _, p := range places {
		if v.Role.Includes(p.least) && holds(p.text) {
			group.Found = append(group.Found, views.Found{Icon: p.icon, Text: p.text, Keys: p.keys, Href: v.path(p.path...)})
		}
	}
	for _, p := range ownPlaces {
		if holds(p.Text) {
			if p.Icon == views.SectionHelp {
				p.Href = withQuery(p.Href, url.Values{"workspace": {v.Workspace.Slug}}) // for its examples
			}
			group.Found = append(group.Found, p)
		}
	}
	return []views.FoundGroup{group}
}

// keys shows the keyboard shortcuts. With ?only=results it sends only the list.
func (s *Server) keys(v *visit) error {
	if v.Query("only") == "results" {
		return campaignlark.Render(v.Ctx, fiber.StatusOK, views.KeyList())
	}
	p, err := v.page(views.SectionKeys, "Keyboard")
	if err != nil {
		return err
	}
	return v.show(views.KeysPage(views.KeysModel{Page: p}))
}

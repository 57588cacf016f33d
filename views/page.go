// Package views turns view models into pages: the frame, the components that all pages use, and one file for each
// resource. It must know neither HTTP nor the database. Everything that a page shows is in its view model.
package views

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"campaignlark/models"
)

// Page holds the data that every page for a signed-in person needs. The view models of the pages embed it.
type Page struct {
	Title      string      // of the document, without the names that follow it
	Section    string      // the entry in the navigation: one of the Section constants
	Failed     bool        // the form was refused; the title then says so
	Workspace  Workspace   // without a slug if the person is in no workspace
	Workspaces []Workspace // all workspaces of the person, for the switcher; with one there is no menu
	Role       string      // in words: "Admin"
	UserEmail  string
	UserName   string // "" if the person did not say
	Theme      string // "light", "dark", or "" as the system has it
	Staff      bool   // the person is support staff
	Support    bool   // a page for support staff, outside of workspaces
	CSRF       string // value of the hidden field "csrf" of every form that is posted
	Once       string // value of the hidden field "once", so that a form that is sent twice acts only once
	Whose      string // value of the hidden field "whose": an expired form comes back to this person only
	KeysOff    bool   // the person switched single keys off
	Flash      *Flash
	Invited    int64 // the person's open invitations, announced on the first pages after sign-in
	Crumbs     []Crumb
	Counts     NavCounts
	Assets     Assets
	Beside     *time.Location // its time is shown after that of Loc; nil for none
	Loc        *time.Location // the workspace's time zone; nil means UTC
	Now        time.Time
}

// The entries of the navigation.
const (
	SectionDashboard   = "dashboard"
	SectionWebhooks    = "webhooks"
	SectionRequests    = "requests"
	SectionContacts    = "contacts"
	SectionSegments    = "segments"
	SectionTags        = "tags"
	SectionMergeTags   = "merge-tags"
	SectionAutomations = "automations"
	SectionSettings    = "settings"
	SectionAccount     = "account"
	SectionSupport     = "support"
	SectionSearch      = "search"
	SectionKeys        = "keys"

	SectionDestinations = "destinations"

	SectionInvitations = "invitations"
	SectionHelp        = "help"
	SectionWorkspaces  = "workspaces" // in a workspace the link is in the switcher
)

// Workspace names a workspace on a page.
type Workspace struct{ Name, Slug string }

// Flash is the message after an action. Kind "" means success. KindWarn and KindBad stay visible as notes.
type Flash struct {
	Kind, Text     string
	Link, LinkText string // optional: a link to the next page
	Unsaved        bool   // the page has a form with input that is not saved
}

// Crumb is one part of a page's breadcrumbs. The last one is the page itself and has no Href.
type Crumb struct{ Text, Href string }

// NavCounts are the small numbers in the navigation, as texts ("10,000+"); an empty one is not shown.
type NavCounts struct {
	Webhooks, Contacts, Segments, Tags, MergeTags string
	Automations                                   string
	Failures                                      string // failed calls in the last 24 hours
	FailingDestinations                           string
	BrokenAutomations                             string // that are on and need a repair
}

// Assets are the addresses of the stylesheet, the script and the icon.
type Assets struct{ CSS, JS, Icon string }

// DoorPage is a page without a session: sign-in, set-up and errors.
type DoorPage struct {
	Title  string // of the document and, as a heading, of the page
	Lead   string
	Wide   bool
	Failed bool
	Assets Assets
}

// Path returns an address inside the page's workspace: p.Path("webhooks", 12, "edit") is "/w/acme/webhooks/12/edit".
// Every part is escaped; p.Path() is the dashboard.
func (p Page) Path(parts ...any) string {
	var b strings.Builder
	b.WriteString("/w/" + url.PathEscape(p.Workspace.Slug))
	for _, part := range parts {
		b.WriteString("/" + url.PathEscape(fmt.Sprint(part)))
	}
	return b.String()
}

// ambiguous reports whether another of the person's workspaces has the name of w, so that only the address tells them apart.
func (p Page) ambiguous(w Workspace) bool {
	for _, other := range p.Workspaces {
		if other.Name == w.Name && other.Slug != w.Slug {
			return true
		}
	}
	return false
}

// home is the target of the program's name: the dashboard, the support side, or the page for people without a workspace.
func (p Page) home() string {
	if p.Support {
		return "/support/requests"
	}
	if p.Workspace.Slug == "" {
		return "/"
	}
	return p.Path()
}

// isAdmin reports whether the person may see and change everything of the workspace.
func (p Page) isAdmin() bool { return p.Role == models.RoleAdmin.Word() }

// help is the help, with this workspace's own examples.
func (p Page) help() string {
	if p.Workspace.Slug == "" {
		return "/docs"
	}
	return "/docs?workspace=" + url.QueryEscape(p.Workspace.Slug)
}

// in returns t in the page's time zone.
func (p Page) in(t time.Time) time.Time {
	if p.Loc == nil {
		return t.UTC()
	}
	return t.In(p.Loc)
}

// keysHome returns the path before the sections to which keys lead: that of the workspace, or "" outside of workspaces.
func (p Page) keysHome() string {
	if p.Workspace.Slug == "" {
		return ""
	}
	return p.Path()
}

// title is the document's title.
func (p Page) title() string { return documentTitle(p.Failed, p.Title, p.Workspace.Name) }

// current is the value of aria-current on a navigation entry; "" leaves it out.
func (p Page) current(section string) string {
	if p.Section == section {
		return "page"
	}
	return ""
}

func documentTitle(failed bool, names ...string) string {
	title := ""
	for _, name := range names {
		if name != "" {
			title += name + " · "
		}
	}
	if failed {
		title = "Error: " + title
	}
	return title + "CampaignLark"
}

// who is what the pages call the signed-in person.
func (p Page) who() string {
	if p.UserName != "" {
		return p.UserName
	}
	return p.UserEmail
}

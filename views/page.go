// Package views turns view models into pages: the frame, the components everything is cut from, and one file for each
// resource. It must know neither HTTP nor the database; whatever a page shows is in the model it is given.
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
	Section    string      // the place in the navigation: one of the Section constants
	Failed     bool        // a form came back with errors; the title then says so
	Workspace  Workspace   // one without a slug: the person is in none
	Workspaces []Workspace // all of the person's, for the switcher; with one there is no menu
	Role       string      // in words: "Admin"
	UserEmail  string
	Staff      bool   // the person is support staff
	Support    bool   // the page is on the support side, in no workspace
	CSRF       string // value of the hidden field "csrf" of every form that is posted
	Once       string // value of the hidden field "once": a form that is sent twice acts once
	Whose      string // value of the hidden field "whose": an expired form comes back to this person only
	KeysOff    bool   // the person switched single keys off
	Flash      *Flash
	Invited    int64 // the person's open invitations, announced on the first pages after sign-in
	Crumbs     []Crumb
	Counts     NavCounts
	Assets     Assets
	Loc        *time.Location // the workspace's time zone; nil means UTC
	Now        time.Time
}

// The places of the navigation.
const (
	SectionDashboard = "dashboard"
	SectionWebhooks  = "webhooks"
	SectionRequests  = "requests"
	SectionContacts  = "contacts"
	SectionSegments  = "segments"
	SectionTags      = "tags"
	SectionMergeTags = "merge-tags"
	SectionSettings  = "settings"
	SectionAccount   = "account"
	SectionSupport   = "support"
	SectionSearch    = "search"
	SectionKeys      = "keys"

	SectionInvitations = "invitations"
	SectionHelp        = "help"
	SectionWorkspaces  = "workspaces" // in a workspace the switcher leads there
)

// Workspace names a workspace on a page.
type Workspace struct{ Name, Slug string }

// Flash is the one message after something was done. Kind "" is good news; KindWarn and KindBad stay visible as notes.
type Flash struct {
	Kind, Text     string
	Link, LinkText string // optional: where to go on
	Unsaved        bool   // the page has a form with input that is not saved
}

// Crumb is one step of the way to a page. The last one, the page itself, has no Href.
type Crumb struct{ Text, Href string }

// NavCounts are the small numbers in the navigation, as texts ("10,000+"); an empty one is not shown.
type NavCounts struct {
	Webhooks, Contacts, Segments, Tags, MergeTags string
	Failures                                      string // failed calls in the last 24 hours
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

// keysHome is where the keys that go to a section start from: the workspace, or nothing.
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

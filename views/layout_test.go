package views_test

import (
	"strings"
	"testing"

	"campaignlark/views"

	"golang.org/x/net/html"
)

func TestLayoutMarksTheSectionAndOffersSignOut(t *testing.T) {
	t.Parallel()
	p := page()
	p.Flash = &views.Flash{Text: "Webhook saved."}
	p.Crumbs = []views.Crumb{{Text: "Inbound Webhooks", Href: "/w/alder/webhooks"}, {Text: hostile}}
	out, doc := render(t, with(views.Layout(p), views.Head("Edit", "")))

	if got, want := text(byTag(doc, "title")), "Webhooks · "+hostile+" · CampaignLark"; got != want {
		t.Errorf("title: got %q, want %q", got, want)
	}
	here := find(doc, func(n *html.Node) bool { return n.Data == "a" && attr(n, "aria-current") == "page" })
	if got := text(here); got != "Inbound Webhooks" {
		t.Errorf("current place: got %q, want Inbound Webhooks", got)
	}
	first := find(byTag(doc, "body"), func(n *html.Node) bool { return n.Data == "a" })
	if attr(first, "href") != "#main" || byID(doc, "main") == nil {
		t.Errorf("first link: got %q, want the skip link", attr(first, "href"))
	}
	out2 := find(doc, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == "/logout" })
	token := find(out2, func(n *html.Node) bool { return attr(n, "name") == "csrf" })
	if attr(out2, "method") != "post" || attr(token, "value") != "the-token" {
		t.Errorf("sign out: got method %q and token %q", attr(out2, "method"), attr(token, "value"))
	}
	if !strings.Contains(out, `title="61 failed in the last 24 hours and were not put right"`) {
		t.Error("the number beside Requests does not say what it counts")
	}
	if !strings.Contains(text(byID(doc, "side")), "61 failed in the last 24 hours") {
		t.Errorf("navigation: got %q, want the failures in words", text(byID(doc, "side")))
	}
	noScript(t, out, doc)
}

// noScript checks that hostile text is escaped, and that the page has no inline script or style.
func noScript(t *testing.T, out string, doc *html.Node) {
	t.Helper()
	if strings.Contains(out, "<img") || strings.Contains(out, "<script>") {
		t.Errorf("got hostile text as markup: %s", out)
	}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || strings.HasPrefix(a.Val, "javascript:") {
				t.Errorf("got %s=%q, want nothing inline", a.Key, a.Val)
			}
		}
		if n.Data == "script" && attr(n, "src") == "" {
			t.Errorf("got an inline script")
		}
	}
}

func TestWorkspaceMenuLinksToOtherWorkspaces(t *testing.T) {
	t.Parallel()
	p := page()
	p.Workspaces = []views.Workspace{p.Workspace}
	if out, doc := render(t, views.Layout(p)); strings.Contains(out, "switch workspace") || find(doc, func(n *html.Node) bool { return attr(n, "href") == "/workspaces/new" }) == nil {
		t.Error("one workspace: got a menu to switch, want one that only makes another")
	}
	p.Workspaces = append(p.Workspaces, views.Workspace{Name: "Events", Slug: "events"})
	_, doc := render(t, views.Layout(p))
	if other := find(doc, func(n *html.Node) bool { return attr(n, "href") == "/w/events" }); text(other) != "Events" {
		t.Errorf("two workspaces: got %q, want a link to Events", text(other))
	}
}

func TestFailedFlashIsANoteWithALink(t *testing.T) {
	t.Parallel()
	p := page()
	p.Flash = &views.Flash{Kind: views.KindBad, Text: "That webhook is gone.", Link: "/w/alder/webhooks", LinkText: "All webhooks"}
	_, doc := render(t, views.Layout(p))
	note := find(doc, func(n *html.Node) bool { return strings.Contains(attr(n, "class"), "note-bad") })
	if got, want := text(note), "That webhook is gone. All webhooks"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDoorTitleReportsFailure(t *testing.T) {
	t.Parallel()
	out, doc := render(t, views.Door(views.DoorPage{Title: hostile, Failed: true, Assets: views.Assets{JS: "/a.js"}}))
	if got, want := text(byTag(doc, "title")), "Error: "+hostile+" · CampaignLark"; got != want {
		t.Errorf("title: got %q, want %q", got, want)
	}
	if got := text(byTag(doc, "h1")); got != hostile {
		t.Errorf("heading: got %q", got)
	}
	noScript(t, out, doc)
}

func TestPathEscapesItsParts(t *testing.T) {
	t.Parallel()
	p := page()
	for want, got := range map[string]string{
		"/w/alder":                    p.Path(),
		"/w/alder/webhooks/12/edit":   p.Path("webhooks", 12, "edit"),
		"/w/alder/tags/a%2F..%2Fb":    p.Path("tags", "a/../b"),
		"/w/alder/requests/%3Fq=1%23": p.Path("requests", "?q=1#"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

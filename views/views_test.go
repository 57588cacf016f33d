package views_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"campaignlark/views"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// hostile is input that runs a script on every page that shows it without escaping.
const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>' & javascript:alert(1)`

// render returns a component as text and as a parsed page.
func render(t *testing.T, c templ.Component) (string, *html.Node) {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), doc
}

// with returns a component with its children.
func with(c templ.Component, children templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return c.Render(templ.WithChildren(ctx, children), w)
	})
}

// find returns the first element that matches.
func find(n *html.Node, match func(*html.Node) bool) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && match(d) {
			return d
		}
	}
	return nil
}

func byID(doc *html.Node, id string) *html.Node {
	return find(doc, func(n *html.Node) bool { return attr(n, "id") == id })
}

func byTag(doc *html.Node, tag string) *html.Node {
	return find(doc, func(n *html.Node) bool { return n.Data == tag })
}

// attr returns the value of an attribute, "" if it is missing or the element is nil.
func attr(n *html.Node, name string) string {
	if n == nil {
		return ""
	}
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text returns the text of n, with each run of white space as one blank.
func text(n *html.Node) string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// described returns the texts of the elements that aria-describedby of a control names.
func described(t *testing.T, doc, control *html.Node) string {
	t.Helper()
	var all []string
	for _, id := range strings.Fields(attr(control, "aria-describedby")) {
		target := byID(doc, id)
		if target == nil {
			t.Errorf("aria-describedby: got %q, which is not on the page", id)
		}
		all = append(all, text(target))
	}
	return strings.Join(all, " | ")
}

// page returns a page of a workspace with a hostile name.
func page() views.Page {
	return views.Page{
		Title: "Webhooks", Section: views.SectionWebhooks, Workspace: views.Workspace{Name: hostile, Slug: "alder"}, Role: "Admin",
		UserEmail: "ines@example.com", CSRF: "the-token", Loc: time.FixedZone("Europe/Vienna", 3600),
		Now: time.Date(2026, 11, 24, 13, 33, 0, 0, time.UTC), Assets: views.Assets{CSS: "/a.css", JS: "/a.js", Icon: "/a.svg"},
		Counts: views.NavCounts{Contacts: "10,000+", Failures: "61"},
	}
}

func TestOfLast(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, of int
		want  string
	}{
		{0, 1, "the last call"}, {1, 1, "the last call"}, {0, 2, "none of the last 2 calls"}, {1, 2, "1 of the last 2 calls"}, {2, 2, "all of the last 2 calls"}, {1200, 2000, "1,200 of the last 2,000 calls"},
	} {
		if got := views.OfLast(c.n, c.of, "call", "calls"); got != c.want {
			t.Errorf("%d of %d: got %q, want %q", c.n, c.of, got, c.want)
		}
	}
}

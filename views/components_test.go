package views_test

import (
	"strings"
	"testing"
	"time"

	"campaignlark/views"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

func TestComponentsShowHostileTextAsText(t *testing.T) {
	t.Parallel()
	p := page()
	for name, c := range map[string]templ.Component{
		"Head": views.Head(hostile, hostile), "Note": views.Note(views.KindBad, hostile), "Empty": views.Empty(hostile, hostile),
		"Button": views.Button(views.Btn{Label: hostile, Href: "javascript:alert(1)"}), "Tag": views.Tag(hostile, ""),
		"TagList": views.TagList([]string{hostile, hostile}, 1), "Address": views.Address(hostile + "@example.com"),
		"CopyLine": views.CopyLine("url", "URL", hostile), "Code": views.Code(views.CodeBox{ID: "c", Label: "Payload", Text: hostile}),
		"Lines":  views.Code(views.CodeBox{ID: "c", Label: hostile, Lines: []views.CodeLine{{Text: hostile, Fate: "ignored"}}}),
		"Ledger": views.Ledger([]views.LedgerLine{{Key: hostile, Sent: hostile, Fate: "refused", Why: hostile, Label: hostile, Before: hostile, Now: hostile}}),
		"Change": views.Change("a", hostile), "Chips": views.Chips([]views.Chip{{Label: hostile, Href: "javascript:alert(1)"}}, "/"),
		"Trace": views.Trace([]views.Stop{{Href: "#s1", Label: hostile, Note: hostile}}), "Filter": views.FilterText("q", "Address", hostile),
		"Confirm": views.Confirm(views.Confirmation{Page: p, Question: hostile, Losses: []string{hostile}, Button: hostile, Action: "/x", Keep: "/y"}),
		"Steps":   views.Steps(views.Page{}, []views.FirstStep{{Title: hostile, Text: hostile}}), "Figures": views.Figures([]views.Figure{{Label: hostile, Value: "1"}}),
	} {
		t.Run(name, func(t *testing.T) {
			out, doc := render(t, c)
			noScript(t, out, doc)
			if !strings.Contains(text(doc)+attr(find(doc, func(n *html.Node) bool { return attr(n, "value") != "" }), "value"), "onerror=alert(1)>") {
				t.Errorf("got %q, want the text as it was", out)
			}
		})
	}
}

func TestCodeIsShownByteForByte(t *testing.T) {
	t.Parallel()
	const code = "curl \\\n  -d '{\n    \"a\": 1\n  }'\n\tend"
	_, doc := render(t, views.Code(views.CodeBox{ID: "c", Label: "curl", Text: code}))
	if got := raw(byTag(doc, "pre")); got != code {
		t.Errorf("got %q, want %q", got, code)
	}
	lines := []views.CodeLine{{Text: "{"}, {Text: `  "a": 1`, Fate: "stored"}, {Text: ""}, {Text: "}"}}
	_, doc = render(t, views.Code(views.CodeBox{ID: "c", Label: "Payload", Lines: lines}))
	if got, want := raw(byTag(doc, "pre")), "{\n  \"a\": 1\n\n}\n"; got != want {
		t.Errorf("lines: got %q, want %q", got, want)
	}
}

// raw returns the text of an element without changing its white space.
func raw(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func TestCodeScrollsWithTheKeyboard(t *testing.T) {
	t.Parallel()
	_, doc := render(t, views.Code(views.CodeBox{ID: "c", Label: "Payload", Text: "x"}))
	pre := byTag(doc, "pre")
	if attr(pre, "tabindex") != "0" || attr(pre, "aria-label") != "Payload" {
		t.Errorf("got tabindex %q called %q", attr(pre, "tabindex"), attr(pre, "aria-label"))
	}
}

func TestCopyButtonNamesWhatItCopiesAndNeedsScript(t *testing.T) {
	t.Parallel()
	_, doc := render(t, views.CopyLine("url", "Webhook URL", "https://example.com/x"))
	button := byTag(doc, "button")
	if text(button) != "Copy Webhook URL" || !hasAttr(button, "hidden") || attr(button, "data-copy") != "url" {
		t.Errorf("got %q, hidden %v, for %q", text(button), hasAttr(button, "hidden"), attr(button, "data-copy"))
	}
}

func TestTableKeepsItsRoles(t *testing.T) {
	t.Parallel()
	row := with(views.Row(), with(views.Cell("r", "Calls:"), views.Link("12", "/x")))
	_, doc := render(t, with(views.Table("Webhooks", []views.Col{{Label: "Calls", Class: "r"}, {Label: "Actions", Silent: true}}), row))
	for tag, role := range map[string]string{"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "th": "columnheader", "td": "cell"} {
		if got := attr(byTag(doc, tag), "role"); got != role {
			t.Errorf("%s: got role %q, want %q", tag, got, role)
		}
	}
	if got := attr(byTag(doc, "td"), "data-l"); got != "Calls:" {
		t.Errorf("label when stacked: got %q", got)
	}
}

func TestPagerOnlyWhereThereAreOtherPages(t *testing.T) {
	t.Parallel()
	if _, doc := render(t, views.Pager("", "")); byTag(doc, "nav") != nil {
		t.Error("one page: got links, want none")
	}
	_, doc := render(t, views.Pager("", "/older?before=1&x=2"))
	next := find(doc, func(n *html.Node) bool { return attr(n, "rel") == "next" })
	if attr(next, "href") != "/older?before=1&x=2" || text(next) != "Older" {
		t.Errorf("older: got %q", attr(next, "href"))
	}
	newer := find(doc, func(n *html.Node) bool { return text(n) == "Newer" && n.Data == "a" })
	if attr(newer, "aria-disabled") != "true" || hasAttr(newer, "href") {
		t.Error("newer: got a link, want one that is off")
	}
}

func TestTagListSaysHowManyMore(t *testing.T) {
	t.Parallel()
	_, doc := render(t, views.TagList([]string{"shop", "vip", "club"}, 2))
	if got := text(doc); !strings.HasSuffix(got, "+1 more") || strings.Contains(got, "club") {
		t.Errorf("got %q", got)
	}
	if more := find(doc, func(n *html.Node) bool { return attr(n, "title") == "club" }); more == nil {
		t.Error("the third tag is out of reach")
	}
}

func TestOnlyLongAddressesMayBreakBeforeTheAt(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{
		"ines@example.com":                          "ines@example.com",
		"maximiliane.von-hohenzollern@mail.example": "maximiliane.von-hohenzollern<wbr>@mail<wbr>.example",
		"no-at-in-these-thirty-two-characters":      "no-at-in-these-thirty-two-characters",
	} {
		if out, _ := render(t, views.Address(email)); out != want {
			t.Errorf("got %q, want %q", out, want)
		}
	}
}

func TestStatesHaveWords(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]templ.Component{
		"Subscribed": views.ContactStatus("SUBSCRIBED"), "Unconfirmed": views.ContactStatus("UNCONFIRMED"),
		"Unsubscribed": views.ContactStatus("UNSUBSCRIBED"), "On": views.OnOff(true), "Off": views.OnOff(false),
		"DELETE": views.TypeBadge("DELETE"), "404": views.OutcomeCode(404), "–": views.OutcomeCode(0),
		"Stored": views.Fate("stored"), "Unchanged": views.Fate("same"), "Left as it was": views.Fate("blank"),
		"Default used": views.Fate("default"), "Ignored": views.Fate("ignored"), "Not stored": views.Fate("refused"),
		"Answered (stopped here)": views.StoryStep(views.Step{Title: "Answered", State: views.StateStop}),
		"Fields (not reached)":    views.StoryStep(views.Step{Title: "Fields", State: views.StateSkip}),
		"not set → became Marta":  views.Change("", "Marta"),
	} {
		if _, doc := render(t, c); text(doc) != want {
			t.Errorf("got %q, want %q", text(doc), want)
		}
	}
}

func TestConfirmNamesTheAction(t *testing.T) {
	t.Parallel()
	_, doc := render(t, views.Confirm(views.Confirmation{Page: page(), Question: "Delete 'Shop'?", Losses: []string{"Calls will be answered with 404."}, Action: "/w/alder/webhooks/1/delete", Button: "Delete webhook", Keep: "/w/alder/webhooks/1"}))
	form := find(doc, func(n *html.Node) bool { return attr(n, "action") == "/w/alder/webhooks/1/delete" })
	if attr(form, "method") != "post" || attr(find(form, func(n *html.Node) bool { return attr(n, "name") == "csrf" }), "value") != "the-token" {
		t.Error("the form is not a post with the token")
	}
	if got := text(byTag(form, "button")); got != "Delete webhook" {
		t.Errorf("button: got %q", got)
	}
	if keep := byTag(form, "a"); text(keep) != "Keep it" || attr(keep, "href") != "/w/alder/webhooks/1" {
		t.Errorf("other button: got %q to %q", text(keep), attr(keep, "href"))
	}
}

func TestTimesAreShortAndExact(t *testing.T) {
	t.Parallel()
	p := page()
	for _, c := range []struct {
		ago  time.Duration
		want string
	}{
		{0, "just now"}, {59 * time.Second, "just now"}, {time.Minute, "1 min ago"}, {59 * time.Minute, "59 min ago"}, {time.Hour, "1 h ago"},
		{25 * time.Hour, "1 d ago"}, {6 * 24 * time.Hour, "6 d ago"}, {8 * 24 * time.Hour, "16 Nov 2026"}, {-48 * time.Hour, "26 Nov 2026, 14:33"},
	} {
		_, doc := render(t, views.Time(p.Now.Add(-c.ago), p))
		if got := text(doc); got != c.want {
			t.Errorf("%v ago: got %q, want %q", c.ago, got, c.want)
		}
	}
	_, doc := render(t, views.Time(p.Now.Add(-time.Minute), p))
	stamp := byTag(doc, "time")
	if got, want := attr(stamp, "title"), "Tue 24 November 2026, 14:32:00 (Europe/Vienna)"; got != want {
		t.Errorf("title: got %q, want %q", got, want)
	}
	if got, want := attr(stamp, "datetime"), "2026-11-24T14:32:00+01:00"; got != want {
		t.Errorf("datetime: got %q, want %q", got, want)
	}
	if _, doc := render(t, views.Time(time.Time{}, p)); text(doc) != "never" {
		t.Errorf("zero time: got %q, want never", text(doc))
	}
}

func TestDaysUseTheWorkspacesTimeZone(t *testing.T) {
	t.Parallel()
	p := page()
	for at, want := range map[string]string{
		"2026-11-24T00:00:00Z": "Today, Tuesday 24 November", "2026-11-23T23:30:00Z": "Today, Tuesday 24 November",
		"2026-11-23T22:30:00Z": "Yesterday, Monday 23 November", "2026-08-03T09:00:00Z": "Monday 3 August", "2025-01-12T09:00:00Z": "Sunday 12 January 2025",
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := views.DayName(moment, p); got != want {
			t.Errorf("%s: got %q, want %q", at, got, want)
		}
	}
}

func TestNumbersAreFormatted(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 48213: "48,213", 1234567: "1,234,567", -1: "-1", -999: "-999", -1000: "-1,000", -123456: "-123,456"} {
		if got := views.Count(n); got != want {
			t.Errorf("Count(%d): got %q, want %q", n, got, want)
		}
	}
	for want, got := range map[string]string{
		"1 call": views.Plural(1, "call", "calls"), "0 calls": views.Plural(0, "call", "calls"), "3,912 calls": views.Plural(3912, "call", "calls"),
		"11 ms": views.Took(11 * time.Millisecond), "under 1 ms": views.Took(300 * time.Microsecond), "1.2 s": views.Took(1234 * time.Millisecond),
		"231 bytes": views.Bytes(231), "64 KB": views.Bytes(65536), "1.5 MB": views.Bytes(3 << 19),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Page is a browser tab, with nobody signed in at first. Its methods fail the test if they cannot do what they should.
type Page struct {
	t    testing.TB
	ctx  context.Context
	base string

	plain    bool // scripts are off
	mu       sync.Mutex
	troubles []string
}

// NewPage opens a tab, 1440 pixels wide and with the light theme. Its paths are relative to base. The test fails if a page has a
// script error, a missing file, or a violation of the Content-Security-Policy.
func NewPage(t testing.TB, base string) *Page {
	t.Helper()
	p := &Page{t: t, base: strings.TrimSuffix(base, "/"), ctx: newTab(t)}
	if err := chromedp.Listen(p.ctx, p.notice); err != nil {
		t.Fatal(err)
	}
	p.Width(Wide)
	p.Theme("light")
	t.Cleanup(p.report)
	return p
}

// NewPlainPage is NewPage with scripts switched off.
func NewPlainPage(t testing.TB, base string) *Page {
	t.Helper()
	p := NewPage(t, base)
	p.plain = true
	p.allowScripts(false)
	return p
}

func (p *Page) allowScripts(yes bool) {
	p.t.Helper()
	command(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !yes})
}

func (p *Page) notice(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		page := e.Entry.Source == log.EntrySourceNetwork && !strings.Contains(e.Entry.URL, "/static/")
		if e.Entry.Level == log.EntryLevelError && !page { // a page may answer 404 or 422, a file may not
			p.trouble(e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.trouble(text)
	}
}

func (p *Page) trouble(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.troubles = append(p.troubles, s)
}

func (p *Page) report() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.troubles {
		p.t.Errorf("the browser complains: %s", s)
	}
}

// Open goes to a path below the base, or to a whole URL, and returns the status of the answer. Unsaved input is dropped.
func (p *Page) Open(path string) int {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.ctx)
	defer stop()
	p.answer(ctx, true)
	if !strings.Contains(path, "://") {
		path = p.base + path
	}
	response, err := run(p, chromedp.NavigateResponse(path))
	if err != nil {
		p.t.Fatalf("opening %s: %v", path, err)
	}
	return int(response.Status)
}

// Follow clicks the link or button with this text, waits for the page that it leads to, and returns the status.
func (p *Page) Follow(name string) int {
	p.t.Helper()
	return p.follow(name, control(name))
}

// FollowIn is Follow for the first visible element that matches the CSS selector, or the first link in it.
func (p *Page) FollowIn(selector string) int {
	p.t.Helper()
	return p.follow(selector, chromedp.JSPath(fmt.Sprintf(`(e => e.matches("a[href]") ? e : e.querySelector("a[href]"))([...document.querySelectorAll(%q)].find(e => e.checkVisibility()))`, selector)))
}

// FollowAt is Follow for a click on the middle of the element that matches the CSS selector, whatever lies above it.
func (p *Page) FollowAt(selector string) int {
	p.t.Helper()
	return p.follow(selector, chromedp.JSPath(fmt.Sprintf(`document.querySelector(%q)`, selector)))
}

func (p *Page) follow(name string, to chromedp.JSPath) int {
	p.t.Helper()
	click := func(ctx context.Context, t *chromedp.Target) (int, error) {
		r, err := chromedp.RunResponse(ctx, chromedp.Click(to))
		if err != nil || r == nil { // no answer: the link leads to another part of the page
			return 0, err
		}
		return int(r.Status), nil
	}
	status, err := run(p, click)
	if err != nil && strings.Contains(err.Error(), "net::ERR_ABORTED") { // the page was just reloading itself, which cancelled the first click
		status, err = run(p, click)
	}
	if err != nil {
		p.t.Fatalf("following %q at %s: %v\n%s", name, p.Path(), err, p.Text())
	}
	return status
}

// Click clicks the link, button, summary or label with this text, and does not wait for another page.
func (p *Page) Click(name string) {
	p.t.Helper()
	if _, err := run(p, chromedp.Click(control(name))); err != nil {
		p.t.Fatalf("clicking %q at %s: %v\n%s", name, p.Path(), err, p.Text())
	}
}

// control returns a script for the visible link, button, summary or label with this text. An element with more text after name,
// such as a count, is taken only if there is no exact one. An element in the main part of the page comes before others.
func control(name string) chromedp.JSPath {
	return chromedp.JSPath(fmt.Sprintf(`(() => {
		const name = %q, text = e => (e.getAttribute("aria-label") || e.innerText || e.value || "").replace(/\s+/g, " ").trim();
		const rank = e => (text(e) === name ? 0 : 2) + (e.closest("main") ? 0 : 1);
		return [...document.querySelectorAll("a[href], button, summary, label, input[type=submit]")].filter(e =>
			e.checkVisibility({visibilityProperty: true}) && !e.closest("[aria-hidden=true]") && (text(e) === name || text(e).startsWith(name + " "))).sort((a, b) => rank(a) - rank(b))[0];
	})()`, name))
}

// Fill writes value into the field with this name, as if typed. A field in the main part of the page comes before others. In a
// select it selects the option with this value.
func (p *Page) Fill(name, value string) {
	p.t.Helper()
	p.eval(fill(name, value))
}

// fill returns the script of Fill.
func fill(name, value string) string {
	return fmt.Sprintf(`(() => {
		const fields = "input[name='%[1]s'], textarea[name='%[1]s'], select[name='%[1]s']";
		const e = document.querySelector("main")?.querySelector(fields) ?? document.querySelector(fields);
		if (!e) throw new Error("there is no field " + %[1]q);
		e.focus(); e.value = %[2]q;
		e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, name, value)
}

// Choose ticks the radio button or checkbox with this name and value, by clicking it.
func (p *Page) Choose(name, value string) {
	p.t.Helper()
	p.eval(fmt.Sprintf(`(() => {
		const e = document.querySelector("input[name='%[1]s'][value='%[2]s']");
		if (!e) throw new Error("there is no choice " + %[2]q + " of " + %[1]q);
		e.click();
	})()`, name, value))
}

// Value returns the value of the first element that matches the CSS selector, or its text if it is not a field.
func (p *Page) Value(selector string) string {
	p.t.Helper()
	return read(p, fmt.Sprintf(`(() => {
		const e = document.querySelector(%q);
		return e === null ? "" : "value" in e ? e.value : e.innerText;
	})()`, selector))
}

// Has reports whether a visible element matches the CSS selector.
func (p *Page) Has(selector string) bool {
	p.t.Helper()
	return read(p, fmt.Sprintf(`String([...document.querySelectorAll(%q)].some(e => e.checkVisibility({visibilityProperty: true})))`, selector)) == "true"
}

// Text returns the visible text of the page, "" if the page has no body yet.
func (p *Page) Text() string { return read(p, `document.body ? document.body.innerText : ""`) }

// Path returns the path and query string of the page's address.
func (p *Page) Path() string { return read(p, `location.pathname + location.search`) }

// Sees waits until the page shows the text.
func (p *Page) Sees(text string) {
	p.t.Helper()
	p.until(func() bool { return strings.Contains(p.Text(), text) }, "it shows "+text)
}

// SeesAgain loads the page again and again until it shows the text.
func (p *Page) SeesAgain(text string) {
	p.t.Helper()
	path := p.Path()
	p.until(func() bool { p.Open(path); return strings.Contains(p.Text(), text) }, "it shows "+text)
}

func (p *Page) until(yes func() bool, what string) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); !yes(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("timed out at %s waiting until %s:\n%s", p.Path(), what, p.Text())
		}
	}
}

// SeesNot fails the test when the page shows the text now.
func (p *Page) SeesNot(text string) {
	p.t.Helper()
	if shown := p.Text(); strings.Contains(shown, text) {
		p.t.Errorf("the page %s shows %q:\n%s", p.Path(), text, shown)
	}
}

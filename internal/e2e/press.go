package e2e

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keyNames are the keys that type no character.
var keyNames = map[string]string{"Enter": kb.Enter, "Esc": kb.Escape, "Tab": kb.Tab, "Down": kb.ArrowDown, "Up": kb.ArrowUp}

// Press presses the keys one after the other: "Ctrl+k", "Down", "?", or a text to type.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		if _, err := run(p, pressing(key)); err != nil {
			p.t.Fatalf("pressing %s at %s: %v", key, p.Path(), err)
		}
	}
}

// PressTo is Press for keys of which the last one leads to another page. It waits for that page.
func (p *Page) PressTo(keys ...string) {
	p.t.Helper()
	last := len(keys) - 1
	p.Press(keys[:last]...)
	_, err := run(p, func(ctx context.Context, t *chromedp.Target) (bool, error) {
		_, err := chromedp.RunResponse(ctx, pressing(keys[last]))
		return err == nil, err
	})
	if err != nil {
		p.t.Fatalf("pressing %s at %s: %v\n%s", keys[last], p.Path(), err, p.Text())
	}
}

func pressing(key string) chromedp.Action[chromedp.Void] {
	if plain, ctrl := strings.CutPrefix(key, "Ctrl+"); ctrl {
		return chromedp.KeyEvent(plain, chromedp.KeyModifiers(chromedp.ModifierCtrl))
	}
	if named, ok := keyNames[key]; ok {
		key = named
	}
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		for _, r := range key {
			for _, event := range keyEvents(r) {
				if _, err := cdp.Call(ctx, t, input.DispatchKeyEvent, *event); err != nil {
					return none, err
				}
			}
		}
		return none, nil
	}
}

// keyEvents returns the events of one key. The character is part of the event for key down. Otherwise a page that handles the key
// itself could not prevent the character from being typed.
func keyEvents(r rune) []*input.DispatchKeyEventParams {
	events := kb.Encode(r)
	if len(events) == 3 {
		events[0].Text, events[0].UnmodifiedText = events[1].Text, events[1].UnmodifiedText
		events = []*input.DispatchKeyEventParams{events[0], events[2]}
	}
	return events
}

// Focus returns the label or text of the element that has the focus, "" if there is none.
func (p *Page) Focus() string {
	p.t.Helper()
	return read(p, `(e => e === document.body ? "" : [e.getAttribute("aria-label"), e.labels?.[0]?.innerText, e.innerText].find(s => s)?.replace(/\s+/g, " ").trim() ?? "")(document.activeElement)`)
}

// WantFocus waits until the focus is on an element whose label or text begins with name.
func (p *Page) WantFocus(name string) {
	p.t.Helper()
	p.until(func() bool { return strings.HasPrefix(p.Focus(), name) }, "the focus is on "+name+", not on "+p.Focus())
}

// AsksBeforeLeaving follows the link with this text, expects the browser to ask about unsaved input, and stays on the page.
func (p *Page) AsksBeforeLeaving(name string) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, patience)
	defer stop()
	asked := p.answer(ctx, false)
	p.Click(name)
	select {
	case kind := <-asked:
		if kind != "beforeunload" {
			p.t.Errorf("got a dialog of the kind %q, want beforeunload", kind)
		}
	case <-ctx.Done():
		p.t.Fatalf("the browser did not ask before %q led away from %s", name, p.Path())
	}
}

// answer answers the browser's dialogs until ctx ends. The channel gets the kind of each dialog.
func (p *Page) answer(ctx context.Context, yes bool) <-chan string {
	p.t.Helper()
	asked := make(chan string, 1)
	err := chromedp.Listen(ctx, func(event any) {
		if e, ok := event.(*page.EventJavascriptDialogOpening); ok {
			go func() { // not in the goroutine that receives events
				run(p, func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
					return cdp.Call(ctx, t, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: yes})
				})
				select {
				case asked <- string(e.Type):
				default: // the caller does not wait for it
				}
			}()
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return asked
}

// FollowTwice clicks the button with this text twice, and waits until another page is loaded.
func (p *Page) FollowTwice(name string) {
	p.t.Helper()
	before := p.Path()
	if _, err := run(p, chromedp.DoubleClick(control(name))); err != nil {
		p.t.Fatalf("clicking %q twice at %s: %v", name, before, err)
	}
	p.until(func() bool { // the second click cancels the first answer, so there may be no page for a moment
		path, err := run(p, chromedp.Evaluate[string](`document.readyState === "complete" ? location.pathname + location.search : ""`))
		return err == nil && path != "" && path != before
	}, "another page is there")
}

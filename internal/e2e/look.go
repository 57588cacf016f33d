package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// The two widths in which every page is inspected, in pixels (UI "Layout and navigation").
const (
	Wide   = 1440
	Narrow = 390
)

// Width sets the width of the window.
func (p *Page) Width(pixels int64) {
	p.t.Helper()
	if _, err := run(p, chromedp.EmulateViewport(pixels, 900)); err != nil {
		p.t.Fatal(err)
	}
}

// Theme makes the browser prefer "light" or "dark".
func (p *Page) Theme(name string) {
	p.t.Helper()
	command(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: name},
		{Name: "prefers-reduced-motion", Value: "reduce"}, // no screenshot during an animation
	}})
}

// Inspect checks the page in both widths: axe-core must find nothing, and the page must not scroll sideways. With SHOTS=1 in the
// environment it also takes screenshots, light and dark.
func (p *Page) Inspect(name string) {
	p.t.Helper()
	if p.plain {
		name += "-plain"
	}
	for _, width := range []int64{Narrow, Wide} {
		p.Width(width)
		p.Axe("")
		p.wantNoScroll(width)
		if os.Getenv("SHOTS") == "" {
			continue
		}
		for _, theme := range []string{"dark", "light"} {
			p.Theme(theme)
			p.Shot(fmt.Sprintf("%s-%s-%d", name, theme, width))
		}
	}
}

// InspectEverywhere is Inspect in every width of the design, in light and dark, and in half the width, as at a zoom of 200 %.
func (p *Page) InspectEverywhere(name string) {
	p.t.Helper()
	p.Inspect(name)
	p.Width(Wide / 2)
	p.wantNoScroll(Wide / 2)
	for _, width := range []int64{320, 768} {
		p.Width(width)
		p.Axe("")
		p.wantNoScroll(width)
	}
	p.Theme("dark")
	for _, width := range []int64{320, Narrow, 768, Wide} {
		p.Width(width)
		p.Axe("color-contrast") // the theme changes only colors
	}
	p.Theme("light")
}

func (p *Page) wantNoScroll(width int64) {
	p.t.Helper()
	if sideways := read(p, `String(document.documentElement.scrollWidth - innerWidth)`); !strings.HasPrefix(sideways, "-") && sideways != "0" {
		p.t.Errorf("the page %s scrolls sideways by %s pixels at a width of %d", p.Path(), sideways, width)
	}
}

// Shot saves a screenshot of the whole page as .cache/shots/<name>.png.
func (p *Page) Shot(name string) {
	p.t.Helper()
	picture, err := run(p, chromedp.FullScreenshot(100))
	p.keep(filepath.Join(Root(), ".cache", "shots"), name, picture, err)
}

// Top saves a screenshot of the top of the page as <name>.png in folder. width and height are in pixels.
func (p *Page) Top(folder, name string, width, height int64) {
	p.t.Helper()
	_, err := run(p, chromedp.EmulateViewport(width, height))
	var picture []byte
	if err == nil {
		picture, err = run(p, chromedp.CaptureScreenshot())
	}
	p.keep(folder, name, picture, err)
}

func (p *Page) keep(folder, name string, picture []byte, err error) {
	p.t.Helper()
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// axeSource reads axe-core, which `make test` puts into the cache folder.
var axeSource = sync.OnceValues(func() (string, error) {
	source, err := os.ReadFile(filepath.Join(Root(), ".cache", "axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return "", fmt.Errorf("the tests need axe-core; run `make test`, which installs it: %w", err)
	}
	return string(source), nil
})

type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// Axe runs axe-core on the page: the given rule, or all rules for "". Each violation fails the test.
func (p *Page) Axe(rule string) {
	p.t.Helper()
	source, err := axeSource()
	if err != nil {
		p.t.Fatal(err)
	}
	if p.plain { // axe-core needs scripts; the page's own scripts do not start now
		p.allowScripts(true)
		defer p.allowScripts(false)
	}
	if read(p, `typeof axe`) == "undefined" { // load half a megabyte only once for each page
		p.eval(source + "; undefined")
	}
	options := `{resultTypes: ["violations"]}`
	if rule != "" {
		options = fmt.Sprintf(`{resultTypes: ["violations"], runOnly: {type: "rule", values: [%q]}}`, rule)
	}
	found, err := run(p, chromedp.Evaluate[string](`axe.run(document, `+options+`).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	var violations []violation
	if err == nil {
		err = json.Unmarshal([]byte(found), &violations)
	}
	if err != nil {
		p.t.Fatalf("axe-core at %s: %v", p.Path(), err)
	}
	for _, v := range violations {
		for _, n := range v.Nodes {
			p.t.Errorf("axe-core at %s, %s (%s): %s\n%s\n%s", p.Path(), v.ID, v.Impact, v.Help, n.HTML, n.FailureSummary)
		}
	}
}

// run runs one action of chromedp with patience as its time limit.
func run[T any](p *Page, action chromedp.Action[T]) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, action)
}

// command runs a command of the browser's DevTools protocol.
func command[P, R any](p *Page, name cdp.Command[P, R], params P) {
	p.t.Helper()
	if _, err := run(p, func(ctx context.Context, t *chromedp.Target) (R, error) { return cdp.Call(ctx, t, name, params) }); err != nil {
		p.t.Fatal(err)
	}
}

// eval runs a script on the page.
func (p *Page) eval(script string) {
	p.t.Helper()
	if _, err := run(p, chromedp.Evaluate[chromedp.Void](script)); err != nil {
		p.t.Fatalf("at %s: %v", p.Path(), err)
	}
}

// read evaluates a script that returns a text and changes nothing. If the browser leaves the page in the middle, read runs the
// script again on the next page.
func read(p *Page, script string) string {
	p.t.Helper()
	deadline := time.Now().Add(patience)
	text, err := run(p, chromedp.Evaluate[string](script))
	for err != nil && strings.Contains(err.Error(), "Inspected target navigated or closed") && time.Now().Before(deadline) {
		text, err = run(p, chromedp.Evaluate[string](script))
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

package e2e

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// labelled is the visible field, of a form of the page's main part first, that people read as label.
func labelled(label string) chromedp.JSPath {
	return chromedp.JSPath(fmt.Sprintf(`(() => {
		const label = %q, read = e => (e.textContent || "").replace(/\s+/g, " ").trim();
		const says = e => [...(e.labels || [])].some(l => read(l) === label || read(l).startsWith(label + " ")) || e.getAttribute("aria-label") === label;
		return [...document.querySelectorAll("input, select, textarea")].filter(e => e.type !== "hidden" && e.checkVisibility({visibilityProperty: true}) && says(e))
			.sort((a, b) => (a.closest("main") ? 0 : 1) - (b.closest("main") ? 0 : 1))[0];
	})()`, label))
}

// Enter writes value into the field that people read as label, as if typed; of a list it takes the option that people
// read as value.
func (p *Page) Enter(label, value string) {
	p.t.Helper()
	p.eval(fmt.Sprintf(`(() => {
		const e = %[1]s, value = %[3]q;
		if (!e) throw new Error("there is no field labelled " + %[2]q);
		e.focus();
		if (e.tagName === "SELECT") {
			const option = [...e.options].find(o => o.text.replace(/\s+/g, " ").trim() === value || o.text.trim().startsWith(value));
			if (!option) throw new Error("there is no option " + value + " in " + %[2]q + ": " + [...e.options].map(o => o.text).join(", "));
			e.value = option.value;
		} else e.value = value;
		e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true}));
	})()`, string(labelled(label)), label, value))
}

// Tick clicks the checkbox that people, or those who only hear the page, read as label.
func (p *Page) Tick(label string) {
	p.t.Helper()
	if _, err := run(p, chromedp.Click(labelled(label))); err != nil {
		p.t.Fatalf("ticking %q at %s: %v", label, p.Path(), err)
	}
}

// Attach chooses a file for the field that people read as label.
func (p *Page) Attach(label, path string) {
	p.t.Helper()
	if _, err := run(p, chromedp.SetUploadFiles(labelled(label), []string{path})); err != nil {
		p.t.Fatalf("choosing a file for %q at %s: %v", label, p.Path(), err)
	}
}

// Download fetches what the link that people read as name leads to, as a file.
func (p *Page) Download(name string) string {
	p.t.Helper()
	text, err := run(p, chromedp.Evaluate[string](fmt.Sprintf(`(async () => {
		const link = %s;
		if (!link || !link.href) throw new Error("there is no link " + %q);
		const answer = await fetch(link.href);
		if (!answer.ok) throw new Error(link.href + " was answered with " + answer.status);
		return await answer.text();
	})()`, string(control(name)), name), chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("downloading %q at %s: %v", name, p.Path(), err)
	}
	return text
}

// SignIn signs a person in and follows to the page that a path, below the base, leads to.
func (p *Page) SignIn(email, password, path string) {
	p.t.Helper()
	p.Open("/login?next=" + path)
	p.Enter("E-mail address", email)
	p.Enter("Password", password)
	p.Follow("Sign in")
}

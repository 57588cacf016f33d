package e2e

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// labelled returns a script for the visible field with this label. A field in the main part of the page comes first. It also
// finds a label that begins with label and a space.
func labelled(label string) chromedp.JSPath {
	return chromedp.JSPath(fmt.Sprintf(`(() => {
		const label = %q, read = e => (e.textContent || "").replace(/\s+/g, " ").trim();
		const says = e => [...(e.labels || [])].some(l => read(l) === label || read(l).startsWith(label + " ")) || e.getAttribute("aria-label") === label;
		return [...document.querySelectorAll("input, select, textarea")].filter(e => e.type !== "hidden" && e.checkVisibility({visibilityProperty: true}) && says(e))
			.sort((a, b) => (a.closest("main") ? 0 : 1) - (b.closest("main") ? 0 : 1))[0];
	})()`, label))
}

// Enter writes value into the field with this label, as if typed. In a list it selects the option whose text begins with value.
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

// Tick clicks the checkbox with this label.
func (p *Page) Tick(label string) {
	p.t.Helper()
	if _, err := run(p, chromedp.Click(labelled(label))); err != nil {
		p.t.Fatalf("ticking %q at %s: %v", label, p.Path(), err)
	}
}

// Attach chooses a file for the field with this label.
func (p *Page) Attach(label, path string) {
	p.t.Helper()
	if _, err := run(p, chromedp.SetUploadFiles(labelled(label), []string{path})); err != nil {
		p.t.Fatalf("choosing a file for %q at %s: %v", label, p.Path(), err)
	}
}

// Download fetches the file of the link with this text.
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

// SignIn signs a person in, who then gets to the page of a path below the base.
func (p *Page) SignIn(email, password, path string) {
	p.t.Helper()
	p.Open("/login?next=" + path)
	p.Enter("E-mail address", email)
	p.Enter("Password", password)
	p.Follow("Sign in")
}

package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestWebhooksInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	keepWebhooks(t, p, p.Inspect)
}

func TestWebhooksWithoutScript(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	keepWebhooks(t, NewPlainPage(t, program.URL), func(string) {})
}

// keepWebhooks creates a webhook as the documentation says, calls it, changes it and deletes it.
func keepWebhooks(t *testing.T, p *Page, inspect func(name string)) {
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/webhooks")
	p.Sees("No webhooks yet")
	inspect("webhooks-empty")
	p.Follow("Workspace settings")
	inspect("settings")
	p.Follow("Inbound Webhooks")
	p.Follow("Create Webhook")
	inspect("webhook-new")
	refuseTagsOfDelete(t, p, inspect)
	p.Choose("type", "SUBSCRIBED")
	p.Fill("name", "Shop: customer created")
	p.Fill("new_tags", "shop, reading club")
	p.Follow("Save")
	p.Sees("was created. Its address is below.")
	p.Sees("Waiting for the first call")
	inspect("webhook-waiting")
	address := p.Value("#url")
	if !strings.Contains(p.Value("#snippet"), address) {
		t.Errorf("got the example %s, want one that calls %s", p.Value("#snippet"), address)
	}
	showSnippets(p)
	inspect("webhook-form-snippet")

	p.SeesNot("Last call")
	callForm(t, address, "first_name", "Cersei")
	if p.plain {
		p.Follow("Check now")
	}
	p.Sees("A call has arrived, but it was refused")
	if p.Has("#steps .steps > li:not(.done):not(:has(a.btn))") {
		t.Error("a step other than the choice of the sender is open after a refused call")
	}
	inspect("webhook-refused")
	callForm(t, address, "email_address", "cersei@example.com", "first_name", "Cersei")
	if p.plain {
		p.Follow("Check now")
	}
	p.Sees("The first call has arrived")
	p.SeesNot("Waiting for the first call")
	inspect("webhook-came")
	callForm(t, address, "first_name", "Cersei")
	page, _, _ := strings.Cut(p.Path(), "?")
	p.Open(page)
	p.Sees("3 calls, 2 failed")
	inspect("webhook")
	changeWebhook(t, p, inspect)
}

// showSnippets looks at every example. With script the page stays, and still waits for the first call.
func showSnippets(p *Page) {
	p.t.Helper()
	show := p.Click
	if p.plain {
		show = func(name string) { p.Follow(name) }
	} else {
		p.eval(`window.stayed = true`)
	}
	for _, tab := range [][2]string{{"JavaScript", "fetch("}, {"PHP", "stream_context_create"}, {"Python", "urllib.request"}, {"To share", "Please call this web address for each person."}, {"HTML form", "<form action="}} {
		show(tab[0])
		p.Sees(tab[1])
	}
	if !p.plain && !p.Has("button[data-copy=snippet]:not([hidden])") {
		p.t.Error("the button that copies the example is gone")
	}
	if !p.plain && read(p, `String(window.stayed)`) != "true" {
		p.t.Error("a tab loads the page again")
	}
	if got := p.Path(); !strings.HasSuffix(got, "?show=form") {
		p.t.Errorf("the address is %s, want it to hold the tab", got)
	}
}

// refuseTagsOfDelete sends the form with tags for a DELETE webhook, which is refused.
func refuseTagsOfDelete(t *testing.T, p *Page, inspect func(name string)) {
	t.Helper()
	p.Fill("name", "Reading club sign-up, all branches, spring and autumn terms 2026 (b)")
	p.Choose("type", "DELETE")
	p.Sees("This type cannot add tags.")
	if p.Has("input[name=new_tags]") {
		t.Error("the picker of tags is shown for DELETE")
	}
	if status := p.Follow("Save"); status != http.StatusUnprocessableEntity {
		t.Errorf("got %d, want 422", status)
	}
	p.Sees("Please make the name 64 characters or shorter. It has 68.")
	inspect("webhook-error")
}

// changeWebhook disables and enables the webhook, changes its type and its address, and deletes it.
func changeWebhook(t *testing.T, p *Page, inspect func(name string)) {
	t.Helper()
	page, address := p.Path(), p.Value("#url")
	p.Follow("Edit")
	p.Choose("type", "UNSUBSCRIBED")
	if status := p.Follow("Save"); status != http.StatusUnprocessableEntity {
		t.Errorf("got %d, want 422 until it is said that the tags go", status)
	}
	p.Sees("“reading club” and “shop” are now taken off; save again if that is right.")
	inspect("webhook-tags-off")
	if status := p.Follow("Save"); status != http.StatusUnprocessableEntity {
		t.Errorf("got %d, want 422 until it is confirmed", status)
	}
	p.Sees("From now on each")
	inspect("webhook-type")
	p.Follow("Change to UNSUBSCRIBED")
	p.Sees("Saved. Calls now unsubscribe the contact. “reading club” and “shop” are no longer added.")
	p.Sees("This address belongs on a server")
	inspect("webhook-unsubscribed")
	p.Click("More actions")
	p.Follow("Switch off")
	p.Sees("in 24 hours.")
	inspect("webhook-disable")
	p.Follow("Switch off")
	p.Sees("This webhook is off.")
	p.Follow("Inbound Webhooks")
	p.Sees("1 webhook")
	inspect("webhooks")
	p.Open(page)
	p.Follow("Change the address")
	p.Sees("Change the address?")
	inspect("webhook-rotate")
	p.Follow("Change the address")
	p.Sees("The new one is below")
	if got := p.Value("#url"); got == address {
		t.Error("the address is the same as before")
	}
	p.Open(page + "/delete")
	inspect("webhook-delete")
	p.Follow("Delete webhook")
	p.Sees("No webhooks yet")
}

// callForm calls a webhook as an HTML form does. fields are pairs of name and value.
func callForm(t *testing.T, address string, fields ...string) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	response, err := http.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

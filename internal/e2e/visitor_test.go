package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestAVisitorOfAFormInABrowser fills in a form of another website, forgets the address, reads why it was refused and goes back.
func TestAVisitorOfAFormInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	visitForm(t, p, p.InspectEverywhere)
}

func TestAVisitorOfAFormWithoutScript(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	visitForm(t, NewPlainPage(t, program.URL), func(string) {})
}

func visitForm(t *testing.T, p *Page, inspect func(name string)) {
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/webhooks/new")
	p.Fill("name", "Newsletter form")
	p.Choose("type", "SUBSCRIBED")
	p.Follow("Save")
	address, page := p.Value("#url"), p.Path()
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><title>A shop</title><h1>%s</h1><form method="post" action="%s">
			<label>First name <input name="first_name"></label> <label>E-mail <input name="email_address"></label> <button>Join</button></form>`, r.URL.Path, address)
	}))
	t.Cleanup(shop.Close)
	p.Open(page + "/answers")
	p.Fill("success_url", shop.URL+"/thanks")
	p.Follow("Save")

	p.Open(shop.URL + "/join")
	p.Fill("first_name", "Jo")
	if status := p.Follow("Join"); status != http.StatusBadRequest {
		t.Errorf("got %d for a form without an address, want 400", status)
	}
	p.Sees("Your e-mail address is missing")
	p.SeesNot("success")
	inspect("form-refused")
	p.Click("Back to " + shop.URL[len("http://"):])
	if p.plain {
		p.Sees("/")
	} else {
		p.Sees("/join")
		if name := p.Value("[name=first_name]"); name != "Jo" {
			t.Errorf("got %q for the name after going back, want what was typed", name)
		}
	}
	p.Fill("email_address", "jo@example.com")
	p.Follow("Join")
	p.Sees("/thanks")
	if got := p.Path(); got != "/thanks?result=ok" {
		t.Errorf("the visitor came to %s", got)
	}
}

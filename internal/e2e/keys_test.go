package e2e

import (
	"net/http"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"

	"gorm.io/gorm"
)

// endSessions ends all sessions, as their expiry does.
func endSessions(tx *gorm.DB) error { return tx.Exec("DELETE FROM sessions").Error }

// keysWorkspace creates a workspace with three contacts, each from a call, and opens its dashboard as the admin.
func keysWorkspace(t *testing.T, url string, open func(testing.TB, string) *Page) (*Audience, *Page) {
	t.Helper()
	a := NewAudience(t, url, 1)
	program := a.start()
	s := newSender(program.URL)
	defer s.close()
	for _, email := range []string{"arya@example.com", "bran@example.com", "cersei@example.com"} {
		if _, err := s.post(t.Context(), a.hook[models.TypeSubscribed], map[string]string{"email_address": email}); err != nil {
			t.Fatal(err)
		}
	}
	p := open(t, program.URL)
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace")
	return a, p
}

// TestBrowserPalette finds a page, a contact by its address and a webhook by its name, with the keyboard only.
func TestBrowserPalette(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		_, p := keysWorkspace(t, url, NewPage)
		for _, c := range []struct{ typed, first, path, sees string }{
			{"merge", "Merge tags", "/w/my-workspace/merge-tags", "Create merge tag"},
			{"cersei@example.com", "cersei@example.com", "/w/my-workspace/contacts/3", "cersei@example.com"},
			{"UNCONF", "UNCONFIRMED", "/w/my-workspace/webhooks/2", "UNCONFIRMED"},
		} {
			p.Press("Ctrl+k")
			p.WantFocus("Search or go to")
			p.Press(c.typed)
			p.until(func() bool { return strings.HasPrefix(p.Value("[role=option][aria-selected=true]"), c.first) }, c.first+" is chosen")
			p.PressTo("Enter")
			if got := p.Path(); got != c.path {
				t.Errorf("%q led to %s, want %s", c.typed, got, c.path)
			}
			p.Sees(c.sees)
		}

		p.Press("Ctrl+k", "tag")
		p.Sees("5 results") // for the whole word; the tag comes first
		p.Press("Down", "Up", "Down")
		p.until(func() bool { return strings.HasPrefix(p.Value("[role=option][aria-selected=true]"), "Tags") }, "the page is chosen")
		p.Inspect("palette")
		p.PressTo("Enter")
		p.Sees("Create tag")
		p.Press("Ctrl+k", "tag", "Esc")
		if p.Has("dialog[open]") {
			t.Error("Esc does not close the palette")
		}
	})
}

// TestBrowserKeys presses the keys of UI "Keyboard", and switches the single keys off.
func TestBrowserKeys(t *testing.T) {
	t.Parallel()
	_, p := keysWorkspace(t, dbtest.SQLiteURL(t), NewPage)
	p.PressTo("g", "c")
	p.Sees("3 contacts · newest first")
	p.Press("/")
	p.WantFocus("Name or address")
	p.Press("j") // types the letter, since the focus is in a field
	if got := p.Value("main [name=q]"); got != "j" {
		t.Errorf("got %q in the filter, want j", got)
	}
	p.Open("/w/my-workspace/contacts")
	p.Press("?")
	p.Sees("Next row")
	p.Inspect("keys-dialog")
	p.Press("Esc")
	p.Press("j")
	p.WantFocus("cersei@example.com")
	p.Press("j", "j", "j")
	p.WantFocus("arya@example.com")
	p.Press("k", "x")
	p.WantFocus("bran@example.com")
	p.Sees("1 selected")
	p.PressTo("Enter")
	p.Sees("What happened")
	if got := p.Path(); got != "/w/my-workspace/contacts/2" {
		t.Errorf("Enter led to %s, want the second contact", got)
	}

	p.PressTo("g", "r")
	p.Press("j")
	p.PressTo("Enter")
	p.Sees("cersei@example.com is a new contact")
	p.PressTo("j")
	p.Sees("bran@example.com is a new contact")
	p.PressTo("k")
	p.Sees("cersei@example.com is a new contact")
	p.PressTo("u")
	if got := p.Path(); got != "/w/my-workspace/requests" {
		t.Errorf("U led to %s, want the list", got)
	}

	p.Open("/account")
	p.Click("Single keys do something on the pages")
	p.Follow("Save")
	p.Sees("Single keys are off.")
	p.WantFocus("Single keys are off.")
	p.Open("/w/my-workspace/contacts")
	p.Press("j", "?", "x")
	if p.Has("dialog[open]") || strings.Contains(p.Focus(), "example.com") {
		t.Errorf("a key does something although keys are switched off: the focus is on %q", p.Focus())
	}
	p.Press("Ctrl+k")
	p.WantFocus("Search or go to")
}

// TestBrowserSessionEnds fills in a form while the session ends, with and without script. After signing in the form is there
// again.
func TestBrowserSessionEnds(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB, string) *Page{"script": NewPage, "plain": NewPlainPage} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, p := keysWorkspace(t, dbtest.SQLiteURL(t), open)
			p.Follow("Contacts")
			p.Follow("Add contact")
			p.Enter("E-mail address", "dany@example.com")
			p.Enter("one", "Daenerys, “the Unburnt”")
			p.Enter("New tags, separated by commas", "dragons")
			if err := a.db.Write(t.Context(), endSessions); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, "a form without a session", p.Follow("Add contact"), http.StatusUnauthorized)
			p.Sees("Your input is kept")
			p.Inspect("sign-in-kept")
			p.Enter("E-mail address", FirstAdmin["ADMIN_EMAIL"])
			p.Enter("Password", "not this one")
			p.Follow("Sign in")
			p.Enter("E-mail address", FirstAdmin["ADMIN_EMAIL"])
			p.Enter("Password", FirstAdmin["ADMIN_PASSWORD"])
			p.Follow("Sign in")
			p.Sees("You were signed out before this was saved.")
			if got := p.Path(); got != "/w/my-workspace/contacts/new" {
				t.Errorf("the form comes back at %s", got)
			}
			p.Inspect("form-kept")
			p.Follow("Add contact")
			p.Sees("dany@example.com")
			p.Sees("Daenerys, “the Unburnt”")
			p.Sees("dragons")
		})
	}
}

// TestBrowserUnsavedChangesAsk leaves a form in several ways. The browser asks only if something was typed and is not saved.
func TestBrowserUnsavedChangesAsk(t *testing.T) {
	t.Parallel()
	_, p := keysWorkspace(t, dbtest.SQLiteURL(t), NewPage)
	p.Open("/w/my-workspace/tags/new")
	p.Follow("Dashboard") // nothing was typed
	p.Open("/w/my-workspace/tags/new")
	p.Click("Name")
	p.Press("half a na")
	p.AsksBeforeLeaving("Dashboard")
	if got := p.Value("[name=name]"); got != "half a na" {
		t.Errorf("got %q in the field after staying, want what was typed", got)
	}
	p.Follow("Create tag") // no question
	p.Sees("half a na")
	p.Open("/w/my-workspace/tags/new")
	p.Click("Name")
	p.Press("never mind")
	p.Follow("Cancel")
	p.SeesNot("never mind")
}

// TestBrowserDoubleSubmit sends a form twice, as people without script do when they click again. Only one webhook is created.
func TestBrowserDoubleSubmit(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		a, p := keysWorkspace(t, url, NewPlainPage)
		p.Open("/w/my-workspace/webhooks/new")
		p.Enter("Name", "Till")
		p.Choose("type", string(models.TypeSubscribed))
		p.FollowTwice("Save")
		p.Sees("Till")
		n := 0
		for _, w := range rows[models.Webhook](a) {
			if w.Name == "Till" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("got %d webhooks after two clicks, want 1", n)
		}
	})
}

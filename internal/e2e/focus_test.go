package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
)

// wantRefused expects that the form was refused and the focus is on its list of errors.
func wantRefused(p *Page) {
	p.t.Helper()
	p.until(func() bool { return p.Value(":focus[role=alert]") != "" }, "the focus is on the list of errors, not on "+p.Focus())
}

// wantSaid expects that the focus is on a message about what was done, which begins with text.
func wantSaid(p *Page, text string) {
	p.t.Helper()
	p.until(func() bool { return p.Has(":focus[role=status]") && strings.HasPrefix(p.Focus(), text) }, "the focus is on the message "+text+", not on "+p.Focus())
}

// TestBrowserFocusAfterActions sends every kind of form. Afterwards the focus is on the message, or on the list of errors.
func TestBrowserFocusAfterActions(t *testing.T) {
	t.Parallel()
	_, p := keysWorkspace(t, dbtest.SQLiteURL(t), NewPage)
	w := "/w/my-workspace"
	for _, c := range []struct{ page, label, wrong, right, button, said string }{
		{w + "/tags/new", "Name", "", "vip", "Create tag", "The tag vip was created"},
		{w + "/tags/1/edit", "Name", "", "first", "Save", ""},
		{w + "/merge-tags/new", "Label", "", "City", "Create merge tag", ""},
		{w + "/webhooks/new", "Name", "", "Till", "Save", "The webhook Till was created"},
		{w + "/contacts/new", "E-mail address", "nobody", "dany@example.com", "Add contact", ""},
		{w + "/contacts/1/edit", "one", "", "x", "Save", "Saved"},
		{w + "/settings", "Name", "", "Westeros", "Save", "Saved"},
		{w + "/settings/members/new", "E-mail address", "nobody", "otto@example.com", "Invite", "The invitation was created"},
		{"/workspaces/new", "Name", "", "Essos", "Create workspace", "The workspace Essos was created"},
	} {
		p.Open(c.page)
		if c.page != w+"/contacts/1/edit" { // none of its fields is required
			p.Enter(c.label, c.wrong)
			p.Follow(c.button)
			wantRefused(p)
		}
		if c.label == "Label" {
			p.Enter("Key", "city")
		}
		p.Enter(c.label, c.right)
		p.Follow(c.button)
		wantSaid(p, c.said)
	}

	p.Open(w + "/segments/new")
	p.Enter("Name", "")
	p.Follow("Create segment")
	wantRefused(p)
	p.Follow("Cancel")

	p.Open(w + "/contacts/bulk?do=delete&all=1")
	p.Follow("Delete for good")
	wantRefused(p)
	p.Open(w + "/contacts/bulk?do=status&to=UNCONFIRMED&id=1")
	p.Follow("Change the status")
	wantSaid(p, "")

	p.Open(w + "/contacts/import")
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("email\nsansa@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Attach("File", file)
	p.Follow("Upload")
	wantSaid(p, "The file is here.")
	p.Follow("Try it out")
	wantSaid(p, "The file is being tried out.")

	p.Open(w + "/tags/1/delete")
	p.Follow("Delete tag")
	wantSaid(p, "")
}

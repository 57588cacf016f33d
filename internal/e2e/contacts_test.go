package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestContactsInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	p := NewPage(t, program.URL)
	keepContacts(t, p, p.Inspect)
}

func TestContactsWithoutScript(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{Env: FirstAdmin})
	keepContacts(t, NewPlainPage(t, program.URL), func(string) {})
}

// keepContacts creates merge tags and contacts, by hand and by calls, and changes and deletes them.
func keepContacts(t *testing.T, p *Page, inspect func(name string)) {
	p.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/w/my-workspace/contacts")
	p.Sees("No contacts yet")
	inspect("contacts-empty")
	keepMergeTags(t, p, inspect)

	p.Open("/w/my-workspace/webhooks/new")
	p.Fill("name", "Shop: customer created")
	p.Choose("type", "SUBSCRIBED")
	p.Fill("new_tags", "shop")
	p.Follow("Save")
	address := p.Value("#url")
	p.Open("/w/my-workspace/segments/new") // a new rule has the condition "status is Subscribed"
	p.Fill("name", "Loyal customers")
	p.Follow("Create segment")
	callForm(t, address, "email_address", "marta.kowalska@example.com", "first_name", "Martha", "points", "980", "birthday", "2 May")
	callForm(t, address, "email_address", "marta.kowalska@example.com", "first_name", "Marta", "points", "1250", "referrer", "x")
	callForm(t, address, "email_address", "maximiliane.von-hohenzollern+autumn-catalogue-2026@mail.press-and-public-relations.alderfinch.example", "genre", "crime")

	addContact(t, p, inspect)
	p.Open("/w/my-workspace/contacts")
	p.Sees("3 contacts · newest first")
	inspect("contacts")
	p.Fill("q", "MARTA")
	p.Follow("Filter")
	p.Sees("1 of 3 contacts")
	inspect("contacts-found")
	p.Follow("More filters") // its first condition is "status is Subscribed"
	p.Sees("name or address has “MARTA”")
	inspect("contacts-more-filters")
	p.Follow("Show contacts")
	p.Sees("whose Status is Subscribed")
	p.Sees("1 of 3 contacts")
	inspect("contacts-by-rule")
	p.Follow("Save as segment, without the search")
	p.Sees("Contacts whose Status is Subscribed")
	p.Open("/w/my-workspace/contacts")
	p.Fill("q", "nobody@example.com")
	p.Follow("Filter")
	p.Sees("No contact matches")
	inspect("contacts-none")
	p.Open("/w/my-workspace/contacts?q=marta")
	p.FollowAt("tbody td.c2") // the row's link covers the row
	p.Sees("Birthday not stored:")
	waitFor(p, "in 1 of 1")
	p.Click("Loyal customers in, why?")
	p.Sees("Status is Subscribed")
	inspect("contact")
	p.Fill("new_tags", "reader, vip")
	p.Follow("Add tag")
	p.Sees("The contact has the tags now.")
	changeContact(t, p, inspect)

	p.Click("More actions")
	p.Follow("Erase for good")
	p.Sees("for good?")
	inspect("contact-delete")
	p.Follow("Erase for good")
	p.Sees("The contact is gone for good.")
	p.Sees("2 contacts")
}

// waitFor reloads the page until it shows the text. The text appears after a tick.
func waitFor(p *Page, text string) {
	p.t.Helper()
	path := p.Path()
	for deadline := time.Now().Add(patience); !strings.Contains(p.Text(), text); p.Open(path) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s does not say %q: %s", path, text, p.Text())
		}
	}
}

// keepMergeTags creates one merge tag of each type, and sends one form that is refused.
func keepMergeTags(t *testing.T, p *Page, inspect func(name string)) {
	p.Open("/w/my-workspace/merge-tags")
	p.Sees("No merge tags yet")
	inspect("merge-tags-empty")
	p.Follow("Create merge tag")
	inspect("merge-tag-new")
	p.Fill("key", "First name")
	if status := p.Follow("Create merge tag"); status != http.StatusUnprocessableEntity {
		t.Errorf("got %d for a key with a blank, want 422", status)
	}
	p.Sees("2 things to check")
	inspect("merge-tag-error")
	for _, m := range []struct{ key, label, kind, options, standard string }{
		{"first_name", "First name", "text", "", ""},
		{"birthday", "Birthday", "date", "", ""},
		{"points", "Loyalty points", "number", "", "0"},
		{"catalogue", "Wants the catalogue", "boolean", "", "no"},
		{"genre", "Favourite genre", "dropdown_single", "Fiction\nCrime\nPoetry", "fiction"},
		{"visits", "Comes on", "dropdown_multiple", "Monday\nTuesday\nWednesday\nThursday\nFriday\nSaturday", ""},
		{"country", "Country", "country", "", "Austria"},
	} {
		p.Open("/w/my-workspace/merge-tags/new")
		p.Fill("key", m.key)
		p.Fill("label", m.label)
		p.Fill("type", m.kind)
		p.Fill("options", m.options)
		p.Fill("default_value", m.standard)
		p.Follow("Create merge tag")
		p.Sees("The merge tag " + m.label + " was created.")
	}
	p.Sees("7 merge tags")
	inspect("merge-tags")
	p.Follow("genre")
	inspect("merge-tag-edit")
	p.Open("/w/my-workspace/merge-tags")
	p.Follow("Delete Country")
	p.Sees("Delete the merge tag “Country”?")
	inspect("merge-tag-delete")
	p.Follow("Keep it")
}

// addContact creates a contact by hand. The first form is refused.
func addContact(t *testing.T, p *Page, inspect func(name string)) {
	p.Open("/w/my-workspace/contacts/new")
	inspect("contact-new")
	p.Fill("email", "marta.kowalska@example.com")
	p.Fill("field_points", "many")
	p.Fill("field_birthday", "1990-05-02")
	p.Choose("field_visits", "Tuesday")
	p.Choose("field_visits", "Friday")
	if status := p.Follow("Add contact"); status != http.StatusUnprocessableEntity {
		t.Errorf("got %d for an address that exists already, want 422", status)
	}
	p.Sees("There is a contact with this address already.")
	inspect("contact-new-error")
	p.Fill("email", "anna@bücher-höfl.example")
	p.Fill("field_points", "12")
	p.Fill("status", "UNCONFIRMED")
	p.Fill("new_tags", "wholesale, reading club")
	p.Follow("Add contact")
	p.Sees("The contact was added.")
	p.Sees("Tuesday, Friday")
	inspect("contact-added")
}

// changeContact edits the contact of the page in two forms at the same time. The second form is refused and sent again.
func changeContact(t *testing.T, p *Page, inspect func(name string)) {
	p.Follow("Edit")
	inspect("contact-edit")
	version := p.Value("[name=version]")
	p.Fill("field_first_name", "Marta Maria")
	p.Fill("status", "UNSUBSCRIBED")
	p.Follow("Save")
	p.Sees("Saved.")
	waitFor(p, "Left Loyal customers")
	p.Follow("Edit")
	p.Fill("version", version)
	p.Fill("status", "SUBSCRIBED")
	p.Fill("field_first_name", "Marthe")
	if status := p.Follow("Save"); status != http.StatusUnprocessableEntity {
		t.Errorf("got %d for a contact that was changed while you edited it, want 422", status)
	}
	p.Sees("This contact was changed while you edited it.")
	p.Sees("The contact has now: Marta Maria")
	p.Sees("The contact is Unsubscribed now.")
	inspect("contact-stale")
	p.Follow("Save")
	p.Sees("Saved.")
	p.Sees("edited the contact")
	waitFor(p, "Entered Loyal customers")
	inspect("contact-changed")
}

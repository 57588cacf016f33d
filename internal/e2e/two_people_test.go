package e2e

import (
	"net/http"
	"testing"

	"campaignlark/internal/dbtest"
)

// TestBrowserTwoPeopleEdit changes a webhook and a segment in two windows at the same time, and deletes a tag in one of them while
// it is being renamed in the other.
func TestBrowserTwoPeopleEdit(t *testing.T) {
	t.Parallel()
	a := NewAudience(t, dbtest.SQLiteURL(t), 1)
	program := a.start()
	a.live(program)
	var p, other *Page
	for _, window := range []**Page{&p, &other} {
		*window = NewPage(t, program.URL)
		(*window).SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/")
	}
	p.Open("/w/my-workspace/webhooks/new")
	p.Fill("name", "Shop")
	p.Fill("new_tags", "customer, wholesale")
	p.Follow("Save")
	p.Follow("Edit")
	other.Open(p.Path())
	other.Fill("name", "Web shop")
	other.Fill("new_tags", "newsletter")
	other.Follow("Save")
	other.Sees("Saved.")
	p.Fill("name", "Till")
	wantStatus(t, "a name that both changed", p.Follow("Save"), http.StatusUnprocessableEntity)
	p.Sees("This webhook was changed while you edited it.")
	p.Sees("Name: “Shop” is now “Web shop”.")
	p.Sees("Tags added: newsletter.")
	p.InspectEverywhere("webhook-changed-by-another")
	p.AsksBeforeLeaving("Dashboard")
	p.Follow("Save")
	p.Sees("Saved.")
	p.Sees("newsletter")

	p.Open("/w/my-workspace/segments/new")
	p.Fill("name", "Readers")
	p.Follow("Create segment")
	p.Follow("Edit")
	other.Open(p.Path())
	other.Fill("value-0", "UNCONFIRMED")
	other.Follow("Save")
	other.Sees("is saved")
	p.Click("Condition")
	p.SeesField("what-1")
	wantStatus(t, "a rule that both changed", p.Follow("Save"), http.StatusUnprocessableEntity)
	p.Sees("The rule that is stored now")
	p.InspectEverywhere("segment-changed-by-another")
	p.Follow("Save")
	p.Sees("is saved")

	p.Open("/w/my-workspace/tags")
	p.Follow("Rename wholesale")
	other.Open("/w/my-workspace/tags")
	other.Follow("Delete wholesale")
	other.Follow("Delete tag")
	p.Fill("name", "Trade")
	wantStatus(t, "a tag that is gone", p.Follow("Save"), http.StatusNotFound)
	p.Sees("This tag does not exist any more: somebody deleted it.")
	p.InspectEverywhere("tag-deleted-by-another")
	p.Follow("Create tag")
	p.Sees("The tag Trade was created.")
}

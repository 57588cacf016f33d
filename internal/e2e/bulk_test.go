package e2e

import (
	"testing"

	"campaignlark/internal/dbtest"
)

// TestBrowserBulkActions adds a tag to selected contacts and deletes all contacts that match, with and without script.
func TestBrowserBulkActions(t *testing.T) {
	t.Parallel()
	urls := map[string]string{"sqlite": dbtest.SQLiteURL(t), "postgres": dbtest.PostgresURL(t)}
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := NewAudience(t, url, 1)
			program := a.start()
			a.live(program)
			open := NewPage
			if name == "postgres" {
				open = NewPlainPage
			}
			p := open(t, program.URL)
			p.Open("/login?next=/w/my-workspace/contacts")
			p.Fill("email", FirstAdmin["ADMIN_EMAIL"])
			p.Fill("password", FirstAdmin["ADMIN_PASSWORD"])
			p.Follow("Sign in")
			p.Sees("2 contacts · newest first")
			p.Choose("id", "1")
			p.Follow("Add tag")
			p.Sees("Which tag should they get?")
			p.Fill("new_tag", "vip")
			p.Follow("Continue")
			p.Sees("Add the tag “vip” to 1 contact?")
			p.Follow("Add the tag")
			p.SeesAgain("The tag “vip” was added to 1 contact.")

			p.Open("/w/my-workspace/contacts?tag=vip")
			p.Sees("1 of 2 contacts")
			p.Choose("id", "1")
			p.Choose("all", "1")
			p.Follow("Delete")
			p.Sees("Delete 1 contact for good? Type 1.")
			p.Fill("typed", "7")
			p.Follow("Delete for good")
			p.Sees("Nothing was deleted.")
			p.Fill("typed", "1")
			p.Follow("Delete for good")
			p.SeesAgain("1 contact deleted for good.")
			p.Follow("Contacts")
			p.Sees("1 contact · newest first")
		})
	}
}

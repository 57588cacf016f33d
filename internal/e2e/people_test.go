package e2e

import (
	"net/http"
	"testing"
)

// TestBrowserInviteAndJoin invites a new person and a person with an account. Both join the workspace.
func TestBrowserInviteAndJoin(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		a := NewAudience(t, url, 1)
		program := a.start()
		admin := NewPage(t, program.URL)
		admin.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"], "/")
		admin.Follow("Workspace settings")
		admin.Follow("Members")
		admin.Sees("the only admin")

		admin.Follow("Invite a person")
		admin.Inspect("member-new")
		admin.Enter("E-mail address", "otto@example.com")
		admin.Click("Manager")
		admin.Follow("Invite")
		admin.Sees("otto@example.com is invited")
		admin.InspectEverywhere("invitation-link")
		link := admin.Value("#link")
		admin.Click("Copy")
		admin.Sees("Copied")

		otto := NewPage(t, program.URL)
		wantStatus(t, "the link", otto.Open(link), http.StatusOK)
		otto.Sees("Join My workspace")
		otto.InspectEverywhere("join")
		otto.Enter("Choose a password", "short")
		otto.Follow("Join and sign in")
		otto.Sees("Please make the password 10 characters or longer")
		otto.Enter("Choose a password", "a lannister pays")
		otto.Follow("Join and sign in")
		otto.Sees("You are a member of My workspace now.")
		otto.Sees("Manager")
		wantStatus(t, "the link again", otto.Open(link), http.StatusNotFound)
		otto.Inspect("join-closed")

		admin.Follow("To the members")
		admin.Sees("otto@example.com")
		admin.Follow("Change role of otto@example.com")
		admin.Click("Admin")
		admin.Follow("Save")
		admin.Sees("The role of otto@example.com is Admin now.")
		admin.InspectEverywhere("members")
		admin.Follow("Leave the workspace")
		admin.Inspect("leave")
		admin.Follow("Leave workspace")
		admin.Sees("You have left My workspace.")
		admin.Sees("You have no invitations")
		admin.Inspect("invitations-none")

		otto.Open("/w/my-workspace/settings/members/new")
		otto.Enter("E-mail address", FirstAdmin["ADMIN_EMAIL"])
		otto.Follow("Invite")
		otto.Sees(FirstAdmin["ADMIN_EMAIL"] + " is invited")
		admin.Follow("Invitations")
		admin.Sees("otto@example.com invites you")
		admin.InspectEverywhere("invitations")
		admin.Follow("Accept the invitation to My workspace")
		admin.Sees("You are a member of My workspace now.")
		admin.Sees("Viewer")
	})
}

package e2e

import "testing"

func TestSetupAndSignInInABrowser(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{})
	p := NewPage(t, program.URL)
	getIn(t, program, p, p.Inspect)
}

func TestSetupAndSignInWithoutScript(t *testing.T) {
	t.Parallel()
	program := Start(t, Settings{})
	getIn(t, program, NewPlainPage(t, program.URL), func(string) {})
}

// getIn opens the set-up link that the program prints, creates the workspace, changes the password, signs out and in again.
func getIn(t *testing.T, program *Program, p *Page, inspect func(name string)) {
	p.Open("/")
	p.Sees("CampaignLark is not set up yet")
	inspect("setup-closed")

	p.Open(program.Setup)
	inspect("setup")
	p.Fill("workspace", "Alder & Finch Books")
	p.Fill("time_zone", "Europe/Vienna")
	p.Fill("email", "ines@alderfinch")
	p.Fill("password", "short")
	if status := p.Follow("Create workspace and sign in"); status != 422 {
		t.Errorf("got %d, want 422", status)
	}
	p.Sees("2 things to check")
	inspect("setup-error")
	if got := p.Value("[name=workspace]") + " in " + p.Value("[name=time_zone]"); got != "Alder & Finch Books in Europe/Vienna" {
		t.Errorf("got %q, want what was typed", got)
	}
	p.Fill("email", "ines@alderfinch.example")
	p.Fill("password", "rains of castamere")
	p.Follow("Create workspace and sign in")
	if p.Path() != "/w/alder-finch-books" {
		t.Errorf("got to %s, want the dashboard", p.Path())
	}

	p.Open("/account")
	inspect("account")
	p.Fill("current_password", "rains of castamere")
	p.Fill("new_password", "a lannister pays")
	p.Follow("Change password")
	p.Sees("Your password is changed")
	p.Follow("Sign out")
	inspect("sign-in")

	p.Open("/w/alder-finch-books/tags")
	p.Fill("email", "ines@alderfinch.example")
	p.Fill("password", "rains of castamere")
	if status := p.Follow("Sign in"); status != 422 {
		t.Errorf("got %d with the old password, want 422", status)
	}
	inspect("sign-in-error")
	p.Fill("password", "a lannister pays")
	p.Follow("Sign in")
	if p.Path() != "/w/alder-finch-books/tags" {
		t.Errorf("got to %s, want the page that was asked for", p.Path())
	}
	p.Open(program.Setup)
	p.Sees("CampaignLark is set up")
}

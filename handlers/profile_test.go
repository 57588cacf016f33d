package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
)

// TestNameAndTheme follows a person's name to where others see it, and the theme to the pages.
func TestNameAndTheme(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/tags/new").want(t, 403, "Ask an admin of the workspace, such as ines@example.com.")
		page := s.get("/account")
		if strings.Contains(page.body, "data-theme") {
			t.Error("got a theme, want that of the system")
		}
		filled := formFields(page.body)["filled"][0]
		s.post("/account/profile", "filled", filled, "name", strings.Repeat("n", 65), "theme", "dark").want(t, 422, "64 characters or shorter")
		s.post("/account/profile", "filled", filled, "name", "Ines Weber", "theme", "pink").want(t, 422, "Please choose one of these.")
		page = s.follow(s.post("/account/profile", "filled", filled, "name", " Ines Weber ", "theme", "dark"))
		page.want(t, 200, "Saved.", "Ines Weber")
		if !strings.Contains(page.body, `data-theme="dark"`) || !strings.Contains(s.get("/w/books/nothing").body, `data-theme="dark"`) {
			t.Error("got pages without the theme, want it on every page, errors included")
		}
		s.post("/account/profile", "filled", filled, "name", "Inés", "theme", "").want(t, 422, "was changed while you edited it", "“Ines Weber”")

		s.post("/w/books/tags", "name", "vip").want(t, 303)
		s.post("/w/books/contacts", "email", "tywin@example.com", "status", "SUBSCRIBED").want(t, 303)
		s.get("/w/books/settings/audit-log").want(t, 200, "Ines Weber (ines@example.com)", "tag")
		s.get("/w/books/settings/members").want(t, 200, "Ines Weber", "ines@example.com")
		s.get("/w/books/contacts/1").want(t, 200, "added by hand", "Ines Weber added the contact")
		viewer.get("/w/books/tags/new").want(t, 403, "such as Ines Weber (ines@example.com).")
	})
}

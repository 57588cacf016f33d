package handlers

import (
	"net/http"
	"strings"
	"testing"

	"campaignlark/models"
)

func TestCreatorBecomesAdminOfTheWorkspace(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books").want(t, http.StatusOK, "Your workspaces", "Create workspace")
		s.get("/workspaces/new").want(t, http.StatusOK, "Create workspace", "Time zone")
		s.post("/workspaces", "name", " ", "time_zone", "Vienna").want(t, http.StatusUnprocessableEntity, "Please give it a name.", "Please choose a time zone from the list.")
		page := s.follow(s.post("/workspaces", "name", "Bücher & Töne", "time_zone", "Europe/Vienna"))
		page.want(t, http.StatusOK, "The workspace Bücher & Töne was created. You are its admin.", "switch workspace", "Books")
		again := s.post("/workspaces", "name", "Bücher & Töne", "time_zone", "Europe/Vienna")
		if first, second := "/w/bucher-tone", again.header.Get("Location"); second != first+"-2" {
			t.Errorf("got %q, want %s-2: the slug of the first is taken", second, first)
		}
		s.get("/w/bucher-tone/settings/audit-log").want(t, http.StatusOK, "created the workspace Bücher & Töne", "Europe/Vienna")
		s.follow(again).want(t, http.StatusOK, "Bücher & Töne /w/bucher-tone Bücher & Töne /w/bucher-tone-2") // the switcher shows their slugs
		s.get("/w/books").wantNot(t, "Books /w/books")
		s.get("/workspaces").want(t, http.StatusOK, "/w/bucher-tone-2", "/w/books")
		// the new workspace accepts contacts immediately
		s.post("/w/bucher-tone/contacts", "email", "anna@example.com", "status", "SUBSCRIBED").want(t, http.StatusSeeOther)
		s.get("/workspaces").want(t, http.StatusOK, "Bücher & Töne", "Books", "Admin")
	})
}

func TestDeletedWorkspaceIsGoneImmediately(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		manager := s.as(s.signIn(s.addMember(s.workspace, "tomasz@example.com", models.RoleManager)))
		s.callJSON(w, `{"email_address":"marta@example.com"}`)
		s.get("/w/books/settings").want(t, http.StatusOK, "Delete this workspace with its 1 contact.", "Requests are kept for 30 days")
		manager.get("/w/books/settings").wantNot(t, "Delete workspace")
		manager.get("/w/books/settings/delete").want(t, http.StatusForbidden)
		manager.post("/w/books/settings/delete", "name", "Books").want(t, http.StatusForbidden)
		s.get("/w/books/settings/delete").want(t, http.StatusOK, "1 contact", "1 webhook", "1 request", "0 segments", "2 members", "/w/books", "Type “Books” to delete it.")
		s.post("/w/books/settings/delete", "name", "books").want(t, http.StatusUnprocessableEntity, "Please type the name of the workspace, “Books”, to delete it.")
		if a := s.call("GET", w.Hash+"?email_address=otto@example.com", ""); a.status != http.StatusOK {
			t.Errorf("got %d, want that a refused deletion changes nothing", a.status)
		}
		page := s.follow(s.post("/w/books/settings/delete", "name", " Books "))
		page.want(t, http.StatusOK, "The workspace Books is deleted.", "Removing “Books”", "You are in no workspace")
		if !strings.Contains(page.body, "<progress") {
			t.Error("the page shows no progress")
		}
		s.get("/workspaces?part=progress").want(t, http.StatusOK, "Removing “Books”", "Counting what has to be removed", "looks a last time")
		s.get("/workspaces?part=progress").wantNot(t, "row")
		for _, path := range []string{"/w/books", "/w/books/settings", "/w/books/contacts/1", "/w/books/settings/audit-log"} {
			s.get(path).want(t, http.StatusNotFound)
		}
		if a := s.call("GET", w.Hash+"?email_address=otto@example.com", ""); a.status != http.StatusNotFound {
			t.Errorf("got %d for a call, want 404", a.status)
		}
		manager.get("/workspaces").want(t, http.StatusOK, "Removing “Books”")
		s.as(s.signIn(s.addMember(s.addWorkspace("music"), "otto@example.com", models.RoleAdmin))).get("/workspaces").wantNot(t, "Books")
	})
}

// TestAWorkspaceHasTheAddressThatItsAdminChooses matters to names without Latin letters, which have no address of their own.
func TestAWorkspaceHasTheAddressThatItsAdminChooses(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for _, slug := range []string{"Books", "a b", "-a", "a--b", "كتب", strings.Repeat("a", 41)} {
			s.post("/workspaces", "name", "مكتبة", "time_zone", "UTC", "slug", slug).want(t, 422, "Please use small letters")
		}
		s.post("/workspaces", "name", "مكتبة", "time_zone", "UTC", "slug", "books").want(t, 422, "Another workspace has this address.")
		a := s.post("/workspaces", "name", "مكتبة", "time_zone", "UTC", "slug", "maktaba-2")
		if got := a.header.Get("Location"); a.status != 303 || got != "/w/maktaba-2" {
			t.Errorf("got %d to %q, want the chosen address", a.status, got)
		}
		if page := s.follow(a); !strings.Contains(page.body, `dir="auto" title="مكتبة"`) {
			t.Error("the name in the side does not follow its own direction")
		}
	})
}

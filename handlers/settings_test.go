package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/models/store"
)

func TestWorkspaceSettings(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/settings").want(t, 200, "General", "Time zone", "/w/books", "It stays the same when you rename the workspace.")
		s.follow(s.post("/w/books/settings", "name", " Alder & Finch ", "time_zone", "America/New_York")).want(t, 200, "Saved.", "Alder & Finch")
		w, err := store.First[models.Workspace](s.db.Read(t.Context()).Where("id = ?", s.workspace.ID))
		if err != nil || w.Name != "Alder & Finch" || w.TimeZone != "America/New_York" || w.Slug != "books" {
			t.Errorf("got %+v (%v), want the new name and zone under the old slug", w, err)
		}
		a := s.post("/w/books/settings", "name", "", "time_zone", "Europe/Atlantis")
		a.want(t, 422, "Please give it a name.", "Please choose a time zone from the list.")
		s.post("/w/books/settings", "name", strings.Repeat("ä", 65), "time_zone", "UTC").want(t, 422, "Please make the name 64 characters or shorter. It has 65.")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/settings").want(t, 200, "Alder & Finch", "America/New_York", "An admin of the workspace can change this.")
		viewer.post("/w/books/settings", "name", "Mine", "time_zone", "UTC").want(t, 403)
	})
}

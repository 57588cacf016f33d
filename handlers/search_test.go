package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
)

func TestSearchFindsByNameAddressAndId(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w := s.createWebhook("name", "Straßenfest", "type", "SUBSCRIBED", "new_tags", "festival")
		s.callJSON(w, `{"email_address":"ann@example.com"}`)
		s.post("/w/books/merge-tags", "key", "city", "label", "Wohnort", "type", "text").want(t, 303)
		s.post("/w/books/segments", "name", "Everybody", "what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED").want(t, 303)
		other := s.addWorkspace("music")
		if _, _, err := s.db.CreateTag(t.Context(), other.ID, s.user.ID, "festival of others", s.server.now()); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]string{
			"strassen":         "Inbound Webhooks Straßenfest SUBSCRIBED",
			"Fest":             "Tags festival",
			"ANN@example.com":  "Contacts ann@example.com Subscribed",
			"nn@ex":            "Contacts ann@example.com Subscribed",
			"CITY":             "Merge tags Wohnort city",
			"wohn":             "Merge tags Wohnort city",
			"everyb":           "Segments Everybody",
			"requ":             "Go to Requests G R",
			"":                 "Go to Dashboard G D",
			"%":                "Nothing is called “%”.",
			"nobody@x.example": "Nothing is called “nobody@x.example”.",
			"nobody\u200b":     "Nothing is called “nobody‹zero-width space›”.",
		} {
			s.get("/w/books/search?q="+strings.ReplaceAll(query, "%", "%25")).want(t, 200, want)
		}
		s.get("/w/books/search?q=festival").wantNot(t, "of others")
		s.get("/w/books/search?q="+strings.Repeat("%F0%9F%90%A6", 1000)).want(t, 200, "Nothing is called")
		a := s.get("/w/books/search?only=results&q=ann")
		a.want(t, 200, "1 result")
		if strings.Contains(a.body, "<html") || strings.Contains(a.body, "Sign out") {
			t.Error("the palette's list has a frame")
		}
		for i := range 7 {
			s.addTag("tag " + itoa(int64(i)))
		}
		s.get("/w/books/search?q=tag").want(t, 200, "The first 6 of each kind.")
		s.get("/w/books/search?q=tag").wantNot(t, "tag 6")
		r := s.logged()[0]
		s.get("/w/books/search?q="+r.ID.String()).want(t, 200, "Requests "+r.ID.String())
		s.get("/w/music/search?q=festival").want(t, 404)

		reader := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		reader.get("/w/books/search").want(t, 200, "Dashboard", "Members", "Recent work")
		reader.get("/w/books/search").wantNot(t, "Create Webhook", "Audit log", "Import contacts")
		s.get("/w/books/search?q=audit").wantHref(t, "/w/books/settings/audit-log")
		for query, path := range map[string]string{"WORKSPACES": "/workspaces", "invit": "/invitations", "help": "/docs?workspace=books", "account": "/account", "create w": "/workspaces/new", "members": "/w/books/settings/members"} {
			s.get("/w/books/search?q="+strings.ReplaceAll(query, " ", "+")).wantHref(t, path)
			palette := s.get("/w/books/search?only=results&q=" + strings.ReplaceAll(query, " ", "+"))
			palette.wantHref(t, path)
		}
		s.get("/w/books/search?q=file").wantHref(t, "/w/books/contacts/import")
	})
}

func TestKeysCanBeSwitchedOff(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/keys").want(t, 200, "Ctrl K", "Next row", "Older request")
		if !strings.Contains(s.get("/w/books/tags").body, `data-keys="/w/books"`) {
			t.Error("single keys are off from the start")
		}
		s.follow(s.post("/account/keys")).want(t, 200, "Single keys are off.")
		if strings.Contains(s.get("/w/books/tags").body, "data-keys") {
			t.Error("single keys are still on")
		}
		s.follow(s.post("/account/keys", "single_keys", "on")).want(t, 200, "Single keys are on.")
	})
}

func TestOlderAndNewerRequest(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		for _, email := range []string{"a@example.com", "b@example.com", "c@example.com"} {
			s.callJSON(w, `{"email_address":"`+email+`"}`)
		}
		var ids []string
		for _, r := range s.logged() {
			ids = append(ids, r.ID.String())
		}
		page := "/w/books/requests/"
		s.get(page+ids[1]).want(t, 200, "Older", "Newer", "Back to the list")
		s.get(page+ids[1]+"?go=older").leadsTo(t, page+ids[0])
		s.get(page+ids[1]+"?go=newer").leadsTo(t, page+ids[2])
		s.follow(s.get(page+ids[0]+"?go=older")).want(t, 200, "This is the oldest request.")
	})
}

package handlers

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
)

// createWebhook creates a webhook through its form and returns it.
func (s *site) createWebhook(fields ...string) models.Webhook {
	s.t.Helper()
	a := s.post("/w/books/webhooks", fields...)
	if a.status != 303 {
		s.t.Fatalf("got %d, want 303; %s", a.status, a.text())
	}
	return s.webhookAt(a.header.Get("Location"))
}

// webhookAt returns the webhook whose page is at path.
func (s *site) webhookAt(path string) models.Webhook {
	s.t.Helper()
	id := path[strings.LastIndex(path, "/")+1:]
	w, err := store.First[models.Webhook](s.db.Read(s.t.Context()).Where("workspace_id = ? AND id = ?", s.workspace.ID, id))
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

func (s *site) webhookPath(w models.Webhook, action string) string {
	return "/w/books/webhooks/" + itoa(w.ID) + action
}

// tagNames returns the names of a webhook's tags.
func (s *site) tagNames(w models.Webhook) string {
	s.t.Helper()
	tags, err := s.db.WebhookTags(s.t.Context(), w.WorkspaceID, w.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, t := range tags {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// hashes returns a webhook's working and retired hashes.
func (s *site) hashes(w models.Webhook) (working, retired []string) {
	s.t.Helper()
	var rows []models.WebhookHash
	if err := s.db.Read(s.t.Context()).Where("webhook_id = ?", w.ID).Order("created_at").Find(&rows).Error; err != nil {
		s.t.Fatal(err)
	}
	for _, r := range rows {
		if r.RetiredAt == nil {
			working = append(working, r.Hash)
		} else {
			retired = append(retired, r.Hash)
		}
	}
	return working, retired
}

func TestWebhookAsDocumented(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		// Workspace settings → Inbound Webhooks → Create Webhook → name → type → tags → Save → the URL is there
		s.get("/w/books/tags").wantLink(t, "Workspace settings", "/w/books/settings")
		s.get("/w/books/settings").wantLink(t, "Inbound Webhooks", "/w/books/settings/inbound-webhooks")
		s.get("/w/books/settings/inbound-webhooks").wantLink(t, "Create Webhook", "/w/books/webhooks/new")
		tag, _, err := s.db.CreateTag(t.Context(), s.workspace.ID, 0, "shop", s.server.now())
		if err != nil {
			t.Fatal(err)
		}
		s.get("/w/books/webhooks/new").want(t, 200, "Create Webhook", "SUBSCRIBED", "DELETE", "shop", "Save")
		w := s.createWebhook("name", " Shop: customer created ", "type", "SUBSCRIBED", "tags", itoa(tag.ID), "new_tags", "customer, VIP,, Shop")
		page := s.get(s.webhookPath(w, ""))
		page.want(t, 200, "The webhook Shop: customer created was created. Its address is below.", "Shop: customer created", "Waiting for the first call")
		if url := "http://lark.example/v1/inbound-webhooks/" + w.Hash; !strings.Contains(page.body, `value="`+url+`"`) {
			t.Errorf("the page does not show %s", url)
		}
		if got, want := s.tagNames(w), "customer, shop, VIP"; got != want {
			t.Errorf("got tags %s, want %s", got, want)
		}
		if working, retired := s.hashes(w); !slices.Equal(working, []string{w.Hash}) || retired != nil {
			t.Errorf("got hashes %v and %v, want one that works", working, retired)
		}
		for _, path := range []string{"/w/books/webhooks", "/w/books/settings/inbound-webhooks"} {
			list := s.get(path)
			list.want(t, 200, "Shop: customer created", "adds “customer”, “shop”, “VIP”", "SUBSCRIBED", "On", "No call yet")
			if strings.Contains(list.body, w.Hash) {
				t.Errorf("%s shows the hash", path)
			}
		}
	})
}

var anchor = regexp.MustCompile(`(?s)<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>`)

// href returns the address, without its fragment, of the link with this text.
func (a answer) href(t *testing.T, text string) string {
	t.Helper()
	for _, m := range anchor.FindAllStringSubmatch(a.body, -1) {
		if strings.TrimSpace((answer{body: m[2]}).text()) == text {
			address, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
			return address
		}
	}
	t.Fatalf("no link %q", text)
	return ""
}

// wantLink fails unless the page has a link with this text and URL.
func (a answer) wantLink(t *testing.T, text, href string) {
	t.Helper()
	for _, m := range anchor.FindAllStringSubmatch(a.body, -1) {
		if m[1] == href && strings.Contains((answer{body: m[2]}).text(), text) {
			return
		}
	}
	t.Errorf("no link %q to %s", text, href)
}

func TestWebhookIsSwitchedRotatedAndDeleted(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		const gone = "It looks like the webhook you're trying to access doesn't exist."
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED", "new_tags", "vip")
		body := `{"email_address":"tywin@example.com"}`
		s.get(s.webhookPath(w, "/disable")).want(t, 200, "Switch off “Shop”?", "No call has come yet.", "answered with 404")
		s.follow(s.post(s.webhookPath(w, "/disable"))).want(t, 200, "Shop is switched off.", "This webhook is off.", "Switch on")
		s.callJSON(w, body).wantEnvelope(t, 404, gone)
		s.follow(s.post(s.webhookPath(w, "/enable"))).want(t, 200, "Shop is on again.")
		s.callJSON(w, body).wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")

		s.get(s.webhookPath(w, "/rotate")).want(t, 200, "Change the address?", "stops working immediately", "Keep it")
		page := s.follow(s.post(s.webhookPath(w, "/rotate")))
		page.want(t, 200, "The new one is below")
		renewed := s.webhookAt(s.webhookPath(w, ""))
		if renewed.Hash == w.Hash || !strings.Contains(page.body, renewed.Hash) || strings.Contains(page.body, w.Hash) {
			t.Error("the page does not show the new address, or still the old one")
		}
		s.callJSON(w, body).wantEnvelope(t, 404, gone)
		s.callJSON(renewed, body).wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")
		if working, retired := s.hashes(w); !slices.Equal(working, []string{renewed.Hash}) || !slices.Equal(retired, []string{w.Hash}) {
			t.Errorf("got hashes %v and %v, want the new one to work and the old one to be kept", working, retired)
		}

		s.get(s.webhookPath(w, "/delete")).want(t, 200, "Delete “Shop”?", "Calls to its address will be answered with 404 from now on.", "Its requests stay readable")
		s.follow(s.post(s.webhookPath(w, "/delete"))).want(t, 200, "Shop is deleted.", "No webhooks yet")
		s.callJSON(renewed, body).wantEnvelope(t, 404, gone)
		if working, retired := s.hashes(w); working != nil || len(retired) != 2 || s.tagNames(w) != "" {
			t.Errorf("got %d hashes that work, %d that do not, tags %q; want 0, 2, none", len(working), len(retired), s.tagNames(w))
		}
		for _, path := range []string{"", "/edit", "/disable", "/rotate", "/delete"} {
			s.get(s.webhookPath(w, path)).want(t, 404)
		}
		for _, path := range []string{"", "/enable", "/disable", "/rotate", "/delete"} {
			s.post(s.webhookPath(w, path), "name", "Shop", "type", "SUBSCRIBED").want(t, 404)
		}
		var outcomes []models.Outcome
		for _, r := range s.logged() {
			outcomes = append(outcomes, r.Outcome)
		}
		want := []models.Outcome{models.OutcomeDisabled, models.OutcomeCreated, models.OutcomeHashRetired, models.OutcomeUpdated, models.OutcomeWebhookGone}
		if !slices.Equal(outcomes, want) {
			t.Errorf("got a log of %v, want %v", outcomes, want)
		}
	})
}

func TestWebhookOfAnotherWorkspaceIsNotFound(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		other := s.addWorkspace("music")
		w, _, err := s.db.CreateWebhook(t.Context(), other.ID, 0, models.WebhookForm{Name: "Vinyl", Type: models.TypeSubscribed}, s.server.now())
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"", "/edit", "/disable", "/rotate", "/delete"} {
			s.get(s.webhookPath(w, path)).want(t, 404)
		}
		for _, path := range []string{"", "/enable", "/disable", "/rotate", "/delete"} {
			s.post(s.webhookPath(w, path), "name", "stolen", "type", "DELETE").want(t, 404)
		}
		for _, id := range []string{"0", "-1", "x", "99999999999999999999"} {
			s.get("/w/books/webhooks/"+id).want(t, 404)
		}
		if got, err := s.db.Webhook(t.Context(), other.ID, w.ID); err != nil || got.Name != "Vinyl" || got.Hash != w.Hash || !got.Enabled {
			t.Errorf("got %+v (%v), want it untouched", got, err)
		}
	})
}

func TestViewersReadWebhooksWithoutTheirAddress(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		for _, path := range []string{s.webhookPath(w, ""), "/w/books/webhooks", "/w/books/settings", "/w/books/settings/inbound-webhooks"} {
			a := viewer.get(path)
			a.want(t, 200)
			a.wantNot(t, "Create Webhook", "Edit", "Delete", "Save")
			if strings.Contains(a.body, w.Hash) {
				t.Errorf("%s shows the address to a viewer", path)
			}
		}
		viewer.get(s.webhookPath(w, "")).want(t, 200, "inbound-webhooks/••••••••••••", "your role sees it masked")
		for _, path := range []string{"", "/enable", "/disable", "/rotate", "/delete"} {
			viewer.post(s.webhookPath(w, path), "name", "x", "type", "DELETE").want(t, 403)
		}
		for _, path := range []string{s.webhookPath(w, "/edit"), s.webhookPath(w, "/disable"), s.webhookPath(w, "/rotate"), "/w/books/webhooks/new"} {
			viewer.get(path).want(t, 403)
		}
		viewer.post("/w/books/webhooks", "name", "x", "type", "DELETE").want(t, 403)
		manager := s.as(s.signIn(s.addMember(s.workspace, "mo@example.com", models.RoleManager)))
		if a := manager.get(s.webhookPath(w, "")); !strings.Contains(a.body, w.Hash) {
			t.Error("a manager does not see the address")
		}
		manager.post("/w/books/settings", "name", "Mine", "time_zone", "UTC").want(t, 403)
	})
}

func TestWebhooksAreFiltered(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.createWebhook("name", "Newsletter form", "type", "UNCONFIRMED")
		off := s.createWebhook("name", "Old Straße", "type", "SUBSCRIBED")
		s.post(s.webhookPath(off, "/disable")).want(t, 303)
		s.get("/w/books/webhooks") // uses up the message
		tests := []struct{ query, want, not string }{
			{"", "3 webhooks", "of 3"},
			{"?q=FORM", "1 of 3 webhooks", "Shop"},
			{"?q=strasse", "Old Straße", "Shop"},
			{"?type=SUBSCRIBED", "2 of 3 webhooks", "Newsletter"},
			{"?state=off", "Old Straße", "Shop"},
			{"?state=on&type=SUBSCRIBED", "Shop", "Old Straße"},
			{"?q=%3Cscript%3E%00", "No webhook matches.", "Old Straße"},
			{"?type=nonsense&state=nonsense", "3 webhooks", "of 3"},
		}
		for _, tt := range tests {
			a := s.get("/w/books/webhooks" + tt.query)
			a.want(t, 200, tt.want)
			a.wantNot(t, tt.not)
		}
	})
}

// TestTheListOfWebhooksShowsTheirDay calls two of three webhooks: each has a small chart of its own calls, the failed ones in red, and webhooks
// of another workspace count for none. A deleted one is no row any more, and leads to its calls.
func TestTheListOfWebhooksShowsTheirDay(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		shop, till, gone := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeSubscribed)
		for i := range 3 {
			s.callJSON(shop, `{"email_address":"arya`+itoa(int64(i))+`@example.com"}`).want(t, 200)
		}
		s.callJSON(till, `{}`).want(t, 400)
		page := s.get("/w/books/webhooks")
		page.want(t, 200, "Last 24 hours", "3 webhooks")
		for what, want := range map[string]int{`aria-label="By hour; the busiest had 3 calls"`: 1, `aria-label="By hour; the busiest had 1 call"`: 1, `class="bar-ok"`: 1, `class="bar-bad"`: 1} {
			if got := strings.Count(page.body, what); got != want {
				t.Errorf("%s: got %d, want %d", what, got, want)
			}
		}
		page.wantNot(t, "deleted")
		s.post("/w/books/webhooks/"+itoa(gone.ID)+"/delete").want(t, 303)
		s.follow(s.post("/w/books/webhooks/"+itoa(till.ID)+"/delete")).want(t, 200, "1 webhook", "2 deleted")
		s.get("/w/books/webhooks").wantLink(t, till.Name, "/w/books/requests?webhook="+itoa(till.ID))
		s.get("/w/books/requests?webhook="+itoa(till.ID)).want(t, 200, "1 request")
		s.later(25 * time.Hour)
		tomorrow := s.as(s.signIn(s.user)).get("/w/books/webhooks")
		tomorrow.want(t, 200, "1 webhook")
		if strings.Contains(tomorrow.body, "By hour") {
			t.Error("the list draws calls of the day before")
		}
	})
}

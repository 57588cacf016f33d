package handlers

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"campaignlark/models"
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

// webhookAt is the webhook whose page is at path.
func (s *site) webhookAt(path string) models.Webhook {
	s.t.Helper()
	id := path[strings.LastIndex(path, "/")+1:]
	w, err := models.First[models.Webhook](s.db.Read(s.t.Context()).Where("workspace_id = ? AND id = ?", s.workspace.ID, id))
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

func (s *site) webhookPath(w models.Webhook, action string) string {
	return "/w/books/webhooks/" + itoa(w.ID) + action
}

// tagNames are the names of the tags that a webhook adds.
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

// hashes lists a webhook's hashes, those that still work and those that do not.
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
		tag, _, err := s.db.CreateTag(t.Context(), s.workspace.ID, "shop", s.server.now())
		if err != nil {
			t.Fatal(err)
		}
		s.get("/w/books/webhooks/new").want(t, 200, "Create Webhook", "SUBSCRIBED", "DELETE", "shop", "Save")
		w := s.createWebhook("name", " Shop: customer created ", "type", "SUBSCRIBED", "tags", itoa(tag.ID), "new_tags", "customer, VIP,, Shop")
		page := s.get(s.webhookPath(w, ""))
		page.want(t, 200, "Webhook created. Its address is below.", "Shop: customer created", "Waiting for the first call")
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
			list.want(t, 200, "Shop: customer created", "adds customer, shop, VIP", "SUBSCRIBED", "On", "never")
			if strings.Contains(list.body, w.Hash) {
				t.Errorf("%s shows the hash", path)
			}
		}
	})
}

var anchor = regexp.MustCompile(`(?s)<a[^>]*href="([^"]*)"[^>]*>(.*?)</a>`)

// wantLink fails unless the page has a link of that text to that address.
func (a answer) wantLink(t *testing.T, text, href string) {
	t.Helper()
	for _, m := range anchor.FindAllStringSubmatch(a.body, -1) {
		if m[1] == href && strings.Contains((answer{body: m[2]}).text(), text) {
			return
		}
	}
	t.Errorf("no link %q to %s", text, href)
}

package handlers

import (
	"strings"
	"testing"
)

func TestWebhookFormIsRefusedWithReasons(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.post("/w/books/webhooks", "name", strings.Repeat("n", 68), "type", "SUBSCRIBED", "new_tags", "shop, "+strings.Repeat("t", 65))
		a.want(t, 422, "2 things to check", "Please make the name 64 characters or shorter. It has 68.", "Please make the name 64 characters or shorter. It has 65.")
		if !strings.Contains(a.body, strings.Repeat("n", 68)) || !strings.Contains(a.body, "shop, ttt") {
			t.Error("the form comes back without what was typed")
		}
		if names, err := s.db.TagNames(t.Context(), s.workspace.ID); err != nil || len(names) != 0 {
			t.Errorf("got tags %v (%v) from a refused form, want none", names, err)
		}
		s.post("/w/books/webhooks", "name", " \u200b", "type", "SUBSCRIBED").want(t, 422, "Please give it a name.")
		s.post("/w/books/webhooks", "name", "Shop", "type", "subscribed").want(t, 422, "Please choose what a call should do.")
		s.post("/w/books/webhooks", "name", "Shop", "type", "SUBSCRIBED", "tags", "987654").want(t, 422, "A tag that you chose was deleted.")
		w := s.createWebhook("name", strings.Repeat("👩‍👩‍👧", 64), "type", "SUBSCRIBED", "new_tags", "2026")
		if got := s.tagNames(w); got != "2026" {
			t.Errorf("got tags %s, want 2026: new tags are names, not ids", got)
		}
		s.post(s.webhookPath(w, ""), "name", "", "type", "DELETE").want(t, 422, "Please give it a name.", "“2026” is now taken off")
	})
}

func TestTagsOnTypesWithoutTags(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.post("/w/books/webhooks", "name", "Help desk", "type", "DELETE", "tags", "vip", "new_tags", "reading club")
		a.want(t, 422, "Only SUBSCRIBED and UNCONFIRMED webhooks can have tags. “vip” and “reading club” are now taken off; save again if that is right.")
		if strings.Contains(a.body, `value="reading club"`) {
			t.Error("the form comes back with the tags")
		}
		w := s.createWebhook("name", "Help desk", "type", "DELETE")
		if got := s.tagNames(w); got != "" {
			t.Errorf("got tags %s, want none", got)
		}

		w = s.createWebhook("name", "Shop", "type", "SUBSCRIBED", "new_tags", "vip")
		other := s.createWebhook("name", "Form", "type", "UNCONFIRMED", "new_tags", "vip")
		// the form has no tag picker now, so the browser sends no tags; the warning names the webhook's tags
		s.post(s.webhookPath(w, ""), "name", "Shop", "type", "UNSUBSCRIBED").want(t, 422, "“vip” is now taken off; save again if that is right.")
		s.post(s.webhookPath(other, ""), "name", "Form", "type", "DELETE").want(t, 422, "“vip” is now taken off")
		s.post(s.webhookPath(w, ""), "name", "Shop", "type", "UNSUBSCRIBED").want(t, 422, "“vip” is now taken off")
		if got := s.tagNames(w); got != "vip" {
			t.Errorf("got tags %q before it was saved again, want vip", got)
		}
		s.post(s.webhookPath(w, ""), "name", "Shop", "type", "UNSUBSCRIBED").want(t, 422, "From now on each call unsubscribes its contact.")
		a = s.follow(s.post(s.webhookPath(w, ""), "name", "Shop", "type", "UNSUBSCRIBED", "confirm", "1"))
		a.want(t, 200, "Saved. Calls now unsubscribe the contact. “vip” is no longer added.", "UNSUBSCRIBED")
		if got := s.tagNames(w); got != "" {
			t.Errorf("got tags %q, want none", got)
		}
	})
}

// The types that take people away warn of links where the type is chosen.
func TestWebhookFormWarnsOfLinks(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/webhooks/new").inThisOrder(t, "SUBSCRIBED", "UNCONFIRMED", "UNSUBSCRIBED", "open every link they find", "each opening unsubscribes people.",
			"DELETE", "open every link they find", "each opening deletes people.", "Tags to add")
	})
}

// A type that does something worse to people is asked for with figures. The question keeps what was filled in, and the message says
// what changed.
func TestTypeThatHarmsPeopleAsksWithFigures(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "UNSUBSCRIBED")
		for range 2 {
			s.callJSON(w, `{"email_address":"tywin@example.com"}`)
		}
		a := s.post(s.webhookPath(w, ""), "name", "Till", "type", "DELETE", "filled", `{"name":["Shop"],"type":["UNSUBSCRIBED"],"tags":[]}`)
		a.want(t, 422, "Change “Shop” from UNSUBSCRIBED to DELETE?", "2 calls came in the last 24 hours. From now on each deletes its contact for good.", "Change to DELETE", "Keep it")
		if got := s.webhookAt(s.webhookPath(w, "")); got.Type != "UNSUBSCRIBED" || got.Name != "Shop" {
			t.Errorf("got %s %q before it was confirmed, want it unchanged", got.Type, got.Name)
		}
		if a.hidden("confirm") != "1" || a.hidden("type") != "DELETE" || a.hidden("name") != "Till" || a.hidden("filled") == "" {
			t.Errorf("the question does not hold what was filled in: %s", a.body)
		}
		for _, path := range []string{"/delete", "/disable", "/rotate"} {
			s.get(s.webhookPath(w, path)).want(t, 200, "Last call just now, 2 calls in 24 hours.")
		}
		confirmed := []string{"name", a.hidden("name"), "type", a.hidden("type"), "filled", a.hidden("filled"), "confirm", "1"}
		again := s.post(s.webhookPath(w, ""), append(confirmed, "typed", "yes")...)
		again.want(t, 422, "Nothing was changed. Please type DELETE to confirm.", "From now on each deletes its contact for good.")
		if got := s.webhookAt(s.webhookPath(w, "")); got.Type != "UNSUBSCRIBED" || again.hidden("name") != "Till" {
			t.Errorf("got %s without the typed word, want it unchanged, and a form with the new name: %s", got.Type, again.body)
		}
		s.post(s.webhookPath(w, ""), append(confirmed, "typed", "")...).want(t, 422, "Nothing was changed. Please type DELETE to confirm.")
		a = s.follow(s.post(s.webhookPath(w, ""), append(confirmed, "typed", " delete ")...))
		a.want(t, 200, "Saved. It is called “Till” now. Calls now delete the contact.")
		if got := s.webhookAt(s.webhookPath(w, "")); got.Type != "DELETE" {
			t.Errorf("got %s, want DELETE", got.Type)
		}
		s.follow(s.post(s.webhookPath(w, ""), "name", "Till", "type", "DELETE")).want(t, 200, "Nothing was changed.")
		a = s.post(s.webhookPath(w, ""), "name", "Till", "type", "SUBSCRIBED", "new_tags", "shop, till")
		a.want(t, 422, "Change “Till” from DELETE to SUBSCRIBED?", "2 calls came in the last 24 hours. From now on each subscribes its contact.",
			"If its senders still call when somebody asks to be deleted, those people become contacts again.")
		if got := s.webhookAt(s.webhookPath(w, "")); got.Type != "DELETE" {
			t.Errorf("got %s before it was confirmed, want DELETE", got.Type)
		}
		s.follow(s.post(s.webhookPath(w, ""), "name", a.hidden("name"), "type", a.hidden("type"), "new_tags", a.hidden("new_tags"), "confirm", a.hidden("confirm"))).
			want(t, 200, "Saved. Calls now subscribe the contact. “shop” and “till” are added to contacts from now on.")
		script := s.createWebhook("name", "Script", "type", "SUBSCRIBED")
		s.post(s.webhookPath(script, ""), "name", "Script", "type", "DELETE", "confirm", "1").want(t, 303) // a script, which sees no page
		other := s.createWebhook("name", "Form", "type", "SUBSCRIBED")
		s.post(s.webhookPath(other, ""), "name", "Form", "type", "UNSUBSCRIBED").want(t, 422, "No call has come yet. From now on each call unsubscribes its contact.")
		s.post(s.webhookPath(other, ""), "name", "Form", "type", "UNCONFIRMED").want(t, 303)
		s.post(s.webhookPath(other, ""), "name", "Form", "type", "UNSUBSCRIBED", "confirm", "1").want(t, 303)
		tag := s.addTag("vip")
		a = s.post(s.webhookPath(other, ""), "name", "Form", "type", "UNCONFIRMED", "tags", itoa(tag.ID))
		a.want(t, 422, "From now on each call adds its contact as unconfirmed. If its senders still call when somebody unsubscribes, those people get your mail again.")
		if a.hidden("tags") != itoa(tag.ID) {
			t.Errorf("the question does not hold the chosen tag: %s", a.body)
		}
	})
}

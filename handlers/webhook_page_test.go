package handlers

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/senders"
)

var (
	shownSnippet = regexp.MustCompile(`(?s)<pre id="snippet"[^>]*>\s*<code>\s*(.*?)\s*</code>`)
	shownBody    = regexp.MustCompile(`(?s)-d '(.*)'$`)
)

// snippetAt returns the example on a webhook's page.
func (s *site) snippetAt(w models.Webhook, show string) string {
	s.t.Helper()
	found := shownSnippet.FindStringSubmatch(s.get(s.webhookPath(w, "?show="+show)).body)
	if found == nil {
		s.t.Fatal("the page shows no example")
	}
	return html.UnescapeString(found[1])
}

func TestFirstCallWithTheShownExample(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		for _, m := range []models.MergeTag{
			{Key: "first_name", Label: "First name", Type: models.MergeTagText},
			{Key: "points", Label: "Points", Type: models.MergeTagNumber},
			{Key: "likes", Label: "Likes", Type: models.MergeTagMultiple, Options: []string{"Tea & cake", `"Coffee", black`}},
		} {
			if _, errs, err := s.db.CreateMergeTag(t.Context(), s.workspace.ID, 0, m, s.server.now()); err != nil || errs.Any() {
				t.Fatal(err, errs)
			}
		}
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.get(s.webhookPath(w, "")).want(t, 200, "Waiting for the first call", "Check now", "With your own merge tags")
		text := s.snippetAt(w, "json")
		if !strings.Contains(text, "http://lark.example/v1/inbound-webhooks/"+w.Hash) {
			t.Errorf("the example does not call the webhook: %s", text)
		}
		s.callJSON(w, shownBody.FindStringSubmatch(text)[1]).wantEnvelope(t, 200, "Acknowledged. The webhook has been processed.")
		want := map[string]string{"first_name": "Tywin", "points": "42", "likes": "Tea & cake\n\"Coffee\", black"}
		c := s.contact("tywin@example.com")
		for key, value := range want {
			if c == nil || c.Fields[key] != value {
				t.Errorf("got %+v, want %s %q", c, key, value)
			}
		}
		page := s.get(s.webhookPath(w, ""))
		page.want(t, 200, "Last requests", "tywin@example.com", "New contact", "just now", "1 call, 0 failed")
		page.wantNot(t, "Waiting for the first call", "ignored", "refused", "not stored")
	})
}

// TestANewWebhookShowsItsSteps: who calls comes first, then the address; the steps end with the first call, and viewers see none.
func TestANewWebhookShowsItsSteps(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Reading club", "type", "UNCONFIRMED")
		path := s.webhookPath(w, "")
		page := s.get(path)
		page.inThisOrder(t, "The address is made", "A call creates the contact, or updates it, and sets it to Unconfirmed.", "Who will call it?", "Choose the sender", "Give the address to the sender", "See the first call arrive",
			"What the caller gets", "The standard answer", "At most", "No limit")
		page.wantLink(t, "Choose the sender", s.webhookPath(w, "/reading"))
		s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer))).get(path).wantNot(t, "Who will call it?")
		s.post(s.webhookPath(w, "/reading"), "sender", "typeform").want(t, 303)
		s.post(s.webhookPath(w, "/answers"), "success_url", "https://shop.example/thanks", "limit_network", "1").want(t, 303)
		page = s.get(path)
		page.want(t, 200, "Typeform will call it", "A form leads to your page", "1 call a minute from one network")
		page.wantNot(t, "Who will call it?")
		s.callJSON(w, `{}`).want(t, 200) // skipped
		s.get(path).wantNot(t, "Typeform will call it")
	})
}

func TestWebhookSaysWhyCallsFailed(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		for range 3 {
			s.callJSON(w, `{"email_address":"nobody"}`)
		}
		s.callJSON(w, `{"first_name":"Tywin"}`)
		s.callJSON(w, `{`)
		s.callJSON(w, `{"email_address":"tywin@example.com"}`)
		page := s.get(s.webhookPath(w, ""))
		page.want(t, 200, "6 calls, 5 failed", "Why calls failed", "The address is not valid 3", "No e-mail address was sent 1", "The body cannot be read 1")
		failures := regexp.MustCompile(`href="([^"]*outcome=bad_address[^"]*when=range[^"]*)"`).FindStringSubmatch(page.body)
		if failures == nil {
			t.Fatal("the reason does not lead to its calls of the day")
		}
		s.get(html.UnescapeString(failures[1])).want(t, 200, "3 requests", "Without replays")
		if n := strings.Count(page.body, `class="open" href="/w/books/requests/`); n != 5 {
			t.Errorf("got %d requests, want the last five", n)
		}
		s.get("/w/books/webhooks").want(t, 200, "6 5", "just now")
	})
}

// TestCallsThatWouldNotPassAreMarked calls a webhook that only watches, with and without a valid signature.
func TestCallsThatWouldNotPassAreMarked(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.get(s.webhookPath(w, "")).want(t, 200, "Is it really the sender? Not checked: anyone who knows the address can call it")
		watch := senders.Settings{Signature: &senders.SignatureSettings{Scheme: senders.Scheme{Form: senders.FormSharedWord, Header: "X-Word"}, Mode: senders.SignatureWatch}}
		s.configure(w, watch, "the word of this shop")
		call := func(headers ...string) {
			s.call("POST", w.Hash, `{"email_address":"jo@example.com"}`, append([]string{"Content-Type", "application/json"}, headers...)...).want(t, 200)
		}
		page := s.webhookPath(w, "")
		call("X-Word", "the word of this shop")
		s.get(page).wantNot(t, "would not pass")
		s.get(page).want(t, 200, "How a call is handled", "Is it really the sender? Watched: signatures are checked, and nothing is refused")
		signature := s.get(s.webhookPath(w, "/signature"))
		signature.want(t, 200, "Watching: the last call would pass", "The last checked call, since", "The last checked call passed.")
		signature.wantNot(t, "last 1 ")
		call("X-Word", "wrong")
		call()
		for range 5 {
			call("X-Word", "the word of this shop")
		}
		says := s.get(page)
		says.want(t, 200, "2 of the last 8 calls would not pass the check of the signature.")
		says.wantLink(t, "See what came out", s.webhookPath(w, "/signature"))
		for _, list := range []answer{s.get("/w/books/requests"), s.as(s.signIn(s.addStaff("noor@support.example"))).get("/support/requests?when=7d")} {
			list.want(t, 200, "Its signature would not pass: the secret word is wrong", "Its signature would not pass: no secret word at all")
			if n := strings.Count(list.text(), "would not pass"); n != 2 {
				t.Errorf("got %d marks, want 2: %s", n, list.text())
			}
		}
		call("X-Word", "wrong")
		s.get(page).want(t, 200, "3 of the last 9 calls would not pass", "Updated Its signature would not pass: the secret word is wrong")

		watch.Signature.Mode = senders.SignatureEnforce
		s.configure(w, watch, "")
		s.call("POST", w.Hash, `{"email_address":"jo@example.com"}`, "Content-Type", "application/json").want(t, 400)
		enforces := s.get(page)
		enforces.want(t, 200, "Checked: a call without a valid signature is refused")
		enforces.wantLink(t, "Signature", s.webhookPath(w, "/signature"))
		enforces.wantNot(t, "calls would not pass")
		if n := strings.Count(s.get("/w/books/requests").text(), "would not pass"); n != 3 {
			t.Errorf("a refused call: got %d marks, want 3", n)
		}
	})
}

func TestExamplesByType(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		add := s.createWebhook("name", "Form", "type", "UNCONFIRMED")
		s.get(s.webhookPath(add, "?show=form")).want(t, 200, "HTML form", "JavaScript", `<form action="http://lark.example/v1/inbound-webhooks/`+add.Hash+`"`, "needs a merge tag")
		s.get(s.webhookPath(add, "?show=nonsense")).want(t, 200, "curl -X POST")
		for kind, says := range map[string]string{"UNSUBSCRIBED": "Each opening would unsubscribe somebody.", "DELETE": "Each opening would delete a contact for good."} {
			w := s.createWebhook("name", kind, "type", kind)
			page := s.get(s.webhookPath(w, "?show=form"))
			page.want(t, 200, "This address belongs on a server, never in a page or an e-mail.", says, "curl -X POST")
			page.wantNot(t, "HTML form", "JavaScript", "<form")
		}
	})
}

func TestWebhookPageChartsItsCalls(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join, leave := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnsubscribed)
		s.callJSON(join, `{"email_address":"marta@example.com"}`)
		s.callJSON(join, `{"email_address":"no"}`)
		s.callJSON(leave, `{"email_address":"marta@example.com"}`)
		page := "/w/books/webhooks/" + itoa(join.ID)
		s.get(page).want(t, 200, "2 calls in the last 24 hours, 1 failed", "Show as a table")
		s.get(page+"?calls=30d").want(t, 200, "2 calls in the last 30 days, 1 failed", "Day Failed Processed")
		s.get(page).wantHref(t, page+"?calls=7d#calls")
		s.get(s.get(page).href(t, "1 failed")).want(t, 200, "1 request", "SUBSCRIBED remove this filter", "Without replays")
		s.get("/w/books/requests").want(t, 200, "Calls in the last 30 days: Failed Processed")
		s.get("/w/books/requests?when=7d&webhook="+itoa(leave.ID)).want(t, 200, "Calls in the last 7 days:")
		s.get("/w/books/requests?outcome=failed").wantNot(t, "Calls in the last")
	})
}

func TestANewWebhookLeadsToATestCallAndInstructions(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		page := s.get(s.webhookPath(w, ""))
		page.want(t, 200, "Send a test call", "Share these instructions", "PHP", "Python", "To share")
		page.wantHref(t, s.webhookPath(w, "/console"), s.webhookPath(w, "?show=share#snippets"))
		s.get(s.webhookPath(w, "?show=share")).want(t, 200, "Please call this web address for each person.", "Copy this text and send it to the person who sets the sender up.")
		s.get("/w/books/webhooks").want(t, 200, "Shop", "No call yet", "It waits for its first call.")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "viewer@example.com", models.RoleViewer)))
		viewer.get(s.webhookPath(w, "")).wantNot(t, "Send a test call", "To share", w.Hash)
		s.post(s.webhookPath(w, "/disable")).want(t, 303)
		s.get(s.webhookPath(w, "")).wantNot(t, "Send a test call")
		s.get("/w/books/webhooks").wantNot(t, "It waits for its first call.")
	})
}

// TestAnAddressThatNobodyReaches opens webhooks of programs whose public address other systems cannot call, or only without encryption.
func TestAnAddressThatNobodyReaches(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		vera := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		for public, says := range map[string]string{
			"http://localhost:8080": "Other systems cannot reach this address", "https://127.0.0.1": "Other systems cannot reach this address", "http://[::1]:8080": "Other systems cannot reach this address",
			"http://lark.example": "This address begins with http, so what is sent to it is not encrypted", "https://lark.example": "",
		} {
			s.server.Config.PublicURL, _ = url.Parse(public)
			for _, path := range []string{"", "/reading?sender=typeform"} {
				page := s.get(s.webhookPath(w, path))
				if says == "" {
					page.want(t, 200)
					page.wantNot(t, "PUBLIC_URL")
				} else {
					page.want(t, 200, says, "set PUBLIC_URL to")
				}
			}
			vera.get(s.webhookPath(w, "")).wantNot(t, "PUBLIC_URL")
		}
	})
}

// TestOneFormToPaste compares the form on a webhook's page with that of its answers: both have the merge tags and the trap. The address of a
// webhook that people leave by has no place in a page.
func TestOneFormToPaste(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "first_name", Label: "First name", Type: models.MergeTagText})
		w := s.createWebhook("name", "Form", "type", "SUBSCRIBED")
		s.post(s.webhookPath(w, "/answers"), "trap_field", "web\"site").want(t, 303)
		form := s.snippetAt(w, "form")
		for _, part := range []string{`name="first_name"`, `<input name="web&#34;site" autocomplete="off" hidden>`, `action="http://lark.example/v1/inbound-webhooks/` + w.Hash} {
			if !strings.Contains(form, part) {
				t.Errorf("got %s, want %s in it", form, part)
			}
		}
		s.get(s.webhookPath(w, "/answers")).want(t, 200, "A form to paste", strings.Join(strings.Fields(form), " "))
		leave := s.createWebhook("name", "Leave", "type", "DELETE")
		s.get(s.webhookPath(leave, "/answers")).wantNot(t, "A form to paste", "<form action")
	})
}

// A webhook with a mapping lists no fields without a merge tag. Its page says so and leads to the reading.
func TestAWebhookThatReadsChosenPlacesSaysSo(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		page, reading := s.webhookPath(w, ""), s.webhookPath(w, "/reading")
		s.callJSON(w, `{"email_address":"arya@example.com","shoe_size":"38"}`).want(t, 200)
		s.get(page).want(t, 200, "Fields without a merge tag received and not kept", "shoe_size")
		s.post(reading, "sender", "own", "mapping", `{"address":["customer.email"]}`, "lost", "refuse").want(t, 303)
		s.callJSON(w, `{"customer":{"email":"arya@example.com"},"shoe_size":"38"}`).want(t, 200)
		s.get(page).want(t, 200, "Fields without a merge tag", "This webhook reads chosen places only. Other fields of its calls are not kept: see Reading")
		s.get(page).wantHref(t, reading)
		s.post(reading, "sender", "own", "mapping", `{"address":["customer.email"],"also_keys":true}`).want(t, 303)
		s.get(page).want(t, 200, "This webhook reads chosen places, and fields named like a merge tag. Other fields of its calls are not kept: see Reading")
	})
}

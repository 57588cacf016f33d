package handlers

import (
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/senders"
)

// TestTheDocumentedFormatStaysWithASuggestion saves what is suggested for a system that is not in the list. Calls in the documented format are
// accepted as before.
func TestTheDocumentedFormatStaysWithASuggestion(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Own shop", "type", "SUBSCRIBED")
		s.callJSON(w, `{"email_address":"first@example.com","city":"Graz"}`).want(t, 200)
		s.callJSON(w, `{"buyer":{"mail":"jo@example.com"},"city":"Linz"}`).want(t, 400)
		reading := s.webhookPath(w, "/reading")
		s.post(reading, append(typed(s.get(reading+"?use=own&sample="+s.lastCall())), "do", "save")...).want(t, 303)
		s.callJSON(w, `{"buyer":{"mail":"jo@example.com"},"city":"Linz"}`).want(t, 200)
		s.callJSON(w, `{"email_address":"second@example.com","city":"Wien"}`).want(t, 200)
		for email, city := range map[string]string{"jo@example.com": "Linz", "second@example.com": "Wien"} {
			if c := s.contact(email); c == nil || c.Fields["city"] != city {
				t.Errorf("%s: got %+v, want a contact of %s", email, c, city)
			}
		}
	})
}

// TestAConditionIsAddedWhereOneStands presses "+ Condition": the part stays open, is where the page opens, and speaks of places as people do.
func TestAConditionIsAddedWhereOneStands(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		reading := s.webhookPath(w, "/reading")
		s.post(reading, "sender", "own", "mapping", `{"address":["customer.email"],"only_when":[{"path":"customer.kind","in":["new"]}],"delivery_id":{"path":"customer.number"}}`).want(t, 303)
		s.callJSON(w, `{"customer":{"email":"jo@example.com","kind":"new","number":"7"}}`).want(t, 200)
		page := s.get(reading)
		page.want(t, 200, "Only those in which kind in customer is new. Others are skipped.", "number in customer tells calls apart.")
		page.wantNot(t, "customer.kind is", "customer.number tells")
		const open = `<details class="fold" id="counts" open>`
		if strings.Contains(page.body, open) || !strings.Contains(page.body, `value="when.add" formaction="`+reading+`#counts"`) {
			t.Error("the part is open before anything was pressed, or its button leads elsewhere")
		}
		for _, do := range []string{"when.add", "when.remove.0"} {
			pressed := s.post(reading, append(typed(page), "do", do)...)
			if pressed.status != 200 || !strings.Contains(pressed.body, open) {
				t.Errorf("%s: got %d, want the part open", do, pressed.status)
			}
			if again := s.post(reading, append(typed(pressed), "do", "show")...); do == "when.remove.0" && !strings.Contains(again.body, open) {
				t.Error("the part folds shut while its change is not saved")
			}
		}
	})
}

// TestAConsentIsProposedAsACondition sends calls that say whether the person wants mail.
func TestAConsentIsProposedAsACondition(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		const proposed = "This looks like a consent: "
		for _, tt := range []struct{ body, says, when string }{
			{`{"email":"jo@example.com","accepts_marketing":false}`, proposed + "accepts_marketing", "accepts_marketing is true"},
			{`{"email":"jo@example.com","form":{"Opt-In":"Yes"}}`, proposed + "Opt-In in form", "Opt-In in form is Yes"},
			{`{"email":"jo@example.com","answers":[{"question":"Do you want our newsletter?","answer":"no"}]}`, proposed + "the answer to “Do you want our newsletter?”", "the answer to “Do you want our newsletter?” is yes"},
			{`{"email":"jo@example.com","newsletter_source":"footer","paid":true}`, "", ""},
		} {
			w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
			reading := s.webhookPath(w, "/reading")
			s.callJSON(w, tt.body).want(t, 400)
			page := s.get(reading + "?use=own")
			if tt.says == "" {
				page.want(t, 200)
				page.wantNot(t, proposed)
				continue
			}
			page.want(t, 200, tt.says, "Only when it is yes")
			button := strings.SplitN(strings.SplitN(page.body, `value="consent.`, 2)[1], `"`, 2)[0]
			pressed := s.post(reading, append(typed(page), "do", "consent."+answer{body: button}.text())...)
			pressed.want(t, 200, "Only those in which "+tt.when+".")
			pressed.wantNot(t, proposed)
			s.post(reading, append(typed(pressed), "do", "save")...).want(t, 303)
		}
		leave := s.createWebhook("name", "Leave", "type", "UNSUBSCRIBED")
		s.callJSON(leave, `{"email":"jo@example.com","newsletter":false}`).want(t, 400)
		s.get(s.webhookPath(leave, "/reading")+"?use=own").wantNot(t, proposed)
	})
}

// TestTheSampleIsACallThatPassed watches signatures: the call that is shown first is none that somebody may have made up, and each call to choose
// from says about whom it is.
func TestTheSampleIsACallThatPassed(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		reading := s.webhookPath(w, "/reading")
		s.post(reading, "sender", "own", "mapping", `{"address":["email"]}`).want(t, 303)
		const secret = "the secret of the shop"
		s.post(s.webhookPath(w, "/signature"), "form", "body", "header", "X-Hub-Signature-256", "prefix", "sha256=", "secret", secret, "mode", "watch").want(t, 303)
		for range 2 { // the first is read again by the settings of its commit
			s.signedCall(w, "another", `{"email":"forged@example.com"}`).want(t, 200)
		}
		s.get(reading).want(t, 200, "Kept as forged@example.com")
		s.signedCall(w, secret, `{"email":"real@example.com"}`).want(t, 200)
		s.signedCall(w, "another", `{"email":"forged@example.com"}`).want(t, 200)
		page := s.get(reading)
		page.want(t, 200, "Kept as real@example.com", ": New contact, real@example.com", ": Updated, forged@example.com")
		s.get(s.webhookPath(w, "/console")).want(t, 200, ": New contact, real@example.com")
	})
}

// TestAnswersStandBeforeQuestions looks at a call of a form builder that sends its questions before the answers.
func TestAnswersStandBeforeQuestions(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Reading club", "type", "SUBSCRIBED")
		body := typeformCall(t, 0)
		if d, a := strings.Index(body, `"definition"`), strings.Index(body, `"answers"`); d < 0 || a < d {
			t.Fatal("the example has the answers first, want the questions first")
		}
		s.callJSON(w, body).want(t, 400)
		page := s.get(s.webhookPath(w, "/reading") + "?use=typeform")
		_, tree, _ := strings.Cut(page.body, `aria-label="The sample call as a tree"`)
		if a, d := strings.Index(tree, `>answers<`), strings.Index(tree, `>definition<`); a < 0 || d < a {
			t.Errorf("answers at %d, definition at %d, want the answers first", a, d)
		}
	})
}

// TestAShopLeavesOutChanges looks at what a person is told to choose at senders that report changes of a customer.
func TestAShopLeavesOutChanges(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		leave := s.createWebhook("name", "Leave", "type", "UNSUBSCRIBED")
		for sender, event := range map[string]string{"shopify_customer": "“Customer update”", "stripe_customer": "customer.updated", "woocommerce_customer": "“Customer updated”", "paddle": "customer.updated"} {
			s.get(s.webhookPath(w, "/reading")+"?sender="+sender).want(t, 200, "Leave out "+event+": with it, any change", "brings people back who had unsubscribed here.")
			s.get(s.webhookPath(leave, "/reading")+"?sender="+sender).wantNot(t, "Leave out")
		}
		stripe := senders.FindSender("stripe_customer").MappingFor(false)
		s.configure(w, senders.Settings{Sender: "stripe_customer", Mapping: &stripe}, "")
		s.get(s.webhookPath(w, "")).want(t, 200, "Leave out customer.updated:")
		s.get(s.webhookPath(w, "")).wantNot(t, "Which calls count was changed here")
		stripe.OnlyWhen = []senders.Condition{{Path: stripe.OnlyWhen[0].Path, In: []string{"customer.created"}}}
		s.configure(w, senders.Settings{Sender: "stripe_customer", Mapping: &stripe}, "")
		s.get(s.webhookPath(w, "")).want(t, 200, "Set it up at Stripe", "Which calls count was changed here: only those in which type is customer.created. The sender need not send others.")
	})
}

// TestChoicesAreWhatCallsSent opens the form of a new merge tag for a place of calls, and for a field that a call sent: its choices are filled in.
func TestChoicesAreWhatCallsSent(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		for _, town := range []string{`"Graz"`, `"Linz"`, `"graz"`, `" "`, `["Wien","Linz"]`} {
			s.callJSON(w, `{"email_address":"jo@example.com","branch":`+town+`}`).want(t, 200)
		}
		s.callJSON(w, `{"email_address":"jo@example.com","story":"`+strings.Repeat("long ", 30)+`"}`).want(t, 200)
		reading := s.webhookPath(w, "/reading")
		form := s.follow(s.post(reading, append(typed(s.get(reading+"?use=own")), "do", "tag", "tag.label", "Branch", "tag.key", "branch", "tag.path", "branch")...))
		form.want(t, 200, "These came in the last calls")
		for name, a := range map[string]answer{"for a place": form, "for a field": s.get("/w/books/merge-tags/new?key=branch&label=Branch&call=" + s.lastCall())} {
			if got := strings.ReplaceAll(strings.TrimSpace(formFields(a.body).Get("options")), "\r", ""); got != "Wien\nLinz\ngraz" {
				t.Errorf("%s: got the choices %q", name, got)
			}
		}
		s.follow(s.post("/w/books/merge-tags", typed(form, "type", "dropdown_single")...)).want(t, 200, "The merge tag Branch was created.")
		for _, other := range []string{"?key=story&call=" + s.lastCall(), "?key=branch", "?key=branch&call=" + strings.Repeat("0", 8) + "-0000-7000-8000-000000000000"} {
			a := s.get("/w/books/merge-tags/new" + other)
			a.want(t, 200)
			a.wantNot(t, "These came in the last calls")
		}
	})
}

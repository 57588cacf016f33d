package handlers

import (
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/senders"
)

// TestANewSecretDoesNotTakeTheCallsOfTheOneBeforeIt replaces a secret that all calls came with: the page still says so, and asks before
// that secret is removed or replaced.
func TestANewSecretDoesNotTakeTheCallsOfTheOneBeforeIt(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/signature")
		const first, second, third = "the secret that is used", "a secret that nobody has", "one more for good measure"
		s.post(path, "form", "body", "header", "X-Hub-Signature-256", "prefix", "sha256=", "secret", first, "mode", "enforce", "sure", "1").leadsTo(t, path)
		for range 3 {
			s.later(time.Second)
			s.signedCall(w, first, `{"email_address":"a@example.com"}`).want(t, 200)
		}
		s.later(10 * time.Minute)
		s.post(path, typed(s.get(path), "secret", second)...).leadsTo(t, path)
		page := s.get(path)
		page.want(t, 200, "ending in used", "All of the last 3 checked calls came with it.", "None of the last calls came with it.", "Signed with the older secret")

		removing := append(typed(page), "do", "remove")
		s.post(path, removing...).want(t, 422, "All of the last 3 checked calls came with the secret ending in used.", "Such calls are refused once it is removed.", "Nothing is saved yet.")
		s.later(time.Second)
		s.signedCall(w, first, `{"email_address":"a@example.com"}`).want(t, 200)

		s.later(time.Second)
		asked := s.post(path, typed(s.get(path), "secret", third)...)
		asked.want(t, 422, "All of the last 4 checked calls came with the secret ending in used.", "Such calls are refused once a new secret takes its place.", "Replace it")
		s.get(path).want(t, 200, "ending in used")
		s.post(path, typed(asked)...).leadsTo(t, path)
		page = s.get(path)
		page.want(t, 200, "ending in "+third[len(third)-4:], "Came with a secret that was removed since", "No call came with the secret that is set up now")
		page.wantNot(t, "ending in used", "Last used")
		s.follow(s.post(path, append(typed(page), "do", "remove")...)).want(t, 200, "The older secret was removed.")
	})
}

// TestTheReasonsOfFailedCallsAreToldApart sends wrong signatures of several kinds, which have the same title.
func TestTheReasonsOfFailedCallsAreToldApart(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/signature")
		s.post(path, "form", "body", "header", "X-Hub-Signature-256", "prefix", "sha256=", "secret", "the secret of the shop", "mode", "enforce", "sure", "1").leadsTo(t, path)
		for range 2 {
			s.signedCall(w, "another", `{"email_address":"a@example.com"}`).want(t, 400)
		}
		s.call("POST", w.Hash, `{}`, "Content-Type", "application/json", "X-Hub-Signature-256", "").want(t, 400)
		s.get(path).want(t, 200, "The signature is wrong", "2 calls: The signature was made with another secret, or the body was changed on its way.",
			"1 call: The call had an empty header X-Hub-Signature-256.", "All came from 0.0.0.0.")
	})
}

// TestAnotherSenderAsksWhatBecomesOfTheCheck gives a webhook that checks signatures the reading of a sender that signs in another way.
func TestAnotherSenderAsksWhatBecomesOfTheCheck(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		w := s.createWebhook("name", "Payments", "type", "SUBSCRIBED")
		reading, signature, overview := s.webhookPath(w, "/reading"), s.webhookPath(w, "/signature"), s.webhookPath(w, "")
		s.post(reading, "sender", "stripe_checkout").want(t, 303)
		s.post(signature, append(typed(s.get(signature), "secret", "whsec_of_the_shop", "mode", "enforce"), "sure", "1")...).leadsTo(t, signature)
		s.post(reading, "sender", "stripe_customer").want(t, 303) // the same sender, which signs in the same way

		s.post(reading, "sender", "standard").want(t, 422, "This webhook checks calls as Stripe signs them.", "Nobody can say here whether the calls that you choose now are signed so.")
		asked := s.post(reading, "sender", "shopify_customer")
		asked.want(t, 422, "This webhook checks calls as Stripe signs them.", "Stripe-Signature", "Shopify signs in another way: the body, with SHA-256, in the header X-Shopify-Hmac-SHA256.",
			"Calls that are not signed as it looks for are refused.", "Nothing is saved yet.")
		s.get(overview).want(t, 200, "Is it really Stripe? Checked: a call without a valid signature is refused")

		s.post(reading, append(typed(asked), "signature", "keep")...).want(t, 303)
		s.get(overview).want(t, 200, "Is it really Shopify? Checked, but not as Shopify signs: the body and the time, with SHA-256, in the header Stripe-Signature")
		page := s.get(signature)
		page.want(t, 200, "What is checked", "This is not how Shopify signs.", "X-Shopify-Hmac-SHA256", "Calls that are not signed as it is set up here are refused.")
		page.wantNot(t, "How Shopify signs")

		asked = s.post(reading, "sender", "jotform")
		asked.want(t, 422, "This webhook checks signatures of another sender.", "It is not known that Jotform signs its calls.")
		asked = s.post(reading, "sender", "typeform")
		s.follow(s.post(reading, append(typed(asked), "signature", "drop")...)).want(t, 200, "Saved. Signatures are not checked now. Enter the secret of Typeform to check them again.",
			"Not checked: anyone who knows the address can call it", "Typeform-Signature")
		if all, err := s.db.WebhookSecrets(t.Context(), w.WorkspaceID, w.ID); err != nil || len(all) != 0 {
			t.Errorf("got %d secrets (%v), want none of the sender before", len(all), err)
		}
		s.get("/w/books/settings/audit-log").want(t, 200, "When it does not pass", "ending in shop")
	})
}

// TestSecretOf finds the secret of a call by when it came.
func TestSecretOf(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 12, 0, 0, 0, time.UTC) }
	first, second := models.WebhookSecret{Ending: "one", CreatedAt: day(1)}, models.WebhookSecret{Ending: "two", CreatedAt: day(10)}
	for name, c := range map[string]struct {
		used    senders.SecretUsed
		came    time.Time
		secrets []models.WebhookSecret
		want    string
	}{
		"before the newer one":             {senders.SecretNewer, day(5), []models.WebhookSecret{second, first}, "one"},
		"the newer one":                    {senders.SecretNewer, day(11), []models.WebhookSecret{second, first}, "two"},
		"the older one":                    {senders.SecretOlder, day(11), []models.WebhookSecret{second, first}, "one"},
		"one that was older then":          {senders.SecretOlder, day(5), []models.WebhookSecret{second, first}, ""},
		"one that was removed":             {senders.SecretOlder, day(11), []models.WebhookSecret{second}, ""},
		"one that was there before":        {senders.SecretNewer, day(5), []models.WebhookSecret{second}, ""},
		"no secret":                        {"", day(11), []models.WebhookSecret{second}, ""},
		"in the millisecond of its making": {senders.SecretNewer, day(10), []models.WebhookSecret{second}, "two"},
	} {
		if got, _ := secretOf(c.used, c.came, c.secrets); got.Ending != c.want {
			t.Errorf("%s: got the secret %q, want %q", name, got.Ending, c.want)
		}
	}
}

package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/secrets"
)

// signedCall sends a JSON call that is signed as GitHub signs.
func (s *site) signedCall(w models.Webhook, secret, body string) answer {
	s.t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return s.call("POST", w.Hash, body, "Content-Type", "application/json", "X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)), "X-Forwarded-For", "203.0.113.77")
}

// timedCall sends a JSON call that is signed as Stripe signs, at a time by the sender's clock.
func (s *site) timedCall(w models.Webhook, secret string, at time.Time, body string) answer {
	s.t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return s.call("POST", w.Hash, body, "Content-Type", "application/json", "Stripe-Signature", fmt.Sprintf("t=%d,v1=%x", at.Unix(), mac.Sum(nil)))
}

// TestASignatureIsWatchedAndThenEnforced follows an admin: the secret is entered, calls are watched, the question before refusing is
// answered, the secret is replaced and the older one removed.
func TestASignatureIsWatchedAndThenEnforced(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/signature")
		s.get(path).want(t, 200, "Not checked: anyone who knows the address can call it", "Make one up", "Do not check")
		const first, second = "the first secret of the shop", "the second secret of the shop"
		s.post(path, "form", "body", "header", "X-Hub-Signature-256", "prefix", "sha256=", "secret", " "+first+"\n", "mode", "watch").leadsTo(t, path)
		s.get(path).want(t, 200, "Watching: no call has come yet", "ending in shop", "The body, with SHA-256, in the header X-Hub-Signature-256")
		s.get(path).wantNot(t, first)

		s.signedCall(w, first, `{"email_address":"a@example.com"}`).want(t, 200) // read by the settings of its commit
		s.signedCall(w, first, `{"email_address":"b@example.com"}`).want(t, 200)
		s.signedCall(w, "another", `{"email_address":"c@example.com"}`).wantEnvelope(t, 200, acknowledgedMessage)
		watched := s.lastCall()
		s.get("/w/books/requests/"+watched).want(t, 200, "c@example.com is a new contact", "The signature is wrong", "This webhook only watches",
			"One thing to check", "This call does not pass the check of its signature.", "If you choose Refuse, calls like this one are refused.")
		s.get("/w/books/requests/"+watched).wantLink(t, "Open signature", path)
		s.get("/w/books/requests/"+watched).wantNot(t, "Made with")
		signed := s.logged()[1].ID.String()
		s.get("/w/books/requests/"+signed).want(t, 200, "Signed with the secret", "Made with the secret ending in shop")
		s.as(s.signIn(s.addMember(s.workspace, "vic@example.com", models.RoleViewer))).get("/w/books/requests/"+signed).wantNot(t, "ending in shop")
		s.as(s.signIn(s.addStaff("sid@support.example"))).get("/support/requests/"+signed).wantNot(t, "ending in shop")
		s.callJSON(w, `{"email_address":"d@example.com"}`).want(t, 200)
		page := s.get(path)
		page.want(t, 200, "Watching: 2 of the last 4 calls would pass", "Signed with the secret", "No signature at all", "The call had no header X-Hub-Signature-256.", "2 of the last 4 checked calls would have been refused.")
		page.wantLink(t, "The signature is wrong", "/w/books/requests/"+watched)

		page.wantLink(t, "Calls that would not pass", "#came")
		page.wantNot(t, "Calls that were refused", "with a colon")

		asked := s.post(path, typed(page, "mode", "enforce")...)
		asked.want(t, 422, "2 of the last 4 checked calls would have been refused.", "2 calls that ended as “New contact” would have been refused.", "Refuse such calls", "Nothing is saved yet.")
		asked.wantLink(t, "Calls that would not pass", "#came")
		s.follow(s.post(path, append(typed(asked), "do", "watch")...)).want(t, 200, "Saved. Calls are checked from now on, and none is refused.", "Watching: ")
		s.callJSON(w, `{"email_address":"e@example.com"}`).want(t, 200)
		s.follow(s.post(path, typed(asked)...)).want(t, 200, "Saved. Calls that do not pass are refused from now on.", "Checked: calls without a valid signature are refused")

		s.signedCall(w, "another", `{"email_address":"<b>f@example.com"}`).wantEnvelope(t, 400, "The signature of this request is not valid.")
		s.signedCall(w, "another", `{"email_address":"f@example.com","name":"Farfalla"}`).wantEnvelope(t, 400, "The signature of this request is not valid.")
		refused := s.lastCall()
		s.hiddenUntilAsked(refused)
		s.get("/w/books/requests?outcome=unverified").want(t, 200, "The signature is not valid")

		s.post(path, typed(s.get(path), "secret", second)...).leadsTo(t, path)
		s.signedCall(w, second, `{"email_address":"g@example.com"}`).want(t, 200)
		s.signedCall(w, second, `{"email_address":"h@example.com"}`).want(t, 200)
		s.signedCall(w, first, `{"email_address":"i@example.com"}`).want(t, 200)
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "Signed with the older secret", "which is still valid")
		s.get(path).want(t, 200, "valid until you remove it", "1 of the last 10 checked calls came with it.")
		asked = s.post(path, append(typed(s.get(path)), "do", "remove")...)
		asked.want(t, 422, "1 of the last 10 checked calls came with the secret ending in shop.", "Remove it")
		s.follow(s.post(path, "do", "remove", "sure", "remove")).want(t, 200, "The older secret was removed.")
		s.signedCall(w, first, `{"email_address":"j@example.com"}`).want(t, 400) // read again by the settings of its commit
		s.signedCall(w, second, `{"email_address":"k@example.com"}`).want(t, 200)
		log := s.get("/w/books/settings/audit-log")
		log.want(t, 200, "changed the secret of the webhook", "ending in shop, the one before still counts", "When it does not pass", "watched", "refused")
		log.wantNot(t, first, second)
	})
}

// hiddenUntilAsked looks at a call without a valid signature as a manager, a viewer and support staff do.
func (s *site) hiddenUntilAsked(id string) {
	t := s.t
	t.Helper()
	path := "/w/books/requests/" + id
	manager := s.as(s.signIn(s.addMember(s.workspace, "max@example.com", models.RoleManager)))
	viewer := s.as(s.signIn(s.addMember(s.workspace, "vi@example.com", models.RoleViewer)))
	noor := s.as(s.signIn(s.addStaff("noor@support.example")))
	for _, page := range []answer{manager.get(path), manager.get(path + "?show=raw"), viewer.get(path), viewer.get(path + "?show=headers"), noor.get("/support/requests/" + id + "?show=raw")} {
		page.want(t, 200, "Refused: the signature is wrong", "It is the first check after the address.")
		page.wantNot(t, "Farfalla", "f@example.com")
	}
	manager.get(path).want(t, 200, "What was sent is hidden.", "Show it")
	viewer.get(path).wantNot(t, "Show it")
	viewer.post(path+"/reveal").want(t, 403)
	manager.post(path+"/reveal").want(t, 303)
	manager.get(path+"?show=raw").want(t, 200, "Farfalla")
	s.get(path).wantNot(t, "Farfalla") // another person's page
	s.get("/w/books/settings/audit-log").want(t, 200, "max@example.com", "looked at what was sent without a valid signature")
	s.get(s.webhookPath(models.Webhook{ID: 1}, "/reading")+"?use=own&sample="+id).wantNot(t, "Farfalla")
}

// TestRefusingUncheckedCallsIsWarnedOf refuses calls before any was checked, as a script does, until one passes.
func TestRefusingUncheckedCallsIsWarnedOf(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path, overview := s.webhookPath(w, "/signature"), s.webhookPath(w, "")
		s.get(path).want(t, 200, "Choose Watch before you choose Refuse.", "No call was ever checked, so nobody knows whether these settings fit.")
		const secret, never, none = "the secret of the shop", "No call was ever checked, so nobody knows whether the secret fits.", "The only checked call did not pass, so nobody knows whether the secret fits."
		asked := s.post(path, "form", "body", "header", "X-Hub-Signature-256", "prefix", "sha256=", "secret", secret, "mode", "enforce")
		asked.want(t, 422, never, "Nothing is saved yet.", "Watch first", "Refuse all the same")
		s.get(overview).want(t, 200, "Not checked: anyone who knows the address can call it")
		saved := s.follow(s.post(path, typed(asked)...))
		saved.want(t, 200, "Saved. Calls that do not pass are refused from now on. No call has passed the check so far.", never, "Choose Watch first")
		saved.wantNot(t, "Choose Watch before you choose Refuse.")
		s.get(overview).want(t, 200, never, "Choose Watch first")
		s.get(overview).wantLink(t, "Open signature", path)

		s.signedCall(w, "a wrong secret", `{"email_address":"a@example.com"}`).want(t, 400)
		s.get(overview).want(t, 200, none)
		s.get(path).want(t, 200, none)
		s.signedCall(w, secret, `{"email_address":"a@example.com"}`).want(t, 200)
		for _, page := range []answer{s.get(overview), s.get(path)} {
			page.want(t, 200, "Shop")
			page.wantNot(t, "nobody knows whether")
		}
		s.follow(s.post(path, typed(s.get(path), "mode", "watch")...)).wantNot(t, "nobody knows whether")
	})
}

// TestASecretThatTheSenderMakes offers no secret of this program where the sender has its own.
func TestASecretThatTheSenderMakes(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		for sender, gives := range map[string]bool{"shopify_customer": true, "stripe_checkout": true, "typeform": false} {
			w := s.createWebhook("name", sender, "type", "SUBSCRIBED")
			s.post(s.webhookPath(w, "/reading"), "sender", sender).want(t, 303)
			page := s.get(s.webhookPath(w, "/signature"))
			page.wantNot(t, "with a colon")
			if gives {
				page.want(t, 200, "which shows its own, and paste it here.")
				page.wantNot(t, "Make one up", "make one up")
			} else {
				page.want(t, 200, "Make one up")
			}
		}
	})
}

// TestWhoMayChangeASignature lets admins alone change it: others see what came out.
func TestWhoMayChangeASignature(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/signature")
		s.post(path, "form", "body", "header", "X-Sign", "secret", "a secret of the shop", "mode", "enforce", "sure", "1").want(t, 303)
		for _, role := range []models.Role{models.RoleManager, models.RoleViewer} {
			other := s.as(s.signIn(s.addMember(s.workspace, string(role)+"@example.com", role)))
			page := other.get(path)
			page.want(t, 200, "Checked: calls without a valid signature are refused", "1 secret", "Admins of the workspace can change")
			page.wantNot(t, "shop</code>", "Make one up")
			other.post(path, "mode", "off").want(t, 403)
		}
	})
}

// TestARefusedFormOfASignatureKeepsWhatWasTyped posts mistakes: each is told beside its field, nothing is stored.
func TestARefusedFormOfASignatureKeepsWhatWasTyped(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/signature")
		for name, c := range map[string]struct {
			fields      []string
			field, says string
		}{
			"no secret":          {[]string{"form", "body", "header", "X-Sign", "mode", "watch"}, "secret", "Please enter the secret."},
			"no header":          {[]string{"form", "body", "mode", "watch", "secret", "x-secret"}, "header", "Please enter the name of the header"},
			"a strange header":   {[]string{"form", "body", "header", `"><script>alert(1)</script>`, "mode", "watch", "secret", "x"}, "header", "no blanks and no colon"},
			"no form":            {[]string{"form", "none", "mode", "enforce"}, "form", "Please choose how the sender proves"},
			"an unknown form":    {[]string{"form", "rot13", "mode", "watch"}, "form", "Please choose how the sender proves"},
			"an unknown mode":    {[]string{"form", "body", "header", "X-Sign", "mode", "perhaps", "secret", "x"}, "mode", "Please choose what happens"},
			"a strange number":   {[]string{"form", "t_v1", "tolerance", "five", "mode", "watch", "secret", "x"}, "tolerance", "Please enter for how many seconds"},
			"a broken key":       {[]string{"form", "standard_webhooks", "mode", "watch", "secret", "whpk_abc"}, "secret", "a public key"},
			"a broken network":   {[]string{"form", "addresses", "networks", "203.0.113.0/99", "mode", "watch"}, "networks", "is not an address or a network"},
			"no networks":        {[]string{"form", "addresses", "mode", "watch"}, "networks", "Please"},
			"a broken place":     {[]string{"form", "shared_word", "member", "a..b", "mode", "watch", "secret", "x"}, "member", "comes"},
			"no user or no word": {[]string{"form", "basic", "mode", "watch", "secret", "word"}, "secret", "a colon and the password"},
		} {
			a := s.post(path, c.fields...)
			a.want(t, 422, c.says)
			form := formFields(a.body)
			for i := 0; i < len(c.fields); i += 2 {
				if got := strings.TrimSpace(form.Get(c.fields[i])); got != c.fields[i+1] && c.fields[i+1] != "rot13" && c.fields[i+1] != "perhaps" {
					t.Errorf("%s: %s comes back as %q, want %q", name, c.fields[i], got, c.fields[i+1])
				}
			}
			if !strings.Contains(a.body, `id="`+c.field+`-err"`) || strings.Contains(a.body, "<script>alert") {
				t.Errorf("%s: the mistake is not beside %s", name, c.field)
			}
		}
		if s.webhookAt(s.webhookPath(w, "")).Reading != "" {
			t.Error("a refused form was stored")
		}
		made := s.post(path, "form", "standard_webhooks", "mode", "watch", "do", "make")
		made.want(t, 200, "Copy this secret to the sender, then save here.")
		secret := formFields(made.body).Get("secret")
		if !strings.HasPrefix(secret, "whsec_") || len(secret) < 30 {
			t.Errorf("got the secret %q", secret)
		}
		if all, err := s.db.WebhookSecrets(t.Context(), w.WorkspaceID, w.ID); err != nil || len(all) != 0 {
			t.Errorf("got %v (%v), want no secret before it is saved", all, err)
		}
		s.post(path, typed(made)...).leadsTo(t, path)
		s.get(path).want(t, 200, "ending in "+secret[len(secret)-4:], "The body and the time, with SHA-256, in the header webhook-signature")
	})
}

// TestASecretNeedsAKey saves a secret on a server without a key.
func TestASecretNeedsAKey(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/signature")
		s.get(path).want(t, 200, "No secret can be saved here yet.", secrets.ErrNoKey.Message)
		a := s.post(path, "form", "body", "header", "X-Sign", "secret", "a secret of the shop", "mode", "watch")
		a.want(t, 422, secrets.ErrNoKey.Message)
		if formFields(a.body).Get("secret") != "a secret of the shop" {
			t.Error("the typed secret is gone")
		}
		s.post(path, "form", "addresses", "networks", "203.0.113.7", "mode", "enforce", "sure", "1").want(t, 303)
	})
}

// TestAWrongClockIsNamed sends a call that was signed hours ago, and repeats a call.
func TestAWrongClockIsNamed(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Payments", "type", "SUBSCRIBED")
		s.post(s.webhookPath(w, "/reading"), "sender", "own", "mapping", `{"address":["email"],"delivery_id":{"path":"id"},"only_when":[{"path":"id","set":true}]}`).want(t, 303)
		const secret = "whsec_of_the_shop"
		s.post(s.webhookPath(w, "/signature"), "form", "t_v1", "secret", secret, "mode", "enforce", "sure", "1").want(t, 303)
		call := func(at time.Time, body string) answer { return s.timedCall(w, secret, at, body) }
		body := `{"id":"evt_1","email":"jo@example.com"}`
		call(s.server.now().Add(-2*time.Hour-time.Minute), body).want(t, 400)
		at := s.server.now().In(s.workspace.Location())
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "Refused: the signature is too old", "It was signed 2 hours 1 minute before it arrived.",
			"The sender's clock says "+at.Add(-2*time.Hour-time.Minute).Format("15:04")+", ours "+at.Format("15:04"), "5 minutes before and after",
			"One such call was delayed, or copied and sent again.", "If all calls are late by about 121 minutes, the clock of the sender or of this program is wrong: correct it.")
		call(s.server.now(), body).want(t, 200)
		first := s.lastCall()
		s.later(4 * time.Second)
		call(s.server.now(), body).wantEnvelope(t, 200, acknowledgedMessage)
		again := s.lastCall()
		page := s.get("/w/books/requests/" + again)
		page.want(t, 200, "Repeated: this call had been processed 4 seconds before", "The sender gave both calls the same id: evt_1", "Ids are remembered for 7 days.")
		page.want(t, 200, "Whether it counts: not looked at")
		page.wantNot(t, "It counts")
		page.wantLink(t, "Open the first one", "/w/books/requests/"+first)
		page.wantLink(t, ", processed", "/w/books/requests/"+first)
		page.want(t, 200, "With this delivery id", "repeated: this one")
		s.get("/w/books/requests/"+first).wantLink(t, ", repeated", "/w/books/requests/"+again)
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		noor.get("/support/requests/"+again).want(t, 200, "Repeated: this call")
		noor.get("/support/requests/"+again).wantNot(t, "evt_1", "jo@example.com")
	})
}

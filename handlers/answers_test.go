package handlers

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/senders"
)

// browserHeaders are those of a form that a person's browser sends.
var browserHeaders = []string{"Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode", "navigate"}

// TestAFormLeadsToThePagesOfItsWebsite posts forms as browsers and as programs do.
func TestAFormLeadsToThePagesOfItsWebsite(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Newsletter", "type", "SUBSCRIBED")
		person := "email_address=jo%40example.com"
		s.call("POST", w.Hash, person, browserHeaders...).wantEnvelope(t, 200, acknowledgedMessage)
		s.post(s.webhookPath(w, "/answers"), "success_url", "https://shop.example/thanks?list=1#top", "failure_url", "https://shop.example/again",
			"allowed_origins", "https://shop.example/\nhttps://CLUB.shop.example", "trap_field", "website").leadsTo(t, s.webhookPath(w, "/answers"))
		s.get(s.webhookPath(w, "/answers")).want(t, 200, "Saved.", "https://club.shop.example", "Answers and limits")
		with := func(name, value string) []string { return append(append([]string{}, browserHeaders...), name, value) }
		for name, c := range map[string]struct {
			body    string
			headers []string
			to      string // "" for the envelope
		}{
			"processed":                  {person, browserHeaders, "https://shop.example/thanks?list=1&result=ok#top"},
			"no address":                 {"name=Jo", browserHeaders, "https://shop.example/again?result=no_address"},
			"a bad address":              {"email_address=jo", browserHeaders, "https://shop.example/again?result=bad_address"},
			"a listed page":              {person + "&redirect_to=https%3A%2F%2Fclub.shop.example%2Fwelcome", browserHeaders, "https://club.shop.example/welcome?result=ok"},
			"a page of another website":  {person + "&redirect_to=https%3A%2F%2Fevil.example%2F", browserHeaders, "https://shop.example/thanks?list=1&result=ok#top"},
			"a page without a scheme":    {person + "&redirect_to=%2F%2Fevil.example%2F", browserHeaders, "https://shop.example/thanks?list=1&result=ok#top"},
			"a listed name in the front": {person + "&redirect_to=https%3A%2F%2Fshop.example%40evil.example%2F", browserHeaders, "https://shop.example/thanks?list=1&result=ok#top"},
			"by script":                  {person, with("Sec-Fetch-Mode", "cors"), ""},
			"a program":                  {person, []string{"Content-Type", "application/x-www-form-urlencoded", "Accept", "*/*"}, ""},
			"JSON":                       {`{"email_address":"jo@example.com"}`, with("Content-Type", "application/json"), ""},
			"an old browser":             {person, []string{"Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html"}, "https://shop.example/thanks?list=1&result=ok#top"},
			"a form with parts": {"--b\r\nContent-Disposition: form-data; name=\"email_address\"\r\n\r\njo@example.com\r\n--b\r\nContent-Disposition: form-data; name=\"redirect_to\"\r\n\r\nhttps://shop.example/b\r\n--b--\r\n",
				with("Content-Type", "multipart/form-data; boundary=b"), "https://shop.example/b?result=ok"},
		} {
			a := s.call("POST", w.Hash, c.body, c.headers...)
			if got := a.header.Get("Location"); got != c.to || (c.to != "") != (a.status == 303) || a.header.Get("X-Request-Id") == "" {
				t.Errorf("%s: got %d to %q, want %q", name, a.status, got, c.to)
			}
			if c.to == "" && (a.status != 200 || a.body != acknowledged) {
				t.Errorf("%s: got %d %s, want the plain answer", name, a.status, a.body)
			}
		}
		led := func(body string, headers ...string) answer {
			s.call("POST", w.Hash, body, headers...)
			return s.get("/w/books/requests/" + s.lastCall())
		}
		page := led(person+"&website=&redirect_to=https%3A%2F%2Fshop.example%2Fb", browserHeaders...)
		page.want(t, 200, "HTTP 303", "Location: https://shop.example/b?result=ok", "The browser was led to this page. After everything above was safely stored.", "Answered 303 in",
			"redirect_to", "It asks for the page to go to. The browser was led there.", "Read, not kept")
		page.wantNot(t, "HTTP 200", "redirect_to was ignored", "1 ignored", "website was ignored")
		led(person+"&redirect_to=https%3A%2F%2Fevil.example%2F", browserHeaders...).want(t, 200, "Location: https://shop.example/thanks?list=1&result=ok#top", "It asks for a page that is not on the websites of this webhook, so the browser was not led there.")
		led(person+"&redirect_to=https%3A%2F%2Fshop.example%2Fb", "Content-Type", "application/x-www-form-urlencoded").want(t, 200, "HTTP 200", "Only a form that a browser sends can ask for one.")
		led("email_address=jo", browserHeaders...).want(t, 200, "Refused: the address is not valid", "HTTP 303", "Location: https://shop.example/again?result=bad_address", "Answered 303 in")
		failed := s.get("/w/books/requests?outcome=failed")
		if !strings.Contains(failed.body, `code-4">303<`) || strings.Contains(s.get("/w/books/requests?outcome=processed").body, `code-4`) {
			t.Errorf("the list of failed calls does not show the 303: %s", failed.text())
		}
		if list := s.get("/w/books/requests?outcome=processed").body; !strings.Contains(list, `code-2">303<`) || !strings.Contains(list, `code-2">200<`) {
			t.Error("the list of processed calls does not tell 303 from 200")
		}
		support := s.as(s.signIn(s.addStaff("noor@support.example")))
		masked := support.get("/support/requests/" + s.lastCall())
		masked.want(t, 200, "HTTP 303")
		masked.wantNot(t, "shop.example")
		tried := s.try(w, "dry", person+"&redirect_to=https%3A%2F%2Fshop.example%2Fb", "content_type", "application/x-www-form-urlencoded", "headers", "Accept: text/html")
		tried.want(t, 200, "HTTP 303", "Location: https://shop.example/b?result=ok", "A browser would be led to this page.", "A browser would be led there.")

		for origin, want := range map[string]string{"https://shop.example": "https://shop.example", "https://evil.example": "", "null": "", "": ""} {
			for _, method := range []string{"POST", "OPTIONS"} {
				a := s.call(method, w.Hash, person, "Origin", origin, "Content-Type", "application/x-www-form-urlencoded")
				if got := a.header.Get("Access-Control-Allow-Origin"); got != want || a.header.Get("Vary") != "Origin" {
					t.Errorf("%s from %q: got %q, varying by %q, want %q", method, origin, got, a.header.Get("Vary"), want)
				}
			}
		}
	})
}

// TestAToldWebhookHoldsBackAndAnswersYes covers the trap field, test calls and unknown addresses.
func TestAToldWebhookHoldsBackAndAnswersYes(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join, leave := s.createWebhook("name", "Join", "type", "SUBSCRIBED"), s.createWebhook("name", "Leave", "type", "UNSUBSCRIBED")
		s.post(s.webhookPath(join, "/answers"), "trap_field", "website").want(t, 303)
		s.callJSON(join, `{"email_address":"robot@example.com","website":"https://spam.example"}`).wantEnvelope(t, 200, acknowledgedMessage)
		if s.contact("robot@example.com") != nil {
			t.Error("a robot was added")
		}
		held := s.get("/w/books/requests/" + s.lastCall())
		held.want(t, 200, "Held back: a field that people do not see was filled in", "Is that right?", "Answers and limits")
		held.wantNot(t, "✓ stored")
		s.callJSON(join, `{"email_address":"jo@example.com","website":""}`).want(t, 200)
		if s.contact("jo@example.com") == nil {
			t.Error("a person was held back")
		}
		s.get(s.webhookPath(join, "/answers")).want(t, 200, "1 call was held back in the last 30 days.", "See them")

		s.callJSON(leave, `{"email_address":"nobody@example.com"}`).wantEnvelope(t, 404, "We were unable to find the contact.")
		s.post(s.webhookPath(leave, "/answers"), "unknown_ok", "1").want(t, 303)
		s.callJSON(leave, `{"email_address":"nobody@example.com"}`).wantEnvelope(t, 200, acknowledgedMessage)
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "Nobody has this address, so nothing was done", "Is that right?")
		s.get("/w/books/requests?outcome=processed").wantNot(t, "nobody@example.com")
		s.get("/w/books/settings/audit-log").want(t, 200, "changed how calls are handled by the webhook", "Field that only robots fill in", "website")

		s.post(s.webhookPath(join, "/reading"), "sender", "woocommerce_customer").want(t, 303)
		ping := []string{"Content-Type", "application/x-www-form-urlencoded", "User-Agent", "WooCommerce/10.3 Hookshot"}
		s.call("POST", join.Hash, "webhook_id=17", ping...).wantEnvelope(t, 200, acknowledgedMessage)
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "A test call: WooCommerce asked whether this address works", "Known as a test call")
		s.get(s.webhookPath(join, "/answers")).want(t, 200, "1 call was answered in this way in the last 30 days.")
		if settings, _ := senders.ParseSettings(s.webhookAt(s.webhookPath(join, "")).Reading); settings.Answering().TrapField != "website" {
			t.Errorf("got %+v, want the answers kept when the reading changes", settings.Answers)
		}
		s.post(s.webhookPath(join, "/answers"), "trap_field", "website").want(t, 303)
		s.call("POST", join.Hash, "webhook_id=17", ping...).wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
	})
}

// TestCallsOverALimitAreTurnedAway fills the minute of a webhook and waits until it is over.
func TestCallsOverALimitAreTurnedAway(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Join", "type", "SUBSCRIBED")
		s.post(s.webhookPath(w, "/answers"), "limit_network", "3", "failure_url", "https://shop.example/again").want(t, 303)
		call := func(headers ...string) answer {
			return s.call("POST", w.Hash, "email_address=jo%40example.com", append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
		}
		for range 3 {
			call().want(t, 200)
		}
		a := call()
		a.wantEnvelope(t, 429, messageTooMany)
		if wait := a.header.Get("Retry-After"); wait != "60" || a.header.Get("X-Request-Id") == "" {
			t.Errorf("got Retry-After %q, want the seconds to the end of the minute", wait)
		}
		if to := call(browserHeaders...).header.Get("Location"); to != "https://shop.example/again?result=too_many" {
			t.Errorf("a form was led to %q", to)
		}
		if n := len(s.logged()); n != 3 {
			t.Errorf("got %d rows in the log, want the 3 calls below the limit", n)
		}
		counted := func() {
			s.get(s.webhookPath(w, "/answers")).want(t, 200, "The busiest network of the last 30 days had 3", "Turned away: 2 in 24 hours, 2 in 30 days")
			s.get(s.webhookPath(w, "")).want(t, 200, "In the last 24 hours 2 calls were turned away with 429.")
		}
		counted()     // before anything is stored
		for range 2 { // the second has nothing to store
			if err := s.server.StoreHours(t.Context(), s.server.now()); err != nil {
				t.Fatal(err)
			}
		}
		counted()
		overview := s.get(s.webhookPath(w, ""))
		overview.want(t, 200, "3 calls in the last 24 hours, none failed", "In the last 24 hours 2 calls were turned away with 429.")
		overview.wantLink(t, "Limits", s.webhookPath(w, "/answers")+"#limits")
		s.get(s.webhookPath(w, "")+"?calls=7d").want(t, 200, "In the last 7 days 2 calls were turned away with 429.")
		s.get(s.webhookPath(s.addWebhook(models.TypeSubscribed), "")).wantNot(t, "turned away")
		s.later(time.Minute)
		call().want(t, 200)
	})
}

// TestTheFirstCallOfAProcessKnowsTheAnswers starts the program again: the first call and the first question of a browser are treated like
// all others.
func TestTheFirstCallOfAProcessKnowsTheAnswers(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Join", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/answers")
		s.post(path, "allowed_origins", "https://shop.example", "limit_webhook", "1").want(t, 303)
		restart := func() {
			s.startIntake()
			s.later(time.Minute)
		}
		ask := func(method, origin, want string) {
			t.Helper()
			a := s.call(method, w.Hash, `{"email_address":"jo@example.com"}`, "Origin", origin, "Content-Type", "application/json")
			if got := a.header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s from %s: got %d for %q, want it for %q", method, origin, a.status, got, want)
			}
		}
		restart()
		ask("OPTIONS", "https://other.example", "")
		ask("OPTIONS", "https://shop.example", "https://shop.example")
		s.post(path, "allowed_origins", "https://other.example", "limit_webhook", "1").want(t, 303)
		ask("OPTIONS", "https://other.example", "https://other.example") // without a call between
		restart()
		s.rename("contacts", "contacts_away")
		ask("POST", "https://shop.example", "") // answered with 503, before anything was committed
		s.rename("contacts_away", "contacts")

		restart()
		var all sync.WaitGroup
		var done, turnedAway atomic.Int64
		for range 8 {
			all.Go(func() {
				switch s.callJSON(w, `{"email_address":"jo@example.com"}`).status {
				case 200:
					done.Add(1)
				case 429:
					turnedAway.Add(1)
				}
			})
		}
		if all.Wait(); done.Load() != 1 || turnedAway.Load() != 7 {
			t.Errorf("got %d calls processed and %d turned away, want 1 and 7", done.Load(), turnedAway.Load())
		}

		restart()
		s.rename("webhooks", "webhooks_away")
		s.callJSON(w, `{"email_address":"jo@example.com"}`).wantEnvelope(t, 503, intake.MessageBusy)
		if a := s.call("OPTIONS", w.Hash, ""); a.status != 204 {
			t.Errorf("got %d for the question of a browser without the database, want 204", a.status)
		}
		s.rename("webhooks_away", "webhooks")
		s.callJSON(w, `{"email_address":"jo@example.com"}`).want(t, 200)
	})
}

// TestACallFromTheConsoleCountsForTheLimits sends calls for real until they are over the limit of the webhook.
func TestACallFromTheConsoleCountsForTheLimits(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Join", "type", "SUBSCRIBED")
		s.post(s.webhookPath(w, "/answers"), "limit_webhook", "2").want(t, 303)
		body := `{"email_address":"jo@example.com"}`
		s.callJSON(w, body).want(t, 200)
		s.try(w, "real", body).want(t, 303)
		for range 3 {
			s.try(w, "dry", body).want(t, 200, "jo@example.com would be updated") // a call that is only tried does not count
		}
		away := s.try(w, "real", body)
		away.want(t, 422, "The call was turned away, because it is over a limit of this webhook", "HTTP 429", "You can send it again in 60 seconds.")
		if got := formFields(away.body).Get("body"); !strings.Contains(got, "jo@example.com") {
			t.Errorf("the form comes back with %q", got)
		}
		s.callJSON(w, body).want(t, 429)
		if n := len(s.logged()); n != 2 {
			t.Errorf("got %d rows in the log, want the 2 calls below the limit", n)
		}
		if err := s.server.StoreHours(t.Context(), s.server.now()); err != nil {
			t.Fatal(err)
		}
		s.get(s.webhookPath(w, "/answers")).want(t, 200, "Turned away: 2 in 24 hours")
		s.later(time.Minute)
		s.try(w, "real", body).want(t, 303)
	})
}

// TestARefusedFormOfAnswersKeepsWhatWasTyped posts mistakes: each is told beside its field, and nothing is stored.
func TestARefusedFormOfAnswersKeepsWhatWasTyped(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Join", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/answers")
		for field, text := range map[string]string{"success_url": "javascript:alert(1)", "failure_url": "shop.example", "allowed_origins": "https://shop.example/page", "limit_webhook": "many", "limit_network": "-3"} {
			a := s.post(path, field, text, "trap_field", `"><script>alert(1)</script>`)
			a.want(t, 422, "Please")
			if !strings.Contains(a.body, `id="`+field+`-err"`) || formFields(a.body).Get("trap_field") != `"><script>alert(1)</script>` || strings.TrimSpace(formFields(a.body).Get(field)) != text || strings.Contains(a.body, "<script>alert") {
				t.Errorf("%s: the form does not come back as it was typed, with its mistake", field)
			}
		}
		if s.webhookAt(s.webhookPath(w, "")).Reading != "" {
			t.Error("a refused form was stored")
		}
		s.post(path, "limit_webhook", "1,200").want(t, 303)
		s.as(s.signIn(s.addMember(s.workspace, "vi@example.com", models.RoleViewer))).get(path).want(t, 200, "How it answers", "1200", "refused")
	})
}

package handlers

import (
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
)

// TestARefusedFormIsExplainedToItsVisitor posts forms that are refused at a webhook that names a page only for those that worked.
func TestARefusedFormIsExplainedToItsVisitor(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Newsletter", "type", "SUBSCRIBED")
		noPages := s.call("POST", w.Hash, "name=Jo", browserHeaders...)
		noPages.wantEnvelope(t, 400, intake.MessageNoAddress)
		s.post(s.webhookPath(w, "/answers"), "success_url", "https://shop.example/thanks", "limit_network", "30").want(t, 303)
		s.get(s.webhookPath(w, "/answers")).want(t, 200, "Leave it empty and visitors see a plain page that says what is missing, once the page for success is filled in. Without both they see the plain answer.")
		with := func(more ...string) []string { return append(append([]string{}, browserHeaders...), more...) }
		explained := func(name, body string, headers []string, status int, title, back string) answer {
			t.Helper()
			a := s.call("POST", w.Hash, body, headers...)
			a.want(t, status, title, "go back")
			if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || strings.Contains(a.body, "success") || a.header.Get("X-Request-Id") == "" {
				t.Errorf("%s: got a %s, want a page", name, a.header.Get("Content-Type"))
			}
			logged := status != 429 && status != 503
			if strings.Contains(a.body, a.header.Get("X-Request-Id")) != logged || strings.Contains(a.body, "can find what you sent") != logged {
				t.Errorf("%s: the page says that the call can be found: %v, want %v: %s", name, !logged, logged, a.body)
			}
			if !strings.Contains(a.body, `href="`+back+`" data-back`) || strings.Contains(a.body, `href="/"`) {
				t.Errorf("%s: the page does not lead back to %s alone: %s", name, back, a.body)
			}
			return a
		}
		explained("no address", "name=Jo", with("Referer", "https://shop.example/join?a=1"), 400, "Your e-mail address is missing", "https://shop.example/join?a=1")
		explained("a bad address", "email_address=jo", with(), 400, "This e-mail address is not valid", "https://shop.example")
		a := explained("a hostile way back", "email_address=<b>jo", with("Referer", "javascript:alert(1)"), 400, "This e-mail address is not valid", "https://shop.example")
		if strings.Contains(a.body, "<b>jo") || strings.Contains(a.body, "alert") {
			t.Errorf("the page shows what was sent: %s", a.body)
		}
		explained("too large", "email_address=jo%40example.com&x="+strings.Repeat("x", intake.MaxBody), with(), 413, "This form is too large", "https://shop.example")
		s.call("POST", w.Hash, "name=Jo", with("Sec-Fetch-Mode", "cors")...).wantEnvelope(t, 400, intake.MessageNoAddress)
		s.call("POST", w.Hash, "name=Jo", "Content-Type", "application/x-www-form-urlencoded", "Accept", "*/*").wantEnvelope(t, 400, intake.MessageNoAddress)
		s.call("POST", w.Hash, "{}", with("Content-Type", "application/json")...).wantEnvelope(t, 400, intake.MessageNoAddress)
		s.call("GET", w.Hash, "", with()...).wantEnvelope(t, 400, intake.MessageNoAddress)
		if to := s.call("POST", w.Hash, "email_address=jo%40example.com", with()...).header.Get("Location"); to != "https://shop.example/thanks?result=ok" {
			t.Errorf("a form that worked leads to %q", to)
		}

		leave := s.createWebhook("name", "Leave", "type", "UNSUBSCRIBED")
		s.post(s.webhookPath(leave, "/answers"), "success_url", "https://shop.example/bye").want(t, 303)
		s.call("POST", leave.Hash, "email_address=nobody%40example.com", with()...).want(t, 404, "This e-mail address is not known here")

		s.rename("contacts", "contacts_away")
		if a := explained("busy", "email_address=jo%40example.com", with(), 503, "Please send the form again in a minute", "https://shop.example"); a.header.Get("Retry-After") != "2" {
			t.Errorf("got Retry-After %q, want 2", a.header.Get("Retry-After"))
		}
		s.rename("contacts_away", "contacts")
		s.post(s.webhookPath(w, "/disable")).want(t, 303)
		s.call("POST", w.Hash, "email_address=jo%40example.com", with()...).want(t, 404, "This form is no longer in use")
		for s.call("POST", w.Hash, "name=Jo", with()...).status != 429 {
		}
		if a := explained("too many", "name=Jo", with(), 429, "Please send the form again in a minute", "https://shop.example"); a.header.Get("Retry-After") == "" {
			t.Error("the answer to a form over a limit does not say when to come again")
		}
	})
}

// TestAWebhookForgetsItsPagesAtOnce takes the pages away: the next form gets the documented answer.
func TestAWebhookForgetsItsPagesAtOnce(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.post(s.webhookPath(w, "/answers"), "success_url", "https://shop.example/thanks").want(t, 303)
		s.call("POST", w.Hash, "email_address=jo%40example.com", browserHeaders...).want(t, 303)
		s.post(s.webhookPath(w, "/answers"), "success_url", "").want(t, 303)
		s.call("POST", w.Hash, "email_address=jo%40example.com", browserHeaders...).wantEnvelope(t, 200, acknowledgedMessage)
	})
}

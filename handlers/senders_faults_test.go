package handlers

import (
	"strings"
	"testing"
	"time"
)

// TestAMappedWebhookIsNotToldOfTheDocumentedFormat refuses a call of a webhook that has a mapping.
func TestAMappedWebhookIsNotToldOfTheDocumentedFormat(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.post(s.webhookPath(w, "/reading"), "sender", "own", "mapping", `{"address":["customer.email"]}`).want(t, 303)
		s.callJSON(w, `{"customer":{}}`).want(t, 400)
		s.callJSON(w, `{"customer":{}}`).want(t, 400)
		page := s.get(s.webhookPath(w, ""))
		page.want(t, 200, "Failed calls", "Skip calls without an address")
		page.wantNot(t, "email_address", "curl ")
		s.get("/w/books").wantNot(t, "send email_address")
	})
}

// TestAPreviewLeavesOutCutCalls sends a form whose condition stands behind what the log keeps.
func TestAPreviewLeavesOutCutCalls(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["email"],"only_when":[{"path":"ok","in":["yes"]}]}`).want(t, 303)
		for _, text := range []string{strings.Repeat("x", 100<<10), "short", "short"} {
			s.call("POST", w.Hash, "email=jo%40example.com&text="+text+"&ok=yes", "Content-Type", "application/x-www-form-urlencoded")
		}
		s.get(path).want(t, 200, "1 call is left out: the log keeps only the beginning", "Would be skipped 0")
	})
}

// TestTheFiguresOfASignatureWithoutErasedPeople erases a person whose calls passed.
func TestTheFiguresOfASignatureWithoutErasedPeople(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w, leave := s.createWebhook("name", "Shop", "type", "SUBSCRIBED"), s.createWebhook("name", "Leave", "type", "DELETE")
		path := s.webhookPath(w, "/signature")
		const secret = "the secret of the shop"
		s.post(path, "form", "body", "header", "X-Hub-Signature-256", "prefix", "sha256=", "secret", secret, "mode", "enforce", "sure", "1").want(t, 303)
		s.signedCall(w, secret, `{"email_address":"a@example.com"}`).want(t, 200)
		s.signedCall(w, secret, `{"email_address":"quinn@example.com"}`).want(t, 200)
		s.signedCall(w, "another", `{"email_address":"b@example.com"}`).want(t, 400)
		s.get(path).want(t, 200, "2 of the last 3 calls passed.")
		s.callJSON(leave, `{"email_address":"quinn@example.com"}`).want(t, 200)
		s.get(path).want(t, 200, "1 of the last 2 calls passed.", "Without 1 call of people who were erased since")
	})
}

// TestTheHeadingOfFieldsCountsWhatTheRowsCount reads a call with parts that no field takes.
func TestTheHeadingOfFieldsCountsWhatTheRowsCount(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.post(s.webhookPath(w, "/reading"), "sender", "own", "mapping", `{"address":["email"]}`).want(t, 303)
		s.callJSON(w, `{"email":"jo@example.com"}`)
		call := s.callJSON(w, `{"email":"jo@example.com","a":1,"b":{"c":2,"d":3},"e":[1,2]}`)
		s.get("/w/books/requests/"+call.requestID()).want(t, 200, "4 other parts", "4 ignored")
		s.get("/w/books/requests/"+call.requestID()).wantNot(t, "Only the address was sent.")
	})
}

// TestANewLimitHoldsForTheNextCall limits a webhook in a minute that is over the limit already.
func TestANewLimitHoldsForTheNextCall(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		for range 3 {
			s.callJSON(w, `{"email_address":"jo@example.com"}`).want(t, 200)
		}
		s.post(s.webhookPath(w, "/answers"), "limit_webhook", "2").want(t, 303)
		s.callJSON(w, `{"email_address":"jo@example.com"}`).want(t, 429)
	})
}

// TestAClockThatIsAheadIsTheFirstAdvice sends a call that is signed two hours from now.
func TestAClockThatIsAheadIsTheFirstAdvice(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		const secret = "whsec_of_the_shop"
		s.post(s.webhookPath(w, "/signature"), "form", "t_v1", "secret", secret, "mode", "enforce", "sure", "1").want(t, 303)
		s.timedCall(w, secret, s.server.now().Add(2*time.Hour), `{"email_address":"jo@example.com"}`).want(t, 400)
		page := s.get("/w/books/requests/" + s.lastCall())
		page.want(t, 200, "It was signed 2 hours after it arrived", "Compare the sender’s clock with ours.", "ahead by about 120 minutes")
		page.wantNot(t, "Compare the signature")
	})
}

// TestASkippedCallNamesItsReasonInTheList skips a call that has nothing at the place of a condition.
func TestASkippedCallNamesItsReasonInTheList(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.startIntake()
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.post(s.webhookPath(w, "/reading"), "sender", "own", "mapping", `{"address":["email"],"only_when":[{"path":"order.state","in":["paid"]}]}`).want(t, 303)
		s.callJSON(w, `{"email":"jo@example.com"}`)
		s.callJSON(w, `{"email":"jo@example.com"}`).want(t, 200)
		s.get("/w/books/requests").want(t, 200, "Nothing stands at order.state")
	})
}

package handlers

import (
	"testing"

	"campaignlark/senders"
)

// TestACallThatSubscribesAgainSaysSince unsubscribes a contact and lets calls subscribe them again, as the documentation says they do. The page of
// such a call says that the person had unsubscribed.
func TestACallThatSubscribesAgainSaysSince(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join, leave, ask := s.createWebhook("name", "Shop", "type", "SUBSCRIBED"), s.createWebhook("name", "Leave", "type", "UNSUBSCRIBED"), s.createWebhook("name", "Form", "type", "UNCONFIRMED")
		day := s.server.now().Format("2 January 2006")
		s.story(s.callJSON(join, `{"email_address":"jo@example.com"}`)).wantNot(t, "had unsubscribed")
		s.callJSON(leave, `{"email_address":"jo@example.com"}`).want(t, 200)
		s.try(join, "dry", `{"email_address":"jo@example.com"}`).want(t, 200, "This contact had unsubscribed on "+day+"; the call would subscribe them again.")
		s.story(s.callJSON(join, `{"email_address":"jo@example.com"}`)).want(t, 200, "jo@example.com was subscribed again", "This contact had unsubscribed on "+day+"; the call subscribed them again.")
		s.story(s.callJSON(join, `{"email_address":"jo@example.com"}`)).wantNot(t, "had unsubscribed")
		s.callJSON(leave, `{"email_address":"jo@example.com"}`).want(t, 200)
		s.story(s.callJSON(ask, `{"email_address":"jo@example.com"}`)).want(t, 200, "This contact had unsubscribed on "+day+"; the call made them Unconfirmed.")
	})
}

// TestTheRepeatOfASkippedCallIsProcessedAnyway: a call was skipped, then the webhook was told to count such calls, and its sender sent it again.
func TestTheRepeatOfASkippedCallIsProcessedAnyway(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		counts := func(kinds ...string) {
			who, _ := senders.ParsePath("who")
			kind, _ := senders.ParsePath("kind")
			s.configure(w, senders.Settings{Sender: senders.Own, Mapping: &senders.Mapping{Address: []senders.Path{who}, OnlyWhen: []senders.Condition{{Path: kind, In: kinds}}}}, "")
		}
		send := func() string {
			s.call("POST", w.Hash, `{"who":"jo@example.com","kind":"order"}`, "Content-Type", "application/json", "Idempotency-Key", "k-1").want(t, 200)
			return s.lastCall()
		}
		counts("signup")
		first := send()
		counts("signup", "order")
		again := send()
		page := s.get("/w/books/requests/" + again)
		page.want(t, 200, "Repeated: this call had come", "Process it anyway, if it should count now.", "The first call did nothing: Skipped")
		page.wantNot(t, "Nothing needs to be done.", "this call had been processed")
		console := s.webhookPath(w, "/console")
		page.wantLink(t, "Process it anyway", console+"?from="+again+"&amp;again=1")
		s.get("/w/books/requests/"+first).want(t, 200, "skipped: this one")

		form := s.get(console + "?from=" + again + "&again=1")
		plain := s.get(console + "?from=" + again)
		s.post(console, append(typed(plain), "run", "dry")...).want(t, 200, "Would be a repeat: this call came", "The first call did nothing. If this one should count now, you can process it anyway.")
		s.follow(s.post(console, append(typed(form), "run", "real")...)).want(t, 200, "jo@example.com is a new contact", "Processed again, on purpose", "The first call did nothing: Skipped")
	})
}

// TestOneIDForTwoCalls sends other data with an id that was used before: the page says what differs.
func TestOneIDForTwoCalls(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		page := func(body string) answer {
			s.call("POST", w.Hash, body, "Content-Type", "application/json", "Idempotency-Key", "k-1").want(t, 200)
			return s.get("/w/books/requests/" + s.lastCall())
		}
		page(`{"email_address":"jo@example.com","town":"Graz"}`).want(t, 200, "is a new contact")
		same := page(`{"email_address":"jo@example.com","town":"Graz"}`)
		same.want(t, 200, "Nothing needs to be done.")
		same.wantNot(t, "other data", "another person")
		page(`{"email_address":"jo@example.com","town":"Linz"}`).want(t, 200, "Check what the sender uses as the id.", "This call has the id of the first one, but other data.", "Process it anyway")
		other := page(`{"email_address":"bo@example.com"}`)
		other.want(t, 200, "it is about another person. So nothing was done for this person.")
		other.wantNot(t, "Nothing needs to be done.")
		if s.contact("bo@example.com") != nil {
			t.Error("the second person is a contact, want the repeat to do nothing")
		}
		asked := s.get(s.webhookPath(w, "/console") + "?from=" + s.lastCall())
		s.post(s.webhookPath(w, "/console"), append(typed(asked), "run", "dry")...).want(t, 200, "So nothing would be done for this person.")
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		noor.get("/support/requests/"+s.lastCall()).want(t, 200, "it is about another person.")
	})
}

package handlers

import (
	"testing"

	"campaignlark/models"
)

// TestSkippingIsOfferedOnlyIfAllCallsMayBeSkipped mixes a call without an address with calls that have one at another place.
func TestSkippingIsOfferedOnlyIfAllCallsMayBeSkipped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.post(s.webhookPath(w, "/reading"), "sender", "own", "mapping", `{"address":["customer.email"]}`).want(t, 303)
		s.call("POST", w.Hash, `{"customer":{"email":"jo@example.com"}}`, "Content-Type", "application/x-www-form-urlencoded").wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
		unfit := s.get("/w/books/requests/" + s.lastCall())
		unfit.want(t, 200, "Let the sender send the Content-Type application/json.")
		unfit.wantNot(t, "Skip calls without an address", "most like it")
		s.get("/w/books").want(t, 200, "Let the sender send the Content-Type application/json.")
		s.callJSON(w, `{"customer":{"phone":"2"}}`).want(t, 400)
		s.get("/w/books").wantNot(t, "let the webhook skip them", "Skip calls without an address") // others of the group have an address
	})
}

// TestAReadingShowsWhatIsKeptByItsName reads a call whose field has no place and the key of a merge tag.
func TestAReadingShowsWhatIsKeptByItsName(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["mail"],"also_keys":true}`).want(t, 303)
		s.callJSON(w, `{"mail":"jo@example.com","city":"Linz"}`).want(t, 200)
		page := s.get(path)
		page.want(t, 200, "Linz by its own name", "1 of 1")
		page.wantNot(t, "Not kept")
		s.post(path, "sender", "own", "mapping", `{"address":["mail"]}`).want(t, 303)
		s.get(path).want(t, 200, "Not kept")
	})
}

// TestAReadingAsksBeforeItRefusesWhatIsProcessed moves the address to a place that the calls so far do not have.
func TestAReadingAsksBeforeItRefusesWhatIsProcessed(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.webhookPath(w, "/reading")
		s.post(path, "sender", "own", "mapping", `{"address":["email"]}`).want(t, 303)
		s.callJSON(w, `{"email":"ida@example.com"}`).want(t, 200)
		s.callJSON(w, `{"mail":"rolf@example.com"}`).want(t, 400)
		s.post(path, "asks", "1", "sender", "own", "mapping", `{"address":["mail"]}`).want(t, 422, "No e-mail address would be found in 1 of the last 2 calls. So far such calls are processed.", "Nothing is saved yet.", "Save and refuse such calls")
		s.callJSON(w, `{"email":"jo@example.com"}`).want(t, 200)
		s.post(path, "asks", "1", "sender", "own", "mapping", `{"address":["mail","email"]}`).want(t, 303)
		s.callJSON(w, `{"mail":"rolf@example.com"}`).want(t, 200)
		s.post(path, "asks", "1", "sender", "own", "mapping", `{"address":["mail"]}`, "lost", "refuse").want(t, 303)
		s.callJSON(w, `{"email":"jo@example.com"}`).want(t, 400)
	})
}

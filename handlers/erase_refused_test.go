package handlers

import (
	"testing"
	"time"

	"campaignlark/models"
)

// TestErasingClearsRefusedCallsThatNameThePerson refuses calls of a person in several ways, erases the person by a call, and looks for what is
// left.
func TestErasingClearsRefusedCallsThatNameThePerson(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.withCipher()
		s.startIntake()
		const path = "/w/books/requests/"
		form, leave := s.createWebhook("name", "Form", "type", "SUBSCRIBED"), s.createWebhook("name", "Leave", "type", "DELETE")
		shop := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.post(s.webhookPath(shop, "/signature"), "form", "body", "header", "X-Hub-Signature-256", "prefix", "sha256=", "secret", "the secret of the shop", "mode", "enforce", "sure", "1").want(t, 303)
		var clear, keep []string
		cleared := func(a answer) { a.want(t, 400); clear = append(clear, a.requestID()) }
		cleared(s.callJSON(form, `{"answers":[{"mail":"Quinn@Example.com"},{"name":"Zebedee"}]}`))
		for range 205 { // more than one step
			s.callJSON(form, `{"answers":[]}`).want(t, 400)
		}
		cleared(s.callJSON(form, `{"mail":"quinn@example.com","name":"Zebedee"`))
		cleared(s.callJSON(form, `{"mail":"quinn\u0040example.com","name":"Zebedee"`))
		cleared(s.call("POST", form.Hash, "mail=quinn%40example.com&name=Zebedee", "Content-Type", "application/x-www-form-urlencoded"))
		cleared(s.signedCall(shop, "another secret", `{"email_address":"quinn@example.com","name":"Zebedee"}`))
		for _, body := range []string{`{"mail":"anton@example.com"}`, `{"mail":"quinn@example.com.au"}`} {
			keep = append(keep, s.callJSON(form, body).requestID())
		}
		s.post(s.webhookPath(form, "/reading"), "sender", "own", "mapping", `{"address":["answers[0].mail"]}`).want(t, 303)
		s.callJSON(form, `{"answers":[{"mail":"quinn@example.com"}]}`)
		s.callJSON(form, `{"answers":[{"mail":"quinn@example.com"}]}`).want(t, 200)

		s.later(time.Second)
		s.callJSON(leave, `{"email_address":"QUINN@example.com"}`).want(t, 200)
		s.later(10 * time.Second)
		s.work()
		for _, word := range []string{"zebedee", "quinn\\u0040"} {
			if found := with(s.everything(), word); len(found) > 0 {
				t.Errorf("%s is left in %v", word, found)
			}
		}
		for _, id := range clear {
			page := s.get(path + id + "?show=raw")
			page.want(t, 200, "erased")
			page.wantNot(t, "quinn", "Quinn")
		}
		for _, id := range keep {
			s.get(path+id+"?show=raw").want(t, 200, "@example.com")
		}
		var left int64
		if err := s.db.Read(t.Context()).Model(&models.Job{}).Where("kind = ?", models.JobForget).Count(&left).Error; err != nil || left != 0 {
			t.Errorf("got %d jobs (%v), want none that still names the person", left, err)
		}
	})
}

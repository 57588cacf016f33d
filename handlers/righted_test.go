package handlers

import (
	"strings"
	"testing"
	"time"

	"campaignlark/models"
)

// TestAGroupSaysHowManyOfItsCallsWerePutRight replays the six failed calls of a webhook one after the other. A call counts once, however often it
// is replayed.
func TestAGroupSaysHowManyOfItsCallsWerePutRight(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		var ids []string
		for i := range 6 {
			s.callJSON(w, `{"mail":"arya`+itoa(int64(i))+`@example.com"}`).want(t, 400)
			ids = append(ids, s.lastCall())
		}
		const dashboard, group = "/w/books", "No e-mail address was sent "
		list, page := "/w/books/webhooks", "/w/books/webhooks/"+itoa(w.ID)
		replay := func(form ...string) {
			t.Helper()
			s.follow(s.post("/w/books/requests/replay", form...)).want(t, 200)
			s.work()
			s.later(time.Second)
		}
		red := func(path string, want bool) {
			t.Helper()
			if strings.Contains(s.get(path).body, `<b class="bad">6</b>`) != want {
				t.Errorf("%s: a red number of failed calls: got %t, want %t", path, !want, want)
			}
		}
		replay("id", ids[0]) // it fails again
		s.get(dashboard).want(t, 200, group+"SUBSCRIBED ", "6 failed in the last 24 hours and were not put right")
		s.get(dashboard).wantNot(t, "calls put right")

		s.readsAddressAt(w, "mail")
		replay("id", ids[0])
		replay("id", ids[0], "id", ids[0])
		for _, path := range []string{dashboard, page} {
			s.get(path).want(t, 200, "1 of 6 calls put right", "Put aside 5 ", "5 failed in the last 24 hours and were not put right")
			red(list, true)
		}
		replay("id", ids[0], "id", ids[1])
		s.get(dashboard).want(t, 200, "2 of 6 calls put right", "Put aside 4 ")

		replay("webhook", itoa(w.ID), "outcome", "no_address")
		s.get(dashboard).want(t, 200, "No failed call waits for you.")
		for _, place := range []string{"/w/books/requests?outcome=no_address", "/support/requests?outcome=no_address"} {
			reader := s
			if strings.HasPrefix(place, "/support") {
				reader = s.as(s.signIn(s.addStaff("noor@support.example")))
			}
			if got := strings.Count(reader.get(place).body, "· put right<"); got != 6 {
				t.Errorf("%s: %d calls are said to be put right, want 6", place, got)
			}
		}
		s.get(dashboard).wantNot(t, "and were not put right")
		s.get(page).want(t, 200, "All of these calls were put right.", "fails in this way. 6 ")
		red(list, false)
		red("/w/books/settings/inbound-webhooks", false)
		red(dashboard, false)

		s.callJSON(w, `{}`).want(t, 400)
		s.get(dashboard).want(t, 200, "6 of 7 calls put right", "Put aside 1 ", "1 failed in the last 24 hours and were not put right")
	})
}

package handlers

import (
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestFailuresThatWerePutRightGiveNoWarning replays all failed calls of a webhook that fails more than usual.
func TestFailuresThatWerePutRightGiveNoWarning(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		hour := s.server.now().Truncate(time.Hour).AddDate(0, 0, -3)
		s.write(func(tx *gorm.DB) error {
			return tx.Create(&store.WebhookCount{WorkspaceID: s.workspace.ID, WebhookID: w.ID, Hour: hour, Outcome: models.OutcomeUpdated, Calls: 1000, LastCall: hour}).Error
		})
		for range 12 {
			s.callJSON(w, `{"mail":"arya@example.com"}`).want(t, 400)
		}
		page, group := "/w/books/webhooks/"+itoa(w.ID), "/w/books/requests/replay?outcome=no_address&webhook="+itoa(w.ID)
		red := `<b class="bad">12</b>`
		before := s.get("/w/books")
		before.want(t, 200, "fails more than usual", "100 % refused in 24 h")
		if !strings.Contains(before.body, red) {
			t.Error("the dashboard shows no red number to begin with")
		}
		s.readsAddressAt(w, "mail")
		s.post("/w/books/requests/replay", "outcome", "no_address", "webhook", itoa(w.ID)).want(t, 303)
		s.work()
		s.later(time.Second)
		after := s.get("/w/books")
		after.want(t, 200, "No failed call waits for you.", "12 failed")
		after.wantNot(t, "fails more than usual", "fails often", "refused in 24 h")
		if strings.Contains(after.body, red) {
			t.Error("the dashboard still shows a red number")
		}
		shown := s.get(page)
		shown.want(t, 200, "All of these calls were put right. The group comes back if another call fails in this way.")
		if strings.Contains(shown.body, "/requests/replay?outcome=no_address") {
			t.Error("the webhook's page offers a replay of nothing")
		}
		s.get(group).want(t, 200, "Nothing to replay", "The dashboard does not show the group any more.")
		s.get(group).wantNot(t, "until you put it aside")

		s.later(time.Minute)
		s.callJSON(w, `{}`).want(t, 400)
		s.get("/w/books").want(t, 200, "fails more than usual") // as the next call fails
	})
}

// TestAReplayIsNoCallOfTheSender looks at what pages, support and downloads say of a replay that failed again.
func TestAReplayIsNoCallOfTheSender(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"mail":"arya@example.com"}`).want(t, 400)
		first := s.lastCall()
		s.replayAll(w).want(t, 200, "1 failed again")
		replay := s.lastCall()
		page := s.get("/w/books/requests/" + replay)
		page.want(t, 200, "This is a replay: the first call is processed again.", "Nobody was answered", "A replay answers nobody.")
		page.wantNot(t, "The same call came", "has this webhook twice")
		s.get("/w/books/webhooks/"+itoa(w.ID)).wantLink(t, "See the whole story", "/w/books/requests/"+first)

		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		reply := noor.get("/support/requests/" + replay)
		reply.want(t, 200, "an earlier call to your webhook “SUBSCRIBED” was replayed: a member of your workspace had it processed again.", "The sender was not called or answered again.")
		reply.wantNot(t, "” was called.", "The sender was answered with")
		noor.get("/support/requests/"+first).want(t, 200, "your webhook “SUBSCRIBED” was called.", "The sender was answered with 400")

		s.get("/w/books/requests.csv").want(t, 200, "payload_is_cut,replay_of", ","+first+" ")
		s.get("/w/books/requests.ndjson").want(t, 200, `"replay_of":"`+first+`"`)
		hopeless := s.get("/w/books/requests/replay?id=" + replay)
		hopeless.want(t, 200, "1 Cannot be replayed: It is a replay.", "None of these calls can be replayed.", "Back to the requests")
		hopeless.wantNot(t, "Fire the automation events too")
	})
}

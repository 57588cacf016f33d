package handlers

import (
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// counted adds calls to the counters: each hours apart, n times, the last one at a time. failed of 100 of them failed.
func (s *site) counted(w models.Webhook, last time.Time, hours, n int, failed int64) {
	s.t.Helper()
	var rows []store.WebhookCount
	for i := range n {
		at := last.Add(-time.Duration(i*hours) * time.Hour)
		row := store.WebhookCount{WorkspaceID: w.WorkspaceID, WebhookID: w.ID, Hour: at.Truncate(time.Hour), Outcome: models.OutcomeCreated, Calls: 100 - failed, LastCall: at}
		rows = append(rows, row)
		if row.Outcome, row.Failed, row.Calls = models.OutcomeNoAddress, true, failed; failed > 0 {
			rows = append(rows, row)
		}
	}
	s.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error })
}

// TestUnusualWebhooksAreMarked has a webhook that stopped, one that began to fail, one as usual and one that is off. The first two are marked
// wherever they are named.
func TestUnusualWebhooksAreMarked(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		now := s.server.now()
		silent, failing, fine, off := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnconfirmed), s.addWebhook(models.TypeUnsubscribed), s.addWebhook(models.TypeDelete)
		call := s.callJSON(silent, `{"email_address":"arya@example.com"}`)
		s.write(func(tx *gorm.DB) error {
			if err := tx.Exec("DELETE FROM webhook_counts").Error; err != nil {
				return err
			}
			return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", off.WorkspaceID, off.ID).Update("enabled", false).Error
		})
		s.counted(silent, now.Add(-72*time.Hour), 2, 150, 0)
		s.counted(off, now.Add(-72*time.Hour), 2, 150, 0)
		s.counted(failing, now.Add(-25*time.Hour), 2, 150, 2)
		s.counted(failing, now.Add(-time.Hour), 2, 5, 18)
		s.counted(fine, now.Add(-time.Hour), 2, 150, 2)
		const silence, failures = "usually every 2 h, silent for 3 days", "18 % refused in 24 h, usually 2 %"

		list := s.get("/w/books/webhooks")
		list.want(t, 200, "SUBSCRIBED "+silence, "UNCONFIRMED "+failures)
		list.wantNot(t, "UNSUBSCRIBED usually", "DELETE usually", "UNSUBSCRIBED 2 %")
		s.get("/w/books/webhooks/"+itoa(silent.ID)).want(t, 200, "This webhook is not as usual: "+silence+".", "Its longest pause in 14 days was 2 h. It is marked after twice that", "See its calls")
		s.get("/w/books/webhooks/"+itoa(failing.ID)).want(t, 200, "This webhook is not as usual: "+failures+".", "It is marked when at least 5 calls and 5 % fail in 24 hours")
		s.get("/w/books/webhooks/"+itoa(fine.ID)).wantNot(t, "not as usual")
		s.get("/w/books/webhooks/"+itoa(off.ID)).wantNot(t, "not as usual")
		dashboard := s.get("/w/books")
		dashboard.want(t, 200, "“SUBSCRIBED” is not called as usual: "+silence, "“UNCONFIRMED” fails more than usual: "+failures)
		dashboard.wantNot(t, "“DELETE” is not called as usual")
		s.get("/w/books/requests/"+call.requestID()).want(t, 200, "SUBSCRIBED · "+silence)
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		noor.get("/support/requests/"+call.requestID()).want(t, 200, "SUBSCRIBED · "+silence)
		noor.get("/support/requests?workspace=books").want(t, 200, "SUBSCRIBED "+silence)

		s.callJSON(silent, `{"email_address":"arya@example.com"}`).want(t, 200)
		s.later(2 * time.Minute) // the comparison is used again for a minute
		s.get("/w/books/webhooks").wantNot(t, silence)
	})
}

// TestAWebhooksFailuresAreGrouped looks at the groups on a webhook's page: its own, open or put aside, with what to do.
func TestAWebhooksFailuresAreGrouped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w, other := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnsubscribed)
		for range 3 {
			s.callJSON(w, `{"mail":"arya@example.com"}`).want(t, 400)
		}
		s.callJSON(other, `{"email_address":"arya@example.com"}`).want(t, 404)
		path := "/w/books/webhooks/" + itoa(w.ID)
		page := s.get(path)
		page.want(t, 200, "Failed calls", "No e-mail address was sent Let the sender send the person's address", "Replay", "Put aside", "All failures of this webhook")
		page.wantNot(t, "No such contact")
		s.follow(s.post("/w/books/failures/dismiss", "webhook", itoa(w.ID), "outcome", "no_address", "back", "webhook")).want(t, 200,
			"Put aside. The group comes back", "Webhook URL", "Put aside; it comes back if another call fails in this way.")
		s.get("/w/books").wantNot(t, "No e-mail address was sent")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get(path).wantNot(t, "Replay")
	})
}

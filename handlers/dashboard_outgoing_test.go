package handlers

import (
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// TestDashboardShowsWhatGoesOutWrong opens the dashboard with automations and destinations that need a look.
func TestDashboardShowsWhatGoesOutWrong(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		crm, gone, fine := s.addDestination("CRM"), s.addDestination("Ledger"), s.addDestination("Fine")
		s.addDelivery(fine, models.Delivery{State: models.DeliveryPending}, `{}`)
		s.addByHand("Works", `{"type":"contact_created"}`, `{"type":"wait","minutes":1}`)
		s.get("/w/books").wantNot(t, "CRM", "Ledger", "Fine", "repair", "given up")
		for range 2 {
			s.addDelivery(crm, models.Delivery{State: models.DeliveryPending}, `{}`)
		}
		s.addDelivery(fine, models.Delivery{State: models.DeliveryDead, Reason: "10 tries failed."}, `{}`)
		s.addDelivery(fine, models.Delivery{State: models.DeliveryDead, Reason: "A person gave it up."}, `{}`)
		old := s.addDelivery(fine, models.Delivery{State: models.DeliveryDead, Reason: "10 tries failed."}, `{}`)
		broken := s.addByHand("Welcome", `{"type":"contact_created"}`, `{"type":"add_tag","tag_id":99}`)
		s.write(func(tx *gorm.DB) error {
			now := s.server.now()
			tx.Exec("UPDATE deliveries SET ended_at = ? WHERE id = ?", models.Instant(now.Add(-8*24*time.Hour)), old.ID)
			tx.Exec("UPDATE destinations SET enabled = false, off_reason = 'It answered 410 Gone.' WHERE id = ?", gone.ID)
			return tx.Exec("UPDATE destinations SET failing_since = ?, failures = 33 WHERE id = ?", models.Instant(now.Add(-2*time.Hour)), crm.ID).Error
		})
		page := s.get("/w/books")
		page.want(t, 200, "The destination “CRM” has taken no message since", "2 messages wait for it.", "The destination “Ledger” was switched off. It answered 410 Gone.",
			"1 automation needs a repair: Welcome", "1 message was given up in the last 7 days:", "1 message for Fine")
		page.wantLink(t, "Welcome", "/w/books/automations/"+itoa(broken))
		page.wantLink(t, "Look at it", "/w/books/destinations/"+itoa(crm.ID))
		page.wantLink(t, "1 message", "/w/books/destinations/"+itoa(fine.ID)+"?state=dead#deliveries")
	})
}

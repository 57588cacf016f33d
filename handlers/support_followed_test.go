package handlers

import (
	"fmt"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"gorm.io/gorm"
)

// TestSupportSeesWhatFollowedACall opens a call that started an automation whose message failed, as support staff.
func TestSupportSeesWhatFollowedACall(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join, crm := s.addWebhook(models.TypeSubscribed), s.addDestination("CRM")
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		s.callJSON(join, `{"email_address":"otto@example.com"}`).want(t, 200)
		quiet := s.lastCall()
		s.addByHand("Welcome", `{"type":"contact_created"}`, fmt.Sprintf(`{"type":"call","destination_id":%d},{"type":"wait","minutes":60}`, crm.ID))
		s.callJSON(join, `{"email_address":"ada@example.com"}`).want(t, 200)
		call := s.lastCall()
		s.automate(time.Second)
		contact := s.contact("ada@example.com")
		var message models.Delivery
		if err := s.db.Read(t.Context()).Where("contact_id = ?", contact.ID).Take(&message).Error; err != nil {
			t.Fatal(err)
		}
		s.addAttempt(message, 1, 503, deliveries.CodeStatus, "no room for ada@example.com")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE deliveries SET tries = 1 WHERE id = ?", message.ID).Error
		})
		other := s.addDelivery(crm, models.Delivery{State: models.DeliveryDead, ContactID: contact.ID, EventType: "contact.tag_added", Reason: "All 10 attempts failed."}, `{}`)
		page := noor.get(supportPath + "/" + call)
		page.want(t, 200, "Automations that it started", "Welcome", "Waiting", "Messages that it caused", "to CRM", message.MessageID(), "503", "service unavailable", "Contact created",
			"Other messages about the same contact", "Tag added", "Given up", other.MessageID(), "to CRM: retrying, last answer 503.")
		page.wantNot(t, "ada@example.com", "no room for", "/w/books/deliveries", "/w/books/runs")
		noor.get(supportPath+"/"+quiet).want(t, 200, "It started no automation, and no message about its contact went to another system.")
	})
}

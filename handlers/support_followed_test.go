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

// TestSupportFindsAContactWithoutACall searches for the address of a contact that was added by hand, and of one of another workspace.
func TestSupportFindsAContactWithoutACall(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag, crm := s.addTag("vip"), s.addDestination("CRM")
		s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		noor := s.as(s.signIn(s.addStaff("noor@support.example")))
		s.addByHand("Welcome", `{"type":"contact_created"}`, fmt.Sprintf(`{"type":"add_tag","tag_id":%d},{"type":"call","destination_id":%d}`, tag.ID, crm.ID))
		s.post("/w/books/contacts", "email", "ada@example.com", "status", "SUBSCRIBED", "field_city", "Lodz").want(t, 303)
		s.automate(time.Second)
		ada := s.contact("ada@example.com")
		path := "/support/w/books/contacts/" + itoa(ada.ID)
		found := noor.get(supportPath + "?q=ada@example.com")
		found.want(t, 200, "matches these filters and has exactly this address", "Contacts with this address", "Books")
		found.wantLink(t, "Books", path)
		noor.get(supportPath+"?q=ada@example.com&workspace=books").want(t, 200, "Contacts with this address")
		s.in("films")
		noor.get(supportPath+"?q=ada@example.com&workspace=films").wantNot(t, "Contacts with this address")
		page := noor.get(path)
		page.want(t, 200, "Added by a member", "Changed: City", "Automation Welcome", "vip added", "Done, message on its way", "to CRM", "Contact created")
		page.wantNot(t, "ada@example.com", "Lodz", "ines@example.com", "/w/books/runs")

		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE deliveries SET tries = 1 WHERE contact_id = ?", ada.ID).Error
		})
		noor.get(path).want(t, 200, "Done, not delivered yet")
		s.get("/w/books/contacts/"+itoa(ada.ID)).want(t, 200, "Done, not delivered yet")
		noor.get("/support/w/films/contacts/"+itoa(ada.ID)).want(t, 404)
		noor.get("/support/w/nobody/contacts/1").want(t, 404)
		s.get(path).want(t, 403)

		found.wantNot(t, "had this address before")
		s.post("/w/books/contacts/"+itoa(ada.ID), "version", itoa(s.contact("ada@example.com").Version), "email", "countess@example.com", "status", "SUBSCRIBED", "field_city", "Lodz").want(t, 303)
		former := noor.get(supportPath + "?q=ada@example.com")
		former.want(t, 200, "Contacts with this address", "had this address before")
		former.wantLink(t, "Books", path)
		former.wantNot(t, "countess@example.com")
		noor.get(supportPath+"?q=countess@example.com").wantNot(t, "had this address before")
	})
}

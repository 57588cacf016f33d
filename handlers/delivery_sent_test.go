package handlers

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/secrets"

	"gorm.io/gorm"
)

// withOwnHeaders gives a destination own headers.
func (s *site) withOwnHeaders(d models.Destination, headers string) {
	s.t.Helper()
	sealed, err := s.server.Cipher.Seal(headers, secrets.Row{WorkspaceID: d.WorkspaceID, OwnerID: d.ID, Purpose: secrets.DestinationHeaders})
	if err != nil {
		s.t.Fatal(err)
	}
	s.write(func(tx *gorm.DB) error {
		return tx.Model(&d).Where("workspace_id = ? AND id = ?", d.WorkspaceID, d.ID).Update("headers", sealed).Error
	})
}

func TestADeliveryTellsItsHeadersAndSecret(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		s.withOwnHeaders(d, "Authorization: Bearer hunter2")
		v := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, Tries: 2}, `{"id":"evt_1"}`)
		s.addAttempt(v, 1, 503, deliveries.CodeStatus, "")
		s.addAttempt(v, 2, 0, deliveries.CodeDNS, "") // nothing was sent
		path := "/w/books/deliveries/" + v.ID.String()
		s.get(path).want(t, 200, "Signed with", "the secret ending in Kp3w", `"id": "evt_1"`, "Headers")
		page := s.get(path + "?show=headers")
		page.want(t, 200, "Content-Type: application/json", "User-Agent: CampaignLark/…", "Webhook-Id: "+v.MessageID(), "Webhook-Timestamp: "+strconv.FormatInt(s.server.now().Unix(), 10),
			"Webhook-Signature: v1,•••••", "X-Webhook-Signature: •••••", "Authorization: •••••", "Sent with attempt 1, at 13:00:00.")
		page.wantNot(t, "hunter2", "evt_1")
		if strings.Count(page.body, "v1,•••••") != 1 {
			t.Error("the page shows two signatures, want one")
		}
		manager := s.as(s.signIn(s.addMember(s.workspace, "max@example.com", models.RoleManager)))
		page = manager.get(path + "?show=headers")
		page.want(t, 200, "Webhook-Id", "Admins of the workspace see their names.")
		page.wantNot(t, "Authorization")

		s.later(5 * time.Minute)
		s.post("/w/books/destinations/"+itoa(d.ID)+"/secret", "do", "rotate").want(t, 303)
		ending := s.storedDestination(d.ID).Ending
		s.get(path).want(t, 200, "the secret ending in Kp3w", "replaced ")
		next := s.addDelivery(d, models.Delivery{State: models.DeliveryPending}, `{"id":"evt_2"}`)
		at := "/w/books/deliveries/" + next.ID.String()
		s.get(at).want(t, 200, "both secrets, the newer one ending in "+ending, "made ", "the older one ends in ")
		s.get(at+"?show=headers").want(t, 200, "This is what the next attempt sends.", "Webhook-Signature: v1,••••• v1,•••••", "Webhook-Timestamp: …")
		s.post("/w/books/destinations/"+itoa(d.ID), "name", "CRM", "url", "https://crm.example.com/hook?token=hunter2", "headers", "X-Shop: 1")
		refused := s.addDelivery(d, models.Delivery{State: models.DeliveryDead, Tries: 1}, `{"id":"evt_3"}`)
		s.addAttempt(refused, 1, 0, deliveries.CodeRefused, "")
		page = s.get("/w/books/deliveries/" + refused.ID.String() + "?show=headers")
		page.want(t, 200, "No attempt has reached CRM, so nothing was sent.")
		page.wantNot(t, "Signed with", "Webhook-Id")
	})
}

func TestADeliverySaysWhyItsDestinationWasSwitchedOff(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		v := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, Tries: 1}, `{}`)
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET enabled = false, off_reason = 'Its address leads into a private network.' WHERE id = ?", d.ID).Error
		})
		s.get("/w/books/deliveries/"+v.ID.String()).want(t, 200, "CRM was switched off. Its address leads into a private network. It goes out when it is on again.", "Switch it on")
	})
}

package handlers

import (
	"strings"
	"testing"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"

	"gorm.io/gorm"
)

func TestMessagesOfATimeAreSentAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		path := "/w/books/destinations/" + itoa(d.ID)
		c := s.addContact(1, "ada@example.org", nil)
		s.write(func(tx *gorm.DB) error { return tx.Exec("UPDATE contacts SET version = 9 WHERE id = ?", c.ID).Error })
		old := s.addDelivery(d, models.Delivery{State: models.DeliveryDead, Tries: 3, ContactID: c.ID, ContactVersion: 4}, `{}`)
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE deliveries SET id = ? WHERE id = ?", models.NewID(s.server.now().Add(-3*time.Hour)), old.ID).Error
		})
		newer := s.addDelivery(d, models.Delivery{State: models.DeliveryArrived, Tries: 1, ContactID: c.ID, ContactVersion: 5}, `{}`)
		late := s.addDelivery(d, models.Delivery{State: models.DeliveryDead, Tries: 3, ContactID: c.ID, ContactVersion: 9}, `{}`)
		s.get(path+"?state=dead").want(t, 200, "Send the 2 again…")
		s.get(path+"/replay?state=dead").want(t, 200, "Send 2 messages that were given up again?", "1 is about a contact that has changed since.",
			"1 would come after a newer message about the same contact that has arrived", "with the contact as it was then", "Send 2 again")
		s.get(path+"/replay?state=dead&when=1h").want(t, 200, "Send 1 message that was given up again?")
		s.get(path+"/replay?state=dead&when=range&from=nonsense").want(t, 200, "is not a time such as", "Nothing can be sent again")
		started := s.post(path+"/replay", "state", "dead", "when", "1h")
		s.post(path+"/replay", "state", "dead").want(t, 303)
		if again := s.post(path+"/replay", "state", "dead", "once", models.NewToken()[:22]); again.header.Get("Location") != started.header.Get("Location") {
			t.Errorf("a second start leads to %s, want %s", again.header.Get("Location"), started.header.Get("Location"))
		}
		s.work()
		s.get(started.header.Get("Location")).want(t, 200, "1 message was sent again to CRM.")
		if got := s.storedDelivery(late); got.State != models.DeliveryPending || !got.Asked {
			t.Errorf("got %+v, want it sent again", got)
		}
		if got := s.storedDelivery(newer); got.State != models.DeliveryArrived {
			t.Errorf("got %+v, want it left alone", got)
		}
		s.get("/w/books/deliveries?state=dead").want(t, 200, "Given up")
		s.get("/w/books/settings/audit-log").want(t, 200, "1 message, all that were given up, from ")
	})
}

func TestNothingIsSentAgainToADestinationThatIsOff(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		path := "/w/books/destinations/" + itoa(d.ID)
		s.addDelivery(d, models.Delivery{State: models.DeliveryDead, Tries: 3}, `{}`)
		started := s.post(path+"/replay", "state", "dead")
		s.post(path+"/disable").want(t, 303)
		if _, err := jobs.New(s.db, s.server.Log, s.server.Now).Turn(t.Context()); err == nil {
			t.Error("the work went on")
		}
		s.get(started.header.Get("Location")).want(t, 200, "The destination was switched off.")
		page := s.get(path + "/replay?state=dead")
		page.want(t, 200, "CRM is switched off", "Switch on")
		if !strings.Contains(page.body, `action="`+path+`/enable"`) {
			t.Error("the page has no button that switches it on")
		}
		s.post(path+"/replay", "state", "dead").want(t, 422, "CRM is switched off")
	})
}

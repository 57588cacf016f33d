package handlers

import (
	"testing"

	"campaignlark/models"
	"campaignlark/secrets"

	"gorm.io/gorm"
)

// TestADestinationWorksAgainAfterItsKeyIsLost replaces the secret and the own headers of a destination that were stored with another key.
func TestADestinationWorksAgainAfterItsKeyIsLost(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		s.withOwnHeaders(d, "X-Shop: 1")
		path := "/w/books/destinations/" + itoa(d.ID)
		key := make([]byte, secrets.KeySize)
		key[0] = 7
		other, err := secrets.New(key)
		if err != nil {
			t.Fatal(err)
		}
		s.server.Cipher = other
		s.get(path).want(t, 200, "Nothing is sent: this program cannot sign.", "If it is lost, replace the secret and enter the own headers again.", "They cannot be decrypted.")
		form := s.get(path + "/edit")
		form.want(t, 200, "The stored ones cannot be decrypted. When you save, they are replaced by what stands here.")
		s.follow(s.post(path, "name", "CRM", "url", "https://crm.example.com/hook", "headers", "X-Shop: 2")).want(t, 200, "Saved.", "X-Shop: •••••")
		s.post(path+"/secret", "do", "rotate").want(t, 303)
		page := s.get(path)
		page.wantNot(t, "Nothing is sent", "an older one")
		s.get("/w/books/settings/audit-log").want(t, 200, "the one before could not be decrypted", "could not be decrypted")
	})
}

func TestWhatWaitsCanBeTriedBeforeItsTime(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		path := "/w/books/destinations/" + itoa(d.ID)
		for range 2 {
			s.addDelivery(d, models.Delivery{State: models.DeliveryPending, Tries: 1}, `{}`)
		}
		s.get(path+"?state=pending").want(t, 200, "Try all 2 now")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET enabled = false WHERE id = ?", d.ID).Error
		})
		s.get(path+"?state=pending").wantNot(t, "Try all 2 now")
		waiting := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, Tries: 1}, `{}`)
		on := s.follow(s.post(path + "/enable"))
		on.want(t, 200, "What waits for it goes out now.")
		on.wantNot(t, "Try all")
		if got := s.storedDelivery(waiting); got.NextAt.After(s.server.now()) || got.ResumeAt == nil || !got.ResumeAt.After(s.server.now()) {
			t.Errorf("got %+v, want it due now, and its schedule to go on after that", got)
		}
		s.follow(s.post(path+"/retry")).want(t, 200, "Nothing had to be done")
	})
}

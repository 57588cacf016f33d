package handlers

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"gorm.io/gorm"
)

func TestADeliveryTellsEachAttempt(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, c := s.addDestination("CRM"), s.addContact(1, "solene@example.com", nil)
		hook := s.addWebhook(models.TypeSubscribed)
		body := deliveries.Envelope{ID: "evt_1", EventType: "contact.updated", CreatedAt: s.server.now(),
			Data: deliveries.Data{Cause: &deliveries.Cause{Webhook: &deliveries.Thing{ID: hook.ID, Name: "Shop <b>"}}}}.JSON()
		v := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, Tries: 2, ContactID: c.ID, ContactVersion: 2}, string(body))
		later := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, ContactID: c.ID, ContactVersion: 3}, string(body))
		s.addAttempt(v, 1, 0, deliveries.CodeTimeout, "")
		s.addAttempt(v, 2, 503, deliveries.CodeStatus, "<script>alert(1)</script> please\u202e come back\x00")
		page := s.get("/w/books/deliveries/" + v.ID.String())
		page.want(t, 200, "Not delivered yet: CRM did not take it", "Contact updated, for solene@example.com , because of Shop <b>", "Next try in 1 h.",
			"Attempt 1: no answer in time", "There was no answer in time.", "Attempt 2: 503 Service Unavailable", "<script>alert(1)</script>",
			"Attempt 3 in 1 h", "Then after 30 minutes, then 2, 5, 10, 14, 20 and 24 hours", "Given up on", v.MessageID(), `"event_type": "contact.updated"`,
			"1 later message about this contact waits behind it", "https://crm.example.com/hook", "Try now", "Give up")
		page.wantNot(t, "hunter2", "\u202e")
		if strings.Contains(page.body, "<script>alert") || strings.Contains(page.body, "Shop <b>") {
			t.Error("the answer reached the page as markup")
		}
		behind := s.get("/w/books/deliveries/" + later.ID.String())
		behind.want(t, 200, "it waits for 1 earlier message about this contact", "It waits for an earlier message to CRM")
		behind.wantNot(t, "Next try", "Try now")
	})
}

func TestAMessageIsGivenUpAndSentAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		v := s.addDelivery(s.addDestination("CRM"), models.Delivery{State: models.DeliveryPending, Tries: 2}, `{"id":"evt_1"}`)
		path := "/w/books/deliveries/" + v.ID.String()
		s.follow(s.post(path+"/give-up")).want(t, 200, "It was given up", "Given up: CRM did not take it", "A person gave it up.", "Send again")
		s.follow(s.post(path+"/give-up", "once", models.NewToken()[:22])).want(t, 200, "This message does not wait any more.")
		s.follow(s.post(path+"/replay")).want(t, 200, "It is being sent now.", "Not delivered yet")
		if got := s.storedDelivery(v); got.State != models.DeliveryPending || got.Tries != 2 || got.NextAt.After(s.server.now()) {
			t.Errorf("got %+v, want it to go out now", got)
		}
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&v).Where("workspace_id = ? AND id = ?", v.WorkspaceID, v.ID).Update("leased_until", s.server.now().Add(time.Minute)).Error
		})
		s.follow(s.post(path+"/replay", "once", models.NewToken()[:22])).want(t, 200, "It is being tried right now.")
		s.get("/w/books/settings/audit-log").want(t, 200, "gave up a message to the destination", "sent messages again", v.MessageID())
	})
}

func TestWhatIsErasedOrDroppedIsNotSentAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		for _, c := range []struct {
			v          models.Delivery
			body, says string
		}{
			{models.Delivery{State: models.DeliveryArrived}, "", "The person was erased"},
			{models.Delivery{State: models.DeliveryDropped}, `{}`, "cannot be sent again"},
		} {
			v := s.addDelivery(d, c.v, c.body)
			path := "/w/books/deliveries/" + v.ID.String()
			s.get(path).wantNot(t, "Send again")
			s.follow(s.post(path+"/replay")).want(t, 200, c.says)
			if got := s.storedDelivery(v); got.State != c.v.State {
				t.Errorf("got %s, want %s", got.State, c.v.State)
			}
		}
	})
}

func TestDeliveriesArePaged(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		for range listedDeliveries + 1 {
			s.addDelivery(d, models.Delivery{State: models.DeliveryArrived, Tries: 1}, `{}`)
		}
		path := "/w/books/destinations/" + itoa(d.ID)
		page := s.get(path)
		page.want(t, 200, "Arrived 21", "Older")
		if n := strings.Count(page.body, `/w/books/deliveries/`); n != listedDeliveries {
			t.Errorf("got %d deliveries, want %d", n, listedDeliveries)
		}
		older := regexpOf(t, page.body, `href="(/w/books/destinations/\d+\?state=arrived&amp;before=[^"#]+)`)
		if n := strings.Count(s.get(strings.ReplaceAll(older, "&amp;", "&")).body, `/w/books/deliveries/`); n != 1 {
			t.Errorf("got %d deliveries on the second page, want 1", n)
		}
		s.get(path+"?state=nonsense&before=nonsense").want(t, 200)
		s.get(path+"?state=dropped").want(t, 200, "No message was dropped.")
	})
}

func TestWaitsAreSaid(t *testing.T) {
	for want, waits := range map[string][]time.Duration{
		"5 seconds, then 5 and 30 minutes, then 2 hours": {5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour},
		"24 hours":        {24 * time.Hour},
		"10 and 14 hours": {10 * time.Hour, 14 * time.Hour},
		"1 minute":        {time.Minute},
		"2 and 5 hours":   {2 * time.Hour, 5 * time.Hour},
	} {
		if got := waitsSaid(waits); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// regexpOf returns the first group of a pattern's first match.
func regexpOf(t *testing.T, text, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("%s is not in %s", pattern, text)
	}
	return m[1]
}

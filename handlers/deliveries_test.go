package handlers

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/secrets"

	"gorm.io/gorm"
)

func TestADeliveryTellsEachAttempt(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, c := s.addDestination("CRM"), s.addContact(1, "solene@example.com", nil)
		hook := s.addWebhook(models.TypeSubscribed)
		body := deliveries.Envelope{ID: "evt_1", EventType: "contact.updated", CreatedAt: models.EventTime{Time: s.server.now()},
			Data: deliveries.Data{Cause: &deliveries.Cause{Webhook: &deliveries.Thing{ID: hook.ID, Name: "Shop <b>"}}}}.JSON()
		v := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, Tries: 2, ContactID: c.ID, ContactVersion: 2}, string(body))
		later := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, ContactID: c.ID, ContactVersion: 3}, string(body))
		s.addAttempt(v, 1, 0, deliveries.CodeTimeout, "")
		s.addAttempt(v, 2, 503, deliveries.CodeStatus, "<script>alert(1)</script> please\u202e come back\x00")
		page := s.get("/w/books/deliveries/" + v.ID.String())
		page.want(t, 200, "Not delivered yet: CRM did not take it", "Contact updated, for solene@example.com · because of Shop <b>", "Next try at 14:00:00, in 1 h.",
			"Attempt 1: no answer in time", "There was no answer in time.", "Attempt 2: 503 Service Unavailable", "<script>alert(1)</script>",
			"Attempt 3 in 1 h", "14:00:00", "Then after 30 minutes, then 2, 5, 10, 14, 20 and 24 hours", "Given up on", v.MessageID(), `"event_type": "contact.updated"`,
			"1 later message about this contact waits behind it", "https://crm.example.com/hook", "Try now", "Give up")
		page.wantNot(t, "hunter2", "\u202e", "(under way)")
		if strings.Contains(page.body, "<script>alert") || strings.Contains(page.body, "Shop <b>") {
			t.Error("the answer reached the page as markup")
		}
		behind := s.get("/w/books/deliveries/" + later.ID.String())
		behind.want(t, 200, "it waits for 1 earlier message about this contact", "It waits for an earlier message to CRM")
		behind.wantNot(t, "Next try", "Try now")
		if !strings.Contains(behind.body, `href="/w/books/deliveries/`+v.ID.String()+`"`) {
			t.Error("the page does not lead to the earlier message")
		}
	})
}

func TestAMessageIsGivenUpAndSentAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		v := s.addDelivery(s.addDestination("CRM"), models.Delivery{State: models.DeliveryPending, Tries: 2}, `{"id":"evt_1"}`)
		path := "/w/books/deliveries/" + v.ID.String()
		s.get(path).want(t, 200, "Give up…")
		s.get(path+"/give-up").want(t, 200, "Give up this message to CRM?", "Go on trying")
		s.follow(s.post(path+"/give-up")).want(t, 200, "It was given up", "Given up by a person", "ines@example.com gave it up at 13:00:00.", "Send again")
		s.follow(s.get(path+"/give-up")).want(t, 200, "This message does not wait any more.")
		s.follow(s.post(path+"/give-up", "once", models.NewToken()[:22])).want(t, 200, "This message does not wait any more.")
		s.follow(s.post(path+"/replay")).want(t, 200, "It is being sent now.", "Not delivered yet")
		if got := s.storedDelivery(v); got.State != models.DeliveryPending || got.Tries != 2 || got.NextAt.After(s.server.now()) {
			t.Errorf("got %+v, want it to go out now", got)
		}
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&v).Where("workspace_id = ? AND id = ?", v.WorkspaceID, v.ID).Update("leased_until", s.server.now().Add(time.Minute)).Error
		})
		s.follow(s.post(path+"/replay", "once", models.NewToken()[:22])).want(t, 200, "It is being tried right now.")
		s.follow(s.get(path+"/give-up")).want(t, 200, "It is being tried right now.")
		s.follow(s.post(path+"/give-up", "once", models.NewToken()[:22])).want(t, 200, "It is being tried right now.")
		s.get(path).wantNot(t, "Give up…", "Try now")
		s.get(path).want(t, 200, "under way", "It is being tried right now.")
		s.get("/w/books/settings/audit-log").want(t, 200, "gave up a message to the destination", "sent messages again", v.MessageID())
	})
}

func TestADeliveryTellsWhatWasUnusual(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, arrived := s.addDestination("CRM"), s.server.now().Add(-10*time.Minute)
		attempts := func(v models.Delivery, all ...models.DeliveryAttempt) {
			for i, a := range all {
				a.WorkspaceID, a.DeliveryID, a.Number, a.At = v.WorkspaceID, v.ID, i+1, s.server.now()
				s.write(func(tx *gorm.DB) error { return tx.Create(&a).Error })
			}
		}
		failed := string(deliveries.CodeStatus)
		for name, c := range map[string]struct {
			v        models.Delivery
			body     string
			attempts []models.DeliveryAttempt
			says     []string
			not      []string
		}{
			"by hand, told to wait": {models.Delivery{State: models.DeliveryPending, Tries: 2, ByHand: 1}, `{}`,
				[]models.DeliveryAttempt{{Status: 429, Error: failed, RetryAfter: 20}, {Status: 503, Error: failed, ByHand: true, CutOff: true}},
				[]string{"Attempt 1: 429 Too Many Requests", "The answer asked to wait 20 s.", "Attempt 2, by hand: 503", "The answer broke off after its status.", "Then after 5 and 30 minutes"}, nil},
			"not allowed": {models.Delivery{State: models.DeliveryPending, Tries: 1}, `{}`, []models.DeliveryAttempt{{Error: string(deliveries.CodeAddress)}},
				[]string{"Not delivered yet: this program may not send to its address", "The address leads into a private network", "If its address is refused for 10 minutes, CRM is switched off", "The message is not given up"}, []string{"did not take it", "Then after", "Given up at"}},
			"not allowed, given up": {models.Delivery{State: models.DeliveryDead, Tries: 1, Reason: "The only attempt failed."}, `{}`, []models.DeliveryAttempt{{Error: string(deliveries.CodeAddress)}},
				[]string{"Given up: this program may not send to its address"}, []string{"did not take it"}},
			"cut off after 200": {models.Delivery{State: models.DeliveryArrived, Tries: 1}, `{}`, []models.DeliveryAttempt{{Status: 200, CutOff: true}},
				[]string{"Delivered to CRM", "Attempt 1: 200 OK", "The answer broke off after its status."}, []string{"no text"}},
			"sent again in vain": {models.Delivery{State: models.DeliveryArrived, Tries: 2, ByHand: 1, ArrivedAt: &arrived, Reason: "It was sent again by hand, and that attempt failed."}, `{}`,
				[]models.DeliveryAttempt{{Status: 200}, {Status: 500, Error: failed, ByHand: true}},
				[]string{"Delivered to CRM", "It arrived at 12:50:00; sent again by hand at 13:00:00, and that failed."}, nil},
			"erased": {models.Delivery{State: models.DeliveryArrived, Tries: 1}, "", []models.DeliveryAttempt{{Status: 200}},
				[]string{"What it answered was erased with the person."}, []string{"The answer had no text."}},
			"given up without an attempt": {models.Delivery{State: models.DeliveryDead, Reason: "A person gave it up."}, `{}`, nil,
				[]string{"Given up by a person", "Somebody gave it up at 13:00:00, before it was sent."}, []string{"did not take it"}},
			"asked for": {models.Delivery{State: models.DeliveryPending, Tries: 10, Asked: true}, `{}`, nil, []string{"Attempt 11, by hand", "Given up, if it fails"}, []string{"Then after"}},
		} {
			v := s.addDelivery(d, c.v, c.body)
			attempts(v, c.attempts...)
			page := s.get("/w/books/deliveries/" + v.ID.String())
			t.Log(name)
			page.want(t, 200, c.says...)
			page.wantNot(t, c.not...)
		}
	})
}

func TestADeliveryWithoutAKeySaysWhoseFaultItIs(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		v := s.addDelivery(s.addDestination("CRM"), models.Delivery{State: models.DeliveryPending}, `{}`)
		s.server.Cipher = secrets.Cipher{}
		page := s.get("/w/books/deliveries/" + v.ID.String())
		page.want(t, 200, "It waits: this program cannot sign it", "Ask the people who run this program to bring back SECRET_KEY.")
		page.wantNot(t, "Try now", "Next try")
	})
}

func TestADeliverysPageFollows(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d := s.addDestination("CRM")
		s.post("/w/books/destinations/"+itoa(d.ID)+"/test").want(t, 303)
		var v models.Delivery
		if err := s.db.Read(t.Context()).Take(&v).Error; err != nil {
			t.Fatal(err)
		}
		watched := strings.ReplaceAll(regexpOf(t, s.get("/w/books/deliveries/"+v.ID.String()).body, `data-watch="([^"]+)"`), "&amp;", "&")
		if part := s.get(watched); !strings.Contains(part.body, "data-running") {
			t.Errorf("got %s while it is on its way, want it to go on waiting", part.body)
		}
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE deliveries SET state = 'arrived', tries = 1, ended_at = ? WHERE id = ?", s.server.now(), v.ID).Error
		})
		if part := s.get(watched); part.status != 200 || strings.Contains(part.body, "data-running") {
			t.Errorf("got %s after it arrived, want the page to be loaded again", part.body)
		}
		page := s.get("/w/books/deliveries/" + v.ID.String())
		page.want(t, 200, "Delivered to CRM")
		if strings.Contains(page.body, "data-watch") {
			t.Error("the page goes on looking after the delivery has arrived")
		}
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
		"90 minutes":      {90 * time.Minute},
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

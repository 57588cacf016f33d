package handlers

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
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

// TestMessagesOfAFilterAreSentAgain narrows the list of messages by each of its filters and sends again what it then shows.
func TestMessagesOfAFilterAreSentAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, now := s.addDestination("CRM"), s.server.now()
		ada, luca := s.addContact(1, "ada@example.org", nil), s.addContact(2, "luca@example.org", nil)
		automation := models.Automation{WorkspaceID: s.workspace.ID, Name: "Welcome", Definition: `{}`, Revision: 1, CreatedAt: now, UpdatedAt: now}
		call, run := models.NewID(now), models.NewID(now)
		s.write(func(tx *gorm.DB) error {
			if err := tx.Create(&automation).Error; err != nil {
				return err
			}
			return tx.Create(&models.AutomationRun{WorkspaceID: s.workspace.ID, ID: run, AutomationID: automation.ID, Revision: 1, EventID: models.NewID(now), State: models.RunDone, DueAt: now}).Error
		})
		dead := func(v models.Delivery, status int, code deliveries.Code) models.Delivery {
			v.State, v.Tries = models.DeliveryDead, 1
			v = s.addDelivery(d, v, `{}`)
			s.addAttempt(v, 1, status, code, "")
			return v
		}
		for _, c := range []struct {
			name, query, says, kept string
			want                    models.Delivery
		}{
			{"contact", "email=ada@example.org", "Only messages about ada@example.org.", "about one contact", dead(models.Delivery{ContactID: ada.ID}, 500, deliveries.CodeStatus)},
			{"event", "event=contact.created", "Only messages for the event “Contact created”.", "for the event", dead(models.Delivery{EventType: "contact.created"}, 500, deliveries.CodeStatus)},
			{"status", "result=404", "Only messages last answered 404 Not Found.", "last answered 404 Not Found", dead(models.Delivery{ContactID: luca.ID}, 404, deliveries.CodeStatus)},
			{"code", "result=timeout", "Only messages last failed with “no answer in time”.", "last failed with", dead(models.Delivery{ContactID: luca.ID}, 0, deliveries.CodeTimeout)},
			{"automation", "automation=" + itoa(automation.ID), "Only messages sent by Welcome.", "sent by Welcome", dead(models.Delivery{RunID: &run}, 500, deliveries.CodeStatus)},
			{"call", "request=" + call.String(), "Only messages because of one call.", "because of one call", dead(models.Delivery{RequestID: &call}, 500, deliveries.CodeStatus)},
		} {
			list := s.get("/w/books/deliveries?state=dead&destination=" + itoa(d.ID) + "&" + c.query)
			ask := strings.ReplaceAll(regexpOf(t, list.body, `href="([^"]+/replay[^"]+)"`), "&amp;", "&")
			if got := listedIDs(list); len(got) != 1 || got[0] != c.want.ID.String() {
				t.Errorf("%s: the list has %v, want %s", c.name, got, c.want.ID)
			}
			page := s.get(ask)
			page.want(t, 200, "Send 1 message that was given up again?", c.says, "Go back")
			started := s.post("/w/books/destinations/"+itoa(d.ID)+"/replay", append(hiddenOf(page), "once", models.NewToken()[:22])...)
			s.work()
			s.get(started.header.Get("Location")).want(t, 200, "1 message was sent again to CRM.", c.kept)
			if got := s.storedDelivery(c.want); got.State != models.DeliveryPending {
				t.Errorf("%s: got %+v, want it sent again", c.name, got)
			}
			var waiting int64
			if err := s.db.Read(t.Context()).Model(&models.Delivery{}).Where("state = 'pending'").Count(&waiting).Error; err != nil || waiting != 1 {
				t.Errorf("%s: got %d sent again, %v, want 1", c.name, waiting, err)
			}
			s.write(func(tx *gorm.DB) error {
				return tx.Exec("UPDATE deliveries SET state = 'dead', ended_at = ?", now.Add(-time.Minute)).Error
			})
		}
		audit := s.get("/w/books/settings/audit-log")
		audit.want(t, 200, "1 message, all that were given up, about one contact")
		audit.wantNot(t, "ada@example.org")
		s.get("/w/books/destinations/"+itoa(d.ID)+"/replay?state=dead&email=nobody@example.org").want(t, 200, "Nothing can be sent again", "No contact has this address.")
		s.get("/w/books/deliveries?state=dead").want(t, 200, "choose a destination.")
		s.get("/w/books/deliveries?destination="+itoa(d.ID)).want(t, 200, "choose the state “Given up” or “Arrived”.")
		s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer))).get("/w/books/deliveries?state=dead&destination="+itoa(d.ID)).wantNot(t, "again…")
	})
}

// hiddenOf returns the fields of the form on a page that sends messages again.
func hiddenOf(a answer) (fields []string) {
	form := a.body[strings.LastIndex(a.body, `<form class="form"`):]
	for _, f := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(form, -1) {
		if f[1] != "csrf" && f[1] != "once" {
			fields = append(fields, f[1], html.UnescapeString(f[2]))
		}
	}
	return fields
}

func TestMessagesAreSentAgain(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		d, other := s.addDestination("CRM"), s.addDestination("Mailer")
		path := "/w/books/destinations/" + itoa(d.ID)
		var dead []models.Delivery
		for range 3 {
			dead = append(dead, s.addDelivery(d, models.Delivery{State: models.DeliveryDead, Tries: 10, Reason: "All tries failed."}, `{}`))
		}
		erased := s.addDelivery(d, models.Delivery{State: models.DeliveryDead, Tries: 10}, "")
		elsewhere := s.addDelivery(other, models.Delivery{State: models.DeliveryDead, Tries: 10}, `{}`)
		waits := s.addDelivery(d, models.Delivery{State: models.DeliveryPending, Tries: 3}, `{}`)
		s.get(path+"/replay?state=dead").want(t, 200, "Send 3 messages that were given up again?")
		started := s.post(path+"/replay", "state", "dead")
		s.follow(started).want(t, 200, "This has started. It continues if you leave this page.", "Stop")
		s.work()
		s.get(started.header.Get("Location")).want(t, 200, "3 messages were sent again to CRM.", "The messages")
		for _, v := range dead {
			if got := s.storedDelivery(v); got.State != models.DeliveryPending || got.Tries != 10 || got.Reason != "" || got.EndedAt != nil || got.NextAt.After(s.server.now()) {
				t.Errorf("got %+v, want it to go out now with its tries kept", got)
			}
		}
		for _, v := range []models.Delivery{erased, elsewhere} {
			if got := s.storedDelivery(v); got.State != models.DeliveryDead {
				t.Errorf("got %+v, want it left alone", got)
			}
		}
		s.get(path+"/replay?state=dead").want(t, 200, "Nothing can be sent again")
		s.follow(s.post(path+"/retry")).want(t, 200, "1 message is tried now.")
		if got := s.storedDelivery(waits); got.NextAt.After(s.server.now()) {
			t.Errorf("got %s, want it due now", got.NextAt)
		}
		s.follow(s.post(path+"/retry")).want(t, 200, "Nothing had to be done")
		s.get("/w/books/settings/audit-log").want(t, 200, "sent messages again to the destination", "3 messages, all that were given up", "tried all waiting messages again")
	})
}

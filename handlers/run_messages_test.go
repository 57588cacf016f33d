package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"

	"gorm.io/gorm"
)

// addCaller creates an automation that is on and calls a new destination CRM for each new contact. It returns the path of its page, and the
// destination.
func (s *site) addCaller(name string) (path string, crm models.Destination) {
	s.t.Helper()
	crm = models.Destination{WorkspaceID: s.workspace.ID, Name: "CRM", URL: "https://crm.example/in", Secret: []byte{1}, Enabled: true, CreatedAt: s.server.now(), UpdatedAt: s.server.now()}
	s.write(func(tx *gorm.DB) error { return tx.Create(&crm).Error })
	d, err := automations.Parse(fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"call","destination_id":%d}]}`, crm.ID))
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := automations.Store{DB: s.db, Now: s.server.now}.Create(s.t.Context(), s.workspace.ID, 0, name, d, true)
	if err != nil {
		s.t.Fatal(err)
	}
	return "/w/books/automations/" + itoa(a.ID), crm
}

// TestARunSaysThatItsMessageHasNotArrived looks at a run that is done, while its message is on its way, refused, given up, dropped and delivered.
func TestARunSaysThatItsMessageHasNotArrived(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path, crm := s.addCaller("Tell CRM")
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.automate(time.Second)
		var d models.Delivery
		s.write(func(tx *gorm.DB) error { return tx.Take(&d).Error })
		run, contact, call := "/w/books/runs/"+d.RunID.String(), "/w/books/contacts/"+itoa(d.ContactID), "/w/books/requests/"+d.RequestID.String()
		change := func(state models.DeliveryState, tries int, status int) {
			t.Helper()
			now := s.server.now()
			s.write(func(tx *gorm.DB) error {
				set := map[string]any{"state": state, "tries": tries, "next_at": now.Add(5*time.Minute + time.Second), "reason": "The person was erased.", "ended_at": nil}
				if state != models.DeliveryPending {
					set["ended_at"] = now
				}
				if err := tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id = ?", d.WorkspaceID, d.ID).Updates(set).Error; err != nil || tries == 0 {
					return err
				}
				return tx.Create(&models.DeliveryAttempt{WorkspaceID: d.WorkspaceID, DeliveryID: d.ID, Number: tries, At: now, Status: status, Error: string(deliveries.CodeStatus)}).Error
			})
		}
		for _, c := range []struct {
			name   string
			state  models.DeliveryState
			tries  int
			status int
			mark   string
			says   string
			here   string // on the pages of automations, "" for nothing
		}{
			{"new", models.DeliveryPending, 0, 0, "Done, message on its way", "on its way", ""},
			{"refused", models.DeliveryPending, 3, 422, "Done, not delivered yet", "not delivered yet: CRM answered 422, next try in 5 min", "1 message to CRM has not arrived yet."},
			{"given up", models.DeliveryDead, 10, 503, "Done, not delivered", "given up after 10 tries: CRM answered 503", "1 message to CRM was given up in 7 days."},
			{"dropped", models.DeliveryDropped, 0, 0, "Done, not delivered", "not delivered: the person was erased", ""},
		} {
			change(c.state, c.tries, c.status)
			s.get(run).want(t, 200, c.mark, "Handed to CRM; "+c.says+".", "The message, with its attempts", "not every message has arrived")
			for _, page := range []string{path + "?state=done", contact, call} {
				s.get(page).want(t, 200, c.mark, "Message to CRM: "+c.says)
			}
			for _, page := range []string{path, "/w/books/automations"} {
				if text := s.get(page).text(); c.here != "" && !strings.Contains(text, c.here) || c.here == "" && strings.Contains(text, "needs a look") {
					t.Errorf("%s: %s: want %q; it says: %s", c.name, page, c.here, text)
				}
			}
		}
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET enabled = false WHERE id = ?", crm.ID).Error
		})
		change(models.DeliveryPending, 0, 0)
		s.get(path).want(t, 200, "1 message to CRM has not arrived yet. CRM is switched off.")
		s.get(run).want(t, 200, "not delivered yet: CRM is switched off")
		change(models.DeliveryArrived, 1, 200)
		s.get(run).want(t, 200, "Done", "Handed to CRM; delivered.")
		s.get(run).wantNot(t, "not delivered", "Done, ")
		s.get(path+"?state=done").wantNot(t, "not delivered", "a look")
	})
}

// TestLongListsOfRunsAndMessagesPageOn has one contact and one call with 23 runs and messages.
func TestLongListsOfRunsAndMessagesPageOn(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		for i := range 23 {
			s.addCaller(fmt.Sprintf("Automation %02d", i))
		}
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.automate(time.Second)
		contact, call := "/w/books/contacts/"+itoa(s.contact("ada@example.com").ID), "/w/books/requests/"+s.lastCall()
		for _, path := range []string{contact, call} {
			page := s.get(path)
			page.want(t, 200, "20 of 23")
			for _, list := range []string{"runs", "deliveries"} {
				seen := map[string]bool{}
				note := func(a answer) (links int) {
					for _, part := range strings.Split(a.body, `/w/books/`+list+`/`)[1:] {
						seen[part[:36]] = true
						links++
					}
					return links
				}
				if n := note(page); n < 20 || len(seen) > 40 {
					t.Fatalf("%s: got %d links to %s", path, n, list)
				}
				i := strings.Index(page.body, "?"+list+"=")
				if i < 0 {
					t.Fatalf("%s: no link to older %s", path, list)
				}
				older := s.get(path + page.body[i:i+len("?"+list+"=")+36])
				older.want(t, 200, "3 of 23", "Newer")
				note(older)
				if len(seen) < 23 {
					t.Errorf("%s: got %d %s on both pages, want 23", path, len(seen), list)
				}
			}
		}
	})
}

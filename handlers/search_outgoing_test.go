package handlers

import (
	"fmt"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
)

// TestSearchFindsMessagesAndRuns searches for ids that the people who run a destination may name.
func TestSearchFindsMessagesAndRuns(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join, crm := s.addWebhook(models.TypeSubscribed), s.addDestination("CRM")
		s.addByHand("Welcome", `{"type":"contact_created"}`, fmt.Sprintf(`{"type":"call","destination_id":%d},{"type":"wait","minutes":60}`, crm.ID))
		s.callJSON(join, `{"email_address":"ada@example.com"}`).want(t, 200)
		s.automate(time.Second)
		var run models.AutomationRun
		var message models.Delivery
		if err := s.db.Read(t.Context()).Take(&run).Error; err != nil {
			t.Fatal(err)
		}
		if err := s.db.Read(t.Context()).Take(&message).Error; err != nil {
			t.Fatal(err)
		}
		music := s.as(s.signIn(s.addMember(s.addWorkspace("music"), "max@music.example", models.RoleAdmin)))
		for text, finds := range map[string][2]bool{message.MessageID(): {true, false}, message.ID.String(): {true, false}, deliveries.EventID(run.EventID): {true, true}, run.EventID.String(): {true, true},
			run.ID.String(): {false, true}, "msg_x": {}, "evt_": {}, "msg_" + models.NewID(time.Now()).String(): {}} {
			page := s.get("/w/books/search?q=" + text)
			if finds[0] {
				page.wantLink(t, message.MessageID(), "/w/books/deliveries/"+message.ID.String())
				page.want(t, 200, "to CRM, waiting")
			}
			if finds[1] {
				page.wantLink(t, "Welcome", "/w/books/runs/"+run.ID.String())
			}
			if finds == ([2]bool{}) {
				page.want(t, 200, "Nothing is called")
			}
			music.get("/w/music/search?q="+text).want(t, 200, "Nothing is called")
		}
	})
}

package handlers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"campaignlark/automations"

	"gorm.io/gorm"
)

// addByHand creates an automation that is on and starts by hand and by import too.
func (s *site) addByHand(name, trigger, steps string) int64 {
	s.t.Helper()
	d, err := automations.Parse(`{"triggers":[` + trigger + `],"by_hand":true,"steps":[` + steps + `]}`)
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := automations.Store{DB: s.db, Now: s.server.now}.Create(context.Background(), s.workspace.ID, 0, name, d, true)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.ID
}

// TestAnImportSaysWhichAutomationsItStarts tries an import out, runs it, and asks to take it back.
func TestAnImportSaysWhichAutomationsItStarts(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		crm := s.addDestination("CRM")
		welcome := s.addByHand("Welcome", `{"type":"contact_created"}`, fmt.Sprintf(`{"type":"call","destination_id":%d},{"type":"wait","minutes":60}`, crm.ID))
		s.addByHand("Old ones", `{"type":"contact_updated"}`, `{"type":"wait","minutes":60}`)
		s.addByHand("Broken", `{"type":"contact_created"}`, `{"type":"add_tag","tag_id":99}`)
		s.addAutomation("Only calls")
		columns := s.postFile("/w/books/contacts/import", "fair.csv", "email\nanna@example.com\nbert@example.com\ncara@example.com\n").header.Get("Location")
		show := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email").header.Get("Location")
		s.work()
		page := s.get(show)
		page.want(t, 200, "This starts an automation that also starts by hand and by import:", "Welcome , for 3 contacts at most")
		page.wantNot(t, "Only calls", "Broken", "Old ones")
		page.wantLink(t, "Welcome", "/w/books/automations/"+itoa(welcome))
		work := s.post(show).header.Get("Location")
		s.work()
		s.automate(time.Second)
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE deliveries SET state = 'arrived', ended_at = next_at WHERE contact_id = ?", s.contact("anna@example.com").ID).Error
		})
		s.get(work).want(t, 200, "Started Welcome", "3 times")
		s.get(show).want(t, 200, "It started Welcome 3 times, 3 runs go on, 1 message has arrived at other systems, 2 messages wait.")
		ask := s.get(show + "/undo")
		ask.want(t, 200, "It started Welcome 3 times", "What arrived stays where it is.", "their waiting messages are not sent", "No automation starts.", "Nobody changed them since: they are deleted for good.")
		s.addByHand("Goodbye", `{"type":"contact_deleted"}`, `{"type":"wait","minutes":60}`)
		s.get(show+"/undo").want(t, 200, "Goodbye , for 3 contacts at most")
	})
}

// TestQuestionsSayWhichAutomationsStart asks before bulk actions, an unsubscription and an erasure.
func TestQuestionsSayWhichAutomationsStart(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		vip, other := s.addTag("vip"), s.addTag("other")
		for id := range int64(3) {
			s.addContact(id+1, fmt.Sprintf("c%d@example.com", id), nil)
		}
		bulk := "/w/books/contacts/bulk?id=1&id=2&do="
		events := map[string]string{bulk + "tag&with=" + itoa(vip.ID): "tag_added", bulk + "status&to=UNSUBSCRIBED": "contact_unsubscribed", bulk + "delete": "contact_deleted",
			"/w/books/contacts/1/delete": "contact_deleted", "/w/books/contacts/1/unsubscribe": "contact_unsubscribed"}
		for path := range events {
			s.get(path).want(t, 200, "No automation starts.")
		}
		for _, event := range slices.Compact(slices.Sorted(maps.Values(events))) {
			s.addByHand("By "+event, fmt.Sprintf(`{"type":"%s"}`, event), `{"type":"wait","minutes":60}`)
		}
		for path, event := range events {
			s.get(path).want(t, 200, "This starts", "By "+event)
		}
		s.addByHand("Only VIP", fmt.Sprintf(`{"type":"tag_added","tag_ids":[%d]}`, vip.ID), `{"type":"wait","minutes":60}`)
		s.get(bulk+"tag&with="+itoa(vip.ID)).want(t, 200, "Only VIP , for 2 contacts at most")
		s.get(bulk+"tag&with="+itoa(other.ID)).wantNot(t, "Only VIP")
		s.get(bulk+"untag&with="+itoa(vip.ID)).want(t, 200, "No automation starts.")
	})
}

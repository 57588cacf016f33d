package handlers

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/automations"
	"campaignlark/models"

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
		// at the same time somebody adds a contact by hand and a bulk action starts: their runs are not of this import
		s.addByHand("Tagged", `{"type":"tag_added"}`, `{"type":"wait","minutes":60}`)
		tag := s.addTag("fair")
		s.post("/w/books/contacts", "email", "dora@example.com", "status", "SUBSCRIBED")
		bulk := s.post("/w/books/contacts/bulk", "do", "tag", "with", itoa(tag.ID), "id", itoa(s.contact("dora@example.com").ID)).header.Get("Location")
		s.work()
		s.automate(time.Second)
		imported, tagged := s.get(work), s.get(bulk)
		imported.want(t, 200, "Started Welcome", "3 times")
		imported.wantNot(t, "Started Tagged")
		tagged.want(t, 200, "Started Tagged", "1 time")
		tagged.wantNot(t, "Started Welcome")
		for work, of := range map[string]struct{ contact, said string }{
			work: {"anna@example.com", "The import that started it"}, bulk: {"dora@example.com", "The change of many contacts that started it"},
		} {
			var run models.AutomationRun
			if err := s.db.Read(t.Context()).Where("contact_id = ? AND event_id IN (SELECT id FROM automation_events WHERE job_id IS NOT NULL)", s.contact(of.contact).ID).Take(&run).Error; err != nil {
				t.Fatal(err)
			}
			s.get("/w/books/runs/"+run.ID.String()).wantLink(t, of.said, work)
		}
		runs := s.get("/w/books/automations/" + itoa(welcome) + "?job=" + work[strings.LastIndex(work, "/")+1:])
		runs.want(t, 200, "Only those that this work started:", "anna@example.com", "bert@example.com", "cara@example.com")
		runs.wantNot(t, "dora@example.com")
		s.get("/w/books/automations/"+itoa(welcome)+"?job=99").want(t, 200, "dora@example.com")
		s.get(show).want(t, 200, "It started Welcome 3 times , 3 runs go on, 1 message has arrived at other systems, 2 messages wait.")
		ask := s.get(show + "/undo")
		ask.want(t, 200, "It started Welcome 3 times", "What arrived stays where it is.", "their waiting messages are not sent", "No automation starts.", "Nobody changed them since: they are deleted for good.")
		s.addByHand("Goodbye", `{"type":"contact_deleted"}`, `{"type":"wait","minutes":60}`)
		s.get(show+"/undo").want(t, 200, "Goodbye , for 3 contacts at most")
		s.post("/w/books/automations/"+itoa(welcome)+"/delete").want(t, 303)
		s.get(show).want(t, 200, "It started Welcome (deleted) 3 times")
		s.get(work).want(t, 200, "Started Welcome (deleted)")
	})
}

// TestMovesBetweenSegmentsSayWhatCausedThem lets an import start an automation whose tag leads into a segment, and the import lead into another
// one that starts an automation. The histories name the automation and the import, and the import's page counts both.
func TestMovesBetweenSegmentsSayWhatCausedThem(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag := s.addTag("trial")
		tried := s.addSegment("Tried", fmt.Sprintf(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":%d}]}`, tag.ID))
		readers := s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		s.addByHand("Trial", `{"type":"contact_created"}`, fmt.Sprintf(`{"type":"add_tag","tag_id":%d}`, tag.ID))
		s.addByHand("New readers", fmt.Sprintf(`{"type":"segment_entered","segment_ids":[%d]}`, readers.ID), `{"type":"wait","minutes":60}`)
		columns := s.postFile("/w/books/contacts/import", "fair.csv", "email\nanna@example.com\nbert@example.com\n").header.Get("Location")
		show := s.post(columns, "do", "check", "encoding", "utf-8", "comma", "comma", "header", "1", "column", "email", "status", "SUBSCRIBED").header.Get("Location")
		s.work()
		work := s.post(show).header.Get("Location")
		s.work()
		s.recalculate()
		s.automate(time.Second)
		s.recalculate()
		s.get(work).want(t, 200, "Started New readers", "2 times", "Started Trial", "2 times")
		anna := s.contact("anna@example.com").ID
		runs := s.get("/w/books/segments/" + itoa(tried.ID) + "/changes")
		runs.want(t, 200, "Entered anna@example.com by automation Trial")
		runs.wantNot(t, "edited")
		s.get("/w/books/segments/"+itoa(readers.ID)+"/changes").want(t, 200, "imported from fair.csv by ines@example.com")
		s.get("/w/books/contacts/"+itoa(anna)).want(t, 200, "Entered Tried", "by automation Trial")
		s.write(func(tx *gorm.DB) error { return tx.Exec("DELETE FROM automation_runs").Error })
		s.get("/w/books/contacts/"+itoa(anna)).want(t, 200, "by an automation")
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

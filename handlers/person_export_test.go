package handlers

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// TestAPersonsExportAndErasureKnowAutomations runs an automation for a contact, exports the person and asks before the person is erased.
func TestAPersonsExportAndErasureKnowAutomations(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		join, tag, crm, shop := s.addWebhook(models.TypeSubscribed), s.addTag("vip"), s.addDestination("CRM"), s.addDestination("Shop")
		s.addDestination("Never called")
		s.callJSON(join, `{"email_address":"otto@example.com"}`).want(t, 200)
		otto := "/w/books/contacts/" + itoa(s.contact("otto@example.com").ID) + "/delete"
		s.get(otto).wantNot(t, "It ends.", "It is not sent.", "destinations:")
		s.addByHand("Welcome", `{"type":"contact_created"}`, fmt.Sprintf(`{"type":"add_tag","tag_id":%d},{"type":"call","destination_id":%d},{"type":"call","destination_id":%d},{"type":"wait","minutes":60}`, tag.ID, crm.ID, shop.ID))
		s.callJSON(join, `{"email_address":"ada@example.com"}`).want(t, 200)
		s.automate(time.Second)
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE deliveries SET state = 'arrived', arrived_at = next_at, ended_at = next_at WHERE destination_id = ?", shop.ID).Error
		})
		ada := "/w/books/contacts/" + itoa(s.contact("ada@example.com").ID)
		var file struct {
			Changes []struct{ By, Action string }
			Events  []struct {
				Event   string
				Contact struct {
					Email  string `json:"email_address"`
					Status string
				}
			}
			Runs []struct {
				Automation, State string
				Steps             []struct {
					Result, Message string
					Did             struct{ Words string } `json:"what_it_did"`
				}
			} `json:"automation_runs"`
		}
		if err := json.Unmarshal([]byte(s.get(ada+"/export.json").body), &file); err != nil {
			t.Fatal(err)
		}
		if len(file.Changes) == 0 || file.Changes[0].By != "automation Welcome" {
			t.Errorf("got the changes %+v, want the first by the automation", file.Changes)
		}
		if len(file.Events) != 1 || file.Events[0].Event != "contact_created" || file.Events[0].Contact.Email != "ada@example.com" || file.Events[0].Contact.Status == "" {
			t.Errorf("got the events %+v, want one with the contact as it was", file.Events)
		}
		if len(file.Runs) != 1 || file.Runs[0].Automation != "Welcome" || file.Runs[0].State != "waiting" || len(file.Runs[0].Steps) < 4 {
			t.Fatalf("got the runs %+v, want one with its steps", file.Runs)
		}
		tagged, messages := false, 0
		for _, step := range file.Runs[0].Steps {
			tagged = tagged || step.Did.Words == "The tag “vip” was added."
			if step.Message != "" {
				messages++
			}
		}
		if !tagged || messages != 2 {
			t.Errorf("got the steps %+v, want the tag and two messages", file.Runs[0].Steps)
		}
		ask := s.get(ada + "/delete")
		ask.want(t, 200, "1 run of an automation goes on for this contact. It ends.", "1 message about the contact waits. It is not sent.", "have arrived at these destinations: Shop. They stay there.")
		ask.wantNot(t, "CRM", "Never called")
	})
}

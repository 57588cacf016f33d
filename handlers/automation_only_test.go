package handlers

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"
)

// TestTheOnlyThingIsChosen opens steps where there is one destination and one tag, and where there are two.
func TestTheOnlyThingIsChosen(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		create := "/w/books/automations"
		s.addDestination("CRM")
		page := s.get(create + "/new?start=call")
		page.want(t, 200, "call CRM")
		page.wantNot(t, "Choose…")
		tag := s.addTag("vip")
		page = s.press(create, page, "add-step", "next", "add_tag")
		page.want(t, 200, "add the tag vip")
		s.follow(s.press(create, page, "save-on", "name", "Welcome")).want(t, 200, "call CRM ; add the tag vip")
		s.addTag("old")
		s.addDestination("Shop")
		page = s.get(create + "/new?start=call")
		page.want(t, 200, "call …", "Choose…")
		s.press(create, page, "add-step", "next", "add_tag").wantNot(t, "add the tag "+tag.Name)
	})
}

// TestAnAlarmsPageSpeaksOfWebhooks reads the page of an automation without a contact, and that of one with.
func TestAnAlarmsPageSpeaksOfWebhooks(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addDestination("CRM")
		call := `"steps":[{"type":"call","destination_id":1}]`
		alarm := s.get(s.storeAutomation("Alarm", `{"triggers":[{"type":"webhook_failing"}],`+call+`}`))
		alarm.want(t, 200, "When any webhook fails far more than usual", "Where its runs are", "at least 5 calls and 5 % fail in 24 hours", "about a webhook, not about a contact")
		alarm.wantNot(t, "Where people are", "Changes by people", "by import", "A webhook is silent if")
		tagged := s.get(s.storeAutomation("Tagged", `{"triggers":[{"type":"segment_entered"},{"type":"tag_removed"}],`+call+`}`))
		tagged.want(t, 200, "a contact enters any segment , or a contact loses any tag", "Changes by hand and by import do not start it.", "Where people are", "Changes by people and imports")
		s.get(s.storeAutomation("By hand", `{"by_hand":true,"triggers":[{"type":"contact_created"}],`+call+`}`)).want(t, 200, "Changes by hand and by import start it too.")
		list := s.get("/w/books/automations")
		list.want(t, 200, "Changes by hand and by import start it too.")
		list.wantNot(t, "do not start it")
	})
}

// TestARunThatIsDoneSaysWhereItEnded lists a run that has done its only step.
func TestARunThatIsDoneSaysWhereItEnded(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.addTag("vip")
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.storeAutomation("Mark", `{"triggers":[{"type":"contact_created"}],"steps":[{"type":"add_tag","tag_id":1}]}`)
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.automate(time.Second)
		s.get(path+"?state=done").want(t, 200, "ada@example.com", "End, after step 1")
	})
}

// TestADestinationWithHTTPHasAWarning opens the page and the form of destinations with and without encryption.
func TestADestinationWithHTTPHasAWarning(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		const warning = "The address begins with http, so what is sent can be read on the way. Use https unless this is a test."
		d := s.addDestination("CRM")
		page := "/w/books/destinations/" + itoa(d.ID)
		for _, scheme := range []string{"https", "http"} {
			s.write(func(tx *gorm.DB) error {
				return tx.Model(&d).Where("workspace_id = ?", s.workspace.ID).Update("url", scheme+"://93.184.215.14/x").Error
			})
			for _, path := range []string{page, page + "/edit"} {
				if got := strings.Contains(s.get(path).text(), warning); got != (scheme == "http") {
					t.Errorf("%s, %s: got a warning: %v", path, scheme, got)
				}
			}
		}
	})
}

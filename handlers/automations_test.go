package handlers

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/automations"
	"campaignlark/models"

	"gorm.io/gorm"
)

// addAutomation creates an automation that is on and waits an hour for each new contact. It returns the path of its page.
func (s *site) addAutomation(name string) string {
	s.t.Helper()
	d, err := automations.Parse(`{"triggers":[{"type":"contact_created"}],"rule":null,"by_hand":false,"steps":[{"type":"wait","minutes":60}]}`)
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := automations.Store{DB: s.db, Now: s.server.now}.Create(context.Background(), s.workspace.ID, 0, name, d, true)
	if err != nil {
		s.t.Fatal(err)
	}
	return "/w/books/automations/" + itoa(a.ID)
}

// automate lets the automations do what is due.
func (s *site) automate(ahead time.Duration) {
	s.t.Helper()
	r := automations.New(s.db, automations.Options{Mail: s.server.Config.Mail, Now: func() time.Time { return s.server.now().Add(ahead) }})
	for range 3 {
		if _, err := r.Turn(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestAnAutomationIsBuiltByClicking presses the builder's buttons as a person without script does, and sees the run of a call.
func TestAnAutomationIsBuiltByClicking(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag := s.addTag("trial")
		country := s.addMergeTag(models.MergeTag{Key: "country", Label: "Country", Type: models.MergeTagText})
		hook := s.createWebhook("name", "Reading club", "type", "SUBSCRIBED")
		s.get("/w/books/automations").want(t, 200, "No automations yet", "When a contact is created: wait 1 day; add a tag")
		page := s.get("/w/books/automations/new?start=tag")
		page.want(t, 200, "When", "a contact is created", "wait", "1 day")
		press := func(a answer, do string, changed ...string) answer {
			t.Helper()
			fields := typed(a, changed...)
			for i := 0; i < len(changed); i += 2 { // boxes that were not ticked yet
				if !formFields(a.body).Has(changed[i]) {
					fields = append(fields, changed[i], changed[i+1])
				}
			}
			return s.post("/w/books/automations", append(fields, "do", do)...)
		}
		page = press(page, "update-when.0", "when.0", "contact_subscribed_confirmed")
		page = press(page, "add-r", "when.0.of", itoa(hook.ID))
		page = press(page, "update-r.0", "what-r.0", "field-"+itoa(country.ID))
		page = press(page, "add-step", "value-r.0", "Austria", "next", "only_if")
		page = press(page, "up-step.2")
		page = press(page, "save-on", "step.2.of", itoa(tag.ID))
		page.want(t, 422, "Please give it a name")
		page = press(page, "save-on", "name", "Welcome", "step.2.of", itoa(tag.ID))
		a := s.follow(page)
		a.want(t, 200, "The automation Welcome was created. It is on.", "through", "Reading club", "Country", "Austria", "wait", "1 day", "add the tag", "trial")
		if order := strings.Index(a.text(), "go on only for"); order < 0 || order > strings.Index(a.text(), "add the tag") {
			t.Errorf("the step that was moved up does not come first: %s", a.text())
		}
		s.callJSON(hook, `{"email_address":"ada@example.com","country":"Austria"}`)
		s.callJSON(hook, `{"email_address":"otto@example.com","country":"Italy"}`)
		s.automate(time.Second)
		path := strings.Split(page.header.Get("Location"), "?")[0]
		s.get(path).want(t, 200, "2 started in 24 hours", "ada@example.com", "Waiting", "The contact did not meet the condition at the start.")
		s.automate(25 * time.Hour)
		s.get(path+"?state=done").want(t, 200, "ada@example.com", "Done")
		s.get("/w/books/contacts/"+itoa(s.contact("ada@example.com").ID)).want(t, 200, "The automation Welcome changed the contact", "trial")
		var run models.AutomationRun
		if err := s.db.Read(t.Context()).Where("state = 'done'").Take(&run).Error; err != nil {
			t.Fatal(err)
		}
		s.get("/w/books/runs/"+run.ID.String()).want(t, 200, "Done", "Welcome", "ada@example.com", "It matched", "Country is Austria", "Waited", "The tag “trial” was added.", "The call that started it")
	})
}

// TestADefinitionIsPosted stores the definition that a script posts, and refuses what does not fit.
func TestADefinitionIsPosted(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag := s.addTag("trial")
		good := fmt.Sprintf(`{"triggers":[{"type":"tag_added","tag_ids":[%d]},{"type":"contact_unsubscribed"}],"rule":null,"by_hand":true,"steps":[{"type":"remove_tag","tag_id":%d}]}`, tag.ID, tag.ID)
		a := s.follow(s.post("/w/books/automations", "name", "Off again", "enabled", "1", "definition", good))
		a.want(t, 200, "It is on.", "gets the tag", "trial", "take off the tag", "start it too")
		for definition, sentence := range map[string]string{
			`{`:                            "It ends too early, at character 1: a bracket or a quotation mark is not closed.",
			`{"triggers":[}`:               "It is not right JSON at character 14: invalid character",
			`{"triggers":[],"steps":[]} x`: "After its end, at character",
			`{"triggers":7}`:               "Its part “triggers” holds a number, which does not fit there.",
			`{"triggers":[],"steps":[]}`:   "Please choose what starts it.",
			`{"triggers":[{"type":"contact_exploded"}],"steps":[{"type":"wait","minutes":1}]}`:                                                          "Please choose what starts it.",
			`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"add_tag","tag_id":999}]}`:                                                       "The tag of this step was deleted.",
			`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"call","destination_id":7}]}`:                                                    "The destination of this step was deleted.",
			`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait"}]}`:                                                                       "Please say how long it waits.",
			`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":600000}]}`:                                                      "A wait can take up to 366 days.",
			`{"triggers":[{"type":"webhook_failing"}],"steps":[{"type":"add_tag","tag_id":` + itoa(tag.ID) + `}]}`:                                      "about no contact",
			`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"only_if","rule":{"condition":"AND","filters":[]}}]}`:                            "A rule needs at least one condition.",
			`{"triggers":[{"type":"contact_created"}],"rule":{"condition":"XOR"},"steps":[{"type":"wait","minutes":1}]}`:                                "The definition cannot be read",
			`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":1}],"nonsense":1}`:                                              "It has a part named \"nonsense\", which definitions do not have.",
			`{"triggers":[{"type":"contact_created"}],"steps":[` + strings.Repeat(`{"type":"wait","minutes":1},`, 50) + `{"type":"wait","minutes":1}]}`: "An automation can have 50 steps.",
		} {
			s.post("/w/books/automations", "name", "Wrong", "definition", definition).want(t, 422, sentence)
		}
	})
}

// TestAnAutomationIsTried shows what would happen to a contact, and does nothing.
func TestAnAutomationIsTried(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		points := s.addMergeTag(models.MergeTag{Key: "points", Label: "Loyalty points", Type: models.MergeTagNumber})
		s.addContact(1, "solene@example.com", func(c *models.Contact) { c.Fields = map[string]string{"points": "980"} })
		definition := fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"rule":{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]},
			"steps":[{"type":"wait","minutes":1440,"until":"09:00"},{"type":"set_field","field_id":%d,"value":"50"}]}`, points.ID)
		path := strings.Split(s.post("/w/books/automations", "name", "Points", "definition", definition).header.Get("Location"), "?")[0]
		form := s.get(path + "/edit")
		ask := func(who string) answer { return s.post(path, append(typed(form, "who", who), "do", "try")...) }
		ask("solene@example.com").want(t, 200, "it would start", "This contact exists already.", "09:00", "It would overwrite “980”.")
		ask("nobody@example.com").want(t, 200, "There is no contact with this in its address or name.")
		ask("").want(t, 200, "Please type the address of a contact")
		if c := s.contact("solene@example.com"); c.Fields["points"] != "980" || c.Version != 1 {
			t.Errorf("got %+v, want the contact as it was", c)
		}
	})
}

// TestABrokenAutomationIsShown deletes a tag that an automation uses.
func TestABrokenAutomationIsShown(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag := s.addTag("trial")
		path := strings.Split(s.post("/w/books/automations", "name", "Trial", "enabled", "1",
			"definition", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"add_tag","tag_id":%d}]}`, tag.ID)).header.Get("Location"), "?")[0]
		s.post("/w/books/tags/"+itoa(tag.ID)+"/delete", "force", "1").want(t, 303)
		s.get("/w/books/automations").want(t, 200, "1 thing needs a look", "Trial", "starts nothing any more", "Step 1: The tag “trial” was deleted.")
		s.get(path).want(t, 200, "It starts nothing until it is repaired.")
		s.get(path+"/edit").want(t, 200, "The tag “trial” was deleted. Please choose another.", "trial (deleted)")
		s.post(path+"/disable").want(t, 303)
		s.post(path+"/enable").want(t, 409, "The automation cannot be switched on yet.")
	})
}

// TestAutomationsAreSwitchedCopiedAndDeleted shows what is under way before harm is done.
func TestAutomationsAreSwitchedCopiedAndDeleted(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.addAutomation("Welcome")
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.automate(time.Second)
		s.get(path+"/disable").want(t, 200, "Switch off “Welcome”?", "1 run that is under way goes on in any case.")
		s.follow(s.post(path+"/disable")).want(t, 200, "The automation Welcome is off.")
		s.callJSON(hook, `{"email_address":"otto@example.com"}`)
		s.follow(s.post(path+"/copy")).want(t, 200, "This is the copy.", "Welcome (copy)")
		s.get(path+"/delete").want(t, 200, "1 run that is under way ends here")
		s.follow(s.post(path+"/delete")).want(t, 200, "The automation Welcome is deleted.")
		s.automate(2 * time.Hour)
		var run models.AutomationRun
		if err := s.db.Read(t.Context()).Take(&run).Error; err != nil || run.State != models.RunStopped {
			t.Errorf("got %+v (%v), want one run that was stopped", run, err)
		}
		s.get("/w/books/runs/"+run.ID.String()).want(t, 200, "Ended early: The automation was deleted.")
		s.get(path).want(t, 404)
	})
}

// TestARunIsStopped ends a run that waits.
func TestARunIsStopped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		s.addAutomation("Welcome")
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.automate(time.Second)
		var run models.AutomationRun
		s.write(func(tx *gorm.DB) error { return tx.Take(&run).Error })
		path := "/w/books/runs/" + run.ID.String()
		s.get(path).want(t, 200, "Waiting at step 1", "Stop this run")
		page := s.follow(s.post(path + "/stop"))
		page.want(t, 200, "Ended early: ines@example.com stopped it.", "It was waiting until", "when the run ended.")
		page.wantNot(t, "(under way)", "Waits.")
	})
}

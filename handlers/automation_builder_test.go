package handlers

import (
	"fmt"
	"strings"
	"testing"

	"campaignlark/models"
)

// storeAutomation stores an automation with a definition, switched on. It returns the path of its page.
func (s *site) storeAutomation(name, definition string) string {
	s.t.Helper()
	a := s.post("/w/books/automations", "name", name, "enabled", "1", "definition", definition)
	a.want(s.t, 303)
	return strings.Split(a.header.Get("Location"), "?")[0]
}

// press posts a builder's form with a button. The changed fields replace those of the form; boxes that were not ticked are added.
func (s *site) press(path string, a answer, do string, changed ...string) answer {
	s.t.Helper()
	fields := typed(a, changed...)
	for i := 0; i < len(changed); i += 2 {
		if !formFields(a.body).Has(changed[i]) {
			fields = append(fields, changed[i], changed[i+1])
		}
	}
	return s.post(path, append(fields, "do", do)...)
}

// TestDeletedThingsOfAnAutomationAreNamed deletes all that an automation uses.
func TestDeletedThingsOfAnAutomationAreNamed(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag, old := s.addTag("vip"), s.addTag("old")
		city := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		hook := s.createWebhook("name", "Newsletter form", "type", "SUBSCRIBED")
		path := s.storeAutomation("VIP mark", fmt.Sprintf(`{"triggers":[{"type":"contact_created","webhook_ids":[%d]},{"type":"tag_added","tag_ids":[%d]}],
			"rule":{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":["%d"]}]},
			"steps":[{"type":"add_tag","tag_id":%d},{"type":"set_field","field_id":%d,"value":"Wien"}]}`, hook.ID, old.ID, old.ID, tag.ID, city.ID))
		for _, gone := range []string{"tags/" + itoa(tag.ID), "tags/" + itoa(old.ID), "merge-tags/" + itoa(city.ID), "webhooks/" + itoa(hook.ID)} {
			s.post("/w/books/"+gone+"/delete", "force", "1").want(t, 303)
		}
		faults := []string{"The webhook “Newsletter form”, which it waits for, was deleted.", "The tag “old”, which it waits for, was deleted.", "The tag “vip” was deleted.",
			"The merge tag “City” was deleted.", "Newsletter form (deleted)", "vip (deleted)", "old (deleted)", "City (deleted)"}
		s.get("/w/books/automations").want(t, 200, append(faults, "Step 1: The tag “vip”", "Step 2: The merge tag “City”")...)
		s.get(path).want(t, 200, faults...)
		s.get(path+"/edit").want(t, 200, faults...)
		s.post(path+"/disable").want(t, 303)
		s.post(path+"/enable").want(t, 409, "Newsletter form", "Step 2: The merge tag “City” was deleted.")
		s.storeAutomation("Other", `{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":1}]}`)
		s.get(path+"/edit").wantNot(t, "starts another automation")
	})
}

// TestAnAutomationSaysThatItDoesNotStartItself has a step that fires the automation's own trigger.
func TestAnAutomationSaysThatItDoesNotStartItself(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag := s.addTag("newsletter")
		path := s.storeAutomation("Back again", fmt.Sprintf(`{"triggers":[{"type":"tag_removed","tag_ids":[%d]}],"steps":[{"type":"add_tag","tag_id":%d},{"type":"remove_tag","tag_id":%d}]}`, tag.ID, tag.ID, tag.ID))
		page := s.get(path + "/edit")
		if n := strings.Count(page.text(), "This step’s change does not start this automation again."); n != 1 {
			t.Errorf("the hint is there %d times, want it once, at the second step: %s", n, page.text())
		}
	})
}

// TestATriggerTakesSeveral ticks two webhooks, and keeps what a definition narrows in two ways.
func TestATriggerTakesSeveral(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		shop, club := s.createWebhook("name", "Shop", "type", "SUBSCRIBED"), s.createWebhook("name", "Club", "type", "SUBSCRIBED")
		tag := s.addTag("vip")
		page := s.get("/w/books/automations/new?start=tag")
		page = s.press("/w/books/automations", page, "words", "when.0.of", itoa(shop.ID))
		page = s.post("/w/books/automations", append(typed(page), "when.0.of", itoa(club.ID), "do", "words")...)
		page.want(t, 200, "through", "Shop or Club")
		page = s.press("/w/books/automations", page, "save-on", "name", "Both", "step.1.of", itoa(tag.ID))
		path := strings.Split(page.header.Get("Location"), "?")[0]
		s.follow(page).want(t, 200, "through Shop or Club")
		before := s.automationRevision(path)
		s.press(path, s.get(path+"/edit"), "save").want(t, 303)
		both := s.storeAutomation("Two ways", fmt.Sprintf(`{"triggers":[{"type":"tag_added","tag_ids":[%d],"webhook_ids":[%d,%d]}],"steps":[{"type":"wait","minutes":5}]}`, tag.ID, club.ID, shop.ID))
		s.press(both, s.get(both+"/edit"), "save", "name", "Two ways, renamed").want(t, 303)
		if got := s.automationRevision(both); got != 1 || s.automationRevision(path) != before {
			t.Errorf("saving without a change gave revision %d, want 1", got)
		}
		s.get(both).want(t, 200, "gets the tag vip through", "Two ways, renamed")
	})
}

// TestTheBuilderMakesAWebhook creates a webhook inside the builder, and a segment in another tab. What was typed stays.
func TestTheBuilderMakesAWebhook(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		create := "/w/books/automations"
		page := s.press(create, s.get(create+"/new?start=call"), "add-when", "name", "Orders")
		page = s.press(create, page, "create-when.1", "when.1.new", " ", "when.1.type.new", "")
		page.want(t, 200, "Please give it a name.", "Please choose what a call should do.")
		page = s.press(create, page, "save-off", "when.1.new", "Shop <1>")
		page.want(t, 422, "This webhook does not exist yet. Please press “Create webhook”, or empty the field.")
		page = s.press(create, page, "create-when.1", "when.1.type.new", "SUBSCRIBED")
		page.want(t, 200, "through Shop <1>", "The webhook was created.")
		if got := formFields(page.body); got.Get("name") != "Orders" || got.Get("when.1.new") != "" {
			t.Errorf("got %v, want the name that was typed and no new webhook", got)
		}
		var hooks []models.Webhook
		s.db.Read(t.Context()).Where("workspace_id = ?", s.workspace.ID).Find(&hooks)
		if len(hooks) != 1 || hooks[0].Name != "Shop <1>" || formFields(page.body).Get("when.1.of") != itoa(hooks[0].ID) {
			t.Fatalf("got %+v, want one webhook, ticked", hooks)
		}
		page.wantLink(t, "its page", "/w/books/webhooks/"+itoa(hooks[0].ID))
		page = s.press(create, page, "remove-when.0")
		page = s.press(create, page, "update-when.0", "when.0", "segment_entered")
		page.want(t, 200, "any segment: there is none yet", "When you come back, it can be ticked here.")
		page.wantLink(t, "Create a segment", "/w/books/segments/new")
		g := s.addSegment("Readers", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`)
		page = s.press(create, page, "words")
		page.want(t, 200, "Readers")
		page = s.press(create, page, "words", "when.0.of", itoa(g.ID))
		page.want(t, 200, "enters the segment Readers")
		if got := formFields(page.body).Get("name"); got != "Orders" {
			t.Errorf("got the name %q, want the one that was typed", got)
		}
	})
}

func (s *site) automationRevision(path string) int64 {
	s.t.Helper()
	var a models.Automation
	if err := s.db.Read(s.t.Context()).Where("id = ?", path[strings.LastIndex(path, "/")+1:]).Take(&a).Error; err != nil {
		s.t.Fatal(err)
	}
	return a.Revision
}

// TestAFieldIsSetWithItsOwnControl chooses fields of every type without script.
func TestAFieldIsSetWithItsOwnControl(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		fields := map[string]models.MergeTag{
			`type="date"`:                         s.addMergeTag(models.MergeTag{Key: "birthday", Label: "Birthday", Type: models.MergeTagDate}),
			`value="true"`:                        s.addMergeTag(models.MergeTag{Key: "reads", Label: "Reads", Type: models.MergeTagBoolean}),
			`value="DE"`:                          s.addMergeTag(models.MergeTag{Key: "country", Label: "Country", Type: models.MergeTagCountry}),
			`inputmode="decimal"`:                 s.addMergeTag(models.MergeTag{Key: "points", Label: "Points", Type: models.MergeTagNumber}),
			`value="Gold"`:                        s.addMergeTag(models.MergeTag{Key: "level", Label: "Level", Type: models.MergeTagSingle, Options: []string{"Gold", "Silver"}}),
			`type="checkbox" name="step.0.value"`: s.addMergeTag(models.MergeTag{Key: "genres", Label: "Genres", Type: models.MergeTagMultiple, Options: []string{"Crime", "Poetry, new"}}),
		}
		create := "/w/books/automations"
		page := s.press(create, s.get(create+"/new"), "add-step", "next", "set_field", "name", "Set it")
		page.wantNot(t, "Empty the field")
		for control, m := range fields {
			page = s.press(create, page, "update-step.0.of", "step.0.of", itoa(m.ID))
			page.want(t, 200, "Empty the field")
			if !strings.Contains(page.body, control) {
				t.Errorf("no %s for the field %s", control, m.Label)
			}
		}
		genres := fields[`type="checkbox" name="step.0.value"`]
		page = s.press(create, page, "update-step.0.of", "step.0.of", itoa(genres.ID))
		page = s.press(create, page, "save-off")
		page.want(t, 422, "Step 1: Please give a value, or tick “Empty the field”.")
		if !strings.Contains(page.body, `id="step.0.value-err"`) {
			t.Error("the fault is not at the value")
		}
		s.press(create, page, "save-off", "step.0.value", "Crime", "step.0.empty", "1").want(t, 422, "not both")
		saved := s.post(create, append(typed(page), "step.0.value", "Crime", "step.0.value", "Poetry, new", "do", "save-off")...)
		s.follow(saved).want(t, 200, "set Genres to Crime, “Poetry, new”")
		path := strings.Split(saved.header.Get("Location"), "?")[0]
		edit := s.get(path + "/edit")
		s.press(path, edit, "save", "name", "Set it again").want(t, 303)
		if got := s.automationRevision(path); got != 1 {
			t.Errorf("got revision %d after a renaming, want 1", got)
		}
		empty := s.storeAutomation("Empties", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"set_field","field_id":%d}]}`, genres.ID))
		s.press(empty, s.get(empty+"/edit"), "save").want(t, 303)
	})
}

// TestATagIsCreatedInTheBuilder types the name of a new tag at a step.
func TestATagIsCreatedInTheBuilder(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		create := "/w/books/automations"
		page := s.press(create, s.get(create+"/new"), "add-step", "next", "add_tag", "name", "Mark")
		page.want(t, 200, "There is no tag yet.", "New tag", "Create tag")
		s.press(create, page, "create-step.0").want(t, 200, "Please type the name of the new tag.")
		s.press(create, page, "save-on", "step.0.new", "vip").want(t, 422, "Step 1: This tag does not exist yet.")
		page = s.press(create, page, "create-step.0", "step.0.new", "vip")
		page.want(t, 200, "add the tag vip")
		page = s.press(create, page, "add-step", "next", "call")
		page.want(t, 200, "There is no destination yet.", "Create a destination", "in a new tab", "Look again")
		page = s.press(create, page, "remove-step.1")
		s.follow(s.press(create, page, "save-on")).want(t, 200, "The automation Mark was created. It is on.", "add the tag vip")
		s.post(create, "do", "create-step.0", "name", "x", "definition", `{"triggers":[],"steps":[{"type":"add_tag"}]}`).want(t, 200)
	})
}

// TestAnAlarmOffersWhatItCanDo starts an automation with what happens to a webhook, so that there is no contact to change.
func TestAnAlarmOffersWhatItCanDo(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		create := "/w/books/automations"
		kinds := func(a answer) string {
			t.Helper()
			_, list, _ := strings.Cut(a.body, `id="next"`)
			list, _, _ = strings.Cut(list, "</select>")
			return list
		}
		first := s.get(create + "/new")
		if list := kinds(first); !strings.Contains(list, "Add tag") || !strings.Contains(list, "Only if") {
			t.Errorf("got %s, want all steps for a contact", list)
		}
		page := s.press(create, first, "update-when.0", "when.0", "webhook_silent", "name", "Alarm")
		page.wantNot(t, "Also for changes by hand and by import", "But only if", "for everybody", "by import", "fails far more than usual if")
		page.want(t, 200, "When any webhook falls silent", "An alarm is about a webhook, not about a contact.", "twice its longest pause in 14 days, and for 3 hours.")
		first.want(t, 200, "But only if", "Changes by hand and by import do not start it.")
		first.wantNot(t, "An alarm is about")
		if list := kinds(page); strings.Contains(list, "Add tag") || strings.Contains(list, "Take off tag") || strings.Contains(list, "Set a field") ||
			strings.Contains(list, "Only if") || !strings.Contains(list, "Call a destination") {
			t.Errorf("got %s, want no step that needs a contact", list)
		}
		page = s.press(create, page, "add-when")
		if list := kinds(page); !strings.Contains(list, "Add tag") {
			t.Errorf("got %s, want all steps, since one trigger is about a contact", list)
		}
		page = s.press(create, s.press(create, first, "add-step", "next", "add_tag"), "update-when.0", "when.0", "webhook_silent")
		if !strings.Contains(page.body, `value="add_tag" selected`) {
			t.Error("the kind that a step has already is lost")
		}
	})
}

// TestAStepOfAnotherKindChoosesNothing changes a step's kind and saves without pressing "Choose".
func TestAStepOfAnotherKindChoosesNothing(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag := s.addTag("vip")
		s.addDestination("CRM")
		create := "/w/books/automations"
		page := s.press(create, s.get(create+"/new"), "add-step", "next", "add_tag", "name", "Mark")
		page = s.press(create, page, "words", "step.0.of", itoa(tag.ID))
		s.press(create, page, "save-on", "step.0", "call").want(t, 422, "Step 1: Please choose a destination.")
		s.follow(s.press(create, page, "save-on", "step.0", "remove_tag")).want(t, 200, "take off the tag vip")
	})
}

// TestFaultsOfTheBuilderAreAtTheirControls types what cannot be, and reads where it is said.
func TestFaultsOfTheBuilderAreAtTheirControls(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		create := "/w/books/automations"
		first := s.get(create + "/new")
		none := s.press(create, first, "save-on", "name", "Waits")
		none.want(t, 422, "Not saved", "Please add a step: what shall happen?")
		if !strings.Contains(none.body, `href="#next"`) {
			t.Error("the summary does not lead to the list of steps")
		}
		page := s.press(create, first, "add-step", "next", "wait", "name", "Waits")
		for amount, sentence := range map[string]string{
			"1000000": "Step 1: A wait can take up to 366 days.", "1,000,000": "Step 1: A wait can take up to 366 days.", "99999999999999999999": "Step 1: A wait can take up to 366 days.",
			"-5": "Step 1: A wait cannot be less than nothing.", "1.5": "Step 1: Please give a whole number.", "abc": "Step 1: “abc” is not a number.", "": "Step 1: Please say how long it waits.",
		} {
			a := s.press(create, page, "save-on", "step.0.amount", amount)
			a.want(t, 422, sentence)
			if !strings.Contains(a.body, `href="#step.0.amount"`) || !strings.Contains(a.body, `id="step.0.amount-err"`) {
				t.Errorf("%q: the fault is not at the amount", amount)
			}
		}
		moved := s.press(create, s.press(create, page, "add-step", "next", "add_tag"), "down-step.0", "step.0.amount", "abc")
		if got := formFields(moved.body).Get("step.1.amount"); got != "abc" {
			t.Errorf("got %q after moving the step down, want what was typed", got)
		}
		s.press(create, moved, "save-on").want(t, 422, "Step 2: “abc” is not a number.", "Step 1: Please choose a tag.")
	})
}

// TestATrialSaysWhatItAssumes tries automations with a part of an address, and with none.
func TestATrialSaysWhatItAssumes(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag, crm := s.addTag("vip"), s.addDestination("CRM")
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		for i, email := range []string{"ada@example.com", "adam@example.com", "otto@example.com"} {
			s.addContact(int64(i+1), email, func(c *models.Contact) { c.Status = models.StatusUnconfirmed })
		}
		s.addContact(9, "solene@example.com", func(c *models.Contact) { c.Status = models.StatusSubscribed })
		path := s.storeAutomation("To the CRM", fmt.Sprintf(`{"triggers":[{"type":"contact_subscribed_confirmed","webhook_ids":[%d]}],
			"rule":{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]},
			"steps":[{"type":"add_tag","tag_id":%d},{"type":"call","destination_id":%d}]}`, hook.ID, tag.ID, crm.ID))
		form := s.get(path + "/edit")
		several := s.press(path, form, "try", "who", "ada")
		several.want(t, 200, "Which of these?", "ada@example.com", "adam@example.com")
		s.press(path, several, "try-2").want(t, 200, "Assumed: a contact is subscribed (confirmed) through Shop", "The contact is adam@example.com", "It would start")
		otto := s.press(path, form, "try", "who", "otto")
		otto.want(t, 200, "It would start", "What it would get", `"event_type": "contact.subscribed"`, `"email_address": "otto@example.com"`, `"status": "SUBSCRIBED"`, `"vip"`, `"name": "To the CRM"`)
		otto.wantNot(t, "already")
		s.press(path, form, "try", "who", "solene").want(t, 200, "This contact is subscribed already.", "If it happened, it would start")
		s.press(path, form, "try-999999").want(t, 200, "This contact does not exist any more.")
		alarm := s.storeAutomation("Alarm", fmt.Sprintf(`{"triggers":[{"type":"webhook_silent"}],"steps":[{"type":"call","destination_id":%d}]}`, crm.ID))
		form = s.get(alarm + "/edit")
		form.want(t, 200, "It needs no contact")
		s.press(alarm, form, "try").want(t, 200, "Assumed: the webhook Shop falls silent", "It would start", `"event_type": "webhook.silent"`, `"name": "Shop"`)
		till, club := s.createWebhook("name", "Till", "type", "SUBSCRIBED"), s.createWebhook("name", "Club", "type", "SUBSCRIBED")
		chosen := s.press(alarm, s.get(alarm+"/edit"), "try", "about", itoa(till.ID))
		chosen.want(t, 200, "Assumed: the webhook Till falls silent", `"name": "Till"`)
		s.press(alarm, chosen, "try").want(t, 200, "Assumed: the webhook Till falls silent")
		s.press(alarm, form, "try", "about", "999").want(t, 200, "Assumed: the webhook Shop falls silent")
		some := s.storeAutomation("Some", fmt.Sprintf(`{"triggers":[{"type":"webhook_failing","webhook_ids":[%d,%d]}],"steps":[{"type":"call","destination_id":%d}]}`, till.ID, club.ID, crm.ID))
		s.press(some, s.get(some+"/edit"), "try", "about", itoa(hook.ID)).want(t, 200, "Assumed: the webhook Till fails")
		gone := s.storeAutomation("Gone", fmt.Sprintf(`{"triggers":[{"type":"contact_deleted"}],"steps":[{"type":"add_tag","tag_id":%d},{"type":"call","destination_id":%d},{"type":"only_if","rule":{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}}]}`, tag.ID, crm.ID))
		tried := s.press(gone, s.get(gone+"/edit"), "try", "who", "otto@example.com")
		tried.want(t, 200, "there is nothing to change", "email_address_sha256", "There is no contact that its condition could look at.")
		tried.wantNot(t, `"email_address"`)
	})
}

// TestTheListOfAutomationsIsSearched fills more than a page, searches it, and names what needs a repair in the navigation.
func TestTheListOfAutomationsIsSearched(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag := s.addTag("vip")
		for i := range 58 {
			s.addAutomation(fmt.Sprintf("Auto %d", i+1))
		}
		s.storeAutomation("Mark", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"add_tag","tag_id":%d}]}`, tag.ID))
		s.post("/w/books/automations", "name", "Resting", "definition", `{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":1}]}`).want(t, 303)
		list := s.get("/w/books/automations")
		list.inThisOrder(t, "Auto 1 When", "Auto 2 When", "Auto 10 When", "60 automations", "Next")
		list.wantNot(t, "Auto 51 When", "need a repair")
		second := s.get("/w/books/automations?page=2")
		second.want(t, 200, "Auto 51 When", "Resting", "Previous")
		s.get("/w/books/automations?q=auto+5").want(t, 200, "Auto 5 When", "Auto 58 When", "10 of 60 automations")
		s.get("/w/books/automations?q=THE+TAG").want(t, 200, "Mark", "1 of 60 automations")
		off := s.get("/w/books/automations?show=off")
		off.want(t, 200, "Resting", "1 of 60 automations")
		off.wantNot(t, "Auto 1 When")
		s.get("/w/books/automations?show=look").want(t, 200, "No automation matches.", "Show all 60")
		s.get("/w/books/automations?show=nonsense&page=-3&q=%00").want(t, 200, "Auto 1")
		s.post("/w/books/tags/"+itoa(tag.ID)+"/delete", "force", "1").want(t, 303)
		s.get("/w/books/automations?show=look").want(t, 200, "1 of 60 automations", "Mark", "1 of 60 need a repair")
		s.get("/w/books/contacts").want(t, 200, "1 of 60 need a repair")
	})
}

// TestTwoAutomationsHaveTwoNames refuses a name that is taken, and copies twice.
func TestTwoAutomationsHaveTwoNames(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		wait := `{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":1}]}`
		path := s.storeAutomation("Welcome", wait)
		s.post("/w/books/automations", "name", "WELCOME", "definition", wait).want(t, 422, "There is an automation with this name already.")
		other := s.storeAutomation("Other", wait)
		s.press(other, s.get(other+"/edit"), "save", "name", "Welcome").want(t, 422, "There is an automation with this name already.")
		s.follow(s.post(path+"/copy")).want(t, 200, "Welcome (copy)")
		s.follow(s.post(path+"/copy")).want(t, 200, "Welcome (copy 2)")
	})
}

// TestThePageOfAnAutomationListsWhatItUses follows its links.
func TestThePageOfAnAutomationListsWhatItUses(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag, crm := s.addTag("vip"), s.addDestination("CRM")
		city := s.addMergeTag(models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText})
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.storeAutomation("Uses all", fmt.Sprintf(`{"triggers":[{"type":"contact_created","webhook_ids":[%d]}],"steps":[{"type":"add_tag","tag_id":%d},{"type":"set_field","field_id":%d,"value":"Wien"},{"type":"call","destination_id":%d}]}`, hook.ID, tag.ID, city.ID, crm.ID))
		page := s.get(path)
		page.wantLink(t, "Webhook Shop", "/w/books/webhooks/"+itoa(hook.ID))
		page.wantLink(t, "Tag vip", "/w/books/contacts?tag="+itoa(tag.ID))
		page.wantLink(t, "Merge tag City", "/w/books/merge-tags/"+itoa(city.ID)+"/edit")
		page.wantLink(t, "Destination CRM", "/w/books/destinations/"+itoa(crm.ID))
	})
}

// TestTheFirstAutomationStartsFromASentence opens each sentence of the empty list.
func TestTheFirstAutomationStartsFromASentence(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		page := s.get("/w/books/automations")
		page.want(t, 200, "First add a destination", "E-mail is not set up on this server. Ask the person who runs it.")
		s.addDestination("CRM")
		s.get("/w/books/automations").wantHref(t, "/w/books/automations/new?start=call")
		s.server.Config.Mail = true
		s.get("/w/books/automations").wantHref(t, "/w/books/automations/new?start=alarm")
		s.get("/w/books/automations/new?start=alarm").want(t, 200, "When any webhook fails far more than usual , or any webhook falls silent : tell")
	})
}

// TestTheAuditLogSaysWhatAnAutomationDid creates, changes and deletes an automation, and reads what the log says.
func TestTheAuditLogSaysWhatAnAutomationDid(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		tag := s.addTag("vip")
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.storeAutomation("VIP mark", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"rule":{"condition":"AND","filters":[{"type":"email","operator":"eq","value":"ada@example.com"}]},"steps":[{"type":"wait","minutes":60},{"type":"add_tag","tag_id":%d}]}`, tag.ID))
		log := func() answer { return s.get("/w/books/settings/audit-log?kind=automation") }
		log().want(t, 200, "created the automation", "What it does", "add the tag vip", "…@", "On")
		log().wantNot(t, "ada@example.com")
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.automate(0)
		s.press(path, s.get(path+"/edit"), "save", "step.0.amount", "2", "by_hand", "1").want(t, 303)
		log().want(t, 200, "wait 1 hour; add the tag vip.", "wait 2 hours; add the tag vip.", "Changes by people and imports", "start it too", "Version")
		s.post(path+"/delete").want(t, 303)
		log().want(t, 200, "deleted the automation", "Runs that ended", "1")
	})
}

package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/automations"
	"campaignlark/models"

	"gorm.io/gorm"
)

// TestAnAutomationsFiguresLeadToItsRuns counts runs by step and state, and follows the figures.
func TestAnAutomationsFiguresLeadToItsRuns(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		path := s.addAutomation("Welcome")
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.callJSON(hook, `{"email_address":"otto@example.com"}`)
		s.automate(time.Second)
		page := s.get(path)
		page.want(t, 200, "Where people are", "Under way 2", "Failed 0", "All 2", "Step 1, until", "2 runs")
		page.wantHref(t, path+"?state=waiting&step=1#runs")
		s.get(path+"?state=waiting&step=1").want(t, 200, "Only those at step 1, “Wait 1 hour”.", "ada@example.com", "otto@example.com")
		s.get(path+"?state=failed&step=1").want(t, 200, "No runs here.")
		for _, odd := range []string{"?state=waiting&step=99", "?state=nonsense&step=-1", "?state=done&step=gone", "?before=x&step=0&state=stopped"} {
			s.get(path+odd).want(t, 200, "Welcome")
		}
		form := s.get(path + "/edit")
		s.post(path, append(typed(form, "step.0.amount", "3"), "do", "save-on")...).want(t, 303)
		s.get(path).want(t, 200, "2 runs still finish version 1", "Version 2")
	})
}

// TestAFailedRunIsTriedAgain fails runs by deleting a tag, sees what is left to do, and lets them go on after the repair.
func TestAFailedRunIsTriedAgain(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		trial, other := s.addTag("trial"), s.addTag("other")
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		step := func(tag models.Tag) string {
			return fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"id":1,"type":"wait","minutes":60},{"id":2,"type":"add_tag","tag_id":%d},{"id":3,"type":"wait","minutes":60}]}`, tag.ID)
		}
		path := strings.Split(s.post("/w/books/automations", "name", "Welcome", "enabled", "1", "definition", step(trial)).header.Get("Location"), "?")[0]
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.callJSON(hook, `{"email_address":"otto@example.com"}`)
		s.automate(time.Second)
		s.post("/w/books/tags/"+itoa(trial.ID)+"/delete", "force", "1").want(t, 303)
		s.automate(2 * time.Hour)
		var failed []models.AutomationRun
		s.write(func(tx *gorm.DB) error { return tx.Where("state = 'failed'").Find(&failed).Error })
		if len(failed) != 2 {
			t.Fatalf("got %+v, want two failed runs", failed)
		}
		run := "/w/books/runs/" + failed[0].ID.String()
		s.get(run).want(t, 200, "Failed at step 2: The tag “trial” was deleted.", "Try again", "Edit the automation", "not reached", "Wait 1 hour")
		s.follow(s.post(run+"/retry")).want(t, 200, "It would fail again.")
		s.get(path+"?state=failed").want(t, 200, "Try all again…")
		s.get(path+"/retry").want(t, 200, "Try 2 failed runs of “Welcome” again?")
		s.follow(s.post(path+"/retry")).want(t, 200, "0 runs go on. 2 runs cannot go on. It would fail again.")
		form := s.get(path + "/edit")
		s.post(path, append(typed(form, "step.1.of", itoa(other.ID)), "do", "save-on")...).want(t, 303)
		s.follow(s.post(run+"/retry")).want(t, 200, "The run goes on at the step where it failed.", "Under way")
		s.follow(s.post(path+"/retry")).want(t, 200, "1 run goes on.")
		s.automate(2 * time.Hour)
		s.get(run).want(t, 200, "Waiting at step 3, until", "was added", "not yet")
		s.get(path+"/retry").want(t, 200, "No run has failed, so there is nothing to try again.")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "viewer@example.com", models.RoleViewer)))
		viewer.post(run+"/retry").want(t, 403)
		viewer.post(path+"/retry").want(t, 403)
		viewer.get(run).wantNot(t, "Try again")
	})
}

// TestOnlyAdminsAreOfferedANewDestination opens the empty list of automations as people who may and may not create a destination.
func TestOnlyAdminsAreOfferedANewDestination(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/automations").wantHref(t, "/w/books/destinations/new")
		manager := s.as(s.signIn(s.addMember(s.workspace, "mara@example.com", models.RoleManager)))
		page := manager.get("/w/books/automations")
		page.want(t, 200, "First an admin of the workspace adds a destination")
		if strings.Contains(page.body, "/destinations/new") {
			t.Error("a manager is offered a page that only admins may open")
		}
	})
}

// TestALongWaitNamesItsYear lets a run wait for a year.
func TestALongWaitNamesItsYear(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		d, err := automations.Parse(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":527040}]}`)
		if err != nil {
			t.Fatal(err)
		}
		a, err := automations.Store{DB: s.db, Now: s.server.now}.Create(t.Context(), s.workspace.ID, 0, "Birthday", d, true)
		if err != nil {
			t.Fatal(err)
		}
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.automate(time.Second)
		s.get("/w/books/automations/"+itoa(a.ID)).want(t, 200, s.server.now().In(s.workspace.Location()).Add(366*24*time.Hour+time.Second).Format("until Mon 2 January 2006, "))
	})
}

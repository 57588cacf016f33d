package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// TestTheTeamIsChosenByClicking builds an automation that tells two members, sees what a run did, and why a mail did not arrive.
func TestTheTeamIsChosenByClicking(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		s.server.Config.Mail = true
		otto, jo := s.addMember(s.workspace, "otto@books.example", models.RoleViewer), s.addMember(s.workspace, "jo@books.example", models.RoleManager)
		s.addMember(s.addWorkspace("music"), "eve@music.example", models.RoleAdmin)
		hook := s.createWebhook("name", "Shop", "type", "SUBSCRIBED")
		page := s.post("/w/books/automations", append(typed(s.get("/w/books/automations/new"), "next", "tell_team"), "do", "add-step")...)
		page.want(t, 200, "Tell the team", "otto@books.example", "jo@books.example", "at most once an hour")
		page.wantNot(t, "eve@music.example", "cannot be chosen")
		page = s.post("/w/books/automations", append(typed(page, "name", "News"), "do", "save-on")...)
		page.want(t, 422, "Please choose who is told.")
		made := s.post("/w/books/automations", append(typed(page), "step.0.to", itoa(otto.ID), "step.0.to", itoa(jo.ID), "do", "save-on")...)
		s.follow(made).want(t, 200, "It is on.", "tell", "jo@books.example", "and", "otto@books.example", "by e-mail")
		path := strings.Split(made.header.Get("Location"), "?")[0]
		edit := s.get(path + "/edit")
		s.follow(s.post(path, append(typed(edit), "do", "save")...)).want(t, 200, "and", "otto@books.example")
		s.callJSON(hook, `{"email_address":"ada@example.com"}`)
		s.automate(time.Second)
		var run models.AutomationRun
		if err := s.db.Read(t.Context()).Take(&run).Error; err != nil {
			t.Fatal(err)
		}
		s.get("/w/books/runs/"+run.ID.String()).want(t, 200, "Done", "Will be told by e-mail: jo@books.example and otto@books.example.", "jo@books.example is told in a moment.")
		s.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE team_mails SET waiting = 0, last_sent_at = ? WHERE user_id = ?", models.Instant(s.server.now().Add(time.Minute)), otto.ID).Error
		})
		s.get("/w/books/runs/"+run.ID.String()).want(t, 200, "otto@books.example was told today", "jo@books.example is told in a moment.")
		s.get(path).wantNot(t, "did not arrive")
		s.write(func(tx *gorm.DB) error {
			return tx.Model(&models.TeamMail{}).Where("user_id = ?", jo.ID).Updates(map[string]any{"problem": "refused", "waiting": 0}).Error
		})
		s.get("/w/books/runs/"+run.ID.String()).want(t, 200, "jo@books.example could not be told: the mail server refuses the address or the mail.")
		s.get(path).want(t, 200, "An e-mail did not arrive.", "jo@books.example could not be told: the mail server refuses the address or the mail.")
	})
}

// TestWithoutAMailServerNobodyCanBeTold says why, in the builder, to a script, and at an automation from before.
func TestWithoutAMailServerNobodyCanBeTold(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		otto := s.addMember(s.workspace, "otto@books.example", models.RoleAdmin)
		const why = "E-mail is not set up on this server. Ask the person who runs it."
		page := s.get("/w/books/automations/new")
		page.want(t, 200, "“Tell the team” cannot be chosen. "+why)
		if strings.Contains(page.body, `value="tell_team"`) {
			t.Error("the step can be chosen, want that it cannot")
		}
		definition := fmt.Sprintf(`{"triggers":[{"type":"webhook_silent"}],"steps":[{"type":"tell_team","user_ids":[%d]}]}`, otto.ID)
		s.post("/w/books/automations", "name", "News", "definition", definition).want(t, 422, why)
		s.server.Config.Mail = true
		s.post("/w/books/automations", "name", "News", "definition", strings.Replace(definition, "]}]", ",999]}]", 1)).want(t, 422, "One of these people is not a member")
		made := s.post("/w/books/automations", "name", "News", "enabled", "1", "definition", definition)
		made.want(t, 303)
		s.server.Config.Mail = false
		path := strings.Split(made.header.Get("Location"), "?")[0]
		s.get(path).want(t, 200, "It starts nothing until it is repaired.", why)
		s.get(path+"/edit").want(t, 200, why, "otto@books.example")
	})
}

package automations_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/automations"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// member adds a member to the workspace.
func (w *world) member(email, name string) models.User {
	w.t.Helper()
	user := models.User{Email: email, Name: name, CreatedAt: w.now()}
	w.write(func(tx *gorm.DB) error {
		if err := tx.Create(&user).Error; err != nil {
			return err
		}
		return tx.Create(&models.Membership{WorkspaceID: w.ws.ID, UserID: user.ID, Role: models.RoleManager, CreatedAt: w.now()}).Error
	})
	return user
}

// sendsMail gives the program a mail server, or takes it away.
func (w *world) sendsMail(yes bool) { w.store.Mail, w.runner.Mail = yes, yes }

// TestTheTeamIsTold tells two members of calls and of a webhook that fails, in the words of the event and without anything of the contact.
func TestTheTeamIsTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.sendsMail(true)
		ines, otto := w.member("ines@books.example", "Ines"), w.member("otto@books.example", "")
		a := w.automate("Welcome", fmt.Sprintf(`{"triggers":[{"type":"contact_subscribed_confirmed"},{"type":"tag_added"}],"steps":[{"type":"tell_team","user_ids":[%d,%d]}]}`, ines.ID, otto.ID))
		for _, name := range []string{"ada", "eve", "jo"} {
			w.call(models.TypeSubscribed, `{"email_address":"`+name+`@example.com","city":"Geheimstadt"}`)
		}
		w.work()
		mails := rowsOf[models.TeamMail](w, "user_id")
		if len(mails) != 2 {
			t.Fatalf("got %+v, want one row for each member", mails)
		}
		for i, m := range mails {
			if m.UserID != []models.User{ines, otto}[i].ID || m.AutomationID != a.ID || m.Waiting != 3 || m.Words != "a contact is subscribed (confirmed) through SUBSCRIBED" {
				t.Errorf("got %+v, want three times, in the words of the event", m)
			}
		}
		story, err := w.store.Run(t.Context(), w.ws.ID, rowsOf[models.AutomationRun](w, "id")[0].ID)
		if err != nil || story.State != models.RunDone || story.Steps[1].Told.Words != "Will be told by e-mail: Ines and otto@books.example." {
			t.Errorf("got the story %+v (%v)", story, err)
		}
	})
}

// TestWhoCannotBeToldIsNotTold has members leave, and the mail server taken away, while a run waits.
func TestWhoCannotBeToldIsNotTold(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.sendsMail(true)
		ines, otto := w.member("ines@books.example", "Ines"), w.member("otto@books.example", "Otto")
		admin := w.member("admin@books.example", "")
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE memberships SET role = 'admin' WHERE user_id = ?", admin.ID).Error
		})
		w.automate("Welcome", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[{"type":"wait","minutes":60},{"type":"tell_team","user_ids":[%d,%d]}]}`, ines.ID, otto.ID))
		call := func(name string) {
			w.call(models.TypeSubscribed, `{"email_address":"`+name+`@example.com"}`)
			w.work()
		}
		leave := func(u models.User) {
			if err := db.RemoveMember(t.Context(), w.ws.ID, admin.ID, u.ID, w.now()); err != nil {
				t.Fatal(err)
			}
		}
		told := func() (names []int64) {
			for _, m := range rowsOf[models.TeamMail](w, "user_id") {
				names = append(names, m.UserID)
			}
			return names
		}
		call("ada")
		leave(ines)
		w.later(time.Hour)
		w.work()
		if got := told(); len(got) != 1 || got[0] != otto.ID {
			t.Fatalf("got %v, want only the one who stayed", got)
		}
		call("eve")
		call("jo")
		w.sendsMail(false)
		w.later(time.Hour)
		w.work()
		leave(otto)
		if got := told(); len(got) != 0 {
			t.Errorf("got %v, want nothing for who left", got)
		}
		if states := w.runs(); len(states) != 3 || states[1] != models.RunDone {
			t.Errorf("got %v, want runs that go on without mail", states)
		}
		steps := rowsOf[models.RunStep](w, "run_id, number")
		if last := steps[len(steps)-1]; last.Result != automations.ResultNothing {
			t.Errorf("got %+v, want that nobody was told", last)
		}
	})
}

// TestAStepThatTellsIsChecked says what is wrong with it, in words.
func TestAStepThatTellsIsChecked(t *testing.T) {
	t.Parallel()
	things := automations.Things{Mail: true, Members: []store.Member{{UserID: 1, Email: "ines@books.example", Name: "Ines"}, {UserID: 2, Email: "otto@books.example"}, {UserID: 3, Name: "Jo"}}}
	for ids, want := range map[string]string{
		"[]": "Please choose who is told.", "[9]": "None of these people is a member", "[1]": "", "[1,9]": "",
		"[" + strings.Repeat("1,", 100) + "1]": "At most 100 people",
	} {
		d, err := automations.Parse(`{"triggers":[{"type":"webhook_silent"}],"steps":[{"type":"tell_team","user_ids":` + ids + `}]}`)
		if err != nil {
			t.Fatal(err)
		}
		problems := d.Check(things)
		if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || problems[0].Place != "step-0" || !strings.Contains(problems[0].Message, want)) {
			t.Errorf("%s: got %v, want %q", ids, problems, want)
		}
		if ids == "[1]" {
			if problems := d.Check(automations.Things{Members: things.Members}); len(problems) != 1 || !strings.Contains(problems[0].Message, "E-mail is not set up") {
				t.Errorf("got %v, want that e-mail is not set up", problems)
			}
		}
		if got := d.Steps[0].Strangers(things); got != strings.Contains(ids, "9") {
			t.Errorf("%s: got %v, want whether there is a stranger", ids, got)
		}
	}
	words := func(ids ...int64) (text string) {
		for _, p := range (automations.Step{Type: automations.StepTellTeam, UserIDs: ids}).Words(things) {
			text += p.Text
		}
		return text
	}
	for want, ids := range map[string][]int64{"tell Ines, otto@books.example and Jo by e-mail": {3, 2, 1}, "tell Ines by e-mail": {1, 9}, "tell … by e-mail": nil, "tell somebody who left by e-mail": {9}} {
		if got := words(ids...); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

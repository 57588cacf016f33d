package handlers

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"

	"gorm.io/gorm"
)

// TestRefusedCallsAreReplayed does what a manager does after a sender has used another name for the address: the reading is mended, the refused
// calls are replayed. People who left since the calls are not subscribed again.
func TestRefusedCallsAreReplayed(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed, "club")
		off, del := s.addWebhook(models.TypeUnsubscribed), s.addWebhook(models.TypeDelete)
		for _, address := range []string{"arya@example.com", "bran@example.com", "cersei@example.com", "davos@example.com"} {
			s.callJSON(w, `{"mail":"`+address+`"}`).wantEnvelope(t, 400, "Please provide an email address in the webhook data.")
		}
		s.callJSON(w, `{"mail":"nobody"}`)
		first := s.logged()[0].ID.String()
		for _, address := range []string{"bran@example.com", "cersei@example.com"} { // they come in another way, and leave
			s.callJSON(w, `{"email_address":"`+address+`"}`).want(t, 200)
		}
		s.callJSON(off, `{"email_address":"bran@example.com"}`).want(t, 200)
		s.callJSON(del, `{"email_address":"cersei@example.com"}`).want(t, 200)

		path, _ := senders.ParsePath("mail")
		s.configure(w, senders.Settings{Mapping: &senders.Mapping{Address: []senders.Path{path}}}, "")
		list := "/w/books/requests?outcome=failed&webhook=" + itoa(w.ID)
		s.get(list).want(t, 200, "5 requests", "Replay these calls")
		ask := s.get("/w/books/requests/replay?outcome=failed&webhook=" + itoa(w.ID))
		ask.want(t, 200, "Replay 5 calls?", "Tried with all of them. Nothing was changed.", "2 New contact", "1 Kept unsubscribed", "1 Kept erased", "1 The address is not valid", "People who unsubscribed or were erased after a call stay so")
		if s.contact("arya@example.com") != nil {
			t.Fatal("the question has changed something")
		}
		job := s.post("/w/books/requests/replay", "outcome", "failed", "webhook", itoa(w.ID))
		s.follow(job).want(t, 200, "The replay has started.", "Under way")
		s.follow(s.post("/w/books/requests/replay", "outcome", "failed", "webhook", itoa(w.ID))).want(t, 200, "These calls are being replayed already.")
		s.work()
		s.get(job.header.Get("Location")).want(t, 200, "Done", "5 calls were replayed.", "New contact 2", "Kept erased 1", "Kept unsubscribed 1", "The address is not valid 1", "Events Not fired", "failed")

		if c := s.contact("arya@example.com"); c == nil || c.Status != models.StatusSubscribed {
			t.Errorf("got %+v for the refused call, want a contact", c)
		}
		if c := s.contact("bran@example.com"); c == nil || c.Status != models.StatusUnsubscribed {
			t.Errorf("got %+v, want that who unsubscribed since stays so", c)
		}
		if c := s.contact("cersei@example.com"); c != nil {
			t.Errorf("got %+v, want that who was erased since stays so", c)
		}
		replays, events := 0, 0
		for _, row := range s.logged() {
			if row.ReplayOf != nil {
				replays++
				if row.Fired() != "" {
					events++
				}
			}
		}
		if replays != 5 || events != 0 {
			t.Errorf("got %d replays and %d events, want 5 and none", replays, events)
		}
		s.get("/w/books/settings/audit-log").want(t, 200, "replayed requests:", "failed")
		s.follow(s.post("/w/books/requests/replay", "id", first, "events", "1")).want(t, 200, "The replay has started.")
		s.work()
		s.get("/w/books/requests/"+first).want(t, 200, "Replayed 2 times: the last replay", "Replay")
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "This is a replay: the first call")
		if last := s.logged()[len(s.logged())-1]; last.ReplayOf == nil || last.ReplayOf.String() != first || last.Outcome != models.OutcomeUpdated {
			t.Errorf("got %+v, want the ticked call once more", last)
		}
	})
}

// TestFailuresAreGrouped looks at the dashboard's groups: by webhook and cause, put aside until the next failure, and gone after a replay that
// mended all of them.
func TestFailuresAreGrouped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w, off := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnsubscribed)
		for range 3 {
			s.callJSON(w, `{"mail":"arya@example.com"}`).want(t, 400)
		}
		s.callJSON(off, `{"email_address":"arya@example.com"}`).want(t, 404)
		s.get("/w/books").want(t, 200, "No e-mail address was sent", "No such contact", "Replay", "Put aside")
		s.follow(s.post("/w/books/failures/dismiss", "webhook", itoa(off.ID), "outcome", "no_contact")).want(t, 200, "Put aside. The group comes back")
		s.get("/w/books").wantNot(t, "No such contact")
		s.get(s.webhookPath(off, "")).want(t, 200, "Put aside; it comes back if another call fails in this way.", "Bring back")
		aside := []string{"webhook", itoa(off.ID), "outcome", "no_contact", "back", "webhook"}
		s.follow(s.post("/w/books/failures/dismiss", append(aside, "return", "1")...)).want(t, 200, "Brought back. The dashboard shows the group again.", "Put aside")
		s.get("/w/books").want(t, 200, "No such contact")
		s.get("/w/books/settings/audit-log").want(t, 200, "brought back failed calls of the webhook")
		s.follow(s.post("/w/books/failures/dismiss", aside...)).want(t, 200, "Bring back")
		s.post("/w/books/failures/dismiss", "webhook", itoa(off.ID), "outcome", "created").want(t, 422)
		again := []string{"/w/books/requests/replay", "outcome", "no_address", "webhook", itoa(w.ID)}
		s.post(again[0], again[1:]...).want(t, 303)
		s.work()
		s.get("/w/books").want(t, 200, "No e-mail address was sent", "4 failed in the last 24 hours") // a replay that fails again is no further call
		path, _ := senders.ParsePath("mail")
		s.configure(w, senders.Settings{Mapping: &senders.Mapping{Address: []senders.Path{path}}}, "")
		s.post(again[0], again[1:]...).want(t, 303)
		s.work()
		s.get("/w/books").want(t, 200, "No failed call waits for you.")
		s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer))).get("/w/books").wantNot(t, "Put aside")
	})
}

// TestWhatWasPutRightIsNotReplayedAgain replays one of three refused calls, then all of them, and then again. A call that was put right is left
// out, replays are never replayed, and no figure counts them.
func TestWhatWasPutRightIsNotReplayedAgain(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		var ids []string
		for _, address := range []string{"arya@example.com", "bran@example.com", "cersei@example.com"} {
			s.callJSON(w, `{"mail":"`+address+`"}`).want(t, 400)
			ids = append(ids, s.lastCall())
		}
		ask, again := "/w/books/requests/replay?outcome=no_address&webhook="+itoa(w.ID), []string{"outcome", "no_address", "webhook", itoa(w.ID)}
		s.follow(s.post("/w/books/requests/replay", again...)).want(t, 200)
		s.work() // they fail again, so all are still to be put right
		s.later(time.Second)
		s.get(ask).want(t, 200, "Replay 3 calls?", "3 calls that match are left out: they are replays themselves.")
		path, _ := senders.ParsePath("mail")
		s.configure(w, senders.Settings{Mapping: &senders.Mapping{Address: []senders.Path{path}}}, "")
		s.post("/w/books/requests/replay", "id", ids[0]).want(t, 303)
		s.work()
		s.later(time.Second)
		s.get("/w/books/requests/replay?id="+ids[0]).want(t, 200, "Replay 1 call?", "An earlier replay has done this call already.")
		s.get("/w/books/requests/replay?id="+ids[0]+"&id="+ids[1]).want(t, 200, "Replay 2 calls?", "1 of them an earlier replay has done already.")
		s.get(ask).want(t, 200, "Replay 2 calls?", "4 calls that match are left out: an earlier replay has done 1 of them, and 3 are replays.")
		job := s.post("/w/books/requests/replay", again...).header.Get("Location")
		s.work()
		s.get(job).want(t, 200, "2 calls were replayed. 2 did what the webhook is for.")
		s.later(time.Second)
		s.get(ask).want(t, 200, "Nothing to replay", "6 calls that match are left out")
		s.get("/w/books/requests/replay?webhook="+itoa(w.ID)).want(t, 200, "Nothing to replay", "9 calls that match are left out")
		s.post("/w/books/requests/replay", "webhook", itoa(w.ID)).want(t, 200, "Nothing to replay")
		if replays, originals := s.replays(); replays != 6 || originals != 3 {
			t.Errorf("got %d replays of %d calls, want 6 of 3", replays, originals)
		}

		s.get("/w/books/requests").want(t, 200, "9 requests", "New contact · replay", "No e-mail address was sent · replay")
		s.get("/w/books/requests?replays=no").want(t, 200, "3 requests", "Without replays")
		s.get("/w/books/requests?replays=no").wantNot(t, "· replay")
		last := s.lastCall()
		s.get("/w/books/requests/"+last).want(t, 200, "This is a replay: the first call")
		s.get("/w/books/requests/"+last).wantNot(t, "Replay ")
		s.get("/w/books/requests/replay?id="+last).want(t, 200, "1 Cannot be replayed: It is a replay.")
		s.get("/w/books").want(t, 200, "3 calls in the last 48 hours, 3 failed", "No failed call waits for you.", "SUBSCRIBED 3 3")
		s.get("/w/books/webhooks/"+itoa(w.ID)).want(t, 200, "3 calls in the last 24 hours, 3 failed")
		s.get("/w/books/webhooks/"+itoa(w.ID)).wantNot(t, "Waiting for")
	})
}

// TestAGroupThatWasPutRightIsPutAside replays the only call of a group of failures by itself. The dashboard does not show the group any more. If
// it was replayed before what is put right was counted, the question about the group offers to put it aside.
func TestAGroupThatWasPutRightIsPutAside(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"mail":"arya@example.com"}`).want(t, 400)
		path, _ := senders.ParsePath("mail")
		s.configure(w, senders.Settings{Mapping: &senders.Mapping{Address: []senders.Path{path}}}, "")
		s.post("/w/books/requests/replay", "id", s.lastCall()).want(t, 303)
		s.work()
		s.later(time.Second)
		group := "/w/books/requests/replay?outcome=no_address&webhook=" + itoa(w.ID)
		s.get("/w/books").want(t, 200, "No failed call waits for you.")
		s.get(group).want(t, 200, "Nothing to replay", "The dashboard does not show the group any more.")
		s.write(func(tx *gorm.DB) error { return tx.Exec("DELETE FROM righted_calls").Error })
		s.get("/w/books").want(t, 200, "No e-mail address was sent")
		asked := s.get(group)
		asked.want(t, 200, "Nothing to replay", "1 call that matches is left out", "The dashboard shows this group until you put it aside.", "Put aside")
		s.get(group+"&method=POST").wantNot(t, "Put aside")
		fields := formFields(asked.body)
		s.follow(s.post("/w/books/failures/dismiss", "webhook", fields.Get("webhook"), "outcome", fields.Get("outcome"))).want(t, 200, "No failed call waits for you.")
	})
}

// TestAReplayThatErasesCounts replays a call of a webhook that erases: the dashboard counts who was erased.
func TestAReplayThatErasesCounts(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeDelete)
		s.addContact(1, "bran@example.com", nil)
		s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 404)
		s.addContact(2, "arya@example.com", func(c *models.Contact) { *c.SubscribedAt = c.SubscribedAt.Add(-time.Hour) })
		s.post("/w/books/requests/replay", "webhook", itoa(w.ID)).want(t, 303)
		s.work()
		s.get("/w/books").want(t, 200, "1 in all", "Erased 1 in 30 days")
	})
}

// manyCalls logs n more calls like the newest one, and returns how many there are now.
func (s *site) manyCalls(n int) int {
	all := s.logged()
	row := all[len(all)-1]
	var rows []models.WebhookRequest
	for range n {
		row.ID = models.NewID(s.server.now())
		rows = append(rows, row)
	}
	s.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error })
	return len(all) + n
}

// replays returns how many calls repeat others, and how many calls they repeat.
func (s *site) replays() (replays, originals int) {
	of := map[string]bool{}
	for _, row := range s.logged() {
		if row.ReplayOf != nil {
			replays++
			of[row.ReplayOf.String()] = true
		}
	}
	return replays, len(of)
}

// TestAReplayIsPausedAndStopped pauses a replay while its first calls are being sent, lets another program find it, resumes it, and stops it
// while more calls are being sent. Each call is repeated once at most, and the page counts exactly those.
func TestAReplayIsPausedAndStopped(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 200)
		all := s.manyCalls(1700)
		page := s.post("/w/books/requests/replay", "webhook", itoa(w.ID)).header.Get("Location")
		s.get(page).want(t, 200, "Under way", "Pause", "Stop")
		press := func(button string) func() {
			return func() { s.follow(s.post(page+"/"+button)).want(t, 200) }
		}
		runner := jobs.New(s.db, s.server.Log, s.server.Now)
		runner.Intake = s.server.Intake
		pressed := s.during(1, press("pause"))
		if _, err := runner.Turn(t.Context()); err != nil || !pressed() {
			t.Fatal("the replay was not paused while it ran", err)
		}
		before, originals := s.replays()
		if before == 0 || before == all || originals != before {
			t.Fatalf("got %d replays of %d calls, want some of %d once", before, originals, all)
		}
		paused := s.get(page)
		paused.want(t, 200, "Paused", views.Count(int64(before))+" of "+views.Count(int64(all))+" calls", "Resume", "Stop")
		paused.wantNot(t, "Under way")
		s.follow(s.post("/w/books/requests/replay", "webhook", itoa(w.ID))).want(t, 200, "It is paused: resume it to go on.")
		s.follow(s.post(page+"/pause")).want(t, 200, "It was not running any more when you pressed Pause.")
		s.work() // another program
		if after, _ := s.replays(); after != before {
			t.Fatalf("got %d replays while it was paused, want %d", after, before)
		}

		s.later(20 * time.Minute)
		s.follow(s.post(page+"/resume")).want(t, 200, "Resumed.", "Under way")
		s.follow(s.post(page+"/resume")).want(t, 200, "It was not paused any more")
		runner = jobs.New(s.db, s.server.Log, s.server.Now)
		runner.Intake = s.server.Intake
		pressed = s.during(1, press("stop"))
		if _, err := runner.Turn(t.Context()); err != nil || !pressed() {
			t.Fatal("the replay was not stopped while it ran", err)
		}
		after, originals := s.replays()
		if after <= before || after == all || originals != after {
			t.Errorf("got %d replays of %d calls, want more than %d of %d, each once", after, originals, before, all)
		}
		rows := s.logged()
		if last := models.IDTime(rows[len(rows)-1].ID); last.Before(s.server.now().Add(-10 * time.Minute)) {
			t.Errorf("the last call seems to have come at %v, before the pause", last)
		}
		stopped := s.get(page)
		stopped.want(t, 200, "Stopped", views.Count(int64(after))+" calls were replayed. "+views.Count(int64(after))+" did what the webhook is for.")
		stopped.wantNot(t, "Resume", "Pause")
	})
}

func TestOnlyReplaysCanBePaused(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		j := s.addJob(models.NewJob(s.workspace.ID, s.user.ID, models.JobBulk, struct{}{}))
		s.get("/w/books/jobs/"+itoa(j.ID)).wantNot(t, "Pause")
		s.post("/w/books/jobs/"+itoa(j.ID)+"/pause").want(t, 422, "This work cannot be paused.")
		replay := s.addJob(models.NewJob(s.workspace.ID, s.user.ID, models.JobReplay, struct{}{}))
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/jobs/"+itoa(replay.ID)).wantNot(t, "Pause")
		viewer.post("/w/books/jobs/"+itoa(replay.ID)+"/pause").want(t, 403)
		viewer.post("/w/books/jobs/"+itoa(replay.ID)+"/resume").want(t, 403)
	})
}

// TestAReplayThatIsKilledRepeatsNothing runs the same stretch of a replay twice, as after a program that died before it noted the first run.
func TestAReplayThatIsKilledRepeatsNothing(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeUnsubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 404)
		s.addContact(1, "arya@example.com", func(c *models.Contact) { *c.SubscribedAt = c.SubscribedAt.Add(-time.Hour) })
		s.post("/w/books/requests/replay", "events", "1").want(t, 303)
		var before models.Job
		if _, err := jobs.New(s.db, s.server.Log, s.server.Now).Turn(t.Context()); err == nil { // it fixes the time of the stretch, and cannot send it
			t.Fatal("a program without an intake has replayed calls")
		}
		if err := s.db.Read(t.Context()).Where("kind = ?", models.JobReplay).Take(&before).Error; err != nil {
			t.Fatal(err)
		}
		before.Holder, before.Tries, before.LeaseUntil = "", 0, before.CreatedAt
		for range 2 {
			s.write(func(tx *gorm.DB) error {
				return tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ?", before.WorkspaceID, before.ID).Select("*").Omit("workspace_id", "id").Updates(&before).Error
			})
			s.work()
		}
		var replays int
		for _, row := range s.logged() {
			if row.ReplayOf != nil {
				replays++
			}
		}
		if replays != 1 {
			t.Errorf("got %d replays, want 1", replays)
		}
		s.get("/w/books/jobs/"+itoa(before.ID)).want(t, 200, "1 call was replayed.", "Unsubscribed 1")
	})
}

// TestTickedCallsAreReplayed ticks two of three calls in the filtered list and replays them.
func TestTickedCallsAreReplayed(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeUnsubscribed)
		var ids []string
		for range 3 {
			s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 404)
			ids = append(ids, s.lastCall())
		}
		list := s.get("/w/books/requests?outcome=failed")
		list.want(t, 200, "Replay ticked calls", "Clear")
		for _, part := range []string{`<form class="stack-4" method="get" action="/w/books/requests/replay" data-picks>`, `name="ticked" value="1"`, `name="outcome" value="failed"`, `name="id" value="` + ids[0] + `"`, `data-one="Replay 1 ticked call"`} {
			if !strings.Contains(list.body, part) {
				t.Errorf("the list has no %s", part)
			}
		}
		none := s.get("/w/books/requests/replay?ticked=1&outcome=failed")
		none.want(t, 200, "No call is ticked", "Back to the requests")
		none.wantLink(t, "Back to the requests", "/w/books/requests?outcome=failed")
		ask := s.get("/w/books/requests/replay?ticked=1&outcome=failed&id=" + ids[0] + "&id=" + ids[2])
		ask.want(t, 200, "Replay 2 calls?", "Tried with all of them")
		ask.wantNot(t, "These are the calls that match")
		ask.wantLink(t, "Do nothing", "/w/books/requests?outcome=failed")
		s.addContact(1, "arya@example.com", nil)
		s.follow(s.post("/w/books/requests/replay", "id", ids[0], "id", ids[2])).want(t, 200, "The replay has started.")
		s.work()
		var repeated []string
		for _, row := range s.logged() {
			if row.ReplayOf != nil {
				repeated = append(repeated, row.ReplayOf.String())
			}
		}
		slices.Sort(repeated)
		if want := slices.Sorted(slices.Values([]string{ids[0], ids[2]})); !slices.Equal(repeated, want) {
			t.Errorf("got replays of %v, want of %v", repeated, want)
		}
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/requests").wantNot(t, "Replay ticked calls")
	})
}

// TestAWebhookIsDeletedWhileItsCallsAreReplayed deletes the webhook between two steps of the replay.
func TestAWebhookIsDeletedWhileItsCallsAreReplayed(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 200)
		all := s.manyCalls(1700)
		page := s.post("/w/books/requests/replay", "webhook", itoa(w.ID)).header.Get("Location")
		runner := jobs.New(s.db, s.server.Log, s.server.Now)
		runner.Intake = s.server.Intake
		pressed := s.during(1, func() { s.follow(s.post(page+"/pause")).want(t, 200) })
		if _, err := runner.Turn(t.Context()); err != nil || !pressed() {
			t.Fatal("the replay was not paused while it ran", err)
		}
		before, _ := s.replays()
		s.follow(s.post("/w/books/webhooks/"+itoa(w.ID)+"/delete", "confirm", "1")).want(t, 200)
		s.follow(s.post(page+"/resume")).want(t, 200, "Resumed.")
		s.work()
		if after, _ := s.replays(); after != before || before == all {
			t.Errorf("got %d replays, want the %d of %d before the webhook was deleted", after, before, all)
		}
		s.get(page).want(t, 200, "Done", views.Count(int64(before))+" calls were replayed.", views.Count(int64(all-before))+" could not be replayed", "The webhook was deleted.")
	})
}

func TestAReplayNeedsAManager(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{}`)
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get("/w/books/requests").wantNot(t, "Replay these calls")
		viewer.get("/w/books/requests/replay").want(t, 403)
		viewer.post("/w/books/requests/replay").want(t, 403)
		otto := s.as(s.signIn(s.addMember(s.addWorkspace("music"), "otto@example.com", models.RoleAdmin)))
		otto.get("/w/music/requests/replay?id="+s.lastCall()).want(t, 422, "no such call in this workspace")
		s.get("/w/books/requests/replay?status=999").want(t, 422, "not the status of an answer")
		s.get("/w/books/requests/replay?id=nonsense").want(t, 422, "no such call in this workspace")
	})
}

// The page of a replay belongs to the requests, also in the navigation.
func TestThePageOfAReplayIsInTheSectionRequests(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 200)
		page := s.follow(s.post("/w/books/requests/replay", "webhook", itoa(w.ID)))
		if current := regexp.MustCompile(`<a[^>]*href="([^"]*)"[^>]*aria-current="page"`).FindStringSubmatch(page.body); current == nil || current[1] != "/w/books/requests" {
			t.Errorf("the navigation shows %v as the section, want the requests", current)
		}
	})
}

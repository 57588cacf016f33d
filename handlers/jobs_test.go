package handlers

import (
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// addJob stores a job in the state, asked for by the site's user.
func (s *site) addJob(j models.Job) models.Job {
	s.t.Helper()
	s.write(func(tx *gorm.DB) error { return store.CreateJob(tx, &j, s.server.now()) })
	return j
}

func TestJobPageShowsProgressAndStops(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.get("/w/books/jobs").want(t, 200, "Nothing is under way")
		j := models.NewJob(s.workspace.ID, s.user.ID, "unheard of", struct{}{})
		j.Done, j.Total, j.Cursor = 7211, 18304, `{"q":"anna"}`
		j = s.addJob(j)
		path := "/w/books/jobs/" + itoa(j.ID)
		s.get("/w/books/jobs").want(t, 200, "Under way", "7,211 of 18,304", "ines@example.com")
		s.get(path).want(t, 200, "Under way", "7,211 of 18,304", "Look again", "Stop")
		part := s.get(path + "?part=progress")
		part.want(t, 200, "7,211 of 18,304")
		part.wantNot(t, "Sign out")
		viewer := s.as(s.signIn(s.addMember(s.workspace, "vera@example.com", models.RoleViewer)))
		viewer.get(path).wantNot(t, "Stop")
		viewer.post(path+"/stop").want(t, 403)
		s.follow(s.post(path+"/stop")).want(t, 200, "Stopped. Changes made until then stay.")
		s.follow(s.post(path+"/stop")).want(t, 200, "It had ended before it could be stopped.")
		if j, err := s.db.Job(t.Context(), s.workspace.ID, j.ID); err != nil || j.State != models.JobStopped || j.Cursor != "{}" {
			t.Errorf("got %s with the cursor %s (%v), want it stopped and the cursor gone", j.State, j.Cursor, err)
		}
	})
}

func TestJobOfAnotherWorkspaceIsNotFound(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		other := s.addWorkspace("music")
		j := s.addJob(models.NewJob(other.ID, s.user.ID, models.JobBulk, struct{}{}))
		s.get("/w/books/jobs/"+itoa(j.ID)).want(t, 404)
		s.post("/w/books/jobs/"+itoa(j.ID)+"/stop").want(t, 404)
		s.get("/w/books/jobs").want(t, 200, "Nothing is under way")
		s.get("/w/books/jobs/x").want(t, 404)
	})
}

func TestOldJobsExpire(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		now := s.server.now()
		old, recent := now.Add(-31*24*time.Hour), now.Add(-29*24*time.Hour)
		for _, finished := range []*time.Time{&old, &recent, nil} {
			j := models.NewJob(s.workspace.ID, s.user.ID, models.JobBulk, struct{}{})
			if j.FinishedAt = finished; finished != nil {
				j.State = models.JobDone
			}
			s.addJob(j)
		}
		if err := s.db.DropOldJobs(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		left, err := s.db.Jobs(t.Context(), s.workspace.ID)
		if err != nil || len(left) != 2 {
			t.Errorf("got %d jobs (%v), want the recent and the running one", len(left), err)
		}
	})
}

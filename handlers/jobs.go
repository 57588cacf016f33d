package handlers

import (
	"cmp"

	"campaignlark"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"

	"github.com/gofiber/fiber/v2"
)

// jobText describes a job in words.
type jobText struct {
	title       string // what it does or did: "Add the tag “vip” to 3 contacts"
	unit, units string // what Done and Total count
	summary     string // the result in a sentence, once finished
	facts       []views.JobFact
	stop        string // what stopping it does
	back        views.Crumb
	section     string    // of the navigation; "" for the contacts
	next        views.Btn // the next step; optional
	see         views.Btn // leads to what was made; optional
	undo        string    // the page that asks whether to take it back; optional
	download    views.Btn // downloads models.JobFileRefused while it is kept, if the kind has one
}

// jobTexts describes each kind of job that belongs to a workspace.
var jobTexts = map[models.JobKind]func(v *visit, j models.Job) jobText{
	models.JobImport: importText,
}

// jobText describes a job by its kind; an unknown kind gets a general description.
func (v *visit) jobText(j models.Job) jobText {
	if words := jobTexts[j.Kind]; words != nil {
		return words(v, j)
	}
	return jobText{title: "Work in the background", unit: "step", units: "steps", back: views.Crumb{Text: "Dashboard", Href: v.path()}}
}

// jobRow is a job's row in lists.
func jobRow(j store.ListedJob, text jobText) views.JobRow {
	row := views.JobRow{
		ID: j.ID, Name: text.title, Running: j.State == models.JobRunning && !j.Paused(), Paused: j.Paused(), Draft: j.State == models.JobDraft,
		Done: j.Done, Total: j.Total, Unit: text.unit, Units: text.units, Who: j.Person, Created: j.CreatedAt, Updated: j.UpdatedAt,
	}
	if j.FinishedAt != nil {
		row.Finished = *j.FinishedAt
	}
	switch j.State {
	case models.JobDraft:
		row.State, row.Word = "warn", "Waits for you"
	case models.JobRunning:
		if row.State, row.Word = "live", "Under way"; row.Paused {
			row.State, row.Word = "idle", "Paused"
		}
	case models.JobDone:
		row.State, row.Word = "good", "Done"
	case models.JobStopped:
		row.State, row.Word = "idle", "Stopped"
	default:
		row.State, row.Word = "bad", "Ended early"
	}
	return row
}

// jobShow shows one job, or with ?part=progress only the part that changes.
func (s *Server) jobShow(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	j, err := s.DB.ListedJob(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("work: read the job", err)
	}
	text := v.jobText(j.Job)
	m := views.JobModel{JobRow: jobRow(j, text), Summary: text.summary, Failure: j.Failure, Facts: text.facts, CanStop: v.canChange(), CanPause: v.canChange() && j.Kind.CanPause(), Stop: text.stop, Back: text.back, Go: text.next, See: text.see, Undo: text.undo}
	if v.Query("part") == "progress" {
		m.Page.Workspace.Slug = v.Workspace.Slug
		return campaignlark.Render(v.Ctx, fiber.StatusOK, views.JobProgress(m))
	}
	if j.Finished() && text.download.Label != "" {
		if there, err := store.HasJobFile(s.DB.Read(v.UserContext()), j.WorkspaceID, j.ID, store.JobFileRefused); err != nil {
			return models.In("work: look for refused lines", err)
		} else if there {
			m.Download = text.download
		}
	}
	if m.Page, err = v.page(cmp.Or(text.section, views.SectionContacts), text.title, text.back, views.Crumb{Text: text.title}); err != nil {
		return err
	}
	begun, err := v.begunFacts(j.Job)
	if err != nil {
		return err
	}
	m.Facts = append(m.Facts, begun...)
	if text.summary != "" && (j.State == models.JobDone || j.Finished() && m.Page.Flash == nil) { // "has started" is past
		m.Page.Flash = &views.Flash{Text: text.summary}
	}
	return v.show(views.JobPage(m))
}

// jobStop stops a running job.
func (s *Server) jobStop(v *visit) error {
	return v.changeJob(func(j models.Job) (bool, error) {
		return s.DB.StopJob(v.UserContext(), j.WorkspaceID, j.ID, s.now())
	}, "Stopped. Changes made until then stay.", "It had ended before it could be stopped.")
}

// jobPause pauses a running job.
func (s *Server) jobPause(v *visit) error {
	return v.changeJob(func(j models.Job) (bool, error) {
		if !j.Kind.CanPause() {
			return false, &models.Error{Code: models.CodeInvalid, Message: "This work cannot be paused. It can be stopped."}
		}
		return s.DB.PauseJob(v.UserContext(), j.WorkspaceID, j.ID, s.now())
	}, "Paused. It stays so until somebody resumes it.", "It was not running any more when you pressed Pause.")
}

// jobResume lets a paused job go on.
func (s *Server) jobResume(v *visit) error {
	return v.changeJob(func(j models.Job) (bool, error) {
		return s.DB.ResumeJob(v.UserContext(), j.WorkspaceID, j.ID)
	}, "Resumed.", "It was not paused any more when you pressed Resume.")
}

// changeJob does what a button on a job's page asks for, and leads back to the page. do reports whether it changed the job; did and late say
// so.
func (v *visit) changeJob(do func(models.Job) (bool, error), did, late string) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	j, err := v.server.DB.Job(v.UserContext(), v.Workspace.ID, id)
	if err != nil {
		return models.In("work: read the job", err)
	}
	changed, err := do(j)
	if err != nil {
		return models.In("work: change the job", err)
	}
	if !changed {
		return v.done(v.path("jobs", j.ID), "%s", late)
	}
	return v.done(v.path("jobs", j.ID), "%s", did)
}

// jobList lists the workspace's recent jobs, newest first.
func (s *Server) jobList(v *visit) error {
	p, err := v.page(views.SectionContacts, "Recent work", views.Crumb{Text: "Contacts", Href: v.path("contacts")}, views.Crumb{Text: "Recent work"})
	if err != nil {
		return err
	}
	all, err := s.DB.Jobs(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("work: jobs", err)
	}
	m := views.JobsModel{Page: p}
	for _, j := range all {
		m.Jobs = append(m.Jobs, jobRow(j, v.jobText(j.Job)))
	}
	return v.show(views.JobsPage(m))
}

// jobsRunning returns the running jobs, for the top of a list that they change.
func (v *visit) jobsRunning() ([]views.JobRow, error) {
	running, err := v.server.DB.RunningJobs(v.UserContext(), v.Workspace.ID)
	var rows []views.JobRow
	for _, j := range running {
		rows = append(rows, jobRow(store.ListedJob{Job: j}, v.jobText(j)))
	}
	return rows, models.In("work: running jobs", err)
}

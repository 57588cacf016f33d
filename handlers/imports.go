package handlers

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// importForm asks for a file.
func (s *Server) importForm(v *visit) error {
	m, err := v.importPage("")
	if err != nil {
		return err
	}
	if v.Query("lost") != "" {
		m.Page.Flash = &views.Flash{Kind: views.KindWarn, Text: "You were signed out. Please choose the file again."}
	}
	return v.show(views.ImportFormPage(m))
}

func (v *visit) importPage(wrong string) (views.ImportFormModel, error) {
	p, err := v.page(views.SectionContacts, "Import contacts", views.Crumb{Text: "Contacts", Href: v.path("contacts")}, views.Crumb{Text: "Import"})
	p.Failed = wrong != ""
	return views.ImportFormModel{Page: p, Error: wrong}, err
}

// importReceive stores the uploaded file and redirects to its columns.
func (s *Server) importReceive(v *visit) error {
	wrong := "Please choose a file."
	if v.file != nil {
		job, err := jobs.ReceiveImport(v.UserContext(), s.DB, v.Workspace.ID, v.User.ID, v.file.name, v.file, s.now())
		if err == nil {
			return v.done(v.path("contacts", "import", job.ID, "columns"), "The file is here. Nothing is imported yet.")
		}
		var sentence string
		if sentence = invalid(err); sentence == "" {
			return models.In("import: store the file", err)
		}
		wrong = sentence
	}
	m, err := v.importPage(wrong)
	if err != nil {
		return err
	}
	return v.again(views.ImportFormPage(m))
}

// importJob returns the import in the URL.
func (v *visit) importJob() (models.Job, error) {
	id, err := v.id()
	if err != nil {
		return models.Job{}, err
	}
	job, err := v.server.DB.Job(v.UserContext(), v.Workspace.ID, id)
	if err == nil && job.Kind != models.JobImport {
		err = models.ErrNotFound
	}
	return job, models.In("import: read the job", err)
}

// importPath links to an import.
func (v *visit) importPath(job models.Job, more ...any) string {
	return v.path(append([]any{"contacts", "import", job.ID}, more...)...)
}

// importShow shows an import: the dry run's progress, its result, or the import's result.
func (s *Server) importShow(v *visit) error {
	job, err := v.importJob()
	if err != nil {
		return err
	}
	if job.State == models.JobDraft && jobs.Phase(job) == jobs.ImportMapping {
		return v.Redirect(v.importPath(job, "columns"), 303)
	}
	m, err := v.importModel(job)
	if err != nil {
		return err
	}
	return v.show(views.ImportPage(m))
}

func (v *visit) importModel(job models.Job) (m views.ImportModel, err error) {
	spec, result := models.ReadJobJSON[jobs.ImportSpec](job.Spec), models.ReadJobJSON[jobs.ImportResult](job.Result)
	m = views.ImportModel{
		ID: job.ID, File: spec.File, Job: jobRow(store.ListedJob{Job: job}, v.jobText(job)), Checking: job.State == models.JobRunning && jobs.Phase(job) == jobs.ImportChecking,
		Checked: job.State == models.JobDraft && jobs.Phase(job) == jobs.ImportChecked, Failure: job.Failure,
		Created: result.Created, Updated: result.Updated, Unchanged: result.Unchanged, Refused: result.Refused, Noted: result.Noted, Doubted: result.Doubted, Stayed: result.Stayed,
		Repeated: views.ImportRepeated(result.Repeated, result.Repeats), NewTags: result.NewTags, Status: spec.Status.Name(),
	}
	m.Filled = filledWith(v.importSeen(spec).fields...)
	for _, c := range spec.Columns {
		if tag, isNew := c.New(); isNew {
			m.NewMergeTags = append(m.NewMergeTags, tag.Label+" ("+strings.ToLower(tag.Type.Name())+")")
		}
	}
	for _, p := range result.Refusals {
		m.Refusals = append(m.Refusals, views.ImportProblem(p))
	}
	for _, p := range result.Notes {
		m.Notes = append(m.Notes, views.ImportProblem(p))
	}
	for _, p := range result.Doubts {
		m.Doubts = append(m.Doubts, views.ImportProblem(p))
	}
	if result.Refused+result.Noted+result.Doubted > 0 && job.Finished() {
		if m.RefusedFile, err = store.HasJobFile(v.server.DB.Read(v.UserContext()), job.WorkspaceID, job.ID, store.JobFileRefused); err != nil {
			return m, models.In("import: look for refused lines", err)
		}
	}
	if job.Finished() && result.Created > 0 {
		m.Seen = v.contactsOf(job.ID)
	}
	if m.Undo = jobs.CanUndoImport(job, v.server.now()); !m.Undo {
		undo, err := v.undoneBy(spec)
		if err != nil {
			return m, err
		}
		m.UndoneBy, m.Undone = undo.ID, undo.CreatedAt
	}
	m.Page, err = v.page(views.SectionContacts, "Import "+spec.File, views.Crumb{Text: "Contacts", Href: v.path("contacts")},
		views.Crumb{Text: "Import", Href: v.path("contacts", "import")}, views.Crumb{Text: spec.File})
	if err != nil {
		return m, err
	}
	if m.Checked {
		m.MayStart, err = v.mayStart(importChange(spec, result))
		return m, err
	}
	m.Begun, err = v.begun(job)
	return m, err
}

// importStart starts an import after its dry run.
func (s *Server) importStart(v *visit) error {
	job, err := v.importJob()
	if err != nil {
		return err
	}
	if v.importSeen(models.ReadJobJSON[jobs.ImportSpec](job.Spec)).threeWay["import"].changed() && jobs.Phase(job) == jobs.ImportChecked {
		m, err := v.importModel(job)
		if err != nil {
			return err
		}
		m.Failed, m.Changed = true, true
		return v.again(views.ImportPage(m))
	}
	err = jobs.StartImport(v.UserContext(), s.DB, job, v.User.ID, s.now())
	if wrong := invalid(err); wrong != "" {
		m, err := v.importModel(job)
		if err != nil {
			return err
		}
		m.Page.Failed, m.Failure = true, wrong
		return v.again(views.ImportPage(m))
	}
	if err != nil {
		return models.In("import: start it", err)
	}
	if jobs.Phase(job) != jobs.ImportChecked {
		return v.Redirect(v.importPath(job), 303) // not ready to start, or already started
	}
	return v.done(v.path("jobs", job.ID), "The import has started. It continues if you leave this page.")
}

// importRefused sends the lines that were refused, were stored in part or need a look as CSV, each with its reason.
func (s *Server) importRefused(v *visit) error {
	job, err := v.importJob()
	if err != nil {
		return err
	}
	there, err := store.HasJobFile(s.DB.Read(v.UserContext()), job.WorkspaceID, job.ID, store.JobFileRefused)
	if err != nil {
		return models.In("import: look for refused lines", err)
	}
	if !there {
		return models.ErrNotFound
	}
	return v.stream(v.fileName("lines-to-correct", "csv"), "text/csv; charset=utf-8", func() error { return nil }, func(w *bufio.Writer, step step) error {
		for part := int64(0); ; part++ {
			var last bool
			err := step(func(ctx context.Context) error {
				data, err := store.JobFileData(s.DB.Read(ctx), job.WorkspaceID, job.ID, store.JobFileRefused, part)
				if last = err == io.EOF; last {
					return nil
				}
				if err == nil {
					_, err = w.Write(data)
				}
				return models.In("import: send refused lines", err)
			})
			if err != nil || last {
				return err
			}
		}
	})
}

// invalid returns the message of an error that a person can fix, else "".
func invalid(err error) string {
	var known *models.Error
	if store.ErrorCode(err) == models.CodeInvalid && errors.As(err, &known) {
		return known.Message
	}
	return ""
}

// importText describes an import for the job pages.
func importText(v *visit, j models.Job) jobText {
	spec, result := models.ReadJobJSON[jobs.ImportSpec](j.Spec), models.ReadJobJSON[jobs.ImportResult](j.Result)
	t := jobText{title: "Importing " + spec.File, unit: "line", units: "lines", back: views.Crumb{Text: "Contacts", Href: v.path("contacts")},
		stop: "Contacts imported until then stay. The rest of the file is not imported."}
	switch {
	case j.State == models.JobDraft || jobs.Phase(j) == jobs.ImportChecking:
		t.title, t.stop = "Trying out "+spec.File, "Nothing is imported, and the file is thrown away."
	case j.State == models.JobDone:
		t.title = "Imported " + spec.File
	case j.Finished():
		t.title = "Import of " + spec.File
	}
	if !v.canChange() {
		return t
	}
	t.next = views.Btn{Label: "Details", Href: v.importPath(j)}
	if j.State == models.JobDraft {
		t.next = views.Btn{Label: "Continue this import", Kind: views.Primary, Href: v.importPath(j)}
		return t
	}
	t.facts = []views.JobFact{
		{Label: "Created", Value: views.Count(result.Created)}, {Label: "Updated", Value: views.Count(result.Updated)},
		{Label: "Unchanged", Value: views.Count(result.Unchanged)}, {Label: "Lines refused", Value: views.Count(result.Refused)},
		{Label: "Lines that repeat an address", Value: views.Count(result.Repeated)}, {Label: "Values not stored", Value: views.Count(result.Noted)}, {Label: "Values that need a look", Value: views.Count(result.Doubted)},
	}
	if j.Finished() && result.Created > 0 {
		t.see = views.SeeImported(result.Created, v.contactsOf(j.ID))
	}
	if result.Refused+result.Noted+result.Doubted > 0 {
		t.download = views.ImportDownload(v.importPath(j))
	}
	if jobs.CanUndoImport(j, v.server.now()) {
		t.undo = v.importPath(j, "undo")
	}
	if j.State == models.JobDone {
		t.summary = views.ImportSummary(result.Created, result.Updated, result.Unchanged, result.Refused, result.Noted, result.Doubted)
		if repeated := views.ImportRepeated(result.Repeated, result.Repeats); repeated != "" {
			t.summary += " " + repeated
		}
	}
	return t
}

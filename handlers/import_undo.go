package handlers

import (
	"strconv"
	"strings"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// notUndone returns to the page of an import that cannot be taken back, and says why.
func (v *visit) notUndone(job models.Job) error {
	text := "An import can be taken back for a day after its end, and once. Change the contacts that should be different one by one, or in bulk."
	if err := v.flash(views.Flash{Kind: views.KindWarn, Text: text}); err != nil {
		return err
	}
	return v.Redirect(v.importPath(job), 303)
}

// importUndoAsk asks whether to take an import back, with figures.
func (s *Server) importUndoAsk(v *visit) error {
	_, m, err := v.importToUndo()
	if err != nil || m.ID == 0 {
		return err
	}
	return v.show(views.ImportUndoPage(m))
}

// importToUndo reads the import in the URL and the question whether to take it back. If that is not possible it answers the request, and m is
// empty.
func (v *visit) importToUndo() (job models.Job, m views.ImportUndoModel, err error) {
	if job, err = v.importJob(); err != nil {
		return job, m, err
	}
	if !jobs.CanUndoImport(job, v.server.now()) {
		return job, m, v.notUndone(job)
	}
	m, err = v.undoModel(job, "")
	return job, m, err
}

func (v *visit) undoModel(job models.Job, wrong string) (m views.ImportUndoModel, err error) {
	spec, result := models.ReadJobJSON[jobs.ImportSpec](job.Spec), models.ReadJobJSON[jobs.ImportResult](job.Result)
	there, untouched, err := v.server.DB.CountImported(v.UserContext(), job.WorkspaceID, job.ID, *job.FinishedAt)
	if err != nil {
		return m, models.In("undo an import: count contacts", err)
	}
	m = views.ImportUndoModel{ID: job.ID, File: spec.File, Created: result.Created, There: there, Untouched: untouched, Updated: result.Updated, Wrong: wrong, Seen: v.contactsOf(job.ID)}
	m.Page, err = v.page(views.SectionContacts, "Take the import back", views.Crumb{Text: "Contacts", Href: v.path("contacts")},
		views.Crumb{Text: spec.File, Href: v.importPath(job)}, views.Crumb{Text: "Take back"})
	m.Page.Failed = wrong != ""
	if err != nil {
		return m, err
	}
	change := changeOf(untouched + result.Updated)
	change.Events[models.EventDeleted] = untouched
	if m.MayStart, err = v.mayStart(change); err != nil {
		return m, err
	}
	m.Begun, err = v.begun(job)
	return m, err
}

// contactsOf links to the contacts that an import created.
func (v *visit) contactsOf(importID int64) string {
	return v.path("contacts") + "?import=" + strconv.FormatInt(importID, 10)
}

// importUndoStart starts the job that takes an import back. If contacts will be erased, the person has typed how many.
func (s *Server) importUndoStart(v *visit) error {
	job, m, err := v.importToUndo()
	if err != nil || m.ID == 0 {
		return err
	}
	if n := strconv.FormatInt(m.Untouched, 10); m.Untouched > 0 && typedNumber(v.Form("typed")) != n {
		if m, err = v.undoModel(job, "Nothing was changed. Please type the number of contacts, "+n+", to confirm."); err != nil {
			return err
		}
		return v.again(views.ImportUndoPage(m))
	}
	undo, started, err := jobs.StartUndoImport(v.UserContext(), s.DB, job, v.User.ID, s.now())
	if err != nil {
		return models.In("undo an import: start", err)
	}
	if !started {
		return v.done(v.path("jobs", undo.ID), "This is under way already.")
	}
	return v.done(v.path("jobs", undo.ID), "This has started. It continues if you leave this page.")
}

// typedNumber returns a number as people type it, without signs between its digits.
func typedNumber(text string) string {
	return strings.NewReplacer(",", "", ".", "", " ", "", "\u00a0", "", "'", "").Replace(text)
}

func init() { jobTexts[models.JobUndo] = undoText }

// undoText describes a job that takes an import back, and its result.
func undoText(v *visit, j models.Job) jobText {
	spec, r := models.ReadJobJSON[models.UndoSpec](j.Spec), models.ReadJobJSON[models.UndoResult](j.Result)
	text := jobText{title: "Take the import of " + spec.File + " back", unit: "change", units: "changes", stop: "Contacts that were taken back until then stay so, and the rest stays as imported.",
		back: views.Crumb{Text: "Contacts", Href: v.path("contacts")}}
	if j.State == models.JobDone {
		text.title = "Took the import of " + spec.File + " back"
	}
	text.summary = views.Plural(r.Removed, "new contact was", "new contacts were") + " removed."
	if r.Back > 0 {
		text.summary += " " + views.Plural(r.Back, "contact has its", "contacts have their") + " earlier values and tags again."
	}
	for _, f := range []struct {
		n          int64
		label      string
		one, other string
	}{
		{r.Kept, "New contacts that stay", "new contact stays, because something happened to it since.", "new contacts stay, because something happened to them since."},
		{r.Later, "Changed again since", "contact keeps what was changed again since.", "contacts keep what was changed again since."},
		{r.Unsubscribed, "Stay unsubscribed", "contact stays unsubscribed.", "contacts stay unsubscribed."},
	} {
		if f.n > 0 {
			text.summary += " " + views.Plural(f.n, f.one, f.other)
			text.facts = append(text.facts, views.JobFact{Label: f.label, Value: views.Count(f.n)})
		}
	}
	text.facts = append([]views.JobFact{{Label: "Removed", Value: views.Count(r.Removed)}, {Label: "Went back", Value: views.Count(r.Back)}}, text.facts...)
	return text
}

// undoneBy returns the job that takes an import back, for its page; an empty one if there is none any more.
func (v *visit) undoneBy(spec jobs.ImportSpec) (models.Job, error) {
	if spec.Undo == 0 {
		return models.Job{}, nil
	}
	j, err := v.server.DB.Job(v.UserContext(), v.Workspace.ID, spec.Undo)
	if store.ErrorCode(err) == models.CodeNotFound {
		return models.Job{}, nil
	}
	return j, models.In("import: the work that takes it back", err)
}

package handlers

import (
	"slices"
	"strconv"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/views"
)

// fillLooked is how many calls a question about filling in looks for.
const fillLooked = 1000

// fillAsk asks whether to fill a merge tag in from the calls of the log. ?undo= is the job to take back instead.
func (s *Server) fillAsk(v *visit) error {
	tag, err := v.mergeTag()
	if err != nil {
		return err
	}
	undo, err := v.fillToUndo(tag, v.Query("undo"))
	if err != nil {
		return err
	}
	m := views.FillModel{Label: tag.Label, Key: tag.Key, Days: s.Config.LogRetentionDays, Action: v.path("merge-tags", tag.ID, "fill"), Back: v.path("merge-tags"), BackText: "Back to the merge tags"}
	if id, fromCall := requestID(v.Query("call")); fromCall {
		m.Back, m.BackText = v.path("requests", id), "Back to the call"
	}
	if undo.ID != 0 {
		m.Undo, m.Contacts = strconv.FormatInt(undo.ID, 10), views.Plural(models.ReadJobJSON[models.FillResult](undo.Result).Changed, "contact", "contacts")
	} else if err := v.lookForFill(&m, tag); err != nil {
		return err
	}
	if m.Page, err = v.page(views.SectionMergeTags, "Fill in "+tag.Label, views.Crumb{Text: "Merge tags", Href: v.path("merge-tags")}, views.Crumb{Text: tag.Label}); err != nil {
		return err
	}
	changed := m.Without
	if undo.ID != 0 {
		changed = models.ReadJobJSON[models.FillResult](undo.Result).Changed
	}
	if m.MayStart, err = v.mayStart(changeOf(changed)); err != nil {
		return err
	}
	return v.show(views.FillPage(m))
}

// lookForFill counts the calls that sent a value, and their contacts that have none.
func (v *visit) lookForFill(m *views.FillModel, tag models.MergeTag) error {
	ctx, db, workspace := v.UserContext(), v.server.DB, v.Workspace.ID
	tags, err := db.MergeTags(ctx, workspace)
	if err != nil {
		return models.In("fill in: merge tags", err)
	}
	webhooks, err := db.WebhooksEver(ctx, workspace)
	if err != nil {
		return models.In("fill in: webhooks", err)
	}
	filter, value := jobs.FillFilter(tag, tags, webhooksByID(webhooks), v.Workspace.Location())
	rows, _, err := db.NewestRequests(ctx, workspace, filter, fillLooked)
	if err != nil {
		return models.In("fill in: calls", err)
	}
	var contacts []int64
	for _, r := range rows {
		if !slices.Contains(contacts, *r.ContactID) {
			contacts = append(contacts, *r.ContactID)
		}
	}
	if len(rows) > 0 {
		m.Example = tag.Show(value(rows[0]), v.Workspace.Location())
	}
	without, err := db.WithoutValue(ctx, workspace, tag.Key, contacts)
	if err != nil {
		return models.In("fill in: contacts", err)
	}
	m.Calls, m.Without, m.None = views.PluralUpTo(int64(len(rows)), fillLooked-1, "call", "calls"), without, without == 0
	m.More = len(rows) == fillLooked
	return nil
}

// fillToUndo returns the job that is to be taken back, the zero Job if none is.
func (v *visit) fillToUndo(tag models.MergeTag, text string) (j models.Job, err error) {
	if text == "" {
		return j, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return j, models.ErrNotFound
	}
	if j, err = v.server.DB.Job(v.UserContext(), v.Workspace.ID, id); err != nil {
		return j, models.In("fill in: job", err)
	}
	if !v.canUndo(j) || models.ReadJobJSON[models.FillSpec](j.Spec).MergeTagID != tag.ID {
		return j, &models.Error{Code: models.CodeInvalid, Message: "This can be taken back for a day only. Change the contacts that should have another value one by one, or in bulk."}
	}
	return j, nil
}

// canUndo reports whether the work of a job can still be taken back.
func (v *visit) canUndo(j models.Job) bool {
	spec := models.ReadJobJSON[models.FillSpec](j.Spec)
	return j.Kind == models.JobFill && spec.Undo == 0 && j.Finished() && j.FinishedAt != nil && v.server.now().Sub(*j.FinishedAt) < models.UndoTime && models.ReadJobJSON[models.FillResult](j.Result).Changed > 0
}

// fillStart starts the job that fills a merge tag in, or takes that back.
func (s *Server) fillStart(v *visit) error {
	tag, err := v.mergeTag()
	if err != nil {
		return err
	}
	undo, err := v.fillToUndo(tag, v.Form("undo"))
	if err != nil {
		return err
	}
	job := models.NewJob(v.Workspace.ID, v.User.ID, models.JobFill, models.FillSpec{MergeTagID: tag.ID, Label: tag.Label, Undo: undo.ID})
	job, started, err := s.DB.StartFill(v.UserContext(), job, s.now())
	if err != nil {
		return models.In("fill in: start", err)
	}
	if !started {
		return v.done(v.path("jobs", job.ID), "This is under way already.")
	}
	return v.done(v.path("jobs", job.ID), "This has started. It continues if you leave this page.")
}

func init() { jobTexts[models.JobFill] = fillText }

// fillText describes a job that fills a merge tag in, and its result.
func fillText(v *visit, j models.Job) jobText {
	spec, r := models.ReadJobJSON[models.FillSpec](j.Spec), models.ReadJobJSON[models.FillResult](j.Result)
	text := jobText{title: "Fill in " + spec.Label, unit: "contact", units: "contacts", stop: "Values that were filled in until then stay.", section: views.SectionMergeTags, back: views.Crumb{Text: "Merge tags", Href: v.path("merge-tags")}}
	text.summary = spec.Label + " was filled in for " + views.Plural(r.Changed, "contact", "contacts") + "."
	if spec.Undo != 0 {
		text.title, text.stop = "Take back: fill in "+spec.Label, "Values that were taken back until then stay so."
		text.summary = spec.Label + " was taken off " + views.Plural(r.Changed, "contact", "contacts") + " again."
	}
	if r.Later > 0 {
		text.summary += " Not touched, because they were changed since: " + views.Plural(r.Later, "contact", "contacts") + "."
	}
	if v.canUndo(j) && v.canChange() {
		text.undo = v.path("merge-tags", spec.MergeTagID, "fill") + "?undo=" + strconv.FormatInt(j.ID, 10)
	}
	return text
}

package handlers

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"
	"campaignlark/views"

	"github.com/google/uuid"
)

func (v *visit) run() (automations.Story, error) {
	id, err := uuid.Parse(v.Params("id"))
	if err != nil {
		return automations.Story{}, models.ErrNotFound
	}
	story, err := v.automations().Run(v.UserContext(), v.Workspace.ID, id)
	return story, models.In("run: read it", err)
}

// runShow tells a run step by step.
func (s *Server) runShow(v *visit) error {
	r, err := v.run()
	if err != nil {
		return err
	}
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace, append(r.Earlier, r.Definition)...)
	if err != nil {
		return models.In("run: what it uses", err)
	}
	began := models.IDTime(r.ID)
	at := began.In(v.Workspace.Location()).Format("2 January, 15:04:05")
	p, err := v.page(views.SectionAutomations, "Run", views.Crumb{Text: "Automations", Href: v.path("automations")},
		views.Crumb{Text: r.Name, Href: v.path("automations", r.AutomationID)}, views.Crumb{Text: at})
	if err != nil {
		return err
	}
	m := views.RunModel{Page: p, ID: r.ID.String(), Automation: views.Named{ID: r.AutomationID, Name: r.Name}, Deleted: r.Deleted, ContactID: r.ContactID, At: began,
		CanStop: v.canChange() && r.State.Open()}
	messages, err := v.automations().Messages(v.UserContext(), v.Workspace.ID, []uuid.UUID{r.ID})
	if err != nil {
		return models.In("run: its messages", err)
	}
	m.Kind, m.Verdict = v.runVerdict(r.AutomationRun, messages[r.ID])
	m.Contact = r.Contact.Email
	if r.State == models.RunFailed && !r.Deleted {
		m.CanRetry = v.canChange()
	}
	if r.RequestID != nil {
		m.CallHref = v.path("requests", r.RequestID.String())
	}
	if m.WorkHref, m.Work, err = v.workThatStarted(r); err != nil {
		return err
	}
	mails, err := v.automations().TeamMails(v.UserContext(), v.Workspace.ID, r.AutomationID)
	if err != nil {
		return models.In("run: e-mails to the team", err)
	}
	v.runSteps(&m, r, messages[r.ID], mails, things)
	m.Facts = v.runFacts(r)
	return v.show(views.RunPage(m))
}

// workThatStarted returns the page of the import or the bulk change that started a run, and what it is called, or blanks if none did or it is gone.
func (v *visit) workThatStarted(r automations.Story) (href, name string, err error) {
	if r.Event.JobID == nil {
		return "", "", nil
	}
	j, err := store.First[models.Job](v.server.DB.Read(v.UserContext()).Select("id", "kind").Where("workspace_id = ? AND id = ?", v.Workspace.ID, *r.Event.JobID))
	switch {
	case errors.Is(err, models.ErrNotFound):
		return "", "", nil
	case err != nil:
		return "", "", models.In("run: the work that started it", err)
	case j.Kind == models.JobImport:
		return v.path("jobs", j.ID), "The import that started it", nil
	}
	return v.path("jobs", j.ID), "The change of many contacts that started it", nil
}

func (v *visit) runVerdict(r models.AutomationRun, messages []automations.Message) (kind, verdict string) {
	switch r.State {
	case models.RunDone:
		if worst, late := automations.Worst(messages); late {
			if kind, verdict = messageMark(worst); kind == "live" {
				kind = views.KindWarn
			}
			return kind, verdict
		}
		return views.KindGood, "Done"
	case models.RunStopped:
		return views.KindIdle, "Ended early: " + r.Reason
	case models.RunFailed:
		if r.Step > 0 {
			return views.KindBad, "Failed at step " + strconv.Itoa(r.Step) + ": " + r.Reason
		}
		return views.KindBad, "Failed: " + r.Reason
	case models.RunWaiting:
		return views.KindWarn, "Waiting at step " + strconv.Itoa(r.Step) + ", until " + v.waitEndSaid(r.DueAt)
	}
	return views.KindWarn, "Under way"
}

func (v *visit) runSteps(m *views.RunModel, r automations.Story, messages []automations.Message, mails []models.TeamMail, things automations.Things) {
	clock := func(t time.Time) string { return t.In(v.Workspace.Location()).Format("Mon 15:04:05") }
	lead := r.Event.Type.Name()
	if lead == "" {
		lead = "What started it is older than what the log keeps."
	}
	m.Steps = append(m.Steps, views.RunStepModel{Step: views.Step{ID: "start", Title: "Started", At: clock(m.At), State: views.StateDone, Icon: "bolt", Lead: lead}})
	m.Trace = append(m.Trace, views.Stop{Href: "#start", Label: "Started", Note: clock(m.At), State: views.StateDone})
	for _, s := range r.Steps {
		step := views.RunStepModel{Step: views.Step{ID: "step-" + strconv.Itoa(s.Number), At: clock(s.At), State: stateOf(s.Result), Lead: s.Told.Words}}
		step.Title = "It matched"
		if s.StepID == 0 {
			if s.Told.Why == nil && s.Result == automations.ResultDone {
				continue // no rule was asked
			}
			if s.Result != automations.ResultDone {
				step.Title = "It did not match"
			}
		} else if of, known := r.StepOf(s); known {
			step.Title = models.Capital(rule.PlainText(of.Words(things)))
			step.Lead = strings.TrimSpace(step.Lead + " " + v.toldSaid(mails, of, s, things))
		} else {
			step.Title = "A step that the automation does not have any more"
		}
		v.tellWait(&step, s, r)
		if s.Told.Why != nil {
			step.Why = v.whyOf(*s.Told.Why)
		}
		if s.DeliveryID != nil {
			step.Delivery = v.path("deliveries", s.DeliveryID.String())
		}
		for _, message := range messages {
			if message.Number == s.Number {
				step.Lead, step.State = "Handed to "+message.Destination+"; "+v.messageSaid(message)+".", stateOfMessage(message)
			}
		}
		m.Steps = append(m.Steps, step)
		m.Trace = append(m.Trace, views.Stop{Href: "#" + step.ID, Label: models.Shorten(step.Title, 24), Note: step.At, State: step.State})
	}
	v.stepsLeft(m, r, things)
	if r.State == models.RunDone {
		done := views.Step{ID: "done", Title: "Done", At: clock(*r.EndedAt), State: views.StateDone}
		if _, late := automations.Worst(messages); late {
			done.Lead = "All steps were done, but not every message has arrived."
		}
		m.Steps = append(m.Steps, views.RunStepModel{Step: done})
		m.Trace = append(m.Trace, views.Stop{Href: "#done", Label: done.Title, Note: done.At, State: done.State})
	}
}

// tellWait adds until when a step waits, or that the run ended before.
func (v *visit) tellWait(step *views.RunStepModel, s automations.StepStory, r automations.Story) {
	if s.Told.Until == nil || s.Result != automations.ResultWaiting {
		return
	}
	until := v.waitEndSaid(*s.Told.Until)
	if !r.State.Open() {
		step.State, step.Lead = views.StateIdle, "It was waiting until "+until+" when the run ended."
		return
	}
	step.At, step.Lead = "until "+until, "It goes on then."
}

// stepsLeft adds the steps that the run has not come to.
func (v *visit) stepsLeft(m *views.RunModel, r automations.Story, things automations.Things) {
	if r.State == models.RunDone {
		return
	}
	left, first := r.Left()
	note := "not reached"
	if r.State.Open() {
		note = "not yet"
	}
	for i, of := range left {
		step := views.Step{ID: "left-" + strconv.Itoa(first+i), Title: models.Capital(rule.PlainText(of.Words(things))), At: note, State: views.StateSkip}
		m.Steps = append(m.Steps, views.RunStepModel{Step: step})
		m.Trace = append(m.Trace, views.Stop{Href: "#" + step.ID, Label: models.Shorten(step.Title, 24), Note: note, State: views.StateSkip})
	}
	m.Steps = append(m.Steps, views.RunStepModel{Step: views.Step{ID: "done", Title: "Done", At: note, State: views.StateSkip}})
	m.Trace = append(m.Trace, views.Stop{Href: "#done", Label: "Done", Note: note, State: views.StateSkip})
}

// stateOf is the mark of a step's result.
func stateOf(result string) string {
	switch result {
	case automations.ResultStopped, automations.ResultNothing:
		return views.StateIdle
	case automations.ResultWaiting:
		return views.StatePending
	case automations.ResultFailed:
		return views.StateStop
	}
	return views.StateDone
}

// stateOfMessage is the mark of a step that handed over a message.
func stateOfMessage(m automations.Message) string {
	switch {
	case m.State == models.DeliveryDead:
		return views.StateStop
	case m.State == models.DeliveryDropped:
		return views.StateIdle
	case m.Needs():
		return views.StateLook
	case m.State == models.DeliveryPending:
		return views.StatePending
	}
	return views.StateDone
}

func (v *visit) runFacts(r automations.Story) []views.FactText {
	facts := []views.FactText{{Label: "Run id", Text: r.ID.String()}, {Label: "Version", Text: strconv.FormatInt(r.Revision, 10) + " of this automation"}}
	if since := r.Contact.Version - r.ContactVersion; r.Contact.ID != 0 && since > 0 {
		facts = append(facts, views.FactText{Label: "The contact since then", Text: "changed " + views.Plural(since, "time", "times")})
	} else if r.Contact.ID != 0 {
		facts = append(facts, views.FactText{Label: "The contact since then", Text: "not changed"})
	}
	if r.Depth > 0 {
		facts = append(facts, views.FactText{Label: "Started by", Text: views.Plural(r.Depth, "automation", "automations") + " before it"})
	}
	return facts
}

// runStop ends a run.
func (s *Server) runStop(v *visit) error {
	r, err := v.run()
	if err != nil {
		return err
	}
	if err := v.automations().Stop(v.UserContext(), r.AutomationRun, v.User.ID); err != nil {
		return models.In("run: stop", err)
	}
	return v.done(v.path("runs", r.ID.String()), "The run was stopped.")
}

// runRetry lets a failed run go on, or says why it cannot.
func (s *Server) runRetry(v *visit) error {
	r, err := v.run()
	if err != nil {
		return err
	}
	to := v.path("runs", r.ID.String())
	if err := v.automations().Retry(v.UserContext(), r.AutomationRun, v.User.ID); err != nil {
		return v.refusedAt(to, models.In("run: try again", err))
	}
	return v.done(to, "The run goes on at the step where it failed. Reload this page in a moment to see what it did.")
}

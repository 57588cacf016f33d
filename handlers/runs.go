package handlers

import (
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"campaignlark/automations"
	"campaignlark/models"
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
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace)
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
	m.Kind, m.Verdict = runVerdict(r.AutomationRun, messages[r.ID])
	if c, err := v.server.DB.Contact(v.UserContext(), v.Workspace.ID, r.ContactID); err == nil {
		m.Contact = c.Email
	}
	if r.RequestID != nil {
		m.CallHref = v.path("requests", r.RequestID.String())
	}
	v.runSteps(&m, r, messages[r.ID], things)
	m.Facts = v.runFacts(r)
	return v.show(views.RunPage(m))
}

func runVerdict(r models.AutomationRun, messages []automations.Message) (kind, verdict string) {
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
		return views.KindBad, "Failed: " + r.Reason
	case models.RunWaiting:
		return views.KindWarn, "Waiting at step " + strconv.Itoa(r.Step)
	}
	return views.KindWarn, "Under way"
}

func (v *visit) runSteps(m *views.RunModel, r automations.Story, messages []automations.Message, things automations.Things) {
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
		if s.Number == 0 {
			if s.Told.Why == nil && s.Result == automations.ResultDone {
				continue // no rule was asked
			}
			if s.Result != automations.ResultDone {
				step.Title = "It did not match"
			}
		} else if s.Number <= len(r.Definition.Steps) {
			step.Title = sentenceCase(rule.PlainText(r.Definition.Steps[s.Number-1].Words(things)))
		}
		if s.Told.Until != nil && s.Result == automations.ResultWaiting {
			step.At = "until " + clock(*s.Told.Until)
		}
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
	if r.State == models.RunDone {
		done := views.Step{ID: "done", Title: "Done", At: clock(*r.EndedAt), State: views.StateDone}
		if _, late := automations.Worst(messages); late {
			done.Lead = "All steps were done, but not every message has arrived."
		}
		m.Steps = append(m.Steps, views.RunStepModel{Step: done})
		m.Trace = append(m.Trace, views.Stop{Href: "#done", Label: done.Title, Note: done.At, State: done.State})
	}
}

// sentenceCase returns words with a capital at their beginning.
func sentenceCase(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
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
	if r.ContactVersion > 0 {
		facts = append(facts, views.FactText{Label: "Contact then", Text: "version " + strconv.FormatInt(r.ContactVersion, 10)})
	}
	if r.Depth > 0 {
		facts = append(facts, views.FactText{Label: "Started by", Text: strconv.Itoa(r.Depth) + " automations before it"})
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
	return v.done(v.path("runs", r.ID.String()), "The run is stopped.")
}

package handlers

import (
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// automations returns the store of automations.
func (v *visit) automations() automations.Store {
	return automations.Store{DB: v.server.DB, Now: v.server.now, Mail: v.server.Config.Mail}
}

func (v *visit) automation() (automations.Listed, error) {
	id, err := v.id()
	if err != nil {
		return automations.Listed{}, err
	}
	a, err := v.automations().Get(v.UserContext(), v.Workspace.ID, id)
	return a, models.In("automation: read it", err)
}

// listedRuns is how many runs the pages of calls and contacts list.
const listedRuns = 20

// runsOnAPage is how many runs a list shows.
const runsOnAPage = 50

// automationShow shows one automation with its runs.
func (s *Server) automationShow(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	ctx, store := v.UserContext(), v.automations()
	p, err := v.page(views.SectionAutomations, a.Name, views.Crumb{Text: "Automations", Href: v.path("automations")}, views.Crumb{Text: a.Name})
	if err != nil {
		return err
	}
	things, err := store.ThingsOf(ctx, v.Workspace)
	if err != nil {
		return models.In("automation: what it uses", err)
	}
	m := views.AutomationModel{Page: p, AutomationRow: automationRow(a, things), CanChange: v.canChange(), State: v.Query("state")}
	reached, err := store.Reached(ctx, a.Automation)
	if err != nil {
		return models.In("automation: where runs are", err)
	}
	m.Steps = append(m.Steps, flowStep(0, reached[0], []views.Word{{Text: "Started", Kind: "name"}}))
	for i, step := range a.Definition.Steps {
		m.Steps = append(m.Steps, flowStep(i+1, reached[step.ID], words(step.Words(things))))
	}
	untold, err := store.Untold(ctx, a.Automation, things)
	if err != nil {
		return models.In("automation: who was not told", err)
	}
	for _, u := range untold {
		m.Untold = append(m.Untold, u.Name+" could not be told: "+u.Why+".")
	}
	if err := v.automationRuns(&m, a); err != nil {
		return err
	}
	v.automationFacts(&m, a, things)
	return v.show(views.AutomationPage(m))
}

func flowStep(number int, r automations.Reached, words []views.Word) views.FlowStep {
	if len(words) > 0 {
		words[0].Text = sentenceCase(words[0].Text)
	}
	return views.FlowStep{Number: number, Words: words, Came: r.Came, Here: r.Here, Ended: r.Ended}
}

// runStates are the tabs of an automation's runs.
var runStates = []views.RunTab{{State: "waiting", Label: "Under way"}, {State: "done", Label: "Done"}, {State: "stopped", Label: "Ended early"}, {State: "failed", Label: "Failed"}, {State: "", Label: "All"}}

func (v *visit) automationRuns(m *views.AutomationModel, a automations.Listed) error {
	m.Tabs = runStates
	before, _ := uuid.Parse(v.Query("before")) // an invalid id shows the newest page
	runs, err := v.automations().Runs(v.UserContext(), v.Workspace.ID, automations.RunFilter{AutomationID: a.ID, State: models.RunState(m.State), Before: before}, runsOnAPage+1)
	if err != nil {
		return models.In("automation: runs", err)
	}
	if len(runs) > runsOnAPage {
		runs = runs[:runsOnAPage]
		m.Older = v.path("automations", a.ID) + "?state=" + m.State + "&before=" + runs[len(runs)-1].ID.String() + "#runs"
	}
	m.Runs = runRows(runs)
	return nil
}

// runsOf lists the newest runs for the page of a call or a contact.
func (v *visit) runsOf(f automations.RunFilter) ([]views.RunRow, error) {
	if v.counts.Automations == 0 { // the usual case costs no query
		return nil, nil
	}
	runs, err := v.automations().Runs(v.UserContext(), v.Workspace.ID, f, listedRuns)
	return runRows(runs), err
}

// runRows describes runs for a list.
func runRows(runs []automations.ListedRun) (rows []views.RunRow) {
	for _, r := range runs {
		row := views.RunRow{ID: r.ID.String(), Contact: r.Email, Name: r.Name, At: models.IDTime(r.ID)}
		if row.Contact == "" {
			row.Contact = "a contact that was deleted"
			if r.ContactID == 0 {
				row.Contact = "no contact"
			}
		}
		row.Kind, row.State = runMark(r.AutomationRun)
		row.Where = runWhere(r.AutomationRun)
		rows = append(rows, row)
	}
	return rows
}

func runMark(r models.AutomationRun) (kind, word string) {
	switch r.State {
	case models.RunDone:
		return views.KindGood, "Done"
	case models.RunStopped:
		return views.KindIdle, "Ended early"
	case models.RunFailed:
		return views.KindBad, "Failed"
	case models.RunWaiting:
		return "live", "Waiting"
	}
	return "live", "Under way"
}

// runWhere says where a run is, or why it ended.
func runWhere(r models.AutomationRun) string {
	switch {
	case r.Reason != "":
		return r.Reason
	case r.State == models.RunDone:
		return ""
	case r.Step == 0:
		return "At its start"
	}
	return "Step " + strconv.Itoa(r.Step)
}

// automationEnable switches an automation on. One that needs a repair stays off.
func (s *Server) automationEnable(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("automation: what it uses", err)
	}
	if problems := a.Definition.Check(things); len(problems) > 0 {
		return &models.Error{Code: models.CodeConflict, Message: "The automation cannot be switched on yet. " + problems[0].Message}
	}
	if err := v.automations().Enable(v.UserContext(), a.Automation, v.User.ID, true); err != nil {
		return models.In("automation: switch on", err)
	}
	return v.done(v.path("automations", a.ID), "The automation %s is on.", a.Name)
}

// automationDisableAsk asks before an automation is switched off.
func (s *Server) automationDisableAsk(v *visit) error {
	m, err := v.automationAsk("Switch off")
	if err != nil {
		return err
	}
	return v.show(views.AutomationDisablePage(m))
}

// automationDisable switches an automation off.
func (s *Server) automationDisable(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	if err := v.automations().Enable(v.UserContext(), a.Automation, v.User.ID, false); err != nil {
		return models.In("automation: switch off", err)
	}
	return v.done(v.path("automations", a.ID), "The automation %s is off.", a.Name)
}

// automationDeleteAsk asks before an automation is deleted.
func (s *Server) automationDeleteAsk(v *visit) error {
	m, err := v.automationAsk("Delete")
	if err != nil {
		return err
	}
	return v.show(views.AutomationDeletePage(m))
}

// automationDelete deletes an automation.
func (s *Server) automationDelete(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	if err := v.automations().Delete(v.UserContext(), a.Automation, v.User.ID); err != nil {
		return models.In("automation: delete", err)
	}
	return v.done(v.path("automations"), "The automation %s is deleted.", a.Name)
}

func (v *visit) automationAsk(title string) (views.AutomationAskModel, error) {
	a, err := v.automation()
	if err != nil {
		return views.AutomationAskModel{}, err
	}
	m := views.AutomationAskModel{ID: a.ID, Name: a.Name, Open: a.Open}
	m.Page, err = v.page(views.SectionAutomations, title, views.Crumb{Text: "Automations", Href: v.path("automations")},
		views.Crumb{Text: a.Name, Href: v.path("automations", a.ID)}, views.Crumb{Text: title})
	return m, err
}

// automationCopy makes a copy that is off.
func (s *Server) automationCopy(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	name := models.Shorten(a.Name, 64-len(" (copy)")) + " (copy)"
	copied, err := v.automations().Create(v.UserContext(), v.Workspace.ID, v.User.ID, name, a.Definition, false)
	if err != nil {
		return models.In("automation: copy", err)
	}
	return v.done(v.path("automations", copied.ID, "edit"), "This is the copy. It is off until you switch it on.")
}

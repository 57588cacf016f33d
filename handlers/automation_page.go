package handlers

import (
	"errors"
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// goneStep is the parameter for the steps that only earlier versions have. Steps are numbered from 1.
const goneStep = "gone"

// automationFlow adds where the runs are: a row for the start, each step, the steps that are gone, and the end.
func (v *visit) automationFlow(m *views.AutomationModel, a automations.Listed, f automations.Flow, things automations.Things) {
	row := func(key string, r automations.Reached, words []views.Word) views.FlowStep {
		link := func(state models.RunState, n int64) views.FlowCount {
			return views.FlowCount{N: n, Href: v.path("automations", a.ID) + "?state=" + string(state) + "&step=" + key + "#runs"}
		}
		return views.FlowStep{Words: words, Came: r.Came, Here: link(models.RunWaiting, r.Here), Ended: link(models.RunStopped, r.Ended), Failed: link(models.RunFailed, r.Failed)}
	}
	start := row("0", f.Start, []views.Word{{Text: "Started", Kind: "name"}})
	start.Icon = "bolt"
	m.Flow = append(m.Flow, start)
	for i, step := range a.Definition.Steps {
		one := row(strconv.Itoa(i+1), f.Steps[step.ID], capital(words(step.Words(things))))
		one.Number = i + 1
		m.Flow = append(m.Flow, one)
	}
	if f.Gone.Came > 0 {
		gone := row(goneStep, f.Gone, []views.Word{{Text: "Steps of earlier versions"}})
		gone.Icon = "clock"
		m.Flow = append(m.Flow, gone)
	}
	m.Flow = append(m.Flow, views.FlowStep{Icon: "check", Words: []views.Word{{Text: "Done", Kind: "name"}}, Came: f.Done, Last: true})
	m.FlowNote = "started in the last 30 days, or still under way"
	if f.Full {
		m.FlowNote = "the 10,000 newest runs"
	}
}

// capital begins words with a capital letter.
func capital(all []views.Word) []views.Word {
	if len(all) > 0 {
		all[0].Text = models.Capital(all[0].Text)
	}
	return all
}

// runTabs are the tabs of an automation's runs, each with its label.
var runTabs = map[models.RunState]string{models.RunWaiting: "Under way", models.RunDone: "Done", models.RunStopped: "Ended early", models.RunFailed: "Failed"}

func (v *visit) automationRuns(m *views.AutomationModel, a automations.Listed, flow automations.Flow) error {
	counts, err := v.automations().StateCounts(v.UserContext(), a.Automation)
	if err != nil {
		return models.In("automation: count runs", err)
	}
	var all int64
	for _, state := range automations.RunStates {
		m.Tabs = append(m.Tabs, views.RunTab{State: string(state), Label: runTabs[state], Count: counts[state]})
		all += counts[state]
	}
	m.Tabs = append(m.Tabs, views.RunTab{Label: "All", Count: all})
	f := automations.RunFilter{AutomationID: a.ID}
	if state := models.RunState(v.Query("state")); slices.Contains(automations.RunStates, state) {
		f.State, m.State = state, string(state)
	}
	f.Before, _ = uuid.Parse(v.Query("before")) // an invalid id shows the newest page
	query := "?state=" + m.State
	if id, _ := strconv.ParseInt(v.Query("job"), 10, 64); id != 0 {
		job, err := v.server.DB.Job(v.UserContext(), v.Workspace.ID, id)
		if err == nil {
			m.State, m.Job = "", views.Crumb{Text: v.jobText(job).title, Href: v.path("jobs", id)}
			f.State, f.JobID, query = "", id, "?job="+strconv.FormatInt(id, 10)
		} else if !errors.Is(err, models.ErrNotFound) { // it is no longer known: the page shows all runs
			return models.In("automation: the work that started runs", err)
		}
	}
	if step := v.Query("step"); f.State != "" && step != "" {
		if f.Places, m.AtStep = placesOf(m.Flow, a, flow, step); m.AtStep != "" {
			query += "&step=" + step
		}
	}
	if m.AtStep != "" && len(f.Places) == 0 { // nobody is there
		return nil
	}
	runs, err := v.automations().Runs(v.UserContext(), v.Workspace.ID, f, runsOnAPage+1)
	if err != nil {
		return models.In("automation: runs", err)
	}
	if len(runs) > runsOnAPage {
		runs = runs[:runsOnAPage]
		m.Older = v.path("automations", a.ID) + query + "&before=" + runs[len(runs)-1].ID.String() + "#runs"
	}
	if f.Before != uuid.Nil {
		m.Newest = v.path("automations", a.ID) + query + "#runs"
	}
	m.Runs, err = v.runRows(runs)
	return err
}

// placesOf returns the places of a step of the flow, and its words: "" if there is no such step.
func placesOf(rows []views.FlowStep, a automations.Listed, flow automations.Flow, step string) ([]automations.Place, string) {
	n, err := strconv.Atoi(step)
	switch {
	case step == goneStep:
		return flow.Gone.Places, "steps that only earlier versions have"
	case err != nil || n < 0 || n > len(a.Definition.Steps):
		return nil, ""
	case n == 0:
		return flow.Start.Places, "the start"
	}
	said := ""
	for _, w := range rows[n].Words {
		said += w.Text
	}
	return flow.Steps[a.Definition.Steps[n-1].ID].Places, "step " + strconv.Itoa(n) + ", “" + said + "”"
}

// automationRetryAsk asks before the failed runs of an automation go on.
func (s *Server) automationRetryAsk(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	counts, err := v.automations().StateCounts(v.UserContext(), a.Automation)
	if err != nil {
		return models.In("automation: count runs", err)
	}
	m := views.AutomationAskModel{ID: a.ID, Name: a.Name, Open: counts[models.RunFailed]}
	m.Page, err = v.page(views.SectionAutomations, "Try again", views.Crumb{Text: "Automations", Href: v.path("automations")},
		views.Crumb{Text: a.Name, Href: v.path("automations", a.ID)}, views.Crumb{Text: "Try again"})
	if err != nil {
		return err
	}
	return v.show(views.AutomationRetryPage(m))
}

// automationRetry lets the failed runs of an automation go on.
func (s *Server) automationRetry(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	again, refused, why, err := v.automations().RetryAll(v.UserContext(), a.Automation, v.User.ID)
	if err != nil {
		return models.In("automation: try again", err)
	}
	said := views.Plural(again, "run goes on.", "runs go on.")
	if refused > 0 {
		said += " " + views.Plural(refused, "run", "runs") + " cannot go on. " + why
	}
	if again+refused == automations.RetriedAtOnce {
		said += " If more have failed, press the button again."
	}
	return v.done(v.path("automations", a.ID)+"?state=failed", "%s", said)
}

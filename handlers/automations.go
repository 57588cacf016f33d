package handlers

import (
	"strings"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
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
	things, err := store.ThingsOf(ctx, v.Workspace, a.Definition)
	if err != nil {
		return models.In("automation: what it uses", err)
	}
	m := views.AutomationModel{Page: p, AutomationRow: automationRow(a, things), CanChange: v.canChange(), NoContact: !a.Definition.OfContact()}
	for _, t := range a.Definition.Triggers {
		m.Events = append(m.Events, t.Type)
	}
	m.Words = words(a.Definition.SentenceByHand(things))
	flow, err := store.Flow(ctx, a.Automation)
	if err != nil {
		return models.In("automation: where runs are", err)
	}
	v.automationFlow(&m, a, flow, things)
	undelivered, err := store.Undelivered(ctx, v.Workspace.ID, a.ID)
	if err != nil {
		return models.In("automation: messages that have not arrived", err)
	}
	if m.Undelivered, err = v.undeliveredHere(undelivered); err != nil {
		return err
	}
	untold, err := store.Untold(ctx, a.Automation, things)
	if err != nil {
		return models.In("automation: who was not told", err)
	}
	for _, u := range untold {
		m.Untold = append(m.Untold, u.Name+" could not be told: "+u.Why+".")
	}
	if err := v.automationRuns(&m, a, flow); err != nil {
		return err
	}
	v.automationFacts(&m, a, flow, things)
	return v.show(views.AutomationPage(m))
}

// automationEnable switches an automation on. One that needs a repair stays off.
func (s *Server) automationEnable(v *visit) error {
	a, err := v.automation()
	if err != nil {
		return err
	}
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace, a.Definition)
	if err != nil {
		return models.In("automation: what it uses", err)
	}
	if problems := a.Definition.Check(things); len(problems) > 0 {
		return &models.Error{Code: models.CodeConflict, Message: "The automation cannot be switched on yet. " + sentences(problems)}
	}
	if err := v.automations().Enable(v.UserContext(), a.Automation, v.User.ID, true); err != nil {
		return models.In("automation: switch on", err)
	}
	return v.done(v.path("automations", a.ID), "The automation %s is on.", a.Name)
}

// sentences joins what is wrong.
func sentences(problems []automations.Problem) string {
	all := make([]string, len(problems))
	for i, p := range problems {
		all[i] = p.Sentence()
	}
	return strings.Join(all, " ")
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
	copied, err := v.automations().Copy(v.UserContext(), a, v.User.ID)
	if err != nil {
		return models.In("automation: copy", err)
	}
	return v.done(v.path("automations", copied.ID, "edit"), "This is the copy. It is off until you switch it on.")
}

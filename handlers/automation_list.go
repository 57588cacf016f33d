package handlers

import (
	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

// automationList lists the automations, and which of them need a look.
func (s *Server) automationList(v *visit) error {
	p, err := v.page(views.SectionAutomations, "Automations")
	if err != nil {
		return err
	}
	all, err := v.automations().List(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("automations: list", err)
	}
	m := views.AutomationsModel{Page: p, CanChange: v.canChange()}
	if len(all) == 0 {
		return v.show(views.AutomationsPage(m))
	}
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace)
	if err != nil {
		return models.In("automations: what they use", err)
	}
	for _, a := range all {
		m.Automations = append(m.Automations, automationRow(a, things))
	}
	return v.show(views.AutomationsPage(m))
}

func automationRow(a automations.Listed, things automations.Things) views.AutomationRow {
	row := views.AutomationRow{ID: a.ID, Name: a.Name, Words: words(a.Definition.Sentence(things)), On: a.Enabled, Started: a.Started, Open: a.Open, Failed: a.Failed}
	for _, p := range a.Definition.Check(things) {
		row.Problems = append(row.Problems, views.Visible(p.Message))
	}
	return row
}

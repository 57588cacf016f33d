package handlers

import (
	"slices"

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
	things, err := v.automations().ThingsOf(v.UserContext(), v.Workspace, definitions(all)...)
	if err != nil {
		return models.In("automations: what they use", err)
	}
	undelivered, err := v.automations().Undelivered(v.UserContext(), v.Workspace.ID, 0)
	if err != nil {
		return models.In("automations: messages that have not arrived", err)
	}
	names := map[int64]string{}
	for _, a := range all {
		row := automationRow(a, things)
		for _, u := range undelivered {
			if u.AutomationID == a.ID {
				row.GivenUp += u.GivenUp
			}
		}
		names[a.ID] = a.Name
		m.Automations = append(m.Automations, row)
	}
	undelivered = slices.DeleteFunc(undelivered, func(u automations.Undelivered) bool { return names[u.AutomationID] == "" }) // it was deleted
	m.Undelivered = v.undelivered(undelivered, names)
	return v.show(views.AutomationsPage(m))
}

func automationRow(a automations.Listed, things automations.Things) views.AutomationRow {
	row := views.AutomationRow{ID: a.ID, Name: a.Name, Words: words(a.Definition.Sentence(things)), On: a.Enabled, Started: a.Started, Open: a.Open, Failed: a.Failed}
	for _, p := range a.Definition.Check(things) {
		row.Problems = append(row.Problems, views.Visible(p.Sentence()))
	}
	return row
}

func definitions(all []automations.Listed) []automations.Definition {
	ds := make([]automations.Definition, len(all))
	for i, a := range all {
		ds[i] = a.Definition
	}
	return ds
}

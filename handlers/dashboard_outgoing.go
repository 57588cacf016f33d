package handlers

import (
	"campaignlark/models"
	"campaignlark/views"
)

// dashboardOutgoing adds the automations that need a repair, and the destinations that need a look.
func (v *visit) dashboardOutgoing(m *views.DashboardModel) error {
	troubles, err := v.destinations().Troubles(v.UserContext(), v.Workspace.ID, v.server.now())
	if err != nil {
		return models.In("dashboard: destinations", err)
	}
	for _, t := range troubles {
		row := views.DestinationTrouble{Named: views.Named{ID: t.ID, Name: t.Name}, Waiting: t.Waiting, GivenUp: t.GivenUp}
		switch {
		case t.Failing:
			row.Problem = "has taken no message since " + v.daySaidOf(*t.FailingSince) + "."
		case t.Off() && t.OffReason != "":
			row.Problem = "was switched off. " + t.OffReason
		case t.Off():
			row.Problem = "is switched off."
		}
		m.Destinations = append(m.Destinations, row)
	}
	for _, a := range v.broken { // the navigation has counted them
		m.Repair = append(m.Repair, views.Named{ID: a.ID, Name: a.Name})
	}
	return nil
}

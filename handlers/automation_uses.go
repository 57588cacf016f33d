package handlers

import (
	"strconv"

	"campaignlark/automations"
	"campaignlark/views"
)

func (v *visit) automationFacts(m *views.AutomationModel, a automations.Listed, flow automations.Flow, things automations.Things) {
	byHand := "are ignored"
	if a.Definition.ByHand {
		byHand = "start it too"
	}
	layout := "2 January 2006, 15:04"
	version := strconv.FormatInt(a.Revision, 10)
	for _, e := range flow.Earlier {
		still := " runs still finish version "
		if e.Runs == 1 {
			still = " run still finishes version "
		}
		version += "; " + views.Count(e.Runs) + still + strconv.FormatInt(e.Revision, 10)
	}
	m.Facts = []views.FactText{{Label: "Changes by people and imports", Text: byHand}, {Label: "Version", Text: version},
		{Label: "Changed", Text: a.UpdatedAt.In(v.Workspace.Location()).Format(layout)}, {Label: "Created", Text: a.CreatedAt.In(v.Workspace.Location()).Format(layout)}}
	for _, d := range things.Destinations {
		for _, id := range a.Definition.Destinations() {
			if id == d.ID {
				m.Uses = append(m.Uses, views.UsedThing{Text: "Destination " + d.Name, Href: v.path("destinations", d.ID)})
			}
		}
	}
	m.Leads = v.leadsTo(a.ID, a.Definition, things)
}

// leadsTo names the automations that the steps of a definition start. id is its automation's, 0 for a new one.
func (v *visit) leadsTo(id int64, d automations.Definition, things automations.Things) (all []views.LeadsTo) {
	others, err := v.automations().Definitions(v.UserContext(), v.Workspace.ID)
	if err != nil { // a warning less
		return nil
	}
	for _, s := range d.Starts(others, things) {
		if s.Other.ID != id {
			all = append(all, views.LeadsTo{Words: words(s.Step.Words(things)), Other: views.Named{ID: s.Other.ID, Name: s.Other.Name}})
		}
	}
	return all
}

package handlers

import (
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

func (v *visit) automationFacts(m *views.AutomationModel, a automations.Listed, flow automations.Flow, things automations.Things) {
	layout := "2 January 2006, 15:04"
	version := strconv.FormatInt(a.Revision, 10)
	for _, e := range flow.Earlier {
		still := " runs still finish version "
		if e.Runs == 1 {
			still = " run still finishes version "
		}
		version += "; " + views.Count(e.Runs) + still + strconv.FormatInt(e.Revision, 10)
	}
	m.Facts = []views.FactText{{Label: "Version", Text: version},
		{Label: "Changed", Text: a.UpdatedAt.In(v.Workspace.Location()).Format(layout)}, {Label: "Created", Text: a.CreatedAt.In(v.Workspace.Location()).Format(layout)}}
	if a.Definition.OfContact() {
		byHand := "are ignored"
		if a.Definition.ByHand {
			byHand = "start it too"
		}
		m.Facts = append([]views.FactText{{Label: "Changes by people and imports", Text: byHand}}, m.Facts...)
	}
	m.Uses = v.automationUses(a.Definition, things)
	m.Leads = v.leadsTo(a.ID, a.Definition, things)
}

// usedKinds are the kinds of things that automations use, by their subject: as the page names them, and where their pages are.
var usedKinds = map[string]struct{ kind, word, section string }{
	models.SubjectWebhook:     {"webhook", "Webhook", "webhooks"},
	models.SubjectTag:         {"tag", "Tag", "contacts"},
	models.SubjectMergeTag:    {"merge tag", "Merge tag", "merge-tags"},
	models.SubjectSegment:     {"segment", "Segment", "segments"},
	models.SubjectDestination: {"destination", "Destination", "destinations"},
}

// automationUses lists what a definition uses, each with its page, and whom it tells.
func (v *visit) automationUses(d automations.Definition, things automations.Things) (all []views.UsedThing) {
	for _, u := range d.Uses() {
		kind, known := usedKinds[u.Subject]
		if !known {
			continue
		}
		name, gone := things.Lost(kind.kind, u.ID)
		used := views.UsedThing{Text: kind.word + " " + name, Href: v.path(kind.section, u.ID)}
		switch {
		case gone && name == "":
			used = views.UsedThing{Text: "A deleted " + kind.kind}
		case gone:
			used = views.UsedThing{Text: kind.word + " " + name + " (deleted)"}
		case u.Subject == models.SubjectTag:
			used.Href = v.path("contacts") + "?tag=" + views.Number(u.ID)
		case u.Subject == models.SubjectMergeTag && !v.canChange():
			used.Href = v.path("merge-tags")
		case u.Subject == models.SubjectMergeTag:
			used.Href = v.path("merge-tags", u.ID, "edit")
		}
		all = append(all, used)
	}
	for _, m := range things.Members {
		if slices.ContainsFunc(d.Steps, func(s automations.Step) bool {
			return s.Type == automations.StepTellTeam && slices.Contains(s.UserIDs, m.UserID)
		}) {
			all = append(all, views.UsedThing{Text: "Member " + automations.MemberName(m), Href: v.path("settings", "members")})
		}
	}
	return all
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

package handlers

import (
	"net/url"
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/models"
	"campaignlark/views"
)

// automationsOnAPage is how many automations a page of the list shows.
const automationsOnAPage = 50

var automationStates = []views.Option{{Label: "All"}, {Value: "on", Label: "On"}, {Value: "off", Label: "Off"}, {Value: "look", Label: "Needs a look"}}

// automationList lists the automations, and which of them need a look.
func (s *Server) automationList(v *visit) error {
	p, err := v.page(views.SectionAutomations, "Automations")
	if err != nil {
		return err
	}
	ctx, store := v.UserContext(), v.automations()
	all, err := store.Definitions(ctx, v.Workspace.ID)
	if err != nil {
		return models.In("automations: list", err)
	}
	m := views.AutomationsModel{Page: p, CanChange: v.canChange(), IsAdmin: v.isAdmin(), Search: models.TrimBlanks(cleanText(v.Query("q"))), All: len(all), States: automationStates}
	if slices.ContainsFunc(automationStates, func(o views.Option) bool { return o.Value == v.Query("show") }) {
		m.State = v.Query("show")
	}
	things, err := store.ThingsOf(ctx, v.Workspace, definitions(all)...)
	if err != nil {
		return models.In("automations: what they use", err)
	}
	m.NoDestination, m.NoMail = len(things.Destinations) == 0, !things.Mail
	if len(all) == 0 {
		return v.show(views.AutomationsPage(m))
	}
	undelivered, err := store.Undelivered(ctx, v.Workspace.ID, 0)
	if err != nil {
		return models.In("automations: messages that have not arrived", err)
	}
	names, rows, found := map[int64]string{}, map[int64]views.AutomationRow{}, []automations.Listed{}
	for _, a := range all {
		row := automationRow(a, things)
		for _, u := range undelivered {
			if u.AutomationID == a.ID {
				row.GivenUp += u.GivenUp
			}
		}
		names[a.ID], rows[a.ID] = a.Name, row
		if a.Enabled && len(row.Problems) > 0 {
			m.Broken = append(m.Broken, row)
		}
		if m.Matches(row) {
			found = append(found, a)
		}
	}
	undelivered = slices.DeleteFunc(undelivered, func(u automations.Undelivered) bool { return names[u.AutomationID] == "" }) // it was deleted
	m.Undelivered = v.undelivered(undelivered, names)
	m.Found = len(found)
	found = v.pageOfAutomations(&m, found)
	if err := store.Count(ctx, found); err != nil { // of this page only: each may have many runs
		return models.In("automations: their runs", err)
	}
	for _, a := range found {
		row := rows[a.ID]
		row.Started, row.Open, row.Failed = a.Started, a.Open, a.Failed
		m.Automations = append(m.Automations, row)
	}
	return v.show(views.AutomationsPage(m))
}

// pageOfAutomations returns the automations of the page that the URL names, and links to its neighbours.
func (v *visit) pageOfAutomations(m *views.AutomationsModel, found []automations.Listed) []automations.Listed {
	page, err := strconv.Atoi(v.Query("page"))
	last := max(1, (len(found)+automationsOnAPage-1)/automationsOnAPage)
	if err != nil || page < 1 || page > last {
		page = 1
	}
	to := func(page int) string {
		q := url.Values{}
		for name, value := range map[string]string{"q": m.Search, "show": m.State} {
			if value != "" {
				q.Set(name, value)
			}
		}
		q.Set("page", strconv.Itoa(page))
		return v.path("automations") + "?" + q.Encode()
	}
	if page > 1 {
		m.Previous = to(page - 1)
	}
	if page < last {
		m.Next = to(page + 1)
	}
	return found[(page-1)*automationsOnAPage : min(page*automationsOnAPage, len(found))]
}

func automationRow(a automations.Listed, things automations.Things) views.AutomationRow {
	said := a.Definition.Sentence(things)
	if a.Definition.ByHand { // most are not
		said = a.Definition.SentenceByHand(things)
	}
	row := views.AutomationRow{ID: a.ID, Name: a.Name, Words: words(said), On: a.Enabled, Started: a.Started, Open: a.Open, Failed: a.Failed}
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

package handlers

import (
	"slices"
	"strconv"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// deliveryPage is how many deliveries a page of the list shows.
const deliveryPage = 50

// deliveryList lists the workspace's deliveries that match the URL's filters, the newest first.
func (s *Server) deliveryList(v *visit) error {
	p, err := v.page(views.SectionDestinations, "Messages", v.destinationsCrumb(), views.Crumb{Text: "Messages"})
	if err != nil {
		return err
	}
	to, err := v.destinations().Ever(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("deliveries: destinations", err)
	}
	by, err := v.automations().Definitions(v.UserContext(), v.Workspace.ID)
	if err != nil {
		return models.In("deliveries: automations", err)
	}
	q, err := v.deliveryQuery(v.Query, to, by)
	if err != nil {
		return err
	}
	list := v.path("deliveries")
	m := views.DeliveriesModel{Page: p, Email: q.email, Destination: q.destination, State: q.state, Event: q.event, Result: q.result, Automation: q.automation, Request: q.request,
		When: q.time.when, From: q.time.from, To: q.time.to, Wrong: q.said, Days: s.Config.LogRetentionDays, More: q.event+q.result+q.automation != "",
		Destinations: destinationOptions(to), States: stateOptions(), Events: eventOptions(), Results: resultOptions(q.result), Automations: automationOptions(by), Clear: list}
	m.Chips = q.chips(list, m)
	if q.nothing {
		return v.show(views.DeliveriesPage(m))
	}
	found, err := v.destinations().Search(v.UserContext(), v.Workspace.ID, q.filter, q.before, deliveryPage)
	if err != nil {
		return models.In("deliveries: search", err)
	}
	m.Rows = v.deliveryRows(found.Rows)
	v.offerResend(&m, q, to)
	m.Nothing = len(found.Rows) == 0 && len(m.Chips) == 0 && q.before == uuid.Nil && found.Stopped == uuid.Nil
	if q.before != uuid.Nil {
		m.Newest = withQuery(list, q.with())
	}
	switch {
	case found.More:
		m.Older = withQuery(list, q.with("before", found.Rows[len(found.Rows)-1].ID.String()))
	case found.Stopped != uuid.Nil:
		m.Stopped, m.GoOn = models.IDTime(found.Stopped), withQuery(list, q.with("before", found.Stopped.String()))
	}
	return v.show(views.DeliveriesPage(m))
}

// offerResend leads from a list to the question whether to send all of it again, or says what to choose for that.
func (v *visit) offerResend(m *views.DeliveriesModel, q deliveryQuery, to []models.Destination) {
	ended := q.filter.State == "" || deliveries.Replayable(q.filter.State)
	if !v.canChange() || len(m.Rows) == 0 || len(m.Chips) == 0 || !ended {
		return
	}
	i := slices.IndexFunc(to, func(d models.Destination) bool { return d.ID == q.filter.DestinationID })
	switch {
	case i >= 0 && to[i].DeletedAt != nil:
	case i >= 0 && q.state != "":
		m.SendAgain = withQuery(v.path("destinations", q.filter.DestinationID, "replay"), q.with())
	case i >= 0:
		m.ToSend = "the state “Given up” or “Arrived”"
	case q.state != "":
		m.ToSend = "a destination"
	default:
		m.ToSend = "a destination, and the state “Given up” or “Arrived”"
	}
}

func destinationOptions(all []models.Destination) []views.Option {
	options := []views.Option{{Label: "Any destination"}}
	for _, d := range all {
		name := d.Name
		if d.DeletedAt != nil {
			name += " (deleted)"
		}
		options = append(options, views.Option{Value: strconv.FormatInt(d.ID, 10), Label: name})
	}
	return options
}

func automationOptions(all []automations.Listed) []views.Option {
	options := []views.Option{{Label: "Any automation"}}
	for _, a := range all {
		options = append(options, views.Option{Value: strconv.FormatInt(a.ID, 10), Label: a.Name})
	}
	return options
}

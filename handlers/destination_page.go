package handlers

import (
	"strconv"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

const (
	listedDeliveries = 20
)

// destinationShow shows one destination: what needs a look, its figures and its deliveries.
func (s *Server) destinationShow(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	u, err := v.destinations().Get(v.UserContext(), v.Workspace.ID, id, s.now())
	if err != nil {
		return models.In("destination page: read it", err)
	}
	m := views.DestinationModel{ID: u.ID, Name: u.Name, Host: deliveries.Host(u.URL), Address: deliveries.ShownURL(u.URL), Plain: deliveries.PlainWarning(u.URL), Health: v.healthOf(u), On: u.Enabled,
		IsAdmin: v.isAdmin(), CanChange: v.canChange(), Created: u.CreatedAt, Ending: u.Ending, Older: u.OlderSecret != nil}
	if m.Page, err = v.page(views.SectionDestinations, u.Name, v.destinationsCrumb(), views.Crumb{Text: u.Name}); err != nil {
		return err
	}
	if m.IsAdmin {
		m.OlderEnding = v.destinations().OlderEnding(u.Destination)
		m.Address = u.URL
		if err := v.addHeaders(&m, u.Destination); err != nil {
			return err
		}
	}
	if m.Callers, err = v.callersOf(u.Destination); err != nil {
		return err
	}
	if err := v.addDeliveries(&m, u); err != nil {
		return err
	}
	if err := v.addIssues(&m, u); err != nil {
		return err
	}
	if err := v.addTest(&m, u); err != nil {
		return err
	}
	if err := v.addTries(&m, u); err != nil {
		return err
	}
	m.Figures = v.destinationFigures(u)
	v.addVerification(&m)
	return v.show(views.DestinationPage(m))
}

// addHeaders adds the own headers, without their values.
func (v *visit) addHeaders(m *views.DestinationModel, d models.Destination) error {
	headers, err := v.destinations().Headers(d)
	m.Headers = deliveries.HideHeaders(headers)
	if deliveries.Lost(err) {
		m.NoHeaders = "They cannot be decrypted. Bring back SECRET_KEY, or enter them again."
		return nil
	}
	return models.In("destination page: own headers", err)
}

// deliveryTabs are the states of deliveries with their names on the tabs.
var deliveryTabs = []struct {
	state models.DeliveryState
	label string
}{
	{models.DeliveryPending, "Waiting"}, {models.DeliveryArrived, "Arrived"}, {models.DeliveryDead, "Given up"}, {models.DeliveryDropped, "Dropped"},
}

// addDeliveries adds the deliveries with the state that ?state= names. Without it, those that wait are shown, or those that arrived if
// none waits.
func (v *visit) addDeliveries(m *views.DestinationModel, u deliveries.Use) error {
	counts, err := v.destinations().StateCounts(v.UserContext(), u.WorkspaceID, u.ID)
	if err != nil {
		return models.In("destination page: count deliveries", err)
	}
	state := models.DeliveryPending
	if counts[state] == 0 && counts[models.DeliveryArrived] > 0 {
		state = models.DeliveryArrived
	}
	page := v.path("destinations", u.ID)
	for _, t := range deliveryTabs {
		if string(t.state) == v.Query("state") {
			state = t.state
		}
	}
	for _, t := range deliveryTabs {
		if t.state != models.DeliveryDropped || counts[t.state] > 0 || state == t.state {
			m.States = append(m.States, views.Tab{Label: t.label + " " + views.CountUpTo(counts[t.state], models.ExactCount), Href: page + "?state=" + string(t.state) + "#deliveries", Current: state == t.state})
		}
	}
	m.State, m.Replay, m.Count = string(state), deliveries.Replayable(state), counts[state]
	if state == models.DeliveryPending && u.NextAt.After(v.server.now()) && (!u.Failing || refusedNow(u)) {
		m.TryAll = tryAllLabel(counts[state])
	}
	before, _ := uuid.Parse(v.Query("before")) // an invalid id shows the newest page
	found, err := v.destinations().Search(v.UserContext(), u.WorkspaceID, deliveries.Filter{DestinationID: u.ID, State: state}, before, listedDeliveries)
	if err != nil {
		return models.In("destination page: deliveries", err)
	}
	m.Deliveries = v.deliveryRows(found.Rows)
	if before != uuid.Nil {
		m.Newest = page + "?state=" + m.State + "#deliveries"
	}
	if found.More {
		m.Older20 = page + "?state=" + m.State + "&before=" + found.Rows[len(found.Rows)-1].ID.String() + "#deliveries"
	}
	return nil
}

// destinationFigures are the figures of a destination.
func (v *visit) destinationFigures(u deliveries.Use) []views.Figure {
	page := v.path("destinations", u.ID)
	figures := []views.Figure{
		{Label: "Arrived", Value: views.CountUpTo(u.Arrived, models.ExactCount), Note: "in 24 hours", Href: page + "?state=arrived#deliveries"},
		{Label: "Waiting", Value: views.CountUpTo(u.Waiting, models.ExactCount), Note: "now", Href: page + "?state=pending#deliveries"},
		{Label: "Given up", Value: views.CountUpTo(u.GivenUp, models.ExactCount), Note: "in 30 days", Href: page + "?state=dead#deliveries"},
	}
	if u.Waiting > 0 {
		figures[1].Note = v.nextSaid(u)
	}
	if u.Waiting > 0 && !u.Enabled {
		figures[1].Note = "until it is on"
	}
	if u.Last != nil {
		value := "none"
		if u.Last.Status != 0 {
			value = strconv.Itoa(u.Last.Status)
		}
		figures = append(figures, views.Figure{Label: "Last answer", Value: value, Note: answerSaid(deliveries.Code(u.Last.Error), u.Last.Status) + ", " + views.Took(time.Duration(u.Last.DurationUs)*time.Microsecond)})
	}
	return figures
}

// addVerification adds the lines with which the receiver checks signatures, in the language that ?show= names.
func (v *visit) addVerification(m *views.DestinationModel) {
	all := views.VerifySnippets()
	m.Snippet = all[0]
	for _, one := range all {
		if one.Key == v.Query("show") {
			m.Snippet = one
		}
	}
	for _, one := range all {
		m.Tabs = append(m.Tabs, views.Tab{Label: one.Label, Href: v.path("destinations", m.ID) + "?show=" + one.Key + "#verify", Current: one.Key == m.Snippet.Key})
	}
}

// healthOf says how a destination does.
func (v *visit) healthOf(u deliveries.Use) views.Health {
	switch {
	case !u.Enabled && u.OffReason != "":
		return views.Health{Kind: "idle", Word: "Switched off", Note: "by the program"}
	case !u.Enabled:
		return views.Health{Kind: "idle", Word: "Switched off", Note: "by a person"}
	case refusedNow(u):
		return views.Health{Kind: "bad", Word: "Failing", Note: "its address is not allowed"}
	case u.Failing:
		h := views.Health{Kind: "bad", Word: "Failing", Note: "since " + v.daySaidOf(*u.FailingSince)}
		if next := v.nextSaid(u); next != "" {
			h.Note += "; " + next
		}
		return h
	case u.ArrivedAt != nil:
		return views.Health{Kind: "good", Word: "Healthy", Note: "last arrival " + v.daySaidOf(*u.ArrivedAt)}
	case u.Waiting > 0 && u.Failures > 0:
		return views.Health{Kind: "warn", Word: "Waiting", Note: "the first try failed; " + v.nextSaid(u)}
	case u.Waiting > 0:
		return views.Health{Kind: "warn", Word: "Waiting", Note: "its first message is on its way"}
	}
	return views.Health{Kind: "idle", Word: "Never called", Note: "nothing was sent to it yet"}
}

// nextSaid says when the next message is tried: "next try in 2 min", or "" if nothing waits or the destination is off.
func (v *visit) nextSaid(u deliveries.Use) string {
	if u.NextAt.IsZero() || !u.Enabled {
		return ""
	}
	return "next try " + v.untilSaid(u.NextAt)
}

// untilSaid says when an instant comes: "within a minute", "in 2 min", "in 5 h", or the day.
func (v *visit) untilSaid(at time.Time) string {
	switch d := at.Sub(v.server.now()).Round(time.Minute); {
	case d < time.Minute:
		return "within a minute"
	case d < time.Hour:
		return "in " + views.Count(int(d/time.Minute)) + " min"
	case d < 24*time.Hour:
		return "in " + views.Count(int(d/time.Hour)) + " h"
	}
	return "on " + v.daySaidOf(at)
}

// daySaidOf writes an instant short: "today, 08:58", "24 November, 08:58".
func (v *visit) daySaidOf(at time.Time) string {
	zone := v.Workspace.Location()
	at, now := at.In(zone), v.server.now().In(zone)
	if at.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return at.Format("today, 15:04")
	}
	return v.dated(at, "2 January, 15:04")
}

// lastWords says why the last attempt failed, after a blank; "" if it did not.
func lastWords(u deliveries.Use) string {
	if u.Last == nil || u.Last.Error == "" {
		return ""
	}
	return " " + deliveries.Words(deliveries.Code(u.Last.Error), u.Last.Status)
}

// whatWaits says how many messages wait.
func (v *visit) whatWaits(u deliveries.Use) string {
	switch {
	case u.Waiting == 0:
		return "No message waits."
	case u.Waiting == 1:
		return "1 message waits; it is not lost."
	}
	return views.PluralUpTo(u.Waiting, models.ExactCount, "message waits", "messages wait") + "; none is lost."
}

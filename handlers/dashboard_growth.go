package handlers

import (
	"strconv"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// growth shows how many contacts have each status, now and over the last 30 days.
func (v *visit) growth(m *views.DashboardModel, o store.Overview) error {
	days := m.DaySlots(models.GrowthDays+1, 24)
	zone := v.Workspace.Location()
	noted, err := v.server.DB.ContactDays(v.UserContext(), v.Workspace.ID, models.DayName(days[0].From, zone))
	if err != nil {
		return models.In("dashboard: days", err)
	}
	now := countsNow(o.StatusCounts, noted)
	m.Hourly = now != o.StatusCounts
	m.All = views.Count(now.Subscribed + now.Unconfirmed + now.Unsubscribed)
	for _, s := range statusTones {
		if uncounted(now.Of(s.status)) {
			m.All = views.CountUpTo(v.counts.Contacts, models.ExactCount)
		}
	}
	history := make([]models.StatusCounts, len(days)) // the last count before each day's end, or zero
	first := len(days) - 1
	for i := range days {
		day := models.DayName(days[i].From, zone)
		for _, n := range noted {
			if n.Day <= day {
				history[i], first = n.StatusCounts, min(first, i)
			}
		}
	}
	history[len(days)-1] = now
	m.Growth = growthChart(days[first:], history[first:])
	m.Contacts = v.contactFigures(now, history[0], o.Erased)
	return nil
}

// countsNow returns the current counts. Counting stops above models.ExactCount; for such a status it uses the last noted count, at
// most an hour old.
func countsNow(now models.StatusCounts, noted []models.ContactDay) models.StatusCounts {
	if len(noted) == 0 {
		return now
	}
	last := noted[len(noted)-1].StatusCounts
	for _, count := range []struct{ now, last *int64 }{{&now.Subscribed, &last.Subscribed}, {&now.Unconfirmed, &last.Unconfirmed}, {&now.Unsubscribed, &last.Unsubscribed}} {
		if *count.now > models.ExactCount {
			*count.now = max(*count.now, *count.last)
		}
	}
	return now
}

// uncounted reports whether counting stopped at n.
func uncounted(n int64) bool { return n == models.ExactCount+1 }

// statusTones says how each status is drawn.
var statusTones = []struct {
	status     models.Status
	kind, tone string
}{{models.StatusSubscribed, "good", "ok"}, {models.StatusUnconfirmed, "warn", "warn"}, {models.StatusUnsubscribed, "idle", "idle"}}

func growthChart(days []views.Slot, history []models.StatusCounts) views.Chart {
	c := views.Chart{Title: "Contacts by status at the end of each day", Unit: "Day", Empty: "There were no contacts in the last 30 days.", Lines: true, Slots: days}
	for _, s := range statusTones {
		series := views.Series{Name: s.status.Name(), Tone: s.tone}
		for _, counts := range history {
			series.Values = append(series.Values, counts.Of(s.status))
		}
		c.Series = append(c.Series, series)
		c.Summary += s.status.Name() + ": from " + views.Count(series.Values[0]) + " to " + views.Count(series.Values[len(history)-1]) + ". "
	}
	return c
}

// contactFigures counts the contacts by status, the change in 30 days, and erased contacts.
func (v *visit) contactFigures(now, before models.StatusCounts, erased int64) []views.Figure {
	var figures []views.Figure
	for _, s := range statusTones {
		f := views.Figure{Label: s.status.Name(), State: s.kind, Value: views.Count(now.Of(s.status)),
			Note: changed(now.Of(s.status) - before.Of(s.status)), Href: v.path("contacts") + "?status=" + string(s.status)}
		if uncounted(now.Of(s.status)) {
			f.Value, f.Note = views.CountUpTo(now.Of(s.status), models.ExactCount), "counted within the hour"
		}
		figures = append(figures, f)
	}
	return append(figures, views.Figure{Label: "Erased", Value: views.Count(erased), Note: "in " + strconv.Itoa(models.GrowthDays) + " days"})
}

// changed describes by how much a count changed in 30 days.
func changed(by int64) string {
	period := " in " + strconv.Itoa(models.GrowthDays) + " days"
	switch {
	case by > 0:
		return "+" + views.Count(by) + period
	case by < 0:
		return "−" + views.Count(-by) + period
	}
	return "no change" + period
}

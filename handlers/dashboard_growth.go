package handlers

import (
	"strconv"

	"campaignlark/models"
	"campaignlark/views"
)

// growth tells how many contacts there are of each status, and how that came to be.
func (v *visit) growth(m *views.DashboardModel, o models.Overview) error {
	days := m.DaySlots(models.GrowthDays+1, 24)
	zone := v.Workspace.Location()
	noted, err := v.server.DB.ContactDays(v.UserContext(), v.Workspace.ID, models.DayName(days[0].From, zone))
	if err != nil {
		return err
	}
	m.All = views.CountUpTo(v.counts.Contacts, models.ExactCount)
	now := live(o.StatusCounts, noted)
	if all := o.Subscribed + o.Unconfirmed + o.Unsubscribed; now == o.StatusCounts {
		m.All = views.Count(all)
	}
	history := make([]models.StatusCounts, len(days)) // what was noted before a day's end, or nobody
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
	m.Contacts = v.contactFigures(o, now, history[0])
	return nil
}

// live is what there is now; of a status with too many to count them each time, what was noted last.
func live(now models.StatusCounts, noted []models.ContactDay) models.StatusCounts {
	if len(noted) == 0 {
		return now
	}
	last := noted[len(noted)-1].StatusCounts
	for _, count := range []struct{ now, last *int64 }{{&now.Subscribed, &last.Subscribed}, {&now.Unconfirmed, &last.Unconfirmed}, {&now.Unsubscribed, &last.Unsubscribed}} {
		if *count.now > models.CountedContacts {
			*count.now = max(*count.now, *count.last)
		}
	}
	return now
}

// statusTones are the statuses with how they are drawn.
var statusTones = []struct {
	status     models.Status
	kind, tone string
}{{models.StatusSubscribed, "good", "ok"}, {models.StatusUnconfirmed, "warn", "warn"}, {models.StatusUnsubscribed, "idle", "idle"}}

func growthChart(days []views.Slot, history []models.StatusCounts) views.Chart {
	c := views.Chart{Title: "Contacts by status at the end of each day", Unit: "Day", Empty: "Nobody was here in the last 30 days.", Lines: true, Slots: days}
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

// contactFigures are the contacts by status, with what changed since 30 days ago.
func (v *visit) contactFigures(o models.Overview, now, before models.StatusCounts) []views.Figure {
	var figures []views.Figure
	for _, s := range statusTones {
		figures = append(figures, views.Figure{Label: s.status.Name(), State: s.kind, Value: views.CountUpTo(o.Of(s.status), models.CountedContacts),
			Note: changed(now.Of(s.status) - before.Of(s.status)), Href: v.path("contacts") + "?status=" + string(s.status)})
	}
	return append(figures, views.Figure{Label: "Erased", Value: views.Count(o.Erased), Note: "in " + strconv.Itoa(models.GrowthDays) + " days"})
}

// changed says by how much a count changed in 30 days.
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

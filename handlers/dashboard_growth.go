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
	if v.counts.Counted != nil {
		now, m.Hourly = exactCounts(v.counts.Counted), false
	}
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
	m.GrowthWords = growthWords(m.Growth)
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

// exactCounts returns the counters of the statuses.
func exactCounts(c models.ContactCounts) (n models.StatusCounts) {
	for _, s := range models.Statuses {
		n.Add(s, max(0, c[string(s)]))
	}
	return n
}

// uncounted reports whether counting stopped at n.
func uncounted(n int64) bool { return n == models.ExactCount+1 }

// statusTones says how each status is drawn.
var statusTones = []struct {
	status     models.Status
	kind, tone string
}{{models.StatusSubscribed, "good", "ok"}, {models.StatusUnconfirmed, "warn", "warn"}, {models.StatusUnsubscribed, "idle", "idle"}}

// growthChart shows for each day after the first how many contacts came and how many left. history is how many there were at the end of each
// day. What evens out within a day cannot be seen in it.
func growthChart(days []views.Slot, history []models.StatusCounts) views.Chart {
	came, left := views.Series{Name: "New", Tone: "ok"}, views.Series{Name: "Left", Tone: "idle", Down: true}
	all := models.StatusCounts{} // came as Subscribed, left as Unsubscribed
	for i := 1; i < len(history); i++ {
		before, now := history[i-1], history[i]
		grew := now.Subscribed + now.Unconfirmed - before.Subscribed - before.Unconfirmed
		gone := max(0, now.Unsubscribed-before.Unsubscribed, -grew)
		came.Values, left.Values = append(came.Values, grew+gone), append(left.Values, gone)
		all.Subscribed, all.Unsubscribed = all.Subscribed+grew+gone, all.Unsubscribed+gone
	}
	return views.Chart{Title: "Contacts that came and left, by day", Unit: "Day", Empty: "Nobody came or left in the last 30 days.", Slots: days[1:], Series: []views.Series{came, left},
		Summary: views.Count(all.Subscribed) + " new, " + views.Count(all.Unsubscribed) + " left."}
}

// leastDays is of how many days a chart has to tell. Of fewer, words tell more.
const leastDays = 3

// growthWords says in place of a chart of few days who came and left, "" if there are enough days.
func growthWords(c views.Chart) string {
	switch {
	case len(c.Slots) >= leastDays:
		return ""
	case len(c.Slots) == 0:
		return "Today is the first day with contacts. In three days a chart shows here who came and left."
	}
	return "Since " + c.Slots[0].Name + ": " + c.Summary + " In a few days a chart shows here each day."
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

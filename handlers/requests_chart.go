package handlers

import (
	"time"

	"campaignlark/models"
	"campaignlark/views"

	"github.com/google/uuid"
)

// chartDays is how many days the chart of a list without a time shows.
const chartDays = 30

// narrowed reports whether the query selects by more than a webhook and a time.
func (q requestQuery) narrowed() bool {
	return q.search+q.outcome+q.status+q.method+q.field+q.value != ""
}

// chartCounts reports whether the chart of a list counts just those calls in the log that the list counts.
func (v *visit) chartCounts(query requestQuery) bool {
	return query.narrowed() && (!query.filter.From.IsZero() || v.server.Config.LogRetentionDays <= chartDays)
}

// requestsChart draws the calls of the list, on its newest page. It counts them in the log with the list's own filter, unless known has them.
// If there are many, the counters draw a long time: they know whole hours, without replays.
func (v *visit) requestsChart(m *views.RequestsModel, query requestQuery, known foundCalls) error {
	if len(m.ByDay) == 0 || query.cursor != (models.Cursor{}) {
		return nil
	}
	period, narrowed := v.periodOf(query), query.narrowed()
	if known.many && !narrowed && period.wholeHours {
		chart, total, err := v.callsChart(m.Page, period, query.filter.WebhookID)
		if chart.Short = true; total.Calls > 0 {
			chart.Note = "These are many calls, so the chart counts whole hours and leaves out replays."
			m.Chart = &chart
		}
		return err
	}
	if query.filter.From.Before(period.from) {
		query.filter.From = period.from
	}
	found, stopped := known.times, known.many
	if found == nil {
		times, n, err := v.server.DB.CallTimes(v.UserContext(), v.Workspace.ID, query.filter)
		if err != nil || len(times) == 0 {
			return models.In("request list: times of calls", err)
		}
		found, stopped = times, n.Calls > models.ExactCount || n.Stopped != uuid.Nil
	}
	c := views.Chart{Title: "Calls in " + period.words, Unit: period.unit, Slots: period.slots(m.Page), Short: true}
	if narrowed {
		c.Title = "Calls that match, in " + period.words
	}
	if stopped {
		c.Title = "The newest " + views.Plural(len(found), "call", "calls") + " that " + map[bool]string{true: "matches", false: "match"}[len(found) == 1]
	}
	failed, processed, idle := make([]int64, len(c.Slots)), make([]int64, len(c.Slots)), make([]int64, len(c.Slots))
	var sums struct{ failed, idle int64 }
	for _, call := range found {
		at := max(0, views.SlotOf(c.Slots, models.IDTime(call.ID)))
		switch {
		case call.Failed:
			failed[at]++
			sums.failed++
		case call.Idle:
			idle[at]++
			sums.idle++
		default:
			processed[at]++
		}
	}
	c.Series = callSeries(failed, processed, idle, sums.idle > 0)
	c.Summary = callSummary(int64(len(found)), sums.failed)
	v.linkSlots(c.Slots, query)
	m.Chart = &c
	return nil
}

// periodOf returns the period of the list's chart.
func (v *visit) periodOf(query requestQuery) callRange {
	now := v.server.now()
	days := min(chartDays, v.server.Config.LogRetentionDays)
	r := callRange{words: "the last " + views.Plural(days, "day", "days"), unit: "From", from: query.filter.From, to: query.filter.To}
	switch query.when {
	case "":
		r.from = now.AddDate(0, 0, -days)
	case "range", "today", "yesterday":
		r.words = "the chosen time"
	default:
		r.words = map[string]string{"1h": "the last hour", "24h": "the last 24 hours", "7d": "the last 7 days"}[query.when]
	}
	until, tick := r.to, ""
	if until.IsZero() || until.After(now) {
		until, tick, r.to = now, "now", time.Time{}
	}
	if kept := now.AddDate(0, 0, -v.server.Config.LogRetentionDays); r.from.Before(kept) {
		r.from = kept
	}
	if !r.from.Before(until) { // no call is kept from that time
		r.from = until.Add(-time.Hour)
	}
	r.wholeHours = until.Sub(r.from) > views.MinutesUntil
	r.slots = func(p views.Page) []views.Slot {
		slots := p.SlotsBetween(r.from, until)
		slots[len(slots)-1].Tick = tick
		return slots
	}
	return r
}

// linkSlots links each slot of a chart to the list of its calls, within the time of the query.
func (v *visit) linkSlots(slots []views.Slot, query requestQuery) {
	zone, begin, end := v.Workspace.Location(), query.filter.From, query.filter.To
	if end.IsZero() {
		end = v.server.now()
	}
	for i := range slots {
		from, to := slots[i].From, end
		if from.Before(begin) {
			from = begin
		}
		if i+1 < len(slots) {
			to = slots[i+1].From
		}
		query.when, query.from, query.to = "range", from.In(zone).Format(momentLayout), to.In(zone).Format(momentLayout)
		slots[i].Href = v.requestsURL(query.with())
	}
}

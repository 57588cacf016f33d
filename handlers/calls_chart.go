package handlers

import (
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/views"
)

// callRange is a period of a calls chart. key is its name in the URL.
type callRange struct {
	key, label, words string // words follow "in"
	unit              string
	slots             func(p views.Page) []views.Slot
	wholeHours        bool      // no slot is shorter than an hour
	from, to          time.Time // only hours that have a part between them count; zero for no bound
}

var callRanges = []callRange{
	{key: "24h", label: "24 hours", words: "the last 24 hours", unit: "Hour", slots: func(p views.Page) []views.Slot { return p.HourSlots(24) }},
	{key: "48h", label: "48 hours", words: "the last 48 hours", unit: "Hour", slots: func(p views.Page) []views.Slot { return p.HourSlots(48) }},
	{key: "7d", label: "7 days", words: "the last 7 days", unit: "From", slots: func(p views.Page) []views.Slot { return p.DaySlots(7, 6) }},
	{key: "30d", label: "30 days", words: "the last 30 days", unit: "Day", slots: func(p views.Page) []views.Slot { return p.DaySlots(30, 24) }},
}

// callRange returns the period named by ?calls=, or by standard.
func (v *visit) callRange(standard string) (chosen callRange) {
	for _, r := range callRanges {
		if r.key == v.Query("calls") {
			return r
		}
		if r.key == standard {
			chosen = r
		}
	}
	return chosen
}

// rangeTabs links to each period on the page at path.
func rangeTabs(path string, chosen callRange) []views.Tab {
	tabs := make([]views.Tab, len(callRanges))
	for i, r := range callRanges {
		tabs[i] = views.Tab{Label: r.label, Href: path + "?calls=" + r.key + "#calls", Current: r.key == chosen.key}
	}
	return tabs
}

// callsChart draws and counts the calls of a period; webhookID 0 means all webhooks.
func (v *visit) callsChart(p views.Page, r callRange, webhookID int64) (views.Chart, views.CallTotals, error) {
	c := views.Chart{Title: "Calls in " + r.words, Unit: r.unit, Empty: "No calls in " + r.words + ".", Slots: r.slots(p)}
	total := views.CallTotals{Period: r.words}
	counts, err := v.server.DB.CallsByHour(v.UserContext(), v.Workspace.ID, webhookID, c.Slots[0].From, v.server.now())
	if err != nil {
		return c, total, models.In("chart of calls: counts", err)
	}
	failed, processed, idle := make([]int64, len(c.Slots)), make([]int64, len(c.Slots)), make([]int64, len(c.Slots))
	done := map[models.Outcome]int64{}
	for _, n := range counts {
		at := views.SlotOf(c.Slots, n.Hour)
		if at < 0 || r.without(n.Hour) {
			continue
		} else if n.Failed {
			failed[at] += n.Calls
			total.Failed += n.Calls
		} else if n.Idle != "" {
			idle[at] += n.Calls
			done[n.Idle] += n.Calls
		} else {
			processed[at] += n.Calls
		}
		total.Calls += n.Calls
	}
	query := requestQuery{replays: "no", filter: store.RequestFilter{From: r.from, To: r.to}} // the counters have no replays
	if webhookID != 0 {
		query.webhook = strconv.FormatInt(webhookID, 10)
	}
	v.linkSlots(c.Slots, query)
	for _, o := range models.NoEffectOutcomes {
		if done[o] > 0 {
			total.Idle = append(total.Idle, models.OutcomeCount{Outcome: o, Calls: done[o]})
		}
	}
	c.Series = callSeries(failed, processed, idle, len(total.Idle) > 0)
	c.Summary = callSummary(total.Calls, total.Failed)
	return c, total, nil
}

// without reports whether the hour that begins at hour is outside the period.
func (r callRange) without(hour time.Time) bool {
	return hour.Before(r.from.Truncate(time.Hour)) || !r.to.IsZero() && !hour.Before(r.to)
}

// callSeries are the bars of a chart of calls; those that rightly did nothing have bars if there are any.
func callSeries(failed, processed, idle []int64, anyIdle bool) []views.Series {
	all := []views.Series{{Name: "Failed", Tone: "bad", Values: failed}, {Name: "Processed", Tone: "ok", Values: processed}}
	if anyIdle {
		all = append(all, views.Series{Name: "Nothing to do", Tone: "idle", Values: idle})
	}
	return all
}

// callSummary says a chart of calls in words.
func callSummary(calls, failed int64) string {
	return views.Plural(calls, "call", "calls") + ", " + views.Count(failed) + " failed"
}

// callsSince links to the requests that the counters count from an hour on: those without replays.
func (v *visit) callsSince(hour time.Time, webhook string, outcome models.Outcome) string {
	from := hour.In(v.Workspace.Location()).Format(momentLayout)
	return v.requestsURL(requestQuery{webhook: webhook, outcome: string(outcome), when: "range", from: from, replays: "no"}.with())
}

// failuresHref links to the failed requests that a chart counts.
func (v *visit) failuresHref(c views.Chart, webhook string) string {
	return v.callsSince(c.Slots[0].From, webhook, models.OutcomesFailed)
}

package handlers

import (
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/views"
)

// callRange is a period of a calls chart. key is its name in the URL.
type callRange struct {
	key, label, words string // words follow "in"
	unit              string
	slots             func(p views.Page) []views.Slot
}

var callRanges = []callRange{
	{"24h", "24 hours", "the last 24 hours", "Hour", func(p views.Page) []views.Slot { return p.HourSlots(24) }},
	{"48h", "48 hours", "the last 48 hours", "Hour", func(p views.Page) []views.Slot { return p.HourSlots(48) }},
	{"7d", "7 days", "the last 7 days", "From", func(p views.Page) []views.Slot { return p.DaySlots(7, 6) }},
	{"30d", "30 days", "the last 30 days", "Day", func(p views.Page) []views.Slot { return p.DaySlots(30, 24) }},
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
	counts, err := v.server.DB.CallsByHour(v.UserContext(), v.Workspace.ID, webhookID, c.Slots[0].From)
	if err != nil {
		return c, total, models.In("chart of calls: counts", err)
	}
	failed, processed, idle := make([]int64, len(c.Slots)), make([]int64, len(c.Slots)), make([]int64, len(c.Slots))
	done := map[models.Outcome]int64{}
	for _, n := range counts {
		if at := views.SlotOf(c.Slots, n.Hour); at < 0 {
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
	query := requestQuery{replays: "no"} // the counters have none
	if webhookID != 0 {
		query.webhook = strconv.FormatInt(webhookID, 10)
	}
	v.linkSlots(c.Slots, query)
	c.Series = []views.Series{{Name: "Failed", Tone: "bad", Values: failed}, {Name: "Processed", Tone: "ok", Values: processed}}
	for _, o := range models.NoEffectOutcomes {
		if done[o] > 0 {
			total.Idle = append(total.Idle, models.OutcomeCount{Outcome: o, Calls: done[o]})
		}
	}
	if len(total.Idle) > 0 {
		c.Series = append(c.Series, views.Series{Name: "Nothing to do", Tone: "idle", Values: idle})
	}
	c.Summary = views.Plural(total.Calls, "call", "calls") + ", " + views.Count(total.Failed) + " failed"
	return c, total, nil
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

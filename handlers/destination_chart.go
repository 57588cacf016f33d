package handlers

import (
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/views"
)

// addTries adds the chart of attempts in the period that ?calls= names. A destination that was never tried has none.
func (v *visit) addTries(m *views.DestinationModel, u deliveries.Use) error {
	if u.Last == nil {
		return nil
	}
	r := v.callRange("24h")
	c := views.Chart{Title: "Tries in " + r.words, Unit: r.unit, Empty: "No tries in " + r.words + ".", Slots: r.slots(m.Page)}
	tries, since, err := v.destinations().Tries(v.UserContext(), u.WorkspaceID, u.ID, c.Slots[0].From)
	if err != nil {
		return models.In("destination page: tries", err)
	}
	totals := views.TryTotals{Period: r.words}
	arrived, failed := make([]int64, len(c.Slots)), make([]int64, len(c.Slots))
	var took, answers int64
	for _, t := range tries {
		at := views.SlotOf(c.Slots, t.At)
		if at < 0 {
			continue
		}
		if totals.Tries++; t.Error == "" {
			arrived[at]++
		} else {
			failed[at]++
			totals.Failed++
		}
		if t.Status != 0 {
			took, answers = took+t.DurationUs, answers+1
		}
	}
	if answers > 0 {
		totals.Average = time.Duration(took/answers) * time.Microsecond
	}
	c.Series = []views.Series{{Name: "Failed", Tone: "bad", Values: failed}, {Name: "Arrived", Tone: "ok", Values: arrived}}
	c.Summary = totals.Sentence()
	if !since.IsZero() {
		c.Note = "This counts the newest messages only, those since " + v.daySaidOf(since) + "."
	}
	m.Tries, m.TryTotals, m.TryRanges = &c, totals, rangeTabs(v.path("destinations", u.ID), r)
	return nil
}

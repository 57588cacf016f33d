package models

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// WebhookMonth is how a webhook was called in the last 24 hours and in the 29 days before, by the hours of the counters.
type WebhookMonth struct {
	WebhookID                     int64
	Calls, Failures               int64
	EarlierCalls, EarlierFailures int64
	Reasons                       []OutcomeCount // why calls of the last 24 hours failed, the most frequent first
}

// WebhookMonths counts the calls of every webhook of a workspace that was called within 30 days, the busiest of the last
// 24 hours first.
func (d *DB) WebhookMonths(ctx context.Context, workspaceID int64, now time.Time) ([]WebhookMonth, error) {
	var rows []struct {
		WebhookID   int64
		Outcome     Outcome
		Failed      bool
		Calls, Late int64
	}
	// +webhook_id: SQLite would group in the order of another index, and look every row up
	err := d.Read(ctx).Raw(`SELECT +webhook_id AS webhook_id, outcome, failed, sum(calls) AS calls, sum(CASE WHEN hour > @since THEN calls ELSE 0 END) AS late
		FROM webhook_counts WHERE workspace_id = @ws AND hour > @month GROUP BY 1, 2, 3 ORDER BY 1, late DESC, 2`,
		map[string]any{"ws": workspaceID, "since": countedSince(now), "month": now.AddDate(0, 0, -30)}).Scan(&rows).Error
	var all []WebhookMonth
	for _, r := range rows {
		if len(all) == 0 || all[len(all)-1].WebhookID != r.WebhookID {
			all = append(all, WebhookMonth{WebhookID: r.WebhookID})
		}
		m := &all[len(all)-1]
		m.Calls += r.Late
		m.EarlierCalls += r.Calls - r.Late
		if r.Failed {
			m.Failures += r.Late
			m.EarlierFailures += r.Calls - r.Late
			if r.Late > 0 {
				m.Reasons = append(m.Reasons, OutcomeCount{r.Outcome, r.Late})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b WebhookMonth) int { return cmp.Compare(b.Calls, a.Calls) })
	return all, err
}

// What is worth a word on the dashboard: so many failures in 24 hours, and at least one in so many calls; of a webhook
// that is known for so many calls and fails this many times as often as before, fewer will do.
const (
	oftenFailures = 5
	oftenOneIn    = 5
	unusualOneIn  = 20
	unusualTimes  = 3
	knownCalls    = 50
)

// FailsTooOften says whether somebody should look at the failures of the last 24 hours.
func (m WebhookMonth) FailsTooOften() bool {
	return ManyFail(m.Failures, m.Calls) ||
		m.Failures >= oftenFailures && m.MoreThanUsual() && m.Failures*unusualOneIn >= m.Calls
}

// ManyFail says whether so many of calls failed that somebody should look, whatever is usual.
func ManyFail(failures, calls int64) bool {
	return failures >= oftenFailures && failures*oftenOneIn >= calls
}

// MoreThanUsual says whether much more calls failed in the last 24 hours than before. It needs a past to compare with.
func (m WebhookMonth) MoreThanUsual() bool {
	if m.EarlierCalls < knownCalls || m.Failures == 0 {
		return false
	}
	return float64(m.Failures)*float64(m.EarlierCalls) >= unusualTimes*float64(m.EarlierFailures)*float64(m.Calls)
}

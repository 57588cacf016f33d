package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"campaignlark/models"
)

// WebhookMonths counts the calls of every webhook of a workspace that was called in the last 30 days. The one with most
// calls in the last 24 hours comes first.
func (d *DB) WebhookMonths(ctx context.Context, workspaceID int64, now time.Time) ([]models.WebhookMonth, error) {
	var rows []struct {
		WebhookID   int64
		Outcome     models.Outcome
		Failed      bool
		Calls, Late int64
	}
	// +webhook_id stops SQLite from grouping by another index and looking up each row
	err := d.Read(ctx).Raw(`SELECT +webhook_id AS webhook_id, outcome, failed, sum(calls) AS calls, sum(CASE WHEN hour > @since THEN calls ELSE 0 END) AS late
		FROM webhook_counts WHERE workspace_id = @ws AND hour > @month GROUP BY 1, 2, 3 ORDER BY 1, late DESC, 2`,
		map[string]any{"ws": workspaceID, "since": countedSince(now), "month": now.AddDate(0, 0, -30)}).Scan(&rows).Error
	var all []models.WebhookMonth
	for _, r := range rows {
		if len(all) == 0 || all[len(all)-1].WebhookID != r.WebhookID {
			all = append(all, models.WebhookMonth{WebhookID: r.WebhookID})
		}
		m := &all[len(all)-1]
		m.Calls += r.Late
		m.EarlierCalls += r.Calls - r.Late
		if r.Failed {
			m.Failures += r.Late
			m.EarlierFailures += r.Calls - r.Late
			if r.Late > 0 {
				m.Reasons = append(m.Reasons, models.OutcomeCount{Outcome: r.Outcome, Calls: r.Late})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b models.WebhookMonth) int { return cmp.Compare(b.Calls, a.Calls) })
	return all, err
}

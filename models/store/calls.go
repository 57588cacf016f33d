package store

import (
	"context"
	"time"

	"campaignlark/models"
)

// HourCalls counts the calls of one hour: those that failed, those with an idle outcome, or those that were processed.
type HourCalls struct {
	Hour   time.Time
	Failed bool
	Idle   models.Outcome // one of models.NoEffectOutcomes, else ""
	Calls  int64
}

// CallsByHour reads a workspace's calls from the counters, for the hours that begin at since or later, oldest first.
// webhookID 0 means all webhooks. An hour without calls has no row.
func (d *DB) CallsByHour(ctx context.Context, workspaceID, webhookID int64, since time.Time) ([]HourCalls, error) {
	q := d.Read(ctx).Table("webhook_counts").Select("hour, failed, CASE WHEN NOT failed AND outcome IN ? THEN outcome ELSE '' END AS idle, sum(calls) AS calls", models.NoEffectOutcomes).
		Where("workspace_id = ? AND hour >= ?", workspaceID, since)
	if webhookID != 0 {
		q = q.Where("webhook_id = ?", webhookID)
	}
	var all []HourCalls
	return all, q.Group("1, 2, 3").Order("1, 2, 3").Scan(&all).Error
}

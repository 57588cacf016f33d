package store

import (
	"context"
	"time"
)

// HourCalls counts the calls of one hour that failed, or those that did not.
type HourCalls struct {
	Hour   time.Time
	Failed bool
	Calls  int64
}

// CallsByHour reads a workspace's calls from the counters, for the hours that begin at since or later, oldest first.
// webhookID 0 means all webhooks. An hour without calls has no row.
func (d *DB) CallsByHour(ctx context.Context, workspaceID, webhookID int64, since time.Time) ([]HourCalls, error) {
	q := d.Read(ctx).Table("webhook_counts").Select("hour, failed, sum(calls) AS calls").Where("workspace_id = ? AND hour >= ?", workspaceID, since)
	if webhookID != 0 {
		q = q.Where("webhook_id = ?", webhookID)
	}
	var all []HourCalls
	return all, q.Group("hour, failed").Order("hour, failed").Scan(&all).Error
}

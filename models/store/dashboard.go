package store

import (
	"context"
	"time"

	"campaignlark/models"
)

// Overview holds a workspace's numbers for the dashboard. Each count of contacts stops at ExactCount + 1.
type Overview struct {
	models.StatusCounts
	Called bool  // a call has come, as far as the counters go back
	Erased int64 // contacts erased in the last GrowthDays days, by calls and by hand
}

// Overview reads the numbers for the dashboard. Erasures by calls are in the call counters, those by people in the audit
// log. Both are kept longer than GrowthDays, so no third counter can contradict them.
func (d *DB) Overview(ctx context.Context, workspaceID int64, now time.Time) (Overview, error) {
	var o Overview
	since := now.AddDate(0, 0, -models.GrowthDays)
	err := d.Read(ctx).Raw(`SELECT
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws AND status = 'SUBSCRIBED' LIMIT @most) AS a) AS subscribed,
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws AND status = 'UNCONFIRMED' LIMIT @most) AS b) AS unconfirmed,
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws AND status = 'UNSUBSCRIBED' LIMIT @most) AS c) AS unsubscribed,
		EXISTS (SELECT 1 FROM webhook_counts WHERE workspace_id = @ws) AS called,
		(SELECT coalesce(sum(calls), 0) FROM webhook_counts WHERE workspace_id = @ws AND hour > @since AND outcome = 'deleted')
		+ (SELECT count(*) FROM audit_log WHERE workspace_id = @ws AND id >= @id AND action = 'contact.deleted') AS erased`,
		map[string]any{"ws": workspaceID, "most": models.ExactCount + 1, "since": since, "id": models.IDAt(since)}).Scan(&o).Error
	return o, err
}

package store

import (
	"context"
	"time"

	"campaignlark/models"
)

// Overview is what the dashboard tells of a workspace. The counts of contacts stop at ExactCount + 1 each.
type Overview struct {
	models.StatusCounts
	Called bool  // a call has ever come, as far as it is still known
	Erased int64 // contacts deleted for good in the last GrowthDays days, by calls and by hand
}

// Overview counts what the dashboard tells. Whom calls erased is in the counters of the calls, whom people erased is in
// the audit log: both are kept longer than GrowthDays, so there is no third count that could say something else.
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

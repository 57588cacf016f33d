package models

import (
	"context"
	"time"
)

// Overview is what the dashboard tells of a workspace. The counts of contacts stop at ExactCount + 1 each.
type Overview struct {
	Subscribed, Unconfirmed, Unsubscribed int64
	Calls, Failures                       int64 // of the last 24 hours
	Called                                bool  // a call has ever come, as far as it is still known
	BrokenSegments                        int64
}

// Overview counts what the dashboard tells.
func (d *DB) Overview(ctx context.Context, workspaceID int64, now time.Time) (Overview, error) {
	var o Overview
	err := d.Read(ctx).Raw(`SELECT
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws AND status = 'SUBSCRIBED' LIMIT @most) AS a) AS subscribed,
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws AND status = 'UNCONFIRMED' LIMIT @most) AS b) AS unconfirmed,
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws AND status = 'UNSUBSCRIBED' LIMIT @most) AS c) AS unsubscribed,
		(SELECT coalesce(sum(calls), 0) FROM webhook_counts WHERE workspace_id = @ws AND hour > @since) AS calls,
		(SELECT coalesce(sum(calls), 0) FROM webhook_counts WHERE workspace_id = @ws AND hour > @since AND failed) AS failures,
		EXISTS (SELECT 1 FROM webhook_counts WHERE workspace_id = @ws) AS called,
		(SELECT count(*) FROM segments WHERE workspace_id = @ws AND broken_reason <> '') AS broken_segments`,
		map[string]any{"ws": workspaceID, "most": ExactCount + 1, "since": countedSince(now)}).Scan(&o).Error
	return o, err
}

package store

import (
	"context"
	"time"

	"campaignlark/models"
)

// NavCounts are the numbers in the navigation. Contacts stops at ExactCount + 1.
type NavCounts struct {
	Webhooks, Contacts, Segments, Tags, MergeTags int64
	Failures                                      int64 // calls that failed in the last 24 hours
}

func (d *DB) NavCounts(ctx context.Context, workspaceID int64, now time.Time) (NavCounts, error) {
	var c NavCounts
	err := d.Read(ctx).Raw(`SELECT
		(SELECT count(*) FROM webhooks WHERE workspace_id = @ws AND deleted_at IS NULL) AS webhooks,
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws LIMIT @most) AS few) AS contacts,
		(SELECT count(*) FROM segments WHERE workspace_id = @ws) AS segments,
		(SELECT count(*) FROM tags WHERE workspace_id = @ws AND deleted_at IS NULL) AS tags,
		(SELECT count(*) FROM merge_tags WHERE workspace_id = @ws AND deleted_at IS NULL) AS merge_tags,
		(SELECT coalesce(sum(calls), 0) FROM webhook_counts WHERE workspace_id = @ws AND hour > @since AND failed) AS failures`,
		map[string]any{"ws": workspaceID, "most": models.ExactCount + 1, "since": now.Add(-24 * time.Hour)}).Scan(&c).Error
	return c, err
}

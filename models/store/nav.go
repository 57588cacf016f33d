package store

import (
	"context"
	"strings"
	"time"

	"campaignlark/models"
)

// NavCounts are the numbers in the navigation.
type NavCounts struct {
	Webhooks, Contacts, Segments, Tags, MergeTags int64
	Automations                                   int64
	Failures                                      int64 // calls that failed in the last 24 hours and were not put right since
	FailingDestinations                           int64 // that are on, and whose last attempts failed

	Counted models.ContactCounts `gorm:"-"` // exact counts of contacts; nil if they are not counted yet, and Contacts stops at ExactCount + 1
}

func (d *DB) NavCounts(ctx context.Context, workspaceID int64, now time.Time) (NavCounts, error) {
	var c struct {
		NavCounts
		Texts *string
	}
	lines := "group_concat(counts, char(10))"
	if d.Dialect == Postgres {
		lines = "string_agg(counts, chr(10))"
	}
	err := d.Read(ctx).Raw(`SELECT
		(SELECT count(*) FROM webhooks WHERE workspace_id = @ws AND deleted_at IS NULL) AS webhooks,
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws
			AND NOT EXISTS (SELECT 1 FROM contact_counts WHERE workspace_id = @ws AND whole) LIMIT @most) AS few) AS contacts,
		(SELECT `+lines+` FROM contact_counts WHERE workspace_id = @ws
			AND EXISTS (SELECT 1 FROM contact_counts WHERE workspace_id = @ws AND whole)) AS texts,
		(SELECT count(*) FROM segments WHERE workspace_id = @ws) AS segments,
		(SELECT count(*) FROM tags WHERE workspace_id = @ws AND deleted_at IS NULL) AS tags,
		(SELECT count(*) FROM merge_tags WHERE workspace_id = @ws AND deleted_at IS NULL) AS merge_tags,
		(SELECT count(*) FROM automations WHERE workspace_id = @ws AND deleted_at IS NULL) AS automations,
		(SELECT coalesce(sum(calls), 0) FROM webhook_counts WHERE workspace_id = @ws AND hour > @since AND failed)
			- (SELECT coalesce(sum(calls), 0) FROM righted_calls WHERE workspace_id = @ws AND hour > @since) AS failures,
		(SELECT count(*) FROM destinations WHERE workspace_id = @ws AND `+FailingDestination+`) AS failing_destinations`,
		map[string]any{"ws": workspaceID, "most": models.ExactCount + 1, "since": now.Add(-24 * time.Hour), "failed_by": FailedBy(now)}).Scan(&c).Error
	if c.Texts != nil {
		c.Counted = models.ContactCounts{}
		for text := range strings.Lines(*c.Texts) {
			c.Counted.AddAll(text)
		}
		c.Contacts = max(0, c.Counted.All())
	}
	return c.NavCounts, err
}

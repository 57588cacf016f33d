package models

import (
	"context"
	"time"
)

// ExactCount is up to where lists are counted exactly; beyond it they say "10,000+".
const ExactCount = 10_000

// NavCounts are the numbers beside the navigation's entries. Contacts stops at ExactCount + 1.
type NavCounts struct {
	Webhooks, Contacts, Segments, Tags, MergeTags int64
	Failures                                      int64 // calls that failed in the last 24 hours
}

// NavCounts counts what a workspace has.
func (d *DB) NavCounts(ctx context.Context, workspaceID int64, now time.Time) (NavCounts, error) {
	var c NavCounts
	err := d.Read(ctx).Raw(`SELECT
		(SELECT count(*) FROM webhooks WHERE workspace_id = @ws AND deleted_at IS NULL) AS webhooks,
		(SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws LIMIT @most) AS few) AS contacts,
		(SELECT count(*) FROM segments WHERE workspace_id = @ws) AS segments,
		(SELECT count(*) FROM tags WHERE workspace_id = @ws AND deleted_at IS NULL) AS tags,
		(SELECT count(*) FROM merge_tags WHERE workspace_id = @ws AND deleted_at IS NULL) AS merge_tags,
		(SELECT coalesce(sum(calls), 0) FROM webhook_counts WHERE workspace_id = @ws AND hour > @since AND failed) AS failures`,
		map[string]any{"ws": workspaceID, "most": ExactCount + 1, "since": now.Add(-24 * time.Hour)}).Scan(&c).Error
	return c, err
}

// OwnWorkspace is a workspace with what one person is in it.
type OwnWorkspace struct {
	Workspace
	Role   Role
	SeenAt *time.Time // when the person was last noted to have been in it
}

// WorkspacesOf lists the workspaces that a person is a member of, by name.
func (d *DB) WorkspacesOf(ctx context.Context, userID int64) ([]OwnWorkspace, error) {
	var all []OwnWorkspace
	err := d.Read(ctx).Table("workspaces").Select("workspaces.*, memberships.role, memberships.seen_at").
		Joins("JOIN memberships ON memberships.workspace_id = workspaces.id").
		Where("memberships.user_id = ? AND workspaces.deleted_at IS NULL", userID).Order("workspaces.name, workspaces.id").Find(&all).Error
	return all, err
}

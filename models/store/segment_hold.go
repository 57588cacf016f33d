package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// HoldSegments reserves a workspace's segments, until then, for the program that fills it with an invented past. That program
// has another clock, so to other programs its memberships would look wrong. A zero time ends the hold.
func (d *DB) HoldSegments(ctx context.Context, workspaceID int64, until time.Time) error {
	var held *time.Time
	if !until.IsZero() {
		until = models.Instant(until)
		held = &until
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&models.Workspace{}).Where("id = ?", workspaceID).Update("segments_held_until", held).Error
	})
}

// Held reports whether a program fills the workspace with an invented past (HoldSegments).
func Held(tx *gorm.DB, workspaceID int64, now time.Time) (held bool, err error) {
	return held, tx.Raw("SELECT EXISTS (SELECT 1 FROM workspaces WHERE id = ? AND segments_held_until > ?)", workspaceID, models.Instant(now)).Scan(&held).Error
}

// SegmentsFree reports whether any program may recalculate the segments of the workspace now: it is not deleted, and no
// hold is active (HoldSegments).
func SegmentsFree(tx *gorm.DB, workspaceID int64, now time.Time) (free bool, err error) {
	return free, tx.Raw(`SELECT EXISTS (SELECT 1 FROM workspaces
		WHERE id = ? AND deleted_at IS NULL AND (segments_held_until IS NULL OR segments_held_until <= ?))`, workspaceID, models.Instant(now)).Scan(&free).Error
}

package store

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// SegmentMove is a move of a contact with the segment's name and rule as they are now, "" if the segment is deleted.
type SegmentMove struct {
	models.SegmentChange
	Name, Rule string
}

// RequestMoves returns the moves that a call caused, in order, at most 200.
func (d *DB) RequestMoves(ctx context.Context, workspaceID int64, id uuid.UUID) ([]SegmentMove, error) {
	var moves []SegmentMove
	err := d.Read(ctx).Table("segment_changes AS c").Select("c.*, coalesce(s.name, '') AS name, coalesce(s.rule, '') AS rule").
		Joins("LEFT JOIN segments s ON s.workspace_id = c.workspace_id AND s.id = c.segment_id").
		Where("c.workspace_id = ? AND c.request_id = ?", workspaceID, id).
		Order("c.entered DESC, s.name, c.id").Limit(200).Find(&moves).Error
	return moves, err
}

// MarkWaits reports whether a call's contact still waits for its segments to be recalculated. If many marks of that time wait, it
// does not look at all of them and returns true.
func (d *DB) MarkWaits(ctx context.Context, workspaceID int64, id uuid.UUID) (bool, error) {
	const most = 200
	var rows []models.CallMarks
	called := models.IDTime(id)
	err := d.Read(ctx).Where("workspace_id = ? AND at >= ? AND at <= ?", workspaceID, called.Add(-time.Second), called.Add(time.Minute)).
		Order("id").Limit(most).Find(&rows).Error
	for _, row := range rows {
		for mark := range row.All() {
			if mark.RequestID == id {
				return true, err
			}
		}
	}
	return len(rows) == most, err
}

// HashRetiredAt returns when the URL of a webhook last changed before a call at the time at (or up to a minute after),
// zero if never.
func (d *DB) HashRetiredAt(ctx context.Context, workspaceID, webhookID int64, at time.Time) (time.Time, error) {
	var times []time.Time
	err := d.Read(ctx).Model(&models.WebhookHash{}).
		Where("workspace_id = ? AND webhook_id = ? AND retired_at <= ?", workspaceID, webhookID, at.Add(time.Minute)).
		Order("retired_at DESC").Limit(1).Pluck("retired_at", &times).Error
	if err != nil || len(times) == 0 {
		return time.Time{}, err
	}
	return times[0], nil
}

// FirstBuild is a segment that existed when a call came, and whose first build ended after it.
type FirstBuild struct {
	SegmentID int64
	Name      string
	Built     bool // it is built now, and the contact is in it
	Entered   models.SegmentSet
}

// FirstBuilds returns, by name, the segments that existed at the call and that the contact entered in their first build,
// after the call. It also returns those whose first build still runs.
func (d *DB) FirstBuilds(ctx context.Context, workspaceID, contact int64, called time.Time) ([]FirstBuild, error) {
	var all []FirstBuild
	err := d.Read(ctx).Raw(`SELECT s.id AS segment_id, s.name, s.built_at IS NOT NULL AS built, c.entered
		FROM segments s LEFT JOIN segment_bulk_changes c ON c.workspace_id = s.workspace_id AND c.segment_id = s.id AND c.span = @span AND c.cause = @first
		WHERE s.workspace_id = @ws AND s.created_at <= @called AND (s.built_at IS NULL AND s.broken_reason = '' OR c.at >= @called) ORDER BY s.name`,
		map[string]any{"ws": workspaceID, "span": contact / models.SegmentSpan, "first": models.CauseFirst, "called": called}).Scan(&all).Error
	return slices.DeleteFunc(all, func(b FirstBuild) bool { return b.Built && !b.Entered.Has(contact) }), err
}

package store

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// RequestEvents returns the events that a call fired, none once its contact's row is erased from it. It finds them by
// the contact's version: the outbox has no index on the call.
func (d *DB) RequestEvents(ctx context.Context, r models.WebhookRequest) ([]models.AutomationEvent, error) {
	var events []models.AutomationEvent
	if r.ContactID == nil || r.ContactVersion == nil {
		return nil, nil
	}
	err := d.Read(ctx).Where("workspace_id = ? AND contact_id = ? AND contact_version = ? AND request_id = ?",
		r.WorkspaceID, *r.ContactID, *r.ContactVersion, r.ID).Order("id").Find(&events).Error
	return events, err
}

// SegmentMove is a change of a segment's members with the segment's name, "" once the segment is deleted.
type SegmentMove struct {
	models.SegmentChange
	Name string
}

// RequestMoves returns who entered and left which segments because of a call, in order.
func (d *DB) RequestMoves(ctx context.Context, workspaceID int64, id uuid.UUID) ([]SegmentMove, error) {
	var moves []SegmentMove
	err := d.Read(ctx).Table("segment_changes AS c").Select("c.*, coalesce(s.name, '') AS name").
		Joins("LEFT JOIN segments s ON s.workspace_id = c.workspace_id AND s.id = c.segment_id").
		Where("c.workspace_id = ? AND c.request_id = ?", workspaceID, id).
		Order("c.entered DESC, s.name, c.id").Limit(200).Find(&moves).Error
	return moves, err
}

// MarkWaits reports whether a call's contact still waits to have its segments recalculated. When many marks wait it does
// not look through all of them and says yes.
func (d *DB) MarkWaits(ctx context.Context, workspaceID int64, id uuid.UUID) (bool, error) {
	var marks struct{ All, Mine int64 }
	err := d.Read(ctx).Raw(`SELECT count(*) AS "all", count(CASE WHEN request_id = ? THEN 1 END) AS mine FROM
		(SELECT request_id FROM dirty_contacts WHERE workspace_id = ? ORDER BY id LIMIT ?) AS waiting`,
		id, workspaceID, models.ExactCount).Scan(&marks).Error
	return marks.Mine > 0 || marks.All == models.ExactCount, err
}

// HashRetiredAt is when the address of a webhook that a call at the time at may have used was changed: the last change
// before it. Zero when there was none.
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

// FirstBuild is a segment that was there when a call came, and was built for the first time only after it.
type FirstBuild struct {
	SegmentID int64
	Name      string
	Built     bool // it is built now, with the contact in it
	Entered   models.SegmentSet
}

// FirstBuilds returns the segments that a call's contact entered when they were first built, after the call, and those that
// are still being built for the first time, by name.
func (d *DB) FirstBuilds(ctx context.Context, workspaceID, contact int64, called time.Time) ([]FirstBuild, error) {
	var all []FirstBuild
	err := d.Read(ctx).Raw(`SELECT s.id AS segment_id, s.name, s.built_at IS NOT NULL AS built, c.entered
		FROM segments s LEFT JOIN segment_bulk_changes c ON c.workspace_id = s.workspace_id AND c.segment_id = s.id AND c.span = @span AND c.cause = @first
		WHERE s.workspace_id = @ws AND s.created_at <= @called AND (s.built_at IS NULL AND s.broken_reason = '' OR c.at >= @called) ORDER BY s.name`,
		map[string]any{"ws": workspaceID, "span": contact / models.SegmentSpan, "first": models.CauseFirst, "called": called}).Scan(&all).Error
	return slices.DeleteFunc(all, func(b FirstBuild) bool { return b.Built && !b.Entered.Has(contact) }), err
}

package segments

import (
	"context"
	"time"

	"campaignlark/models"
)

// Days returns the daily records since from, oldest first, by segment, and the last record before from. A day without a
// record ended like the one before. segment 0 means all segments of the workspace.
func (s Store) Days(ctx context.Context, workspace, segment int64, from string) (map[int64][]models.SegmentDay, error) {
	var rows []models.SegmentDay
	err := s.DB.Read(ctx).Raw(`SELECT d.* FROM segments s JOIN segment_days d ON d.workspace_id = s.workspace_id AND d.segment_id = s.id
		AND d.day >= coalesce((SELECT max(e.day) FROM segment_days e
			WHERE e.workspace_id = s.workspace_id AND e.segment_id = s.id AND e.day <= @from), @from)
		WHERE s.workspace_id = @ws AND (@segment = 0 OR s.id = @segment) ORDER BY d.segment_id, d.day`,
		map[string]any{"ws": workspace, "segment": segment, "from": from}).Scan(&rows).Error
	days := map[int64][]models.SegmentDay{}
	for _, row := range rows {
		days[row.SegmentID] = append(days[row.SegmentID], row)
	}
	return days, err
}

// Freshness says how far a workspace's memberships are behind, and what the last full check found.
type Freshness struct {
	Oldest   time.Time            // the oldest change not processed yet; zero if there is none
	Check    *models.SegmentCheck // the running full check, or the last one; nil if there was none
	Contacts int64                // the last recorded number of contacts, at most an hour old
}

// Freshness returns how far the memberships of the workspace are behind at now.
func (s Store) Freshness(ctx context.Context, workspace int64, now time.Time) (Freshness, error) {
	var row struct {
		models.SegmentCheck
		Edited, Called, Due *time.Time
		Contacts            int64
	}
	err := s.DB.Read(ctx).Raw(`SELECT c.*, (SELECT at FROM dirty_contacts WHERE workspace_id = @ws ORDER BY id LIMIT 1) AS edited,
		(SELECT at FROM call_marks WHERE workspace_id = @ws ORDER BY id LIMIT 1) AS called,
		(SELECT min(due_at) FROM segment_due WHERE workspace_id = @ws AND due_at <= @now) AS due,
		coalesce((SELECT subscribed + unconfirmed + unsubscribed FROM contact_days WHERE workspace_id = @ws ORDER BY day DESC LIMIT 1), 0) AS contacts
		FROM (SELECT 1) AS one LEFT JOIN segment_checks c ON c.workspace_id = @ws`,
		map[string]any{"ws": workspace, "now": now}).Scan(&row).Error
	f := Freshness{Contacts: row.Contacts}
	for _, at := range []*time.Time{row.Edited, row.Called, row.Due} {
		if at != nil && (f.Oldest.IsZero() || at.Before(f.Oldest)) {
			f.Oldest = *at
		}
	}
	if row.WorkspaceID != 0 {
		f.Check = &row.SegmentCheck
	}
	return f, err
}

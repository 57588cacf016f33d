package store

import (
	"context"
	"time"

	"campaignlark/models"
)

// DueRuns counts the runs of automations, in all workspaces, whose next step is due, up to ExactCount, and returns since when the oldest is due: the
// zero time if none is.
func (d *DB) DueRuns(ctx context.Context, now time.Time) (n int64, oldest time.Time, err error) {
	var row struct {
		Runs int64
		Due  *time.Time
	}
	err = d.Read(ctx).Raw("SELECT count(*) AS runs, min(due_at) AS due FROM (SELECT due_at FROM automation_runs WHERE ended_at IS NULL AND due_at <= ? ORDER BY due_at LIMIT ?) AS few",
		models.Instant(now), models.ExactCount).Scan(&row).Error
	if row.Due != nil {
		oldest = *row.Due
	}
	return row.Runs, oldest, err
}

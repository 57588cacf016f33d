package jobs

import (
	"context"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// countRemoval counts the rows of the next table of a deleted workspace, for the progress on the page. If a count fails, for example
// because it takes too long, the total stays unknown: a removal must not depend on it.
func countRemoval(ctx context.Context, r *Runner, job *models.Job) error {
	cursor := models.ReadJobJSON[store.RemoveCursor](job.Cursor)
	switch {
	case !cursor.Counting():
		return nil
	case job.Tries > 0:
		job.Cursor, job.Total = models.JobJSON(cursor.Uncounted()), 0
		return nil
	}
	cursor, rows, err := r.db.CountRemovable(ctx, job.WorkspaceID, cursor)
	if err != nil {
		return models.In("remove a workspace: count rows", err)
	}
	job.Cursor, job.Total = models.JobJSON(cursor), job.Total+rows
	if rows > store.MostLosses {
		job.Total = 0
	}
	return nil
}

// removeWorkspace removes the next rows of a deleted workspace once they are counted, and finally the workspace and the job.
func removeWorkspace(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	w, err := store.First[models.Workspace](tx.Where("id = ? AND deleted_at IS NOT NULL", job.WorkspaceID))
	if store.ErrorCode(err) == models.CodeNotFound {
		job.State = models.JobDone
		return nil
	}
	if err != nil {
		return models.In("remove a workspace: read it", err)
	}
	cursor := models.ReadJobJSON[store.RemoveCursor](job.Cursor)
	if cursor.Counting() {
		return nil
	}
	step, err := store.RemoveRows(tx, w, job.ID, cursor, now)
	if err != nil {
		return models.In("remove a workspace: remove rows", err)
	}
	job.Cursor, job.Done = models.JobJSON(step.Next), job.Done+step.Rows
	if job.Total > 0 {
		job.Total = max(job.Total, job.Done) // rows that came in since the count are included
	}
	if !step.Wait.IsZero() {
		job.LeaseUntil = step.Wait
	}
	if step.Done {
		job.State = models.JobDone
	}
	return nil
}

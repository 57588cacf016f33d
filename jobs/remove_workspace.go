package jobs

import (
	"context"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// removeWorkspace counts and then removes the next rows of a deleted workspace, and with the last ones the workspace and the job.
func removeWorkspace(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	w, err := store.First[models.Workspace](tx.Where("id = ? AND deleted_at IS NOT NULL", job.WorkspaceID))
	if store.ErrorCode(err) == models.CodeNotFound {
		job.State = models.JobDone
		return nil
	}
	if err != nil {
		return models.In("remove a workspace: read it", err)
	}
	step, err := store.RemoveRows(tx, w, job.ID, models.ReadJobJSON[store.RemoveCursor](job.Cursor), now)
	if err != nil {
		return models.In("remove a workspace: count or remove rows", err)
	}
	job.Cursor, job.Done, job.Total = models.JobJSON(step.Next), job.Done+step.Rows, job.Total+step.Found
	if step.Uncounted {
		job.Total = 0
	}
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

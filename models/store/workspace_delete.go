package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// goneWorkspaces is a subquery for deleted workspaces.
const goneWorkspaces = "(SELECT id FROM workspaces WHERE deleted_at IS NOT NULL)"

// Losses counts what is deleted with a workspace. Each count stops at MostLosses + 1, Requests at ExactCount + 1.
type Losses struct {
	Contacts, Webhooks, Requests, Segments, Members int64
}

// MostLosses is the highest exact count in Losses.
const MostLosses = 1_000_000

// Losses counts what is deleted with a workspace. If it has assigned at most MostLosses contact ids, it counts contacts
// without a limit, which is twice as fast because the index alone is enough.
func (d *DB) Losses(ctx context.Context, workspaceID int64) (Losses, error) {
	var l Losses
	err := d.Read(ctx).Raw(`SELECT
		CASE WHEN (SELECT next_contact_id FROM workspace_counters WHERE workspace_id = @ws) <= @most
			THEN (SELECT count(*) FROM contacts WHERE workspace_id = @ws)
			ELSE (SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = @ws LIMIT @most) AS a) END AS contacts,
		(SELECT count(*) FROM webhooks WHERE workspace_id = @ws AND deleted_at IS NULL) AS webhooks,
		(SELECT count(*) FROM (SELECT 1 FROM webhook_requests WHERE workspace_id = @ws LIMIT @few) AS b) AS requests,
		(SELECT count(*) FROM segments WHERE workspace_id = @ws) AS segments,
		(SELECT count(*) FROM memberships WHERE workspace_id = @ws) AS members`,
		map[string]any{"ws": workspaceID, "most": MostLosses + 1, "few": models.ExactCount + 1}).Scan(&l).Error
	return l, err
}

// DeleteWorkspace hides a workspace immediately: its pages and hashes answer 404, and its jobs stop. A job then removes its
// data. The error is ErrNotFound if it was already deleted.
func (d *DB) DeleteWorkspace(ctx context.Context, w models.Workspace, userID int64, now time.Time) error {
	now = models.Instant(now)
	return d.Write(ctx, func(tx *gorm.DB) error {
		old, err := First[models.Workspace](ForNoKeyUpdate(tx).Where("id = ? AND deleted_at IS NULL", w.ID))
		if err != nil {
			return err
		}
		for _, change := range []struct {
			sql  string
			args []any
		}{
			{"UPDATE workspaces SET deleted_at = ? WHERE id = ?", []any{now, w.ID}},
			{"UPDATE webhook_hashes SET retired_at = ? WHERE workspace_id = ? AND retired_at IS NULL", []any{now, w.ID}},
			{"UPDATE jobs SET state = ?, cursor = ?, finished_at = ?, updated_at = ? WHERE workspace_id = ? AND state IN ?",
				[]any{models.JobStopped, noCursor, now, now, w.ID, []models.JobState{models.JobDraft, models.JobRunning}}},
		} {
			if err := tx.Exec(change.sql, change.args...).Error; err != nil {
				return err
			}
		}
		if err := auditWorkspace(tx, old, userID, models.ActionWorkspaceDeleted, nil, now); err != nil {
			return err
		}
		return createRemoval(tx, w.ID, userID, now)
	})
}

func createRemoval(tx *gorm.DB, workspaceID, userID int64, now time.Time) error {
	job := models.NewJob(workspaceID, userID, models.JobRemove, struct{}{})
	return CreateJob(tx, &job, now)
}

// ResumeRemovals gives every deleted workspace a job that removes it, if it has none, for example because an earlier one
// failed.
func (d *DB) ResumeRemovals(ctx context.Context, now time.Time) error {
	now = models.Instant(now)
	var waiting []int64
	err := d.Read(ctx).Raw(`SELECT id FROM workspaces WHERE deleted_at IS NOT NULL
		AND id NOT IN (SELECT workspace_id FROM jobs WHERE kind = ? AND state = ?)`, models.JobRemove, models.JobRunning).Scan(&waiting).Error
	if err != nil {
		return models.In("list deleted workspaces", err)
	}
	for _, workspace := range waiting {
		err := d.Write(ctx, func(tx *gorm.DB) error {
			// the lock lets the second of two replicas see the first one's job
			if _, err := First[models.Workspace](ForNoKeyUpdate(tx).Where("id = ?", workspace)); err != nil {
				return err
			}
			var there bool
			err := tx.Raw("SELECT EXISTS (SELECT 1 FROM jobs WHERE workspace_id = ? AND kind = ? AND state = ?)", workspace, models.JobRemove, models.JobRunning).Scan(&there).Error
			if err != nil || there {
				return err
			}
			return createRemoval(tx, workspace, 0, now)
		})
		if err != nil && ErrorCode(err) != models.CodeNotFound { // another replica removed it
			return models.In("create the job", err)
		}
	}
	return nil
}

// Removal is a deleted workspace and the progress of its removal.
type Removal struct {
	models.Workspace
	Done, Total int64 // rows; Total is 0 if unknown
}

// RemovalsOf lists the deleted workspaces that a person was a member of, by name.
func (d *DB) RemovalsOf(ctx context.Context, userID int64) (all []Removal, err error) {
	err = d.Read(ctx).Raw(`SELECT w.*, coalesce(j.done, 0) AS done, coalesce(j.total, 0) AS total FROM workspaces w
		JOIN memberships m ON m.workspace_id = w.id
		LEFT JOIN jobs j ON j.workspace_id = w.id AND j.kind = ? AND j.state = ?
		WHERE m.user_id = ? AND w.deleted_at IS NOT NULL ORDER BY w.name, w.id`, models.JobRemove, models.JobRunning, userID).Scan(&all).Error
	return all, err
}

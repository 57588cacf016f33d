package store

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// noCursor is the cursor of a finished job. A cursor may hold a person's search text, even an address, so it is cleared
// when the job ends.
const noCursor = "{}"

// shownJob leaves out jobs that no person started.
const shownJob = "kind <> 'forget'"

// CreateJob stores a new job in tx and sets its id.
func CreateJob(tx *gorm.DB, j *models.Job, now time.Time) error {
	j.CreatedAt, j.UpdatedAt, j.LeaseUntil = now, now, now
	return tx.Create(j).Error
}

// startOnce stores j and calls note in the same transaction, unless a job of its kind that is the same is under way already: then it returns
// that one, and started is false.
func (d *DB) startOnce(ctx context.Context, j models.Job, same func(models.Job) bool, note func(*gorm.DB, models.Job) error, now time.Time) (job models.Job, started bool, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		if _, err := First[models.Workspace](ForNoKeyUpdate(tx).Where("id = ? AND deleted_at IS NULL", j.WorkspaceID)); err != nil { // one start at a time
			return err
		}
		var open []models.Job
		if err := tx.Where("workspace_id = ? AND kind = ? AND state IN ?", j.WorkspaceID, j.Kind, []models.JobState{models.JobRunning, models.JobDraft}).Find(&open).Error; err != nil {
			return err
		}
		if i := slices.IndexFunc(open, same); i >= 0 {
			job, started = open[i], false
			return nil
		}
		job, started = j, true
		if err := CreateJob(tx, &job, models.Instant(now)); err != nil {
			return err
		}
		return note(tx, job)
	})
	return job, started, err
}

// Job returns one job of a workspace, or ErrNotFound.
func (d *DB) Job(ctx context.Context, workspaceID, id int64) (models.Job, error) {
	return First[models.Job](d.Read(ctx).Where("workspace_id = ? AND id = ?", workspaceID, id).Where(shownJob))
}

// StopJob stops a draft or running job, between steps or during one. It reports whether the job was still in one of
// these states.
func (d *DB) StopJob(ctx context.Context, workspaceID, id int64, now time.Time) (stopped bool, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ? AND state IN ?", workspaceID, id, []models.JobState{models.JobDraft, models.JobRunning}).
			Updates(map[string]any{"state": models.JobStopped, "cursor": noCursor, "finished_at": now, "updated_at": now})
		stopped = done.RowsAffected > 0
		return done.Error
	})
	return stopped, err
}

// PauseJob pauses a running job. A program that does steps of it saves them and claims it no more. It reports whether the job was running.
func (d *DB) PauseJob(ctx context.Context, workspaceID, id int64, now time.Time) (paused bool, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		done := tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ? AND state = ? AND paused_at IS NULL", workspaceID, id, models.JobRunning).UpdateColumn("paused_at", models.Instant(now))
		paused = done.RowsAffected > 0
		return done.Error
	})
	return paused, err
}

// IsPaused reports whether a person has paused the job.
func IsPaused(tx *gorm.DB, j models.Job) (paused bool, err error) {
	var n int64
	err = tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ? AND paused_at IS NOT NULL", j.WorkspaceID, j.ID).Count(&n).Error
	return n > 0, err
}

// ResumeJob lets a paused job go on. It reports whether the job was paused.
func (d *DB) ResumeJob(ctx context.Context, workspaceID, id int64) (resumed bool, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		j, err := First[models.Job](ForChange(tx).Where("workspace_id = ? AND id = ?", workspaceID, id))
		if resumed = err == nil && j.Paused(); !resumed {
			return err
		}
		changed := map[string]any{"paused_at": nil}
		if saved := !j.LeaseUntil.After(j.UpdatedAt); saved && j.Kind == models.JobReplay {
			changed["cursor"] = models.JobJSON(ReadReplay(j).afterPause())
		}
		return tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ?", workspaceID, id).UpdateColumns(changed).Error
	})
	return resumed, err
}

// ClaimJob leases the running job that has waited longest to holder, until now + lease. The error is ErrNotFound if
// none waits.
func (d *DB) ClaimJob(ctx context.Context, holder string, lease time.Duration, now time.Time) (models.Job, error) {
	waiting, err := First[models.Job](d.Read(ctx).Where("state = ? AND paused_at IS NULL AND lease_until <= ?", models.JobRunning, now).Order("lease_until, id"))
	if err != nil {
		return waiting, err
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		claim := tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ? AND state = ? AND paused_at IS NULL AND lease_until = ?", waiting.WorkspaceID, waiting.ID, models.JobRunning, waiting.LeaseUntil).
			Updates(map[string]any{"holder": holder, "lease_until": now.Add(lease)})
		if claim.Error == nil && claim.RowsAffected == 0 {
			return models.ErrNotFound // another replica was faster
		}
		return claim.Error
	})
	waiting.Holder, waiting.LeaseUntil = holder, now.Add(lease)
	return waiting, err
}

// ErrJobTaken says that a person stopped the job, or that another program now holds its lease. Do not commit the step.
var ErrJobTaken = &models.Error{Code: models.CodeConflict, Message: "This work was stopped, or another program does it now."}

// SaveJob stores the job after a step, in the step's transaction, or returns ErrJobTaken.
func SaveJob(tx *gorm.DB, j models.Job, now time.Time) error {
	if j.Finished() {
		j.Cursor = noCursor
	}
	saved := tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ? AND state = ? AND holder = ?", j.WorkspaceID, j.ID, models.JobRunning, j.Holder).
		Updates(map[string]any{
			"state": j.State, "cursor": j.Cursor, "done": j.Done, "total": j.Total, "result": j.Result, "failure": j.Failure,
			"tries": j.Tries, "lease_until": j.LeaseUntil, "updated_at": now, "finished_at": j.FinishedAt,
		})
	if saved.Error == nil && saved.RowsAffected == 0 {
		return ErrJobTaken
	}
	return saved.Error
}

// NoteStopped stores the progress and result of a step during which a person stopped the job, or returns ErrJobTaken.
func NoteStopped(tx *gorm.DB, j models.Job) error {
	noted := tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ? AND state = ? AND holder = ?", j.WorkspaceID, j.ID, models.JobStopped, j.Holder).
		Updates(map[string]any{"done": j.Done, "result": j.Result})
	if noted.Error == nil && noted.RowsAffected == 0 {
		return ErrJobTaken
	}
	return noted.Error
}

// DeleteJob is SaveJob for a job that leaves no row.
func DeleteJob(tx *gorm.DB, j models.Job) error {
	gone := tx.Where("workspace_id = ? AND id = ? AND state = ? AND holder = ?", j.WorkspaceID, j.ID, models.JobRunning, j.Holder).Delete(&models.Job{})
	if gone.Error == nil && gone.RowsAffected == 0 {
		return ErrJobTaken
	}
	return gone.Error
}

// ListedJob is a job and the person who started it.
type ListedJob struct {
	models.Job
	Person string // name or address, "" if the account no longer exists
}

const listedJob = "jobs.*, (SELECT " + personName + " FROM users WHERE users.id = jobs.user_id) AS person"

// ListedJob returns one job of a workspace and the person who started it, or ErrNotFound.
func (d *DB) ListedJob(ctx context.Context, workspaceID, id int64) (ListedJob, error) {
	return First[ListedJob](d.Read(ctx).Table("jobs").Select(listedJob).Where("workspace_id = ? AND id = ?", workspaceID, id).Where(shownJob))
}

// Jobs lists the newest jobs of a workspace, at most 50.
func (d *DB) Jobs(ctx context.Context, workspaceID int64) (all []ListedJob, err error) {
	err = d.Read(ctx).Table("jobs").Select(listedJob).Where("workspace_id = ?", workspaceID).Where(shownJob).Order("id DESC").Limit(50).Find(&all).Error
	return all, err
}

// RunningJobs lists the running jobs of a workspace that are not paused, the oldest first, at most 5.
func (d *DB) RunningJobs(ctx context.Context, workspaceID int64) (all []models.Job, err error) {
	err = d.Read(ctx).Where("workspace_id = ? AND state = ? AND paused_at IS NULL", workspaceID, models.JobRunning).Where(shownJob).Order("id").Limit(5).Find(&all).Error
	return all, err
}

// jobsKept is how long a finished job stays in the list.
const jobsKept = 30 * 24 * time.Hour

// DropOldJobs deletes the jobs that finished more than 30 days ago, at most 500 at a time.
func (d *DB) DropOldJobs(ctx context.Context, now time.Time) error {
	var old []models.Job
	err := d.Read(ctx).Select("workspace_id, id").Where("finished_at < ?", models.Instant(now).Add(-jobsKept)).Limit(500).Find(&old).Error
	if err != nil || len(old) == 0 {
		return err
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		for _, j := range old {
			if err := tx.Where("workspace_id = ? AND id = ?", j.WorkspaceID, j.ID).Delete(&models.Job{}).Error; err != nil {
				return err
			}
			if err := tx.Where("workspace_id = ? AND job_id = ?", j.WorkspaceID, j.ID).Delete(&importRange{}).Error; err != nil {
				return models.In("contacts of an import", err)
			}
		}
		return nil
	})
}

// ChangeJob changes a job between two steps and returns it. fn may change its state, spec, cursor, progress, result and
// user. A program that is running a step of it loses that step.
func (d *DB) ChangeJob(ctx context.Context, workspaceID, id int64, now time.Time, fn func(tx *gorm.DB, j *models.Job) error) (j models.Job, err error) {
	err = d.Write(ctx, func(tx *gorm.DB) error {
		if j, err = First[models.Job](ForChange(tx).Where("workspace_id = ? AND id = ?", workspaceID, id)); err != nil {
			return err
		}
		if err := fn(tx, &j); err != nil {
			return err
		}
		j.Holder, j.Tries, j.LeaseUntil, j.UpdatedAt = "", 0, now, now
		return tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ?", workspaceID, id).
			Select("user_id", "state", "spec", "cursor", "done", "total", "result", "holder", "tries", "lease_until", "updated_at").Updates(&j).Error
	})
	return j, err
}

// SetJobSpec changes the spec of a job, in tx.
func SetJobSpec(tx *gorm.DB, j models.Job, change func(spec string) (string, error)) error {
	j, err := First[models.Job](ForChange(tx).Where("workspace_id = ? AND id = ?", j.WorkspaceID, j.ID))
	if err != nil {
		return err
	}
	spec, err := change(j.Spec)
	if err != nil {
		return err
	}
	return tx.Model(&models.Job{}).Where("workspace_id = ? AND id = ?", j.WorkspaceID, j.ID).Update("spec", spec).Error
}

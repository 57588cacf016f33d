package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"campaignlark/faults"
	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// Step does the next piece of a job in tx and updates job.Cursor, Done, Total and Result. It should take under 50 ms,
// because on SQLite it blocks all other writers. It sets job.State to models.JobDone when nothing is left. An error
// with code CodeInvalid ends the job with its message; any other error leads to another try. A step that must wait sets
// job.LeaseUntil: the next step does not run before.
type Step func(ctx context.Context, tx *gorm.DB, job *models.Job, now time.Time) error

// Runner does the steps of all jobs. Replicas share the jobs by leases.
type Runner struct {
	Intake *intake.Pipeline // for replays; without it they wait

	db     *store.DB
	steps  map[models.JobKind]Step
	log    *slog.Logger
	now    func() time.Time
	holder string
}

const (
	pause    = 500 * time.Millisecond // between checks when no job waits
	lease    = 10 * time.Second       // after which another program takes over from one that died; a step takes well under a second
	stepTime = 8 * time.Second        // for one step, so that it ends before its lease does
	turn     = 500 * time.Millisecond // for one job, before the next one
	maxTries = 5                      // failed steps in a row after which a job stops
	maxPause = time.Hour              // between two tries of work that must never be given up
)

// New creates a runner; Run starts it.
func New(db *store.DB, log *slog.Logger, now func() time.Time) *Runner {
	return &Runner{db: db, steps: kinds(), log: log, now: func() time.Time { return models.Instant(now()) }, holder: rand.Text()}
}

// Run does jobs until ctx ends.
func (r *Runner) Run(ctx context.Context) {
	for ctx.Err() == nil {
		worked := false
		err := faults.Catch(func() (err error) {
			worked, err = r.Turn(ctx)
			return err
		})
		if err != nil && !worked && ctx.Err() == nil {
			r.log.Error("no job could be claimed", store.ErrorAttr(err))
		}
		if worked && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// Turn does steps of the job that has waited longest, for a short time, and reports whether there was one. It logs a
// failed step. Beside calls of webhooks it rests after each step.
func (r *Runner) Turn(ctx context.Context) (worked bool, err error) {
	job, err := r.db.ClaimJob(ctx, r.holder, lease, r.now())
	if store.ErrorCode(err) == models.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, models.In("jobs: claim one", err)
	}
	for until := time.Now().Add(turn); ; {
		var goOn bool
		began := time.Now()
		switch job, goOn, err = r.step(ctx, job, !time.Now().Before(until)); {
		case errors.Is(err, store.ErrJobTaken):
			return true, nil
		case err != nil:
			if ctx.Err() == nil {
				r.log.Error("a job's step failed", "job", job.ID, "kind", job.Kind, "try", job.Tries+1, store.ErrorAttr(err))
			}
			return true, errors.Join(err, r.failed(ctx, job, err))
		}
		select {
		case <-ctx.Done():
			return true, nil
		case <-time.After(r.db.Rest(time.Since(began))):
		}
		if !goOn {
			return true, nil
		}
	}
}

// step runs one step of job, saves the job, and reports whether the next step may follow immediately. After the last step of
// a turn other runners may claim the job.
func (r *Runner) step(ctx context.Context, job models.Job, last bool) (after models.Job, goOn bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	if before := outside[job.Kind]; before != nil {
		if err := faults.Catch(func() error { return before(ctx, r, &job) }); err != nil {
			return job, false, err
		}
	}
	err = r.db.Write(ctx, func(tx *gorm.DB) error {
		after = job
		now := r.now()
		after.LeaseUntil = now
		do := r.steps[job.Kind]
		if do == nil {
			return &models.Error{Code: models.CodeInvalid, Message: "This program does not know this kind of work. It may be older than the program that started the work."}
		}
		if err := faults.Catch(func() error { return do(ctx, tx, &after, now) }); err != nil {
			return err
		}
		after.Tries = 0
		if after.Finished() {
			after.FinishedAt = &now
		}
		if !last && after.Kind.CanPause() {
			if last, err = store.IsPaused(tx, after); err != nil {
				return models.In("jobs: look for a pause", err)
			}
		}
		// not if it waits for a person or for a later time
		if goOn = !last && after.State == models.JobRunning && !after.LeaseUntil.After(now); goOn {
			after.LeaseUntil = now.Add(lease)
		}
		if after.State == models.JobDone && (after.Kind == models.JobRemove || after.Kind == models.JobForget) {
			return store.DeleteJob(tx, after) // no data of the workspace or the person may stay, including this job
		}
		err := store.SaveJob(tx, after, now)
		if errors.Is(err, store.ErrJobTaken) && after.Kind == models.JobReplay { // the calls of this step are committed already
			goOn, err = false, store.NoteStopped(tx, after)
		}
		return models.In("jobs: save the job", err)
	})
	if err != nil {
		return job, false, err
	}
	return after, goOn, nil
}

// failed records that a step failed. The job waits longer after each try, and stops after maxTries unless the database
// is away. Erasing people and removing workspaces are promises, so they are tried until they succeed.
func (r *Runner) failed(ctx context.Context, job models.Job, cause error) error {
	now := r.now()
	job.Tries++
	job.LeaseUntil = now.Add(min(time.Second<<min(job.Tries-1, 20), maxPause))
	var known *models.Error
	switch {
	case errors.As(cause, &known) && known.Code == models.CodeInvalid:
		job.State, job.Failure = models.JobFailed, known.Message
	case job.Tries >= maxTries && !store.IsAway(cause) && store.ErrorCode(cause) != models.CodeBusy && job.Kind != models.JobForget && job.Kind != models.JobRemove:
		job.State, job.Failure = models.JobFailed, fmt.Sprintf("This work failed %d times in a row, so it has stopped. The fault is in the program, not in your data, and the program's log has it. What was done until then stays done.", job.Tries)
	}
	if job.Finished() {
		job.FinishedAt = &now
	}
	return models.In("jobs: note the failure", r.db.Write(ctx, func(tx *gorm.DB) error { return store.SaveJob(tx, job, now) }))
}

// kinds maps each kind of job to its step.
func kinds() map[models.JobKind]Step {
	return map[models.JobKind]Step{
		models.JobBulk:   bulk,
		models.JobImport: importStep,
		models.JobRemove: removeWorkspace,
		models.JobForget: forgetStep,
		models.JobReplay: replayStep,
		models.JobFill:   fillStep,
		models.JobUndo:   undoStep,
		models.JobResend: resendStep,
	}
}

// outside maps a kind of job to what comes before each step, outside its transaction, which on SQLite blocks all other writers. It may change
// the job. If the step's transaction fails, it runs again with the job as it was before.
var outside = map[models.JobKind]func(ctx context.Context, r *Runner, job *models.Job) error{
	models.JobRemove: countRemoval,
	models.JobReplay: replayCalls,
	models.JobFill:   lookForValues,
	models.JobForget: lookForNamed,
	models.JobUndo:   lookForImported,
}

package jobs

import (
	"context"
	"errors"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// oldest is older than every call.
var oldest = models.IDAt(time.UnixMilli(1))

// errNoIntake says that this program cannot replay. Another replica may.
var errNoIntake = &models.Error{Code: models.CodeBusy, Message: "This program has no intake."}

// replayCalls sends the next stretch of calls through the intake, from old to new, and counts what came of it.
func replayCalls(ctx context.Context, r *Runner, job *models.Job) error {
	spec, cursor, result := models.ReadJobJSON[models.ReplaySpec](job.Spec), store.ReadReplay(*job), models.ReadJobJSON[models.ReplayResult](job.Result)
	switch {
	case cursor.At.IsZero(): // the step fixes the time first
		return nil
	case r.Intake == nil:
		return errNoIntake
	}
	rows, last, err := r.nextReplays(ctx, job.WorkspaceID, &cursor)
	if err != nil {
		return models.In("replay: next calls", err)
	}
	webhooks, err := r.db.WebhooksOf(ctx, rows)
	if err != nil {
		return models.In("replay: webhooks", err)
	}
	var calls []intake.Call
	for _, row := range rows {
		call, left := intake.ReplayCall(row, webhooks[row.WebhookID], job.ID, cursor.At, spec.Events)
		if left != "" {
			result.Add("", left)
		} else {
			calls = append(calls, call)
		}
	}
	for _, done := range r.Intake.SubmitAll(ctx, calls) {
		switch {
		case errors.Is(done.Err, intake.ErrRefused):
			result.Add(models.OutcomeNotCommitted, "")
		case done.Err != nil: // the stretch is sent again later
			return models.In("replay: send calls", done.Err)
		default:
			result.Add(done.Outcome, "")
		}
	}
	job.Done, job.Result = job.Done+int64(len(rows)), models.JobJSON(result)
	if cursor.After = last; last == uuid.Nil {
		job.State = models.JobDone
	}
	job.Cursor = models.JobJSON(cursor)
	return nil
}

// replayStep fixes the time of the next stretch. At the end it puts the group of failures aside that was replayed, unless a call failed again
// in the same way.
func replayStep(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	cursor := store.ReadReplay(*job)
	if f := cursor.Filter; job.State == models.JobDone && len(cursor.IDs) == 0 && f.IsFailureGroup() && models.ReadJobJSON[models.ReplayResult](job.Result).Outcomes[f.Outcome] == 0 {
		if err := store.Dismiss(tx, job.WorkspaceID, f.WebhookID, f.Outcome, f.To); err != nil {
			return models.In("replay: put the failures aside", err)
		}
	}
	cursor.At = now
	job.Cursor = models.JobJSON(cursor)
	return nil
}

// nextReplays returns the calls of the next stretch, and the last call that was looked at: zero at the end.
func (r *Runner) nextReplays(ctx context.Context, workspaceID int64, cursor *store.ReplayCursor) (rows []models.WebhookRequest, last uuid.UUID, err error) {
	if len(cursor.IDs) == 0 {
		after := cursor.After
		if after == uuid.Nil {
			after = oldest
		}
		return r.db.NextRequests(ctx, workspaceID, intake.ByContent(cursor.Filter), models.Cursor{After: after})
	}
	const stretch = 200
	ids := cursor.IDs[min(cursor.Gone, len(cursor.IDs)):]
	ids = ids[:min(len(ids), stretch)]
	if cursor.Gone += len(ids); cursor.Gone < len(cursor.IDs) {
		last = ids[len(ids)-1]
	}
	rows, err = r.db.RequestsByID(ctx, workspaceID, ids)
	return rows, last, err
}

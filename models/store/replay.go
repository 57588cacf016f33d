package store

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ReplayCursor is where a JobReplay stands: it does the calls of Filter once more, or those of IDs if there are any. No call is as new as
// Filter.To. The filter may name a person, so it is here and not in the spec: the cursor is cleared when the job ends.
//
// A stretch of calls is done with the time that the step before it has stored. If the program is killed, the same calls are sent again with
// the same ids, and the intake finds those that it has committed.
type ReplayCursor struct {
	Filter RequestFilter
	IDs    []uuid.UUID `json:",omitempty"` // from old to new
	After  uuid.UUID   // the calls newer than this one come next
	Gone   int         // of IDs
	At     time.Time   // the arrival of the next stretch; zero before the first
	Parts  int         // how many reads of the log the next stretch is; fixed together with At

	Righted []RightedCalls `json:",omitempty"` // by the stretch that was sent last; stored with it
}

// ReadReplay returns where a JobReplay stands.
func ReadReplay(j models.Job) ReplayCursor { return models.ReadJobJSON[ReplayCursor](j.Cursor) }

// afterPause forgets the time of the next stretch, of which nothing was sent: its calls would seem to have come before the pause.
func (c ReplayCursor) afterPause() ReplayCursor {
	c.At = time.Time{}
	return c
}

// sameCalls reports whether two people asked for the same calls.
func (c ReplayCursor) sameCalls(other ReplayCursor) bool {
	key := func(c ReplayCursor) string {
		c.Filter.To, c.Filter.OpenAt, c.Filter.From = time.Time{}, time.Time{}, c.Filter.From.Truncate(24*time.Hour)
		return models.JobJSON(ReplayCursor{Filter: c.Filter, IDs: c.IDs})
	}
	return key(c) == key(other)
}

// StartReplay stores a job that does the calls of from once more and returns it. If the same calls are being replayed already, it returns that
// job, and started is false. total is the number of calls, 0 if it is not known.
func (d *DB) StartReplay(ctx context.Context, workspaceID, userID int64, spec models.ReplaySpec, from ReplayCursor, total int64, now time.Time) (job models.Job, started bool, err error) {
	job = models.NewJob(workspaceID, userID, models.JobReplay, spec)
	job.Total, job.Cursor = total, models.JobJSON(from)
	same := func(other models.Job) bool { return from.sameCalls(ReadReplay(other)) }
	return d.startOnce(ctx, job, same, func(tx *gorm.DB, job models.Job) error {
		e := models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: models.ActionRequestsReplayed, Subject: models.SubjectRequests, SubjectID: job.ID, SubjectName: spec.Which}
		return Audit(tx, e, nil, job.CreatedAt)
	}, now)
}

// replayedSQL matches calls that a replay has done: one with an id before the first argument that did not fail. That of a call that had not
// failed must also have had an effect, none of the outcomes in the second argument: it may have one when the webhook is changed.
const replayedSQL = `EXISTS (SELECT 1 FROM replays p JOIN webhook_requests q ON q.workspace_id = p.workspace_id AND q.id = p.request_id
	WHERE p.workspace_id = webhook_requests.workspace_id AND p.original_id = webhook_requests.id AND p.request_id < ? AND q.status < 400
	AND (webhook_requests.status >= 400 OR q.outcome NOT IN ?))`

// notDone are the outcomes of replays that may have an effect when the webhook is changed. What a person did since is not changed with it.
var notDone = slices.DeleteFunc(slices.Clone(models.NoEffectOutcomes), func(o models.Outcome) bool { return o == models.OutcomeKeptOut })

// Replayed returns those of ids, which are calls of the workspaces, that a replay before a time has done.
func (d *DB) Replayed(ctx context.Context, workspaces []int64, ids []uuid.UUID, before time.Time) (done []uuid.UUID, err error) {
	err = d.Read(ctx).Model(&models.WebhookRequest{}).Where("workspace_id IN ? AND id IN ?", workspaces, ids).Where(replayedSQL, models.IDAt(before), notDone).Pluck("id", &done).Error
	return done, err
}

// ReplaysOf returns the ids of the calls that repeat a call, the newest first, at most most.
func (d *DB) ReplaysOf(ctx context.Context, workspaceID int64, original uuid.UUID, most int) (ids []uuid.UUID, err error) {
	err = d.Read(ctx).Model(&models.Replay{}).Where("workspace_id = ? AND original_id = ?", workspaceID, original).Order("request_id DESC").Limit(most).Pluck("request_id", &ids).Error
	return ids, err
}

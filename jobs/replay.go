package jobs

import (
	"context"
	"errors"
	"iter"
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

// A stretch is some reads of the log: replayParts at most, and fewer if a stretch takes longer than stretchTime, because a pause takes effect at
// its end. If the program is killed, the stretch is sent again, so its length is fixed together with its time, before it is sent.
const (
	replayParts = 4
	stretchTime = 400 * time.Millisecond
)

// replayCalls sends the next stretch of calls through the intake, from old to new, and counts what came of it.
func replayCalls(ctx context.Context, r *Runner, job *models.Job) error {
	s := replaySender{runner: r, job: job, spec: models.ReadJobJSON[models.ReplaySpec](job.Spec), cursor: store.ReadReplay(*job), result: models.ReadJobJSON[models.ReplayResult](job.Result)}
	switch {
	case s.cursor.At.IsZero(): // the step fixes the time first
		return nil
	case r.Intake == nil:
		return errNoIntake
	}
	if s.cursor.Parts == 0 { // an earlier version fixed the time of the stretch
		s.cursor.Parts = replayParts
	}
	began := time.Now()
	r.Intake.SubmitEach(ctx, s.calls(ctx), s.count)
	s.cursor.Parts = nextParts(s.cursor.Parts, time.Since(began))
	if s.err != nil { // the stretch is sent again later
		return s.err
	}
	for of, n := range s.righted {
		of.Calls = n
		s.cursor.Righted = append(s.cursor.Righted, of)
	}
	job.Done += s.looked
	if job.Result, job.Cursor = models.JobJSON(s.result), models.JobJSON(s.cursor); s.cursor.After == uuid.Nil {
		job.State = models.JobDone
	}
	return nil
}

// nextParts returns how many reads the next stretch has, if one with so many took that long.
func nextParts(parts int, took time.Duration) int {
	switch {
	case took > stretchTime:
		return max(parts/2, 1)
	case took < stretchTime/3:
		return min(2*parts, replayParts)
	}
	return parts
}

// replaySender sends one stretch of a replay.
type replaySender struct {
	runner *Runner
	job    *models.Job
	spec   models.ReplaySpec
	cursor store.ReplayCursor
	result models.ReplayResult
	looked int64 // calls of the stretch so far
	err    error

	sent    []models.WebhookRequest // calls that were sent again, and whose results are not known yet
	done    map[uuid.UUID]bool      // the ticked calls that an earlier replay has done
	righted map[store.RightedCalls]int64
}

// calls reads the stretch, and moves the cursor on.
func (s *replaySender) calls(ctx context.Context) iter.Seq[intake.Call] {
	return func(yield func(intake.Call) bool) {
		for range s.cursor.Parts {
			rows, webhooks, err := s.read(ctx)
			if err != nil {
				s.err = err
				return
			}
			for _, row := range rows {
				call, left := intake.ReplayCall(row, webhooks[row.WebhookID], s.job.ID, s.cursor.At, s.spec.Events)
				if left != "" {
					s.result.Add("", left)
					continue
				}
				row.Body = nil
				if s.sent = append(s.sent, row); !yield(call) {
					return
				}
			}
			if s.looked += int64(len(rows)); s.cursor.After == uuid.Nil {
				return
			}
		}
	}
}

// read reads the next calls and their webhooks.
func (s *replaySender) read(ctx context.Context) (rows []models.WebhookRequest, webhooks map[int64]models.Webhook, err error) {
	if rows, s.cursor.After, err = s.runner.nextReplays(ctx, s.job.WorkspaceID, &s.cursor); err != nil {
		return nil, nil, models.In("replay: next calls", err)
	}
	if len(s.cursor.IDs) > 0 { // a filter leaves out what an earlier replay has done
		if err := s.lookForDone(ctx, rows); err != nil {
			return nil, nil, models.In("replay: calls that were replayed", err)
		}
	}
	webhooks, err = s.runner.db.WebhooksOf(ctx, rows)
	return rows, webhooks, models.In("replay: webhooks", err)
}

// lookForDone notes which calls a replay has done before this one began.
func (s *replaySender) lookForDone(ctx context.Context, rows []models.WebhookRequest) error {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	found, err := s.runner.db.Replayed(ctx, []int64{s.job.WorkspaceID}, ids, s.job.CreatedAt)
	s.done = map[uuid.UUID]bool{}
	for _, id := range found {
		s.done[id] = true
	}
	return err
}

// right counts a failed call that is put right now.
func (s *replaySender) right(of models.WebhookRequest) {
	if s.righted == nil {
		s.righted = map[store.RightedCalls]int64{}
	}
	s.righted[store.RightedCalls{WebhookID: of.WebhookID, Outcome: of.Outcome, Hour: models.IDTime(of.ID).Truncate(time.Hour)}]++
}

// count notes what came of a call. The results come in the order in which the calls were sent.
func (s *replaySender) count(done intake.Done) {
	of := s.sent[0]
	s.sent = s.sent[1:]
	switch {
	case errors.Is(done.Err, intake.ErrRefused):
		s.result.Add(models.OutcomeNotCommitted, "")
	case done.Err != nil:
		s.err = models.In("replay: send calls", done.Err)
	default:
		s.result.AddDone(done.Outcome, done.Kept)
		if of.Failed() && done.Answer.Status < 400 && !s.done[of.ID] {
			s.right(of)
		}
	}
}

// replayStep stores which failed calls the last stretch put right, and fixes the time of the next one. At the end it puts the group of failures aside that was replayed, unless a call failed again
// in the same way.
func replayStep(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	cursor := store.ReadReplay(*job)
	if f := cursor.Filter; job.State == models.JobDone && len(cursor.IDs) == 0 && f.IsFailureGroup() && models.ReadJobJSON[models.ReplayResult](job.Result).Outcomes[f.Outcome] == 0 {
		if err := store.Dismiss(tx, job.WorkspaceID, f.WebhookID, f.Outcome, f.To); err != nil {
			return models.In("replay: put the failures aside", err)
		}
	}
	if err := store.AddRighted(tx, job.WorkspaceID, cursor.Righted); err != nil {
		return models.In("replay: count what was put right", err)
	}
	cursor.Righted = nil
	cursor.At, cursor.Parts = now, max(cursor.Parts, 1)
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

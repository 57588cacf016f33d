package automations

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// Options configure a Runner. Zero values mean the default.
type Options struct {
	Interval time.Duration    // between two looks without work; default 1 s
	Now      func() time.Time // default time.Now
	Log      *slog.Logger     // default slog.Default()
	Mail     bool             // the program can send e-mail
	Only     int64            // the only workspace to work on, held with store.DB.HoldSegments; 0 is all that are not held
	Sent     func()           // called after deliveries were added, so that the sender looks
}

// Runner starts runs for events and does their steps. Any number of runners can work on one database: the runs of a workspace are done by
// one at a time, so that those of one contact stay in order.
type Runner struct {
	db *store.DB
	Options
	known known
}

// New creates a Runner.
func New(db *store.DB, o Options) *Runner {
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Sent == nil {
		o.Sent = func() {}
	}
	return &Runner{db: db, Options: o}
}

const (
	eventsAtOnce = 256 // of one workspace in a transaction
	runsAtOnce   = 64  // of one workspace in a transaction; LockAddresses allows 256 addresses
	smaller      = 4   // on SQLite a transaction holds up all other writers, so it does only this part of them
	runsInATurn  = 512 // of all workspaces together
	maxTries     = 8   // failed tries of a step, after which its run fails
	turnTime     = 30 * time.Second
	pieceTime    = 20 * time.Second // deadline of a transaction, which takes well under a second
)

// Run works until ctx ends. After a piece of work it rests as background work does beside calls, so that the intake keeps its speed.
func (r *Runner) Run(ctx context.Context) {
	var start time.Time
	busy := false
	faults.Repeat(ctx, func() (err error) {
		start, busy = time.Now(), false
		busy, err = r.Turn(ctx)
		return err
	}, func(err error) time.Duration {
		if err != nil && ctx.Err() == nil {
			r.Log.Error("automations: a turn failed", store.ErrorAttr(err))
		}
		if err != nil || !busy {
			return r.Interval
		}
		return r.db.Rest(time.Since(start))
	})
}

// Turn starts the runs of waiting events, then does the runs that are due. It reports whether more work may wait. A failure in one
// workspace does not stop the others. After turnTime it begins nothing more.
func (r *Runner) Turn(ctx context.Context) (busy bool, err error) {
	until := time.Now().Add(turnTime)
	workspaces, err := r.withEvents(ctx)
	if err != nil {
		return false, models.In("list workspaces with events", err)
	}
	var failed []error
	for _, workspace := range workspaces {
		if over(ctx, until) {
			return true, errors.Join(failed...)
		}
		var more bool
		err := r.piece(ctx, func(ctx context.Context) (err error) {
			more, err = r.startRuns(ctx, workspace)
			return err
		})
		busy, failed = busy || more, append(failed, models.In("start runs", err))
	}
	more, err := r.doDue(ctx, until)
	return busy || more, errors.Join(append(failed, err)...)
}

// over reports whether a turn begins nothing more.
func over(ctx context.Context, until time.Time) bool {
	return ctx.Err() != nil || time.Now().After(until)
}

// piece does one transaction within pieceTime, and rests after it. A panic in it becomes its error, so that the other pieces go on.
func (r *Runner) piece(ctx context.Context, work func(context.Context) error) error {
	began := time.Now()
	defer func() { r.rest(ctx, began) }()
	limited, cancel := context.WithTimeout(ctx, pieceTime)
	defer cancel()
	return faults.Catch(func() error { return work(limited) })
}

// withEvents lists the workspaces with events that wait. It jumps from one to the next in the index.
func (r *Runner) withEvents(ctx context.Context) (ids []int64, err error) {
	err = r.db.Read(ctx).Raw(`WITH RECURSIVE waiting (id) AS (
			SELECT min(workspace_id) FROM automation_events WHERE state = 'pending'
			UNION ALL SELECT (SELECT min(workspace_id) FROM automation_events WHERE state = 'pending' AND workspace_id > waiting.id) FROM waiting WHERE waiting.id IS NOT NULL
		) SELECT id FROM waiting WHERE id IS NOT NULL`).Scan(&ids).Error
	return slices.DeleteFunc(ids, func(id int64) bool { return r.Only != 0 && id != r.Only }), err
}

// lock takes the right to work on a workspace's automations until tx ends, if it is free, is not deleted, and no other program holds it.
// SQLite has one writer and needs no lock.
func (r *Runner) lock(tx *gorm.DB, workspace int64) (locked bool, err error) {
	if r.Only == 0 {
		if free, err := store.SegmentsFree(tx, workspace, r.Now()); err != nil || !free {
			return false, err
		}
	}
	if tx.Name() != string(store.Postgres) {
		return true, nil
	}
	err = tx.Raw("SELECT pg_try_advisory_xact_lock(?, ?)", store.LockRuns, int32(workspace)).Scan(&locked).Error
	return locked, err
}

// doDue does the runs that are due, the oldest first.
func (r *Runner) doDue(ctx context.Context, until time.Time) (more bool, err error) {
	due, more, err := r.listDue(ctx)
	if err != nil {
		return false, models.In("list runs that are due", err)
	}
	var failed []error
	for _, some := range byWorkspace(due, r.most(runsAtOnce)) {
		if over(ctx, until) {
			return true, errors.Join(failed...)
		}
		err := r.piece(ctx, func(ctx context.Context) error { return r.doRuns(ctx, some) })
		if err != nil && len(some) > 1 { // one of them fails: the others go on without it
			for _, one := range some {
				if !over(ctx, until) {
					failed = append(failed, r.doAlone(ctx, one))
				}
			}
			continue
		}
		if err != nil {
			failed = append(failed, r.note(ctx, some[0], err))
		}
	}
	return more, errors.Join(failed...)
}

// most returns how many rows of a kind one transaction does.
func (r *Runner) most(n int) int {
	if r.db.Dialect == store.SQLite {
		return n / smaller
	}
	return n
}

// rest waits after a transaction that began at an instant, for as long as calls of webhooks wait.
func (r *Runner) rest(ctx context.Context, began time.Time) {
	select {
	case <-time.After(r.db.Rest(time.Since(began))):
	case <-ctx.Done():
	}
}

// byWorkspace groups runs by workspace, at most most together, and keeps their order.
func byWorkspace(due []dueRun, most int) (groups [][]dueRun) {
	last := map[int64]int{} // the group that a workspace fills
	for _, one := range due {
		i, open := last[one.WorkspaceID]
		if !open || len(groups[i]) == most {
			i = len(groups)
			last[one.WorkspaceID], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], one)
	}
	return groups
}

func (r *Runner) doAlone(ctx context.Context, one dueRun) error {
	if err := r.piece(ctx, func(ctx context.Context) error { return r.doRuns(ctx, []dueRun{one}) }); err != nil {
		return r.note(ctx, one, err)
	}
	return nil
}

// note notes that a run could not be done now. It is tried again later, and fails after maxTries, unless the database is away.
func (r *Runner) note(ctx context.Context, one dueRun, cause error) error {
	now := models.Instant(r.Now())
	err := r.db.Write(ctx, func(tx *gorm.DB) error {
		run, err := store.First[models.AutomationRun](store.ForChange(tx).Where("workspace_id = ? AND id = ? AND ended_at IS NULL", one.WorkspaceID, one.ID))
		if err != nil {
			return err
		}
		run.Tries++
		run.DueAt = now.Add(min(time.Second<<min(run.Tries, 12), time.Hour))
		if run.Tries >= maxTries && !store.IsAway(cause) {
			end(&run, models.RunFailed, "This step failed several times in a row. The fault is in the program, not in your data, and the program's log has it.", now)
		}
		return saveRuns(tx, []models.AutomationRun{run})
	})
	if store.ErrorCode(err) == models.CodeNotFound { // it ended in between
		err = nil
	}
	return errors.Join(models.In("do a run", cause), err)
}

// end ends a run.
func end(run *models.AutomationRun, state models.RunState, reason string, now time.Time) {
	run.State, run.Reason, run.EndedAt = state, reason, &now
}

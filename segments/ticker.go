package segments

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// Options configure a Ticker. Zero values mean the default.
type Options struct {
	Interval time.Duration    // between two ticks without remaining work; default 1 s
	Now      func() time.Time // default time.Now
	Log      *slog.Logger     // default slog.Default()
	Only     int64            // the only workspace to work on, held with store.DB.HoldSegments; 0 is all that are not held
}

// Ticker keeps the memberships correct: it recalculates marked contacts and builds new and edited rules. Any number of
// tickers can work on one database.
type Ticker struct {
	db *store.DB
	Options
	built, passed, verified pace
	verification            verification

	// Each kind of work has separate rests: a failing build does not delay marks, and successful marks do not reset the
	// wait of the build.
	marked, due, building, verifying rests
}

// pace is how many chunks one transaction processes. It adapts to the duration of the last one.
type pace struct{ chunks, took atomic.Int64 }

// step runs work with the current number of chunks and adapts it.
func (p *pace) step(r *round, work func(*round, int64) (bool, error)) (more bool, err error) {
	n := p.chunks.Load()
	if n == 0 {
		n = 8
	}
	start := time.Now()
	more, err = work(r, n)
	aim := aimOf(store.Dialect(r.tx.Name()))
	took := time.Since(start)
	p.took.Store(int64(took))
	switch {
	case took > aim:
		p.chunks.Store(max(n/2, 1))
	case took < aim/3:
		p.chunks.Store(min(n*2, 64))
	}
	return more, err
}

// aimOf is how long a transaction should take. On SQLite a write must not block others for more than 50 ms (DESIGN); on
// Postgres a person who saves a segment must not wait.
func aimOf(d store.Dialect) time.Duration {
	if d == store.SQLite {
		return 30 * time.Millisecond
	}
	return 200 * time.Millisecond
}

// New creates a Ticker.
func New(db *store.DB, o Options) *Ticker {
	if o.Interval <= 0 {
		o.Interval = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Ticker{db: db, Options: o}
}

// Run ticks until ctx ends. While work is left, Postgres ticks without a pause, unless calls wait: then a page of a build is followed by
// a rest. On SQLite such a page blocks all other writers, including calls, so a pause of the same length follows it in any case.
func (t *Ticker) Run(ctx context.Context) {
	busy := false
	faults.Repeat(ctx, func() (err error) {
		t.built.took.Store(0)
		busy = false
		busy, err = t.Tick(ctx)
		return err
	}, func(err error) time.Duration {
		if _, outside := err.(*faults.Panic); outside { // steps log their own panics
			t.logTrouble(ctx, 0, err)
		}
		built := time.Duration(t.built.took.Load())
		switch {
		case err != nil || !busy:
			return t.Interval
		case t.db.Dialect == store.SQLite:
			return max(min(built, t.Interval), t.db.Rest(built))
		}
		return t.db.Rest(built)
	})
}

// Tick does one step in every workspace with work: up to 1,000 marks, then a page of chunks that are due, then a page of
// building. If no work is left, it continues the full check. It reports whether work is left. A failure in one workspace
// is logged and does not stop the others: that kind of work rests there, longer after each failure in a row.
func (t *Ticker) Tick(ctx context.Context) (busy bool, err error) {
	var errs []error
	for _, kind := range []struct {
		rests *rests
		work  func(*round) (bool, error)
		query string
		args  []any
	}{
		{&t.marked, (*round).recalculate, markedWorkspaces, nil},
		{&t.due, func(r *round) (bool, error) { return t.passed.step(r, (*round).passTime) },
			dueWorkspaces, []any{sql.Named("now", models.Instant(t.Now()))}},
		{&t.building, func(r *round) (bool, error) { return t.built.step(r, (*round).build) },
			"SELECT DISTINCT workspace_id FROM segments WHERE building_slot IS NOT NULL AND broken_reason = ''", nil}, // uses the index segments_building
	} {
		workspaces, err := t.workspaces(ctx, kind.query, kind.args...)
		if err != nil {
			return busy, errors.Join(append(errs, err)...)
		}
		left, err := t.steps(ctx, kind.rests, workspaces, kind.work)
		busy, errs = busy || left, append(errs, err)
	}
	return busy, errors.Join(append(errs, t.verifyIdle(ctx, busy))...)
}

// The lists of workspaces with work jump from one workspace to the next in the primary key. Their cost depends on the number
// of workspaces, not on the amount of work.
const (
	markedWorkspaces = `WITH RECURSIVE edited (id) AS (
			SELECT min(workspace_id) FROM dirty_contacts
			UNION ALL SELECT (SELECT min(workspace_id) FROM dirty_contacts WHERE workspace_id > edited.id) FROM edited WHERE edited.id IS NOT NULL
		), called (id) AS (
			SELECT min(workspace_id) FROM call_marks
			UNION ALL SELECT (SELECT min(workspace_id) FROM call_marks WHERE workspace_id > called.id) FROM called WHERE called.id IS NOT NULL
		) SELECT id FROM edited WHERE id IS NOT NULL UNION SELECT id FROM called WHERE id IS NOT NULL ORDER BY id`
	// The list is empty while the earliest instant is in the future. A workspace has a row for every 256 contact ids; the
	// index segment_due_workspace tells whether one is due.
	dueWorkspaces = `WITH RECURSIVE due (id) AS (
			SELECT min(workspace_id) FROM segment_due WHERE (SELECT min(due_at) FROM segment_due) <= @now
			UNION ALL SELECT (SELECT min(workspace_id) FROM segment_due WHERE workspace_id > due.id) FROM due WHERE due.id IS NOT NULL
		) SELECT id FROM due WHERE id IS NOT NULL AND EXISTS (SELECT 1 FROM segment_due WHERE workspace_id = due.id AND due_at <= @now)`
)

func (t *Ticker) workspaces(ctx context.Context, query string, args ...any) (ids []int64, err error) {
	if err = models.In("segments: list workspaces with work", t.db.Read(ctx).Raw(query, args...).Scan(&ids).Error); err != nil {
		t.logTrouble(ctx, 0, err)
	}
	return t.mine(ids), err
}

// mine returns the workspaces that this ticker works on.
func (t *Ticker) mine(workspaces []int64) []int64 {
	return slices.DeleteFunc(workspaces, func(id int64) bool { return t.Only != 0 && id != t.Only })
}

func (t *Ticker) steps(ctx context.Context, rests *rests, workspaces []int64, work func(*round) (bool, error)) (left bool, err error) {
	var errs []error
	for _, workspace := range workspaces {
		more, err := t.stepRested(ctx, rests, workspace, work)
		left = left || more
		if err != nil {
			t.logTrouble(ctx, workspace, err)
			errs = append(errs, err)
		}
	}
	return left, errors.Join(errs...)
}

// stepRested does a step unless the workspace rests after failures of this kind of work.
func (t *Ticker) stepRested(ctx context.Context, rests *rests, workspace int64, work func(*round) (bool, error)) (more bool, err error) {
	if rests.resting(workspace, t.Now()) {
		return false, nil
	}
	more, err = t.step(ctx, workspace, work)
	switch {
	case err == nil:
		rests.end(workspace)
	case ctx.Err() == nil && !store.IsAway(err):
		rests.start(workspace, t.Interval, t.Now())
	}
	return more, err
}

// stepTime is the deadline of one step. A normal step takes well under a second.
const stepTime = 20 * time.Second

// step runs one piece of work in a transaction under the workspace's lock. If another ticker has the lock, it does
// nothing.
func (t *Ticker) step(ctx context.Context, workspace int64, work func(*round) (bool, error)) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, stepTime)
	defer cancel()
	err = faults.Catch(func() error {
		more, err = t.transact(ctx, workspace, work)
		return err
	})
	return more && err == nil, err
}

func (t *Ticker) transact(ctx context.Context, workspace int64, work func(*round) (bool, error)) (more bool, err error) {
	return more, t.db.Write(ctx, func(tx *gorm.DB) error {
		more = false
		if free, err := store.SegmentsFree(tx, workspace, t.Now()); err != nil || !free && t.Only == 0 {
			return models.In("segments: read whether the workspace is free", err) // data of a deleted workspace is removed, not recalculated
		}
		locked, err := tryLock(tx, workspace)
		if err != nil || !locked {
			return models.In("segments: take the lock", err)
		}
		r, err := begin(tx, workspace, models.Instant(t.Now()))
		if err != nil {
			return models.In("segments: read the rules", err)
		}
		more, err = work(r)
		return err
	})
}

// logTrouble logs codes only: a database's message may contain values.
func (t *Ticker) logTrouble(ctx context.Context, workspace int64, err error) {
	if ctx.Err() != nil {
		return
	}
	t.Log.ErrorContext(ctx, "segments were not recalculated", "workspace", workspace, store.ErrorAttr(err))
}

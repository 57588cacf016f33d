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

// Options of a Ticker. What is zero gets its default.
type Options struct {
	Interval time.Duration    // between two ticks that find nothing left to do; default 1 s
	Now      func() time.Time // default time.Now
	Log      *slog.Logger     // default slog.Default()
	Only     int64            // the one workspace to work on, which this ticker holds (models.DB.HoldSegments); 0 for all that nobody holds
}

// Ticker keeps the memberships right: it recalculates marked contacts and builds new and edited rules. Any number of
// them can work on one database.
type Ticker struct {
	db *store.DB
	Options
	built, passed, verified pace
	verification            verification

	// Each kind of work has its own rests: a build that fails holds up no marks, and marks that are followed do not hide it.
	marked, due, building, verifying rests
}

// pace is how many chunks one transaction takes: it adapts to how long the last one took.
type pace struct{ chunks, took atomic.Int64 }

// step runs work with as many chunks as are right.
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

// aimOf is how long a transaction may take: on SQLite a write must not hold up the others for over 50 ms (DESIGN), on
// Postgres a person who saves a segment must not wait.
func aimOf(d store.Dialect) time.Duration {
	if d == store.SQLite {
		return 30 * time.Millisecond
	}
	return 200 * time.Millisecond
}

// New makes a Ticker.
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

// Run ticks until ctx ends. While work is left, one tick follows the other immediately on Postgres. On SQLite, where a page of
// building keeps every other writer waiting, the calls among them, as long a rest follows it.
func (t *Ticker) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		t.built.took.Store(0)
		busy := false
		err := faults.Catch(func() (err error) {
			busy, err = t.Tick(ctx)
			return err
		})
		if _, outside := err.(*faults.Panic); outside { // of a step, which logs its own
			t.logTrouble(ctx, 0, err)
		}
		switch {
		case err != nil || !busy:
			timer.Reset(t.Interval)
		case t.db.Dialect == store.SQLite:
			timer.Reset(min(time.Duration(t.built.took.Load()), t.Interval))
		default:
			timer.Reset(0)
		}
	}
}

// Tick does one step in every workspace that has work: up to 1,000 marks, then a page of what is due because time passed,
// then a page of building, and verifies when nothing is left. It reports whether work is left. Trouble in one workspace is
// logged and does not keep it from the others: that kind of work rests there, longer after each failure in a row.
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
			"SELECT DISTINCT workspace_id FROM segments WHERE building_slot IS NOT NULL AND broken_reason = ''", nil}, // by segments_building
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

// The lists of workspaces with work step from one workspace to the next in the primary key, whatever lies between them: they
// cost as much as there are workspaces, not as much as there is work.
const (
	markedWorkspaces = `WITH RECURSIVE marked (id) AS (
			SELECT min(workspace_id) FROM dirty_contacts
			UNION ALL SELECT (SELECT min(workspace_id) FROM dirty_contacts WHERE workspace_id > marked.id) FROM marked WHERE marked.id IS NOT NULL
		) SELECT id FROM marked WHERE id IS NOT NULL`
	// Nothing is listed while the earliest instant is still to come. A workspace has a row for every 256 contact ids: whether
	// one of them is due says segment_due_workspace.
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

// mine are those of the workspaces on which the ticker works.
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

// stepRested is step in a workspace that does not rest from earlier failures of this kind of work.
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

// stepTime is how long one step may take. It takes well under a second unless something is wrong.
const stepTime = 20 * time.Second

// step runs one piece of work in a transaction under the workspace's lock; if somebody else has that, they do the work.
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
			return models.In("segments: read whether the workspace is free", err) // what a deleted one left is removed, not recalculated
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

// logTrouble logs codes only: a database's message may hold values.
func (t *Ticker) logTrouble(ctx context.Context, workspace int64, err error) {
	if ctx.Err() != nil {
		return
	}
	t.Log.ErrorContext(ctx, "segments were not recalculated", "workspace", workspace, store.ErrorAttr(err))
}

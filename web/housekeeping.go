package main

import (
	"context"
	"sync"
	"time"

	"campaignlark/faults"
	"campaignlark/models"
	"campaignlark/models/store"
)

// chore is periodic work. Each run does a bounded piece; the rest waits for the next run.
type chore struct {
	name  string
	every time.Duration
	run   func(ctx context.Context, now time.Time) error
}

// chores lists the periodic work. Every replica runs it, so a chore must be safe to run concurrently.
func chores(c Config, db *store.DB) []chore {
	return []chore{
		{"make days of the request log", time.Hour, db.EnsureLogDays},
		{"drop old log", time.Hour, func(ctx context.Context, now time.Time) error { return db.DropOldLog(ctx, now, c.LogRetentionDays) }},
		{"resume the removal of workspaces", time.Minute, db.ResumeRemovals},
		{"drop old audit log", time.Hour, db.DropOldAudit},
		{"note how the audience grows", time.Hour, db.NoteContactDays},
		{"sweep sessions", 10 * time.Minute, db.SweepSessions},
		{"forget forms that were sent", time.Hour, db.SweepFormPosts},
		{"forget failed sign-ins", time.Hour, db.ForgetSignIns},
		{"drop old jobs", time.Hour, db.DropOldJobs},
		{"drop files of old jobs", time.Minute, db.DropJobFiles},
		{"empty the write-ahead log", time.Minute, db.EmptyWAL},
		{"fold the counters", time.Second, foldCounts(db, 2*time.Hour)},
		{"fold the counters of the past", time.Hour, foldCounts(db, 100*365*24*time.Hour)},
		{"take deleted tags off contacts", 5 * time.Second, db.PurgeTags},
		{"take deleted merge tags off contacts", 5 * time.Second, db.PurgeMergeTags},
		{"add up the counts of contacts", 5 * time.Second, db.FoldContactCounts},
		{"count the contacts of new workspaces", time.Minute, db.CountNewContacts},
		{"count all contacts again", time.Hour, db.CountAllContacts},
		{"note webhooks that fail or fall silent", 2 * time.Minute, db.NoteUnusualWebhooks},
		{"index the names of new contacts", time.Second, db.IndexNewNames},
		{"index the names of older contacts", time.Minute, later(db.FillContactWords)},
	}
}

// later leaves out the first run of a chore. A replica with an older version may still be running then, and would add contacts that the
// chore must not miss.
func later(run func(context.Context) error) func(context.Context, time.Time) error {
	started := false
	return func(ctx context.Context, _ time.Time) error {
		if !started {
			started = true
			return nil
		}
		return run(ctx)
	}
}

// reportUnknown logs how many calls since its last run went to hashes that never existed. They leave no row in the request log,
// which anyone could flood (CONTRACT "What each type does"). unknown counts them since the start.
func (p program) reportUnknown(unknown func() int64) func(context.Context, time.Time) error {
	var reported int64
	return func(context.Context, time.Time) error {
		if n := unknown(); n > reported {
			p.log.Info("calls to hashes that never existed", "calls", n-reported)
			reported = n
		}
		return nil
	}
}

// foldCounts folds the counters of the last hours, or of a longer time if a killed program left rows behind.
func foldCounts(db *store.DB, past time.Duration) func(ctx context.Context, now time.Time) error {
	return func(ctx context.Context, now time.Time) error {
		return db.FoldWebhookCounts(ctx, models.Instant(now).Add(-past).Truncate(time.Hour))
	}
}

// keepHouse runs each chore now and whenever it is due until ctx ends. A failed or slow chore does not block others.
func (p program) keepHouse(ctx context.Context, chores []chore, now func() time.Time) {
	var all sync.WaitGroup
	for _, c := range chores {
		all.Go(func() { p.repeat(ctx, c, now) })
	}
	all.Wait()
}

// choreTime limits one run of a chore.
const choreTime = 10 * time.Minute

// repeat runs a chore until ctx ends. It logs a failure or a panic, and the next run tries again.
func (p program) repeat(ctx context.Context, c chore, now func() time.Time) {
	turn := time.NewTicker(c.every)
	defer turn.Stop()
	for {
		if err := c.turn(ctx, now()); err != nil && ctx.Err() == nil {
			p.log.Error("a chore failed", "chore", c.name, store.ErrorAttr(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-turn.C:
		}
	}
}

func (c chore) turn(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, choreTime)
	defer cancel()
	return faults.Catch(func() error { return c.run(ctx, now) })
}

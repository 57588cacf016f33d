package segments_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"
)

// TestVerificationInTheBackground lets a day pass, and checks that the ticker finds corrupted bits, in small steps and only
// when idle.
func TestVerificationInTheBackground(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		for _, id := range []int64{1, 2, 60_000} {
			w.put(rule.Subject{ID: id, Status: models.StatusSubscribed}, nil)
		}
		w.settle()
		g = w.segment(g.ID)
		w.flip(g.Slot, 2)
		var log strings.Builder
		clock := ruletest.Noon.Add(23 * time.Hour)
		ticker := segments.New(db, segments.Options{Now: func() time.Time { return clock }, Log: slog.New(slog.NewTextHandler(&log, nil))})
		tick := func() {
			t.Helper()
			if busy, err := ticker.Tick(t.Context()); err != nil || busy {
				t.Fatalf("got busy %v (%v), want that a verification does not hurry", busy, err)
			}
			clock = clock.Add(time.Second)
		}
		tick()
		if n := countOf[models.SegmentCheck](w); n != 0 {
			t.Fatalf("got %d verifications within a day, want none", n)
		}
		clock = ruletest.Noon.Add(24 * time.Hour)
		for i := 0; i < 500 && (i == 0 || w.check().FinishedAt == nil); i++ {
			tick()
		}
		check := w.check()
		if check.FinishedAt == nil || check.Differences != 1 || !slices.Equal(w.members(g.ID), []int64{60_000, 2, 1}) {
			t.Errorf("got %+v and members %v, want one difference, repaired", check, w.members(g.ID))
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=ERROR") || !strings.Contains(got, fmt.Sprintf("workspace=%d segments=[%d] differences=1", w.id, g.ID)) {
			t.Errorf("got the log %q, want one line", got)
		}
		w.flip(g.Slot, 2)
		clock = check.StartedAt.Add(24*time.Hour - time.Second)
		tick()
		if got := w.check(); !got.StartedAt.Equal(check.StartedAt) {
			t.Errorf("got a verification started at %s, want none within a day of %s", got.StartedAt, check.StartedAt)
		}
		clock = check.StartedAt.Add(24*time.Hour + time.Minute)
		tick()
		if got := w.check(); got.StartedAt.Equal(check.StartedAt) {
			t.Error("got no verification a day later")
		}
	})
}

func countOf[T any](w *world) (n int64) {
	w.t.Helper()
	if err := w.db.Read(w.t.Context()).Model(new(T)).Where("workspace_id = ?", w.id).Count(&n).Error; err != nil {
		w.t.Fatal(err)
	}
	return n
}

// TestHealthyWorkspaceHasNoDrift verifies repeatedly while contacts and rules change and tickers run.
func TestHealthyWorkspaceHasNoDrift(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		a := newAudience(t, db, 11)
		for range 30 {
			a.change()
		}
		var done atomic.Bool
		var others sync.WaitGroup
		others.Go(func() {
			for !done.Load() {
				if _, err := a.ticker.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
		verifier := segments.New(db, segments.Options{Now: a.store.Now, Log: slog.New(slog.DiscardHandler)})
		others.Go(func() {
			for !done.Load() {
				if v, err := verifier.Verify(t.Context(), a.id, func(int64, int64) {}); err != nil || v.Differences != 0 {
					t.Errorf("got %d differences (%v), want none: %s", v.Differences, err, found(v))
				}
			}
		})
		for range 150 {
			a.change()
		}
		done.Store(true)
		others.Wait()
		a.settle()
		a.verify()
		if v := a.verifyNow(); v.Differences != 0 {
			t.Errorf("got %d differences at the end: %s", v.Differences, found(v))
		}
	})
}

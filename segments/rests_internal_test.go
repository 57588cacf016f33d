package segments

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"campaignlark/faults"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

func TestRestsGrow(t *testing.T) {
	t.Parallel()
	var r rests
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600} {
		r.start(7, time.Second, now)
		end := now.Add(want * time.Second)
		if !r.resting(7, end.Add(-1)) || r.resting(7, end) {
			t.Errorf("the rest does not end after %d s", want)
		}
	}
	if r.resting(8, now) {
		t.Error("another workspace rests too")
	}
	if r.end(7); r.resting(7, now) {
		t.Error("a workspace whose step succeeded still rests")
	}
}

// TestAPanicInOneWorkspaceLeavesTheOthers panics in the work of one of two workspaces.
func TestAPanicInOneWorkspaceLeavesTheOthers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		var log strings.Builder
		ticker := New(db, Options{Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil))})
		for id := range int64(2) {
			w := models.Workspace{Name: "W", Slug: string(rune('a' + id)), TimeZone: "UTC"}
			if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&w).Error }); err != nil {
				t.Fatal(err)
			}
		}
		worked := map[int64]int{}
		tick := func() error {
			_, err := ticker.steps(t.Context(), &ticker.marked, []int64{1, 2}, func(r *round) (bool, error) {
				if worked[r.workspace]++; r.workspace == 1 {
					var none []int
					worked[0] = none[len(r.segments)]
				}
				return false, nil
			})
			return err
		}
		var p *faults.Panic
		if err := tick(); !errors.As(err, &p) {
			t.Fatalf("got %v, want the panic as an error", err)
		}
		if err := tick(); err != nil || worked[1] != 1 || worked[2] != 2 {
			t.Errorf("got %v and the steps %v, want that the broken workspace rests and the other goes on", err, worked)
		}
		now = now.Add(time.Second)
		if tick(); worked[1] != 2 {
			t.Errorf("got %d steps in the broken workspace, want a second one after its rest", worked[1])
		}
		if got := log.String(); !strings.Contains(got, "index out of range") || !strings.Contains(got, "rests_internal_test.go") || !strings.Contains(got, "workspace=1") {
			t.Errorf("got the log %s, want the panic with its stack", got)
		}
	})
}

// TestAFailingBuildRestsLongerWhileMarksAreFollowed lets one kind of work fail in a workspace while another succeeds: calls
// come, and one segment cannot be built.
func TestAFailingBuildRestsLongerWhileMarksAreFollowed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		ticker := New(db, Options{Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)})
		w := models.Workspace{Name: "W", Slug: "w", TimeZone: "UTC"}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&w).Error }); err != nil {
			t.Fatal(err)
		}
		followed, builds := 0, 0
		for range 60 { // a minute of ticks
			ticker.steps(t.Context(), &ticker.marked, []int64{w.ID}, func(*round) (bool, error) { followed++; return false, nil })
			ticker.steps(t.Context(), &ticker.building, []int64{w.ID}, func(*round) (bool, error) { builds++; panic("no such slot") })
			now = now.Add(time.Second)
		}
		if followed != 60 {
			t.Errorf("got marks followed %d times, want 60: a build that fails must not hold them up", followed)
		}
		if builds != 6 { // immediately and after 1, 2, 4, 8 and 16 s
			t.Errorf("got %d tries of the build, want 6, each after a longer rest", builds)
		}
	})
}

// TestRunSurvivesPanics runs a ticker whose first tick panics, with a workspace in which reading the segments panics. The log
// has each panic once.
func TestRunSurvivesPanics(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			w := models.Workspace{Name: "W", Slug: "w", TimeZone: "UTC"}
			if err := tx.Create(&w).Error; err != nil {
				return err
			}
			if err := store.MarkContacts(tx, w.ID, 0, []int64{1}, at); err != nil {
				return err
			}
			return tx.Callback().Query().Before("gorm:query").Register("test:panic", func(tx *gorm.DB) {
				if tx.Statement.Table == "segments" {
					panic("ines@example.com")
				}
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var log strings.Builder
		asked := 0
		now := func() time.Time { // it stands still, so the workspace rests after its first step
			if asked++; asked == 1 {
				panic("ines@example.com")
			}
			if asked > 100 {
				cancel()
			}
			return at
		}
		New(db, Options{Interval: time.Millisecond, Now: now, Log: slog.New(slog.NewTextHandler(&log, nil))}).Run(ctx)
		for _, workspace := range []string{"workspace=0 ", "workspace=1 "} {
			if got := strings.Count(log.String(), workspace); got != 1 {
				t.Errorf("got %s%d times in the log, want once", workspace, got)
			}
		}
		if strings.Contains(log.String(), "ines") {
			t.Error("the log has the panic's value")
		}
	})
}

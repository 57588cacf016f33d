package jobs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// clock is a time that only a test changes.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Now().UnixMicro())
	return c
}

func (c *clock) now() time.Time       { return time.UnixMicro(c.at.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.at.Add(d.Microseconds()) }
func quiet() *slog.Logger             { return slog.New(slog.DiscardHandler) }
func bulkRunner(db *store.DB, c *clock, step Step) *Runner {
	r := New(db, quiet(), c.now)
	r.steps = map[models.JobKind]Step{models.JobBulk: step}
	return r
}

func newJob(t *testing.T, db *store.DB, c *clock) models.Job {
	t.Helper()
	job := models.NewJob(1, 7, models.JobBulk, nil)
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return store.CreateJob(tx, &job, c.now()) }); err != nil {
		t.Fatal(err)
	}
	return job
}

func jobNow(t *testing.T, db *store.DB, id int64) models.Job {
	t.Helper()
	job, err := db.Job(t.Context(), 1, id)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// countTo counts a job up to total, and writes each count so that the test can check it.
func countTo(total int64) Step {
	return func(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
		job.Done++
		if job.Done == total {
			job.State = models.JobDone
		}
		return store.MarkContacts(tx, 1, 0, []int64{job.ID*1000 + job.Done}, now)
	}
}

// marks counts what countTo wrote; both counts are equal if nothing was done twice.
func marks(t *testing.T, db *store.DB) (all, distinct int) {
	t.Helper()
	var ids []int64
	if err := db.Read(t.Context()).Model(&models.DirtyContact{}).Pluck("contact_id", &ids).Error; err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	return len(ids), len(seen)
}

func TestAJobResumesAfterAKill(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		job := newJob(t, db, c)
		dying, kill := context.WithCancel(t.Context())
		first := bulkRunner(db, c, func(ctx context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
			if job.Done == 3 {
				kill() // in the middle of the fourth step
			}
			return countTo(9)(ctx, tx, job, now)
		})
		if _, err := first.Turn(dying); err == nil {
			t.Fatal("the program was not killed")
		}
		second := bulkRunner(db, c, countTo(9))
		if worked, err := second.Turn(t.Context()); err != nil || worked {
			t.Errorf("got %v, %v: while the lease lasts nobody else may have the job", worked, err)
		}
		c.pass(lease)
		if worked, err := second.Turn(t.Context()); err != nil || !worked {
			t.Errorf("got %v, %v, want that the job goes on after the lease", worked, err)
		}
		got := jobNow(t, db, job.ID)
		if all, distinct := marks(t, db); got.State != models.JobDone || got.Done != 9 || all != 9 || distinct != 9 || got.FinishedAt == nil {
			t.Errorf("got %s after %d steps, %d written, %d distinct, want 9 of each", got.State, got.Done, all, distinct)
		}
	})
}

func TestRunnersShareTheJobs(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		ids := map[int64]bool{}
		for range 6 {
			ids[newJob(t, db, c).ID] = true
		}
		var runners sync.WaitGroup
		for range 3 {
			runners.Go(func() {
				for r := bulkRunner(db, c, countTo(20)); ; {
					if worked, err := r.Turn(t.Context()); err != nil || !worked {
						if err != nil {
							t.Error(err)
						}
						return
					}
				}
			})
		}
		runners.Wait()
		for id := range ids {
			if got := jobNow(t, db, id); got.State != models.JobDone || got.Done != 20 {
				t.Errorf("got %s after %d steps, want done after 20", got.State, got.Done)
			}
		}
		if all, distinct := marks(t, db); all != 120 || distinct != 120 {
			t.Errorf("got %d steps, %d distinct, want each of 120 once", all, distinct)
		}
	})
}

func TestAStoppedJobStops(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		job := newJob(t, db, c)
		stop := make(chan struct{})
		reached := make(chan struct{}, 1)
		r := bulkRunner(db, c, func(ctx context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
			if job.Done == 2 {
				select {
				case reached <- struct{}{}:
				default:
				}
			}
			return countTo(1_000_000)(ctx, tx, job, now)
		})
		go func() {
			defer close(stop)
			<-reached
			if stopped, err := db.StopJob(context.Background(), 1, job.ID, c.now()); err != nil || !stopped {
				t.Errorf("got %v, %v, want that it is stopped", stopped, err)
			}
		}()
		for {
			if worked, err := r.Turn(t.Context()); err != nil || !worked {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
		}
		<-stop
		got := jobNow(t, db, job.ID)
		if all, _ := marks(t, db); got.State != models.JobStopped || int64(all) != got.Done || got.Done < 2 {
			t.Errorf("got %s, %d done, %d written: what was done stays done, and no more is", got.State, got.Done, all)
		}
		if again, err := db.StopJob(t.Context(), 1, job.ID, c.now()); err != nil || again {
			t.Errorf("got %v, %v, want that it was stopped already", again, err)
		}
	})
}

func TestAFailingStepIsRetriedThenGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		job := newJob(t, db, c)
		failures := 3
		r := bulkRunner(db, c, func(ctx context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
			if failures > 0 {
				failures--
				if err := store.MarkContacts(tx, 1, 0, []int64{1}, now); err != nil {
					return err
				}
				return errors.New("disk full")
			}
			return countTo(5)(ctx, tx, job, now)
		})
		for try := range 3 {
			if _, err := r.Turn(t.Context()); err == nil {
				t.Fatal("the failure is not reported")
			}
			if worked, _ := r.Turn(t.Context()); worked {
				t.Error("a job whose step failed should wait a while")
			}
			c.pass(time.Second << try)
		}
		if _, err := r.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := jobNow(t, db, job.ID); got.State != models.JobDone || got.Tries != 0 {
			t.Errorf("got %s with %d tries, want done with none", got.State, got.Tries)
		}
		if all, _ := marks(t, db); all != 5 {
			t.Errorf("got %d steps, want the 5 that did not fail", all)
		}

		job, failures = newJob(t, db, c), maxTries
		for range maxTries {
			c.pass(time.Minute)
			r.Turn(t.Context())
		}
		if got := jobNow(t, db, job.ID); got.State != models.JobFailed || !strings.Contains(got.Failure, "failed 5 times in a row") || got.FinishedAt == nil {
			t.Errorf("got %s (%q), want failed with a sentence", got.State, got.Failure)
		}
	})
}

// TestAPanicCostsOneTry makes one job's steps panic while another job runs.
func TestAPanicCostsOneTry(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		var log strings.Builder
		broken, sound := newJob(t, db, c), newJob(t, db, c)
		r := New(db, slog.New(slog.NewTextHandler(&log, nil)), c.now)
		r.steps = map[models.JobKind]Step{models.JobBulk: func(ctx context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
			if job.ID == broken.ID {
				var none []string
				job.Result = none[job.Done]
			}
			return countTo(5)(ctx, tx, job, now)
		}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { r.Run(ctx); close(ended) }()
		for deadline := time.Now().Add(20 * time.Second); !jobNow(t, db, broken.ID).Finished() || !jobNow(t, db, sound.ID).Finished(); <-time.After(5 * time.Millisecond) {
			if c.pass(time.Minute); time.Now().After(deadline) {
				t.Fatal("the jobs do not end")
			}
		}
		cancel()
		<-ended
		if got := jobNow(t, db, broken.ID); got.State != models.JobFailed || got.Tries != maxTries {
			t.Errorf("got %s after %d tries, want failed after %d", got.State, got.Tries, maxTries)
		}
		if got := jobNow(t, db, sound.ID); got.State != models.JobDone {
			t.Errorf("the other job: got %s, want done", got.State)
		}
		if got := log.String(); !strings.Contains(got, "index out of range") || !strings.Contains(got, "runner_test.go") {
			t.Errorf("got the log %s, want the panic with its stack", got)
		}
	})
}

// TestAStepThatFindsNothingHasFailed checks that "not found" from a step is a failed try, and does not end the turn silently.
func TestAStepThatFindsNothingHasFailed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		job := newJob(t, db, c)
		r := bulkRunner(db, c, func(context.Context, *gorm.DB, *models.Job, time.Time) error { return models.ErrNotFound })
		for range maxTries {
			if _, err := r.Turn(t.Context()); !errors.Is(err, models.ErrNotFound) {
				t.Fatalf("got %v, want the step's own error", err)
			}
			c.pass(time.Hour)
		}
		if got := jobNow(t, db, job.ID); got.State != models.JobFailed {
			t.Errorf("got %s, want failed", got.State)
		}
	})
}

// TestAStepThatTakesTooLongIsGivenUp gives a step a deadline in the past.
func TestAStepThatTakesTooLongIsGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		job := newJob(t, db, c)
		r := bulkRunner(db, c, func(ctx context.Context, tx *gorm.DB, _ *models.Job, _ time.Time) error {
			if _, limited := ctx.Deadline(); !limited {
				t.Error("a step has no deadline")
			}
			over, cancel := context.WithTimeout(ctx, 0)
			defer cancel()
			return tx.WithContext(over).Exec("SELECT 1").Error
		})
		for range maxTries {
			r.Turn(t.Context())
			c.pass(time.Hour)
		}
		if got := jobNow(t, db, job.ID); got.State != models.JobFailed {
			t.Errorf("got %s with %d tries, want failed", got.State, got.Tries)
		}
	})
}

// TestErasingIsNeverGivenUp checks that work promised to a person is tried until it succeeds.
func TestErasingIsNeverGivenUp(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		job := models.NewJob(1, 0, models.JobForget, models.ForgetSpec{})
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return store.CreateJob(tx, &job, c.now()) }); err != nil {
			t.Fatal(err)
		}
		r := New(db, quiet(), c.now)
		r.steps = map[models.JobKind]Step{models.JobForget: func(context.Context, *gorm.DB, *models.Job, time.Time) error { return errors.New("disk full") }}
		for range 3 * maxTries {
			if worked, _ := r.Turn(t.Context()); !worked {
				t.Fatal("it is not tried again within an hour")
			}
			c.pass(maxPause)
		}
		r.steps = map[models.JobKind]Step{models.JobForget: countTo(1)}
		r.Turn(t.Context())
		var left int64
		if err := db.Read(t.Context()).Model(&models.Job{}).Where("id = ?", job.ID).Count(&left).Error; err != nil || left != 0 {
			t.Errorf("got %d rows left (%v), want that it was done at last", left, err)
		}
	})
}

func TestAJobThatCannotBeDoneSaysWhy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		refused, unknown := newJob(t, db, c), models.NewJob(1, 7, "fortune_telling", nil)
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return store.CreateJob(tx, &unknown, c.now()) }); err != nil {
			t.Fatal(err)
		}
		r := bulkRunner(db, c, func(context.Context, *gorm.DB, *models.Job, time.Time) error {
			return &models.Error{Code: models.CodeInvalid, Message: "The file is empty."}
		})
		for range 2 {
			if _, err := r.Turn(t.Context()); err == nil {
				t.Error("the failure is not reported")
			}
		}
		if got := jobNow(t, db, refused.ID); got.State != models.JobFailed || got.Failure != "The file is empty." {
			t.Errorf("got %s (%q), want failed with the step's own sentence", got.State, got.Failure)
		}
		if got := jobNow(t, db, unknown.ID); got.State != models.JobFailed || !strings.Contains(got.Failure, "does not know this kind of work") {
			t.Errorf("got %s (%q), want failed because nobody knows the kind", got.State, got.Failure)
		}
	})
}

func TestAStepCanWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		job := newJob(t, db, c)
		r := bulkRunner(db, c, func(ctx context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
			if err := countTo(3)(ctx, tx, job, now); err != nil {
				return err
			}
			if job.Done == 2 {
				job.LeaseUntil = now.Add(time.Hour)
			}
			return nil
		})
		for range 2 {
			if _, err := r.Turn(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := jobNow(t, db, job.ID); got.Done != 2 || got.State != models.JobRunning {
			t.Errorf("got %d steps, %s, want that it waits after 2", got.Done, got.State)
		}
		c.pass(time.Hour)
		if _, err := r.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := jobNow(t, db, job.ID); got.State != models.JobDone {
			t.Errorf("got %s, want done after the hour", got.State)
		}
	})
}

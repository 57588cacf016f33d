package deliveries_test

import (
	"errors"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestMessagesAboutOneContactFollowEachOtherWhenSentAgain sends all again that arrived. The test's clock stands still, so nothing goes out
// that waits for the end of a lease.
func TestMessagesAboutOneContactFollowEachOtherWhenSentAgain(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, d := w.crm()
		var all []models.Delivery
		for i := range 6 {
			all = append(all, w.enqueue(d, 7, int64(i+1)))
		}
		w.run(nil)
		w.tried(all[5].ID, 1)
		w.pass(time.Minute) // only what had arrived by then is sent again
		spec := models.ResendSpec{DestinationID: d.ID, State: models.DeliveryArrived, Until: w.now()}
		w.write(func(tx *gorm.DB) error {
			n, last, err := deliveries.ResendStep(tx, w.id, spec, uuid.Nil, w.now())
			if n != 6 || last == uuid.Nil {
				t.Errorf("got %d sent again, the last one %s", n, last)
			}
			return err
		})
		newer := w.enqueue(d, 7, 7)
		w.tried(newer.ID, 1)
		for _, v := range all {
			w.tried(v.ID, 2)
			if got := w.delivery(v.ID); got.State != models.DeliveryArrived || got.ByHand != 1 {
				t.Errorf("got %+v, want it arrived, and one attempt by hand", got)
			}
		}
	})
}

// TestTryingByHandLeavesTheScheduleAlone tries a delivery by hand more often than the schedule has attempts.
func TestTryingByHandLeavesTheScheduleAlone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(500)
		first, later := w.enqueue(d, 7, 1), w.enqueue(d, 7, 2)
		w.run(func(o *deliveries.Options) { o.Schedule = deliveries.Schedule{time.Hour, 2 * time.Hour} })
		w.tried(first.ID, 1)
		next := w.delivery(first.ID).NextAt
		for i := range 4 {
			var err error
			if i%2 == 0 {
				err = w.store().Replay(t.Context(), w.id, 1, first.ID, w.now())
			} else {
				_, _, err = w.store().TryAllNow(t.Context(), d, 1, w.now())
			}
			if err != nil {
				t.Fatal(err)
			}
			w.tried(first.ID, i+2)
			if v := w.delivery(first.ID); v.State != models.DeliveryPending || !v.NextAt.Equal(next) {
				t.Fatalf("got %+v after %d tries by hand, want it to wait until %s as before", v, i+1, next)
			}
		}
		if err := w.store().Replay(t.Context(), w.id, 1, later.ID, w.now()); !errors.Is(err, deliveries.ErrHeld) || len(w.attempts(later.ID)) != 0 {
			t.Errorf("got %v for a message behind an earlier one, want it refused", err)
		}
		for i, a := range w.attempts(first.ID) {
			if a.ByHand != (i > 0) {
				t.Errorf("attempt %d: got by hand: %v", a.Number, a.ByHand)
			}
		}
		w.pass(2 * time.Hour)
		w.tried(first.ID, 6)
		if v := w.delivery(first.ID); v.State != models.DeliveryPending {
			t.Errorf("got %+v, want the schedule's second wait", v)
		}
		w.pass(3 * time.Hour)
		w.tried(first.ID, 7)
		if v := w.delivery(first.ID); v.State != models.DeliveryDead || v.Reason != "All 7 attempts failed." {
			t.Errorf("got %+v, want it given up", v)
		}
	})
}

// TestWhatArrivedStaysArrived sends a delivery again that arrived, and the receiver refuses it.
func TestWhatArrivedStaysArrived(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		v := w.enqueue(d, 7, 1)
		w.run(nil)
		w.tried(v.ID, 1)
		arrived := w.delivery(v.ID).ArrivedAt
		r.say(500)
		w.pass(time.Hour)
		if err := w.store().Replay(t.Context(), w.id, 1, v.ID, w.now()); err != nil {
			t.Fatal(err)
		}
		w.tried(v.ID, 2)
		if got := w.delivery(v.ID); got.State != models.DeliveryArrived || arrived == nil || !got.EndedAt.Equal(*arrived) || got.Reason != "It was sent again by hand, and that attempt failed." {
			t.Errorf("got %+v, want it arrived at %s", got, arrived)
		}
	})
}

// TestAFlakyReceiverIsNotFailing lets some attempts fail between others that succeed.
func TestAFlakyReceiverIsNotFailing(t *testing.T) {
	t.Parallel()
	since := start.Add(-time.Second)
	for _, c := range []struct {
		failures int64
		since    *time.Time
		after    time.Duration
		want     bool
	}{{0, nil, 0, false}, {1, &since, 0, false}, {2, &since, 0, false}, {3, &since, 0, true}, {1, &since, time.Hour, true}} {
		if got := deliveries.Failing(models.Destination{Enabled: true, Failures: c.failures, FailingSince: c.since}, start.Add(c.after)); got != c.want {
			t.Errorf("%d failures, %s after the first: got failing: %v, want %v", c.failures, c.after, got, c.want)
		}
	}
}

// TestSendingAgainLooksThroughManyInSteps asks for few among more than one step looks at.
func TestSendingAgainLooksThroughManyInSteps(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		d := w.to("https://crm.example.com")
		const all = 5600
		many := make([]models.Delivery, all)
		for i := range many {
			at := start.Add(time.Duration(i) * time.Millisecond)
			many[i] = deliveries.New(models.Delivery{WorkspaceID: w.id, DestinationID: d.ID, EventID: models.NewID(at), EventType: "contact.updated"}, []byte(`{}`), at)
			many[i].State, many[i].EndedAt = models.DeliveryDead, &at
			if i == 0 || i >= all-2 {
				many[i].EventType = "contact.created"
			}
		}
		w.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&many, 500).Error })
		w.pass(time.Hour)
		spec := models.ResendSpec{DestinationID: d.ID, State: models.DeliveryDead, EventType: "contact.created", Until: w.now()}
		if n, err := w.store().CountAgain(t.Context(), w.id, spec); err != nil || n.Count != 3 || n.More {
			t.Errorf("got %+v, %v, want 3", n, err)
		}
		var sent, steps int64
		for after := uuid.Nil; ; steps++ {
			var n int64
			w.write(func(tx *gorm.DB) (err error) {
				n, after, err = deliveries.ResendStep(tx, w.id, spec, after, w.now())
				return err
			})
			if sent += n; after == uuid.Nil {
				break
			}
		}
		if sent != 3 || steps < 2 || steps > 4 {
			t.Errorf("got %d sent again in %d steps, want 3 in a few", sent, steps)
		}
		if got := w.delivery(many[1].ID); got.State != models.DeliveryDead {
			t.Errorf("got %+v, want it left alone", got)
		}
	})
}

// TestTryingTwiceBeforeTheAttemptLeavesTheScheduleAlone asks twice for an attempt before it begins.
func TestTryingTwiceBeforeTheAttemptLeavesTheScheduleAlone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(500)
		v := w.enqueue(d, 7, 1)
		schedule := func(o *deliveries.Options) { o.Schedule = deliveries.Schedule{time.Hour, time.Hour} }
		_, end := w.run(schedule)
		w.tried(v.ID, 1)
		end()
		next := w.delivery(v.ID).NextAt
		for range 2 {
			if err := w.store().Replay(t.Context(), w.id, 1, v.ID, w.now()); err != nil {
				t.Fatal(err)
			}
		}
		w.run(schedule)
		w.tried(v.ID, 2)
		if got := w.delivery(v.ID); got.State != models.DeliveryPending || !got.NextAt.Equal(next) {
			t.Errorf("got %+v, want it to wait until %s as before", got, next)
		}
	})
}

// TestRetryAfterOfATryByHandIsHonoured tries a delivery by hand that waits for its next attempt. The answer asks for a longer wait.
func TestRetryAfterOfATryByHandIsHonoured(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(500)
		v := w.enqueue(d, 7, 1)
		w.run(func(o *deliveries.Options) { o.Schedule = deliveries.Schedule{time.Hour, 10 * time.Hour} })
		w.tried(v.ID, 1)
		r.say(429)
		if err := w.store().Replay(t.Context(), w.id, 1, v.ID, w.now()); err != nil {
			t.Fatal(err)
		}
		w.tried(v.ID, 2)
		if got := w.delivery(v.ID); !got.NextAt.Equal(w.now().Add(2 * time.Hour)) {
			t.Errorf("got the next attempt at %s, want it after the two hours of Retry-After", got.NextAt)
		}
	})
}

package deliveries_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"gorm.io/gorm"
)

func TestTwoSendersShareTheWork(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var all []models.Delivery
		var receivers []*receiver
		release, open := gate(t)
		for range 5 {
			r := newReceiver(t, func(got) { <-release })
			d := w.to(r.url)
			receivers = append(receivers, r)
			for i := range 100 {
				all = append(all, deliveries.New(models.Delivery{WorkspaceID: w.id, DestinationID: d.ID, EventID: models.NewID(start), ContactID: int64(i%90) + 1, ContactVersion: int64(i)}, []byte("{}"), start))
			}
		}
		w.write(func(tx *gorm.DB) error { return deliveries.Enqueue(tx, all...) })
		var mu sync.Mutex
		by := [2]int{}
		for i := range by {
			w.run(func(o *deliveries.Options) {
				o.Observe.Recorded = func(models.DeliveryState) { mu.Lock(); defer mu.Unlock(); by[i]++ }
			})
		}
		w.eventually("both send: one alone makes 40 attempts at a time", func() bool {
			n := 0
			for _, r := range receivers {
				n += len(r.got())
			}
			return n > 40
		})
		open()
		w.eventually("all have arrived", func() bool {
			var n int64
			err := w.db.Read(context.Background()).Model(&models.Delivery{}).Where("state = ?", models.DeliveryArrived).Count(&n).Error
			return err == nil && n == int64(len(all))
		})
		seen := map[string]int{}
		for _, r := range receivers {
			for _, g := range r.got() {
				seen[g.id]++
			}
		}
		for _, v := range all {
			if seen[v.MessageID()] != 1 {
				t.Errorf("a delivery was sent %d times, want once", seen[v.MessageID()])
			}
		}
		w.eventually("both have recorded their part", func() bool { mu.Lock(); defer mu.Unlock(); return by[0]+by[1] == len(all) })
		if by[0] == 0 || by[1] == 0 {
			t.Errorf("got %v deliveries by the two senders, want both to work", by)
		}
	})
}

// TestAnotherSenderTakesOverWhenTheLeaseEnds ends a sender in the middle of its attempts.
func TestAnotherSenderTakesOverWhenTheLeaseEnds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var hang atomic.Bool
		hang.Store(true)
		release, _ := gate(t)
		r := newReceiver(t, func(got) {
			if hang.Load() {
				<-release
			}
		})
		d := w.to(r.url)
		for i := range 3 {
			w.enqueue(d, int64(i+1), 1)
		}
		_, end := w.run(func(o *deliveries.Options) { o.Grace = time.Nanosecond })
		w.eventually("three attempts are under way", func() bool { return len(r.got()) == 3 })
		end()
		hang.Store(false)
		var waiting []models.Delivery
		if err := w.db.Read(t.Context()).Where("state = ?", models.DeliveryPending).Find(&waiting).Error; err != nil || len(waiting) != 3 {
			t.Fatalf("got %d deliveries that wait (%v), want 3", len(waiting), err)
		}
		for _, v := range waiting {
			if v.Tries != 0 || v.LeasedUntil == nil || !v.LeasedUntil.Equal(start.Add(time.Minute)) || len(w.attempts(v.ID)) != 0 {
				t.Errorf("got %+v, want it leased for a minute and no attempt recorded", v)
			}
		}
		w.pass(time.Minute)
		w.run(nil)
		for _, v := range waiting {
			w.tried(v.ID, 1)
		}
		seen := map[string]int{}
		for _, g := range r.got() {
			seen[g.id]++
		}
		for _, v := range waiting {
			if seen[v.MessageID()] != 2 || w.delivery(v.ID).State != models.DeliveryArrived {
				t.Errorf("got %s %d times, want the same id twice and then arrived", v.MessageID(), seen[v.MessageID()])
			}
		}
	})
}

// TestASenderEndsInOrder tells a sender to end while an attempt is under way that would arrive.
func TestASenderEndsInOrder(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		release, open := gate(t)
		r := newReceiver(t, func(got) { <-release })
		v := w.enqueue(w.to(r.url), 7, 1)
		_, end := w.run(nil)
		w.eventually("the attempt is under way", func() bool { return len(r.got()) == 1 })
		ended := make(chan struct{})
		go func() { end(); close(ended) }()
		open()
		<-ended
		if v := w.delivery(v.ID); v.State != models.DeliveryArrived {
			t.Errorf("got %+v, want the attempt recorded", v)
		}
	})
}

// TestASenderGivesBackWhatItHasNotBegun tells a sender to end that holds more deliveries than it may attempt at once.
func TestASenderGivesBackWhatItHasNotBegun(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		release, _ := gate(t)
		r := newReceiver(t, func(got) { <-release })
		d := w.to(r.url)
		for range 20 {
			w.enqueue(d, 0, 0)
		}
		_, end := w.run(func(o *deliveries.Options) { o.Grace = time.Nanosecond })
		w.eventually("eight attempts are under way", func() bool { return len(r.got()) == 8 })
		end()
		var due int64
		if err := w.db.Read(t.Context()).Model(&models.Delivery{}).Where("state = ? AND leased_until IS NULL", models.DeliveryPending).Count(&due).Error; err != nil || due != 12 {
			t.Errorf("got %d that are due (%v), want the 12 that were not begun", due, err)
		}
	})
}

// TestWhatWaitsForItsTurnIsLookedAtAgain switches a destination off while deliveries wait for their turn.
func TestWhatWaitsForItsTurnIsLookedAtAgain(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		release, open := gate(t)
		r := newReceiver(t, func(got) { <-release })
		d := w.to(r.url)
		for range 20 {
			w.enqueue(d, 0, 0)
		}
		w.run(func(o *deliveries.Options) { o.Lease = 60 * time.Millisecond }) // on the test's clock it never ends
		w.eventually("eight attempts are under way, and all are taken", func() bool {
			var due int64
			err := w.db.Read(context.Background()).Model(&models.Delivery{}).Where("leased_until IS NULL").Count(&due).Error
			return err == nil && due == 0 && len(r.got()) == 8
		})
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", w.id, d.ID).Update("enabled", false).Error
		})
		open()
		w.eventually("the eight are recorded", func() bool {
			var arrived int64
			err := w.db.Read(context.Background()).Model(&models.Delivery{}).Where("state = ?", models.DeliveryArrived).Count(&arrived).Error
			return err == nil && arrived == 8
		})
		w.tried(w.enqueue(w.to(newReceiver(t, nil).url), 0, 0).ID, 1)
		if got := len(r.got()); got != 8 {
			t.Errorf("got %d attempts, want none after it was switched off", got)
		}
	})
}

package deliveries_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"gorm.io/gorm"
)

func TestADeliveryArrivesSigned(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, r := newWorld(t, db), newReceiver(t, nil)
		newer, older := deliveries.NewSecret(), deliveries.NewSecret()
		d := w.destination(r.url+"/events", newer, older)
		v := w.enqueue(d, 7, 1)
		w.run(nil)
		w.tried(v.ID, 1)
		got := r.got()
		if len(got) != 1 || got[0].id != v.MessageID() || got[0].body != `{"contact":7,"version":1}` || got[0].header.Get("Authorization") != "Bearer abc" || got[0].header.Get("User-Agent") != "CampaignLark/test" {
			t.Errorf("got %+v, want the delivery once with its id and the own header", got)
		}
		for _, secret := range []string{newer, older} {
			judge, err := standardwebhooks.NewWebhook(secret)
			if err != nil {
				t.Fatal(err)
			}
			if err := judge.VerifyIgnoringTimestamp([]byte(got[0].body), got[0].header); err != nil {
				t.Errorf("the receiver refuses the signature: %v", err)
			}
		}
		if v := w.delivery(v.ID); v.State != models.DeliveryArrived || v.Tries != 1 || v.EndedAt == nil || v.Reason != "" {
			t.Errorf("got %+v, want it arrived", v)
		}
		a := w.attempts(v.ID)[0]
		if answer, err := deliveries.Unpack(a.Answer); err != nil || string(answer) != "thanks" || a.Number != 1 || a.Status != 200 || a.Error != "" || a.DurationUs <= 0 || !a.At.Equal(start) {
			t.Errorf("got the attempt %+v with %q (%v)", a, answer, err)
		}
		if d := w.stored(d); d.ArrivedAt == nil || !d.ArrivedAt.Equal(start) || d.FailingSince != nil || d.Failures != 0 || !d.UpdatedAt.Equal(start) {
			t.Errorf("got the destination %+v, want the arrival noted", d)
		}
	})
}

func TestADeliveryIsRetriedAndThenDead(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, r := newWorld(t, db), newReceiver(t, nil)
		r.say(500)
		d := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
		v := w.enqueue(d, 7, 1)
		waits := deliveries.Schedule{5 * time.Second, 5 * time.Minute}
		w.run(func(o *deliveries.Options) { o.Schedule = waits })
		for i, wait := range waits {
			w.tried(v.ID, i+1)
			v := w.delivery(v.ID)
			if after := v.NextAt.Sub(w.now()); v.State != models.DeliveryPending || v.Tries != i+1 || after < wait*9/10 || after > wait*11/10 {
				t.Errorf("after %d attempts: got %s with the next in %s, want it pending for %s", i+1, v.State, after, wait)
			}
			w.pass(wait * 11 / 10)
		}
		w.tried(v.ID, 3)
		if v := w.delivery(v.ID); v.State != models.DeliveryDead || v.Tries != 3 || v.EndedAt == nil || v.Reason != "All 3 attempts failed." {
			t.Errorf("got %+v, want it dead", v)
		}
		for i, a := range w.attempts(v.ID) {
			if a.Number != i+1 || a.Status != 500 || a.Error != string(deliveries.CodeStatus) {
				t.Errorf("got %+v as attempt %d", a, i+1)
			}
		}
		for _, g := range r.got() {
			if g.id != v.MessageID() {
				t.Errorf("got the id %s, want the same at every attempt", g.id)
			}
		}
		if d := w.stored(d); d.FailingSince == nil || !d.FailingSince.Equal(start) || d.Failures != 3 || !d.Enabled {
			t.Errorf("got the destination %+v, want three failures since the first", d)
		}
		// A person sends it again: one attempt more, which arrives.
		r.say(204)
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id = ?", w.id, v.ID).Updates(map[string]any{"state": models.DeliveryPending, "next_at": w.now(), "ended_at": nil}).Error
		})
		w.tried(v.ID, 4)
		if v, d := w.delivery(v.ID), w.stored(d); v.State != models.DeliveryArrived || d.FailingSince != nil || d.Failures != 0 {
			t.Errorf("got %+v and %+v, want it arrived and no failures", v, d)
		}
	})
}

func TestADeliveryWaitsAsLongAsTheReceiverAsks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, r := newWorld(t, db), newReceiver(t, nil)
		r.say(429)
		v := w.enqueue(w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret()), 7, 1)
		w.run(nil)
		w.tried(v.ID, 1)
		if v := w.delivery(v.ID); !v.NextAt.Equal(start.Add(2 * time.Hour)) {
			t.Errorf("got the next attempt at %s, want it after the two hours of Retry-After", v.NextAt)
		}
	})
}

// TestAFailingDestinationGetsTwoAtOnce leaves room for the others while many destinations hang.
func TestAFailingDestinationGetsTwoAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		release, open := gate(t)
		hanging, quick := newReceiver(t, func(got) { <-release }), newReceiver(t, nil)
		failing, fine := w.destination(hanging.url, deliveries.NewSecret(), deliveries.NewSecret()), w.destination(quick.url, deliveries.NewSecret(), deliveries.NewSecret())
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", w.id, failing.ID).Update("failing_since", start.Add(-time.Hour)).Error
		})
		for range 12 {
			w.enqueue(failing, 0, 0)
		}
		w.run(nil)
		w.eventually("two are under way", func() bool { return len(hanging.got()) == 2 })
		w.tried(w.enqueue(fine, 0, 0).ID, 1) // the sender has looked since
		if got := len(hanging.got()); got != 2 {
			t.Errorf("got %d at once, want 2", got)
		}
		open()
		w.eventually("all have arrived", func() bool { return len(hanging.got()) == 12 })
	})
}

// TestAnOutcomeOutlastsTheDatabase takes Postgres away while an attempt is under way.
func TestAnOutcomeOutlastsTheDatabase(t *testing.T) {
	t.Parallel()
	proxy, url := dbtest.NewProxy(t, dbtest.PostgresURL(t))
	w := newWorld(t, dbtest.Open(t, url))
	release, open := gate(t)
	r := newReceiver(t, func(got) { <-release })
	v := w.enqueue(w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret()), 7, 1)
	w.run(nil)
	w.eventually("the attempt is under way", func() bool { return len(r.got()) == 1 })
	proxy.Close()
	open()
	proxy.Open(t)
	w.tried(v.ID, 1)
	if v := w.delivery(v.ID); v.State != models.DeliveryArrived || len(r.got()) != 1 {
		t.Errorf("got %+v after %d attempts, want it arrived with the first", v, len(r.got()))
	}
}

func TestAHangingDestinationHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		release, open := gate(t)
		hanging, quick := newReceiver(t, func(got) { <-release }), newReceiver(t, nil)
		slow, fine := w.destination(hanging.url, deliveries.NewSecret(), deliveries.NewSecret()), w.destination(quick.url, deliveries.NewSecret(), deliveries.NewSecret())
		for range 20 {
			w.enqueue(slow, 0, 0)
		}
		for range 20 {
			w.enqueue(fine, 0, 0)
		}
		w.run(nil)
		w.eventually("the other destination has all its deliveries", func() bool { return len(quick.got()) == 20 })
		w.eventually("the hanging destination has eight", func() bool { return len(hanging.got()) == 8 })
		w.enqueue(fine, 0, 0)
		w.eventually("the other destination has one more", func() bool { return len(quick.got()) == 21 })
		if got := len(hanging.got()); got != 8 {
			t.Errorf("got %d deliveries at once at the hanging destination, want 8", got)
		}
		open()
		w.eventually("the hanging destination has all", func() bool { return len(hanging.got()) == 20 })
	})
}

// gate returns a channel that opens with the function, or when the test ends.
func gate(t *testing.T) (<-chan struct{}, func()) {
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	context.AfterFunc(t.Context(), open)
	return gate, open
}

func TestTwoSendersShareTheWork(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var all []models.Delivery
		var receivers []*receiver
		release, open := gate(t)
		for range 5 {
			r := newReceiver(t, func(got) { <-release })
			d := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
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
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		var hang atomic.Bool
		hang.Store(true)
		release, _ := gate(t)
		r := newReceiver(t, func(got) {
			if hang.Load() {
				<-release
			}
		})
		d := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
		for i := range 3 {
			w.enqueue(d, int64(i+1), 1)
		}
		_, end := w.run(func(o *deliveries.Options) { o.Grace = time.Nanosecond })
		w.eventually("three attempts are under way", func() bool { return len(r.got()) == 3 })
		end()
		hang.Store(false)
		var waiting []models.Delivery
		if err := db.Read(t.Context()).Where("state = ?", models.DeliveryPending).Find(&waiting).Error; err != nil || len(waiting) != 3 {
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
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		release, open := gate(t)
		r := newReceiver(t, func(got) { <-release })
		v := w.enqueue(w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret()), 7, 1)
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
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		release, _ := gate(t)
		r := newReceiver(t, func(got) { <-release })
		d := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
		for range 20 {
			w.enqueue(d, 0, 0)
		}
		_, end := w.run(func(o *deliveries.Options) { o.Grace = time.Nanosecond })
		w.eventually("eight attempts are under way", func() bool { return len(r.got()) == 8 })
		end()
		var due int64
		if err := db.Read(t.Context()).Model(&models.Delivery{}).Where("state = ? AND leased_until IS NULL", models.DeliveryPending).Count(&due).Error; err != nil || due != 12 {
			t.Errorf("got %d that are due (%v), want the 12 that were not begun", due, err)
		}
	})
}

// TestWhatWaitsForItsTurnIsLookedAtAgain switches a destination off while deliveries wait for their turn.
func TestWhatWaitsForItsTurnIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		release, open := gate(t)
		r := newReceiver(t, func(got) { <-release })
		d := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
		for range 20 {
			w.enqueue(d, 0, 0)
		}
		w.run(func(o *deliveries.Options) { o.Lease = 60 * time.Millisecond }) // on the test's clock it never ends
		w.eventually("eight attempts are under way, and all are taken", func() bool {
			var due int64
			err := db.Read(context.Background()).Model(&models.Delivery{}).Where("leased_until IS NULL").Count(&due).Error
			return err == nil && due == 0 && len(r.got()) == 8
		})
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", w.id, d.ID).Update("enabled", false).Error
		})
		open()
		w.eventually("the eight are recorded", func() bool {
			var arrived int64
			err := db.Read(context.Background()).Model(&models.Delivery{}).Where("state = ?", models.DeliveryArrived).Count(&arrived).Error
			return err == nil && arrived == 8
		})
		w.tried(w.enqueue(w.destination(newReceiver(t, nil).url, deliveries.NewSecret(), deliveries.NewSecret()), 0, 0).ID, 1)
		if got := len(r.got()); got != 8 {
			t.Errorf("got %d attempts, want none after it was switched off", got)
		}
	})
}

// TestNothingComesBackOfAnErasedPerson erases people while attempts are under way: one in the way of the person's erasure, which drops
// the delivery, and one whose body alone is gone. A third is erased before its attempt.
func TestNothingComesBackOfAnErasedPerson(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		release, open := gate(t)
		r := newReceiver(t, func(got) { <-release })
		d := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
		dropped, emptied, before := w.enqueue(d, 7, 1), w.enqueue(d, 8, 1), w.enqueue(d, 9, 1)
		set := func(v models.Delivery, to map[string]any) {
			w.write(func(tx *gorm.DB) error {
				return tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id = ?", w.id, v.ID).Updates(to).Error
			})
		}
		set(before, map[string]any{"body": nil})
		w.run(nil)
		w.eventually("two attempts are under way", func() bool { return len(r.got()) == 2 })
		set(dropped, map[string]any{"state": models.DeliveryDropped, "body": nil, "ended_at": start})
		set(emptied, map[string]any{"body": nil})
		open()
		for _, v := range []models.Delivery{dropped, emptied} {
			w.tried(v.ID, 1)
			if a := w.attempts(v.ID); a[0].Answer != nil || a[0].Status != 200 {
				t.Errorf("got %+v, want the attempt without the answer", a)
			}
		}
		w.eventually("the third is dropped", func() bool { return w.delivery(before.ID).State == models.DeliveryDropped })
		for _, v := range []models.Delivery{dropped, emptied, before} {
			if v := w.delivery(v.ID); v.State != models.DeliveryDropped || v.Body != nil || v.EndedAt == nil {
				t.Errorf("got %+v, want it dropped", v)
			}
		}
		if got := r.bodies(`"contact":9`); len(got) != 0 {
			t.Errorf("got %v, want nothing sent of who was erased before", got)
		}
	})
}

func TestA410SwitchesTheDestinationOff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, r := newWorld(t, db), newReceiver(t, nil)
		r.say(410)
		d := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
		v := w.enqueue(d, 7, 1)
		w.run(nil)
		w.tried(v.ID, 1)
		if d := w.stored(d); d.Enabled || d.OffReason == "" {
			t.Errorf("got %+v, want it switched off with a reason", d)
		}
		var entries []models.AuditEntry
		if err := db.Read(t.Context()).Where("workspace_id = ? AND action = ?", w.id, models.ActionDestinationSwitchedOff).Find(&entries).Error; err != nil || len(entries) != 1 ||
			entries[0].SubjectID != d.ID || entries[0].UserID != 0 || len(entries[0].Changes()) != 1 {
			t.Errorf("got %+v (%v), want one entry in the audit log with the reason", entries, err)
		}
		w.pass(time.Hour)
		later := w.enqueue(d, 7, 2)
		reached := w.enqueue(w.destination(newReceiver(t, nil).url, deliveries.NewSecret(), deliveries.NewSecret()), 7, 2)
		w.tried(reached.ID, 1) // the sender has looked since
		for _, v := range []models.Delivery{v, later} {
			if v := w.delivery(v.ID); v.State != models.DeliveryPending {
				t.Errorf("got %+v, want it to wait", v)
			}
		}
		r.say(200)
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", w.id, d.ID).Update("enabled", true).Error
		})
		w.tried(later.ID, 1)
		if got := r.bodies(`"version":2`); w.delivery(v.ID).State != models.DeliveryArrived || len(got) != 1 {
			t.Errorf("got %v, want both to arrive when it is on again", got)
		}
	})
}

func TestFiveDaysOfFailuresSwitchTheDestinationOff(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, r := newWorld(t, db), newReceiver(t, nil)
		r.say(503)
		d := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
		v := w.enqueue(d, 7, 1)
		w.run(func(o *deliveries.Options) {
			o.Schedule = deliveries.Schedule{24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour}
		})
		for day := range 5 {
			w.tried(v.ID, day+1)
			if d := w.stored(d); !d.Enabled {
				t.Fatalf("it is off after %d days: %s", day, d.OffReason)
			}
			w.pass(27 * time.Hour)
		}
		w.tried(v.ID, 6)
		if d := w.stored(d); d.Enabled || d.OffReason != "Every attempt failed for 5 days." || d.Failures != 6 || !d.FailingSince.Equal(start) {
			t.Errorf("got %+v, want it switched off", d)
		}
		if v := w.delivery(v.ID); v.State != models.DeliveryPending {
			t.Errorf("got %+v, want it to wait", v)
		}
	})
}

func TestWhatCannotBeSignedWaits(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, r := newWorld(t, db), newReceiver(t, nil)
		broken, other := w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret()), w.destination(r.url, deliveries.NewSecret(), deliveries.NewSecret())
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET secret = ? WHERE id = ?", []byte("no ciphertext"), broken.ID).Error
		})
		waits, goes := w.enqueue(broken, 7, 1), w.enqueue(other, 8, 1)
		w.run(nil)
		w.tried(goes.ID, 1)
		w.pass(6 * 24 * time.Hour)
		w.tried(w.enqueue(other, 8, 2).ID, 1)
		if v, d := w.delivery(waits.ID), w.stored(broken); v.State != models.DeliveryPending || v.Tries != 0 || len(w.attempts(v.ID)) != 0 || !d.Enabled || d.Failures != 0 {
			t.Fatalf("got %+v and %+v, want it to wait without an attempt, and the destination on", v, d)
		}
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE destinations SET secret = ? WHERE id = ?", broken.Secret, broken.ID).Error
		})
		w.tried(waits.ID, 1)
		if v := w.delivery(waits.ID); v.State != models.DeliveryArrived {
			t.Errorf("got %+v, want it delivered once the secret can be read", v)
		}
	})
}

package deliveries_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/internal/dbtest"
	"campaignlark/models"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"gorm.io/gorm"
)

func TestADeliveryArrivesSigned(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r := newReceiver(t, nil)
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
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(500)
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
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(429)
		v := w.enqueue(d, 7, 1)
		w.run(nil)
		w.tried(v.ID, 1)
		if v := w.delivery(v.ID); !v.NextAt.Equal(start.Add(2 * time.Hour)) {
			t.Errorf("got the next attempt at %s, want it after the two hours of Retry-After", v.NextAt)
		}
	})
}

// TestAFailingDestinationGetsTwoAtOnce leaves room for the others while many destinations hang.
func TestAFailingDestinationGetsTwoAtOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		release, open := gate(t)
		hanging, quick := newReceiver(t, func(got) { <-release }), newReceiver(t, nil)
		failing, fine := w.to(hanging.url), w.to(quick.url)
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
	v := w.enqueue(w.to(r.url), 7, 1)
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
	eachWorld(t, func(t *testing.T, w *world) {
		release, open := gate(t)
		hanging, quick := newReceiver(t, func(got) { <-release }), newReceiver(t, nil)
		slow, fine := w.to(hanging.url), w.to(quick.url)
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

// TestNothingComesBackOfAnErasedPerson erases people while attempts are under way: one in the way of the person's erasure, which drops
// the delivery, and one whose body alone is gone. A third is erased before its attempt.
func TestNothingComesBackOfAnErasedPerson(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		release, open := gate(t)
		r := newReceiver(t, func(got) { <-release })
		d := w.to(r.url)
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
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(410)
		v := w.enqueue(d, 7, 1)
		w.run(nil)
		w.tried(v.ID, 1)
		if d := w.stored(d); d.Enabled || d.OffReason == "" {
			t.Errorf("got %+v, want it switched off with a reason", d)
		}
		var entries []models.AuditEntry
		if err := w.db.Read(t.Context()).Where("workspace_id = ? AND action = ?", w.id, models.ActionDestinationSwitchedOff).Find(&entries).Error; err != nil || len(entries) != 1 ||
			entries[0].SubjectID != d.ID || entries[0].UserID != 0 || len(entries[0].Changes()) != 1 {
			t.Errorf("got %+v (%v), want one entry in the audit log with the reason", entries, err)
		}
		w.pass(time.Hour)
		later := w.enqueue(d, 7, 2)
		reached := w.enqueue(w.to(newReceiver(t, nil).url), 7, 2)
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
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(503)
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
	eachWorld(t, func(t *testing.T, w *world) {
		r := newReceiver(t, nil)
		broken, other := w.to(r.url), w.to(r.url)
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

package deliveries_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
)

// TestNothingIsLostWhileAnAddressIsNotAllowed sends to this machine without being allowed to, longer than the schedule lasts. The destination
// is switched off, and the message arrives when the address is allowed and the destination on again.
func TestNothingIsLostWhileAnAddressIsNotAllowed(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		v := w.enqueue(d, 7, 1)
		_, end := w.run(func(o *deliveries.Options) { o.Allow, o.Schedule = nil, deliveries.Schedule{time.Second} })
		for n := range 3 {
			w.tried(v.ID, n+1)
			if got := w.delivery(v.ID); got.State != models.DeliveryPending || got.Tries-got.ByHand != 0 {
				t.Fatalf("got %+v after %d attempts, want it to wait and none of them to count", got, n+1)
			}
			if got := w.stored(d); got.Enabled != (n < 2) {
				t.Fatalf("got on: %v after %d attempts, want it switched off after 10 minutes", got.Enabled, n+1)
			}
			w.pass(6 * time.Minute)
		}
		if got := w.stored(d).OffReason; !strings.HasPrefix(got, "Its address leads into a private network") || !strings.Contains(got, "OUTBOUND_ALLOW") {
			t.Errorf("got %q, want what is wrong and what to do", got)
		}
		end()
		if got := r.got(); len(got) != 0 {
			t.Errorf("got %d requests, want none", len(got))
		}
		if err := w.store().Enable(t.Context(), d, 1, true, w.now()); err != nil {
			t.Fatal(err)
		}
		w.run(func(o *deliveries.Options) { o.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
		w.tried(v.ID, 4)
		if got := w.delivery(v.ID); got.State != models.DeliveryArrived {
			t.Errorf("got %+v, want it arrived", got)
		}
	})
}

// TestARefusedAddressOnceDoesNotSwitchOff lets a message fail for days in other ways, and then lead to an address that is not allowed.
func TestARefusedAddressOnceDoesNotSwitchOff(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(503)
		v := w.enqueue(d, 7, 1)
		_, end := w.run(func(o *deliveries.Options) { o.Schedule = deliveries.Schedule{time.Hour, time.Hour} })
		w.tried(v.ID, 1)
		end()
		w.pass(2 * time.Hour)
		w.run(func(o *deliveries.Options) { o.Allow, o.Schedule = nil, deliveries.Schedule{time.Hour, time.Hour} })
		w.tried(v.ID, 2)
		if got := w.stored(d); !got.Enabled {
			t.Errorf("it was switched off: %s", got.OffReason)
		}
		if got := w.delivery(v.ID); got.Tries != 2 || got.ByHand != 1 || got.NextAt.After(w.now().Add(5*time.Minute)) {
			t.Errorf("got %+v, want one attempt that does not count, and the next in 5 minutes", got)
		}
	})
}

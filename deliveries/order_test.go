package deliveries_test

import (
	"slices"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"gorm.io/gorm"
)

// TestTheOrderIsKeptForEachContact lets the first delivery about a contact fail twice, and then die.
func TestTheOrderIsKeptForEachContact(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(500)
		third, first, second := w.enqueue(d, 7, 3), w.enqueue(d, 7, 1), w.enqueue(d, 7, 2)
		w.run(func(o *deliveries.Options) { o.Schedule = deliveries.Schedule{time.Hour} })
		w.tried(first.ID, 1)
		r.say(200)
		other, none := w.enqueue(d, 8, 1), w.enqueue(d, 0, 0)
		w.tried(other.ID, 1)
		w.tried(none.ID, 1)
		if got := w.attempts(second.ID); len(got) != 0 {
			t.Errorf("got %d attempts of the second version while the first waits", len(got))
		}
		r.say(500)
		w.pass(2 * time.Hour)
		w.tried(first.ID, 2) // dead, and the next may go
		w.tried(second.ID, 1)
		r.say(200)
		w.pass(2 * time.Hour)
		w.tried(third.ID, 1)
		if got := w.delivery(first.ID); got.State != models.DeliveryDead {
			t.Errorf("got %+v, want the first dead", got)
		}
		var versions []string
		for _, b := range r.bodies(`"contact":7`) {
			versions = append(versions, b[len(b)-2:len(b)-1])
		}
		if !slices.IsSorted(versions) || len(versions) != 5 {
			t.Errorf("got the versions %v, want 1, 1, 2, 2, 3", versions)
		}
	})
}

// TestManyVersionsOfOneContactHoldUpNoOther lets hundreds of versions wait for the first, in front of another contact's delivery.
func TestManyVersionsOfOneContactHoldUpNoOther(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(500)
		first := w.enqueue(d, 7, 0)
		var later []models.Delivery
		for i := range 350 {
			later = append(later, deliveries.New(models.Delivery{WorkspaceID: w.id, DestinationID: d.ID, EventID: models.NewID(start), ContactID: 7, ContactVersion: int64(i + 1)}, []byte(`{"contact":7}`), start))
		}
		w.write(func(tx *gorm.DB) error { return deliveries.Enqueue(tx, later...) })
		w.pass(time.Second)
		other := w.enqueue(d, 8, 1)
		w.run(func(o *deliveries.Options) { o.Schedule = deliveries.Schedule{time.Hour} })
		w.tried(other.ID, 1)
		w.eventually("the later versions wait with the first", func() bool {
			return w.delivery(later[349].ID).NextAt.After(w.now()) && w.delivery(first.ID).Tries == 1
		})
		if got := len(r.bodies(`"contact":7`)); got != 1 {
			t.Errorf("got %d attempts about the contact, want the first version alone", got)
		}
	})
}

func TestTheNextGoesWhenAPersonGivesOneUp(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(500)
		first, second := w.enqueue(d, 7, 1), w.enqueue(d, 7, 2)
		w.run(func(o *deliveries.Options) { o.Schedule = deliveries.Schedule{time.Hour} })
		w.tried(first.ID, 1)
		w.eventually("the second waits too", func() bool { return w.delivery(second.ID).NextAt.After(w.now()) })
		if err := w.store().GiveUp(t.Context(), w.id, 1, first.ID, w.now()); err != nil {
			t.Fatal(err)
		}
		w.tried(second.ID, 1)
		if got := len(w.attempts(first.ID)); got != 1 {
			t.Errorf("got %d attempts of the one that was given up, want no more", got)
		}
	})
}

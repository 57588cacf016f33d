package deliveries_test

import (
	"fmt"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

func TestWaitingDeliveriesOfADeletedDestinationAreDropped(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		deleted, off := w.to("https://example.com"), w.to("https://example.com")
		w.write(func(tx *gorm.DB) error {
			var all []models.Delivery
			for i := range 1100 {
				all = append(all, deliveries.New(models.Delivery{WorkspaceID: w.id, DestinationID: deleted.ID, EventID: models.NewID(start), ContactID: int64(i)}, []byte("{}"), start))
			}
			if err := deliveries.Enqueue(tx, all...); err != nil {
				return err
			}
			return tx.Exec("UPDATE destinations SET enabled = ?, deleted_at = CASE WHEN id = ? THEN "+map[store.Dialect]string{store.SQLite: "?", store.Postgres: "CAST(? AS timestamptz)"}[w.db.Dialect]+" END", false, deleted.ID, start).Error
		})
		waits := w.enqueue(off, 7, 1)
		s, _ := w.run(nil)
		if err := s.DropDeleted(t.Context(), start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		var dropped int64
		err := w.db.Read(t.Context()).Model(&models.Delivery{}).Where("destination_id = ? AND state = ? AND ended_at = ? AND reason <> ''", deleted.ID, models.DeliveryDropped, start.Add(time.Hour)).Count(&dropped).Error
		if err != nil || dropped != 1100 || w.delivery(waits.ID).State != models.DeliveryPending {
			t.Errorf("got %d dropped (%v) and %s, want all of the deleted one, and the other to wait", dropped, err, w.delivery(waits.ID).State)
		}
	})
}

// TestAWrongClockLosesNothing sets the clock a year ahead, and back.
func TestAWrongClockLosesNothing(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		r, d := w.crm()
		r.say(500)
		w.pass(365 * 24 * time.Hour)
		v := w.enqueue(d, 7, 1)
		s, _ := w.run(nil)
		w.tried(v.ID, 1)
		w.pass(-365 * 24 * time.Hour)
		r.say(200)
		soon := w.enqueue(d, 8, 1)
		w.tried(soon.ID, 1)
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id = ?", w.id, soon.ID).Updates(map[string]any{"state": models.DeliveryPending, "next_at": start.Add(20 * time.Hour)}).Error
		})
		if err := s.PullForward(t.Context(), w.now()); err != nil {
			t.Fatal(err)
		}
		w.tried(v.ID, 2)
		if v, soon := w.delivery(v.ID), w.delivery(soon.ID); v.State != models.DeliveryArrived || soon.State != models.DeliveryPending || !soon.NextAt.Equal(start.Add(20*time.Hour)) {
			t.Errorf("got %+v and %+v, want the one arrived and the other to wait as planned", v, soon)
		}
	})
}

// TestALeaseThatEndsEarlySendsNothingTwice sets the clock ahead while an attempt is under way.
func TestALeaseThatEndsEarlySendsNothingTwice(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		release, open := gate(t)
		r := newReceiver(t, func(g got) {
			if g.body == `{"contact":7,"version":1}` {
				<-release
			}
		})
		d := w.to(r.url)
		v := w.enqueue(d, 7, 1)
		w.run(nil)
		w.eventually("the attempt is under way", func() bool { return len(r.got()) == 1 })
		w.pass(time.Hour)
		w.tried(w.enqueue(d, 8, 1).ID, 1) // the sender has looked since
		open()
		w.tried(v.ID, 1)
		if got := fmt.Sprint(r.bodies(`"contact":7`)); got != `[{"contact":7,"version":1}]` {
			t.Errorf("got %s, want it once", got)
		}
	})
}

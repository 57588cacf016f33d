package deliveries_test

import (
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestNewerMessagesOfOneContactAreCounted has 600 messages about one contact. One in their middle arrived, the others were given up.
func TestNewerMessagesOfOneContactAreCounted(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, d := w.crm()
		now := w.now()
		body := []byte("x")
		var all []models.Delivery
		const many = 600
		for i := range many {
			v := models.Delivery{WorkspaceID: w.id, ID: models.NewID(now), EventID: uuid.New(), DestinationID: d.ID, ContactID: 7, ContactVersion: int64(i + 1), State: models.DeliveryDead, EndedAt: &now, NextAt: now, Body: body}
			if i == many/2 {
				v.State = models.DeliveryArrived
			}
			all = append(all, v)
		}
		w.write(func(tx *gorm.DB) error { return tx.CreateInBatches(all, 100).Error })
		got, err := w.store().CountAgain(t.Context(), w.id, deliveries.ResendOf(d, deliveries.Filter{State: models.DeliveryDead}))
		if err != nil || got.Count != many-1 || got.Newer != many/2 {
			t.Errorf("got %+v, %v, want %d messages, and a newer one for half of them", got, err, many-1)
		}
	})
}

// TestArrivedCountsByTheTimeOfArrival has messages that are older than a day. One of them arrived today.
func TestArrivedCountsByTheTimeOfArrival(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, d := w.crm()
		now := w.now()
		for _, ago := range []time.Duration{time.Hour, 25 * time.Hour} {
			at := now.Add(-ago)
			v := models.Delivery{WorkspaceID: w.id, ID: models.NewID(now.Add(-48 * time.Hour)), EventID: uuid.New(), DestinationID: d.ID, State: models.DeliveryArrived, ArrivedAt: &at, EndedAt: &at, NextAt: at, Body: []byte("x")}
			w.write(func(tx *gorm.DB) error { return tx.Create(&v).Error })
		}
		if u, err := w.store().Get(t.Context(), w.id, d.ID, now); err != nil || u.Arrived != 1 {
			t.Errorf("got %d arrived, %v, want the one that arrived an hour ago", u.Arrived, err)
		}
		if w.db.Dialect != store.SQLite { // Postgres decides by its statistics
			return
		}
		var plan []struct{ Detail string }
		if err := w.db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN SELECT count(*) FROM deliveries WHERE workspace_id = 1 AND destination_id = 1 AND arrived_at >= @since AND arrived_at IS NOT NULL", map[string]any{"since": now}).Scan(&plan).Error; err != nil {
			t.Fatal(err)
		}
		if len(plan) != 1 || !strings.Contains(plan[0].Detail, "deliveries_arrived (workspace_id=? AND destination_id=? AND arrived_at>?)") {
			t.Errorf("got %v, want them counted in the index by arrival", plan)
		}
	})
}

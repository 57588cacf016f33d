package deliveries_test

import (
	"testing"

	"campaignlark/deliveries"
	"campaignlark/models"

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

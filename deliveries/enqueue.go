package deliveries

import (
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// New returns a delivery that goes out as soon as it is stored. d names the destination, the event, the contact and what caused it. body is
// what is sent.
func New(d models.Delivery, body []byte, now time.Time) models.Delivery {
	d.ID, d.State, d.Tries, d.NextAt, d.Body = models.NewID(now), models.DeliveryPending, 0, models.Instant(now), Pack(body)
	return d
}

// Enqueue stores new deliveries in the transaction that caused them.
func Enqueue(tx *gorm.DB, all ...models.Delivery) error {
	if len(all) == 0 {
		return nil
	}
	return models.In("enqueue deliveries", tx.CreateInBatches(&all, 100).Error)
}

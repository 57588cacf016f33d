package deliveries

import (
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Enqueue adds a delivery in the transaction that caused it; it goes out as soon as that commits. d names the destination, the event, the
// contact and what caused it. body is what is sent.
func Enqueue(tx *gorm.DB, d models.Delivery, body []byte, now time.Time) (models.Delivery, error) {
	d.ID, d.State, d.Tries, d.NextAt, d.Body = models.NewID(now), models.DeliveryPending, 0, models.Instant(now), Pack(body)
	return d, models.In("enqueue a delivery", tx.Create(&d).Error)
}

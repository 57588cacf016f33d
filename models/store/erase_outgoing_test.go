package store_test

import (
	"errors"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestAnErasureReachesAMessageThatArrivesJustThen erases a contact while a sender records that a message about it has arrived.
func TestAnErasureReachesAMessageThatArrivesJustThen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now())
		ws := models.Workspace{Slug: "w", Name: "W", TimeZone: "UTC", CreatedAt: now}
		var c models.Contact
		var v models.Delivery
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := tx.Create(&ws).Error; err != nil {
				return err
			}
			d := models.Destination{WorkspaceID: ws.ID, Name: "CRM", URL: "https://crm.example", Secret: []byte{1}, Enabled: true, CreatedAt: now, UpdatedAt: now}
			if err := tx.Create(&d).Error; err != nil {
				return err
			}
			c = models.Contact{WorkspaceID: ws.ID, ID: 1, Email: "a@example.com", Status: models.StatusSubscribed, Fields: map[string]string{}, Version: 1, CreatedAt: now, UpdatedAt: now}
			v = models.Delivery{WorkspaceID: ws.ID, ID: models.NewID(now), DestinationID: d.ID, EventType: "contact.created", EventID: models.NewID(now), ContactID: c.ID, ContactVersion: 1,
				Body: []byte("a@example.com"), State: models.DeliveryPending, NextAt: now}
			return errors.Join(tx.Create(&c).Error, tx.Create(&v).Error)
		})
		if err != nil {
			t.Fatal(err)
		}
		var erased <-chan error
		err = db.Write(t.Context(), func(tx *gorm.DB) error {
			set := map[string]any{"state": models.DeliveryArrived, "ended_at": now, "tries": 1}
			if err := tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id = ?", ws.ID, v.ID).Updates(set).Error; err != nil {
				return err
			}
			a := models.DeliveryAttempt{WorkspaceID: ws.ID, DeliveryID: v.ID, Number: 1, At: now, Status: 200, Answer: []byte("thanks, a@example.com")}
			if err := tx.Create(&a).Error; err != nil {
				return err
			}
			erased = dbtest.UntilItWaits(t, db, func() error { return db.DeleteContact(t.Context(), c, 0, now) })
			return nil
		})
		if err = errors.Join(err, <-erased); err != nil {
			t.Fatal(err)
		}
		got, err := store.First[models.Delivery](db.Read(t.Context()).Where("workspace_id = ?", ws.ID))
		if err != nil || got.Body != nil || got.State != models.DeliveryArrived {
			t.Errorf("got %s with the body %q (%v), want the message arrived and without its body", got.State, got.Body, err)
		}
		if a, err := store.First[models.DeliveryAttempt](db.Read(t.Context()).Where("workspace_id = ?", ws.ID)); err != nil || a.Answer != nil || a.Status != 200 {
			t.Errorf("got the answer %q with %d (%v), want the status alone", a.Answer, a.Status, err)
		}
	})
}

package deliveries

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestAPanicCostsOneAttempt lets the attempt of one of two deliveries panic with what was sent.
func TestAPanicCostsOneAttempt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		cipher, err := secrets.New(make([]byte, secrets.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		ids := make([]uuid.UUID, 2)
		recorded := make(chan models.DeliveryState, 2)
		s := NewSender(db, cipher, Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Observe: Observe{Recorded: func(state models.DeliveryState) { recorded <- state }}})
		s.send = func(_ context.Context, m Message, _ time.Time) Result {
			if m.ID == "msg_"+ids[0].String() {
				panic("ines@example.com")
			}
			return Result{Status: 200}
		}
		err = db.Write(t.Context(), func(tx *gorm.DB) error {
			ws := models.Workspace{Slug: "books", Name: "Books", TimeZone: "UTC"}
			d := models.Destination{Name: "CRM", URL: "https://example.com", Secret: []byte{}, Enabled: true}
			err := tx.Create(&ws).Error
			if d.WorkspaceID = ws.ID; err == nil {
				err = tx.Create(&d).Error
			}
			sealed, sealErr := cipher.Seal(NewSecret(), secrets.Row{WorkspaceID: ws.ID, OwnerID: d.ID, Purpose: secrets.DestinationSecret})
			err = errors.Join(err, sealErr, tx.Model(&d).Where("workspace_id = ? AND id = ?", ws.ID, d.ID).Update("secret", sealed).Error)
			for i := range ids {
				v := New(models.Delivery{WorkspaceID: ws.ID, DestinationID: d.ID, EventID: models.NewID(noon)}, []byte("{}"), noon)
				ids[i], err = v.ID, errors.Join(err, Enqueue(tx, v))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { s.Run(ctx); close(ended) }()
		<-recorded
		<-recorded
		end()
		<-ended
		var attempts []models.DeliveryAttempt
		if err := db.Read(t.Context()).Order("error DESC").Find(&attempts).Error; err != nil || len(attempts) != 2 || attempts[0].Error != string(CodeFault) || attempts[0].DeliveryID != ids[0] || attempts[1].Error != "" {
			t.Errorf("got %+v (%v), want a fault and an arrival", attempts, err)
		}
		if text := log.String(); !strings.Contains(text, "sender_internal_test.go") || strings.Contains(text, "ines@") {
			t.Errorf("got the log %s, want the stack without the panic's value", text)
		}
	})
}

func TestHeldFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		took time.Duration
		want int
	}{{0, mostHeld}, {time.Millisecond, mostHeld}, {50 * time.Millisecond, 160}, {500 * time.Millisecond, 16}, {15 * time.Second, 16}} {
		if got := heldFor(c.took); got != c.want {
			t.Errorf("attempts of %s: got %d held, want %d", c.took, got, c.want)
		}
	}
}

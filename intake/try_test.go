package intake

import (
	"sync"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"
)

func TestTriedCallsChangeNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		sender, request := typeform(t)
		hook := w.hooks[models.TypeSubscribed]
		w.setReading(hook, senders.Settings{Sender: sender.Key, Mapping: &sender.Mapping})
		var tries sync.WaitGroup
		for range 4 { // beside each other, and beside real calls
			tries.Go(func() {
				row, body, err := w.pipe.Try(t.Context(), w.arrive(hook, request))
				if err != nil || row.Outcome != models.OutcomeCreated || body.After == nil || body.After.Email != sender.Samples[0].Result.Address || body.Mapped == nil {
					t.Errorf("got %+v, %+v (%v)", row, body, err)
				}
				w.send(models.TypeUnconfirmed, "email_address=real@example.com")
			})
		}
		tries.Wait()
		if contacts := rowsOf[models.Contact](w, "workspace_id = ?", w.ws.ID); len(contacts) != 1 || contacts[0].Email != "real@example.com" {
			t.Errorf("got %+v, want only the contact of the real calls", contacts)
		}
		if log := w.log(); len(log) != 4 {
			t.Errorf("got %d log rows, want 4", len(log))
		}
		w.send(models.TypeUnconfirmed, "email_address=ann@example.com")
		row, body, err := w.pipe.Try(t.Context(), w.arrive(w.hooks[models.TypeDelete], Request{Method: "GET", Query: "email_address=ann@example.com"}))
		if err != nil || row.Outcome != models.OutcomeDeleted || body.After != nil || w.contact("ann@example.com") == nil {
			t.Errorf("a tried deletion: got %+v, %+v (%v)", row, body, err)
		}
	})
}

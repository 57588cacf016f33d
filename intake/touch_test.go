package intake

import (
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
)

// TestDecideRecordsTheLastCall expects the webhook and time of each processed call in the contact, whatever the call changes.
func TestDecideRecordsTheLastCall(t *testing.T) {
	t.Parallel()
	full := map[string]string{"first_name": "Arya", "city": "Braavos", "level": "3"}
	for _, kind := range []models.WebhookType{models.TypeSubscribed, models.TypeUnconfirmed, models.TypeUnsubscribed} {
		before := personWith(models.StatusSubscribed, full)
		before.Tags = []models.Tag{vip, news}
		for _, contact := range []*Person{before, nil} {
			q := ask(kind, contact, to)
			p := Decide(q).Contact
			if p == nil {
				if kind != models.TypeUnsubscribed || contact != nil {
					t.Errorf("%s: got nobody", kind)
				}
				continue
			}
			if p.TouchedWebhookID == nil || *p.TouchedWebhookID != q.Webhook.ID || p.TouchedAt == nil || !p.TouchedAt.Equal(q.Now) {
				t.Errorf("%s: got touched by %v at %v, want by %d at %s", kind, p.TouchedWebhookID, p.TouchedAt, q.Webhook.ID, q.Now)
			}
		}
		if before.TouchedAt != nil || before.TouchedWebhookID != nil {
			t.Errorf("%s: the question's contact was changed", kind)
		}
	}
}

// TestUnchangedContactRecordsTheLastCall sends a call that changes nothing. It leaves its webhook, its time and a mark, but
// no version, no event and no time of change. A refused call leaves nothing.
func TestUnchangedContactRecordsTheLastCall(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		const call = "email_address=a@example.com&first_name=Arya"
		w.send(models.TypeSubscribed, call)
		first := w.contact("a@example.com")
		if first == nil || first.TouchedAt == nil || !first.TouchedAt.Equal(first.CreatedAt) || *first.TouchedWebhookID != w.hooks[models.TypeSubscribed].ID {
			t.Fatalf("got %+v, want it touched when it was created", first)
		}
		other := w.addHook(models.TypeSubscribed, w.tags...)
		w.send(models.TypeSubscribed, call)
		w.send(models.TypeDelete, "email_address=nobody@example.com")
		w.send(models.TypeSubscribed, "email_address=")
		got := w.contact("a@example.com")
		if *got.TouchedWebhookID != other.ID || !got.TouchedAt.After(*first.TouchedAt) {
			t.Errorf("got touched by %d at %s, want by %d after %s", *got.TouchedWebhookID, got.TouchedAt, other.ID, first.TouchedAt)
		}
		if got.Version != first.Version || !got.UpdatedAt.Equal(first.UpdatedAt) || !got.SubscribedAt.Equal(*first.SubscribedAt) || len(rowsOf[models.WebhookRequest](w, "contact_id = ? AND event IS NOT NULL", got.ID)) != 1 {
			t.Errorf("got %+v, want version, instants and events as after the first call", got)
		}
		if marks := w.marks(got.ID); len(marks) != 2 {
			t.Errorf("got %d marks, want one of each call", len(marks))
		}
		w.send(models.TypeUnsubscribed, "email_address=a@example.com")
		if got := w.contact("a@example.com"); *got.TouchedWebhookID != w.hooks[models.TypeUnsubscribed].ID {
			t.Errorf("got touched by %d, want by the one that unsubscribed", *got.TouchedWebhookID)
		}
	})
}

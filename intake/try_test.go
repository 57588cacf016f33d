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

// TestACallIsSignedAsItsSenderWould tries calls that ask for a signature, in every form that can be signed, and sends one. Its row says who
// tried it.
func TestACallIsSignedAsItsSenderWould(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		cipher := newCipher(t)
		w := newWorld(t, db, Options{Cipher: cipher})
		hook := w.hooks[models.TypeSubscribed]
		w.addSecret(hook, cipher, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		call := func(sign bool) Call {
			c := w.signedCall(hook, `{"email_address":"ann@example.com"}`, "X-Some-Signature: stale", "webhook-id: msg_1")
			c.Sign, c.TriedBy = sign, 42
			w.pipe.Prepare(&c)
			return c
		}
		for _, form := range senders.SignatureForms {
			scheme := senders.Scheme{Form: form}
			if form == senders.FormBody || form == senders.FormTimestampApart {
				scheme.Header = "X-Some-Signature"
			}
			w.setReading(hook, senders.Settings{Signature: &senders.SignatureSettings{Scheme: scheme, Mode: senders.SignatureEnforce}})
			for _, sign := range []bool{true, false} {
				row, body, err := w.pipe.Try(t.Context(), call(sign))
				want := models.OutcomeUnverified
				if sign && form.CanSign() || form == senders.FormNone {
					want = models.OutcomeCreated
				}
				if err != nil || row.Outcome != want || body.Verdict == nil {
					t.Errorf("%s, signed %v: got %s, %+v (%v), want %s", form, sign, row.Outcome, body.Verdict, err, want)
				}
			}
		}
		w.setReading(hook, senders.Settings{Signature: &senders.SignatureSettings{Scheme: senders.Scheme{Form: senders.FormTimeV1}, Mode: senders.SignatureEnforce}})
		if answer := w.submit(call(true)); !answer.Success() {
			t.Errorf("got %+v", answer)
		}
		if log := w.log(); len(log) != 1 || w.body(log[0]).TriedBy != 42 || w.body(log[0]).Verdict.Result != senders.ResultOK {
			t.Errorf("got %+v", log)
		}
	})
}

package intake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
	"campaignlark/senders"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func newCipher(t *testing.T) secrets.Cipher {
	t.Helper()
	cipher, err := secrets.New([]byte(strings.Repeat("k", secrets.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return cipher
}

// addSecret gives a webhook a secret, as a person does.
func (w *world) addSecret(hook models.Webhook, cipher secrets.Cipher, secret string) {
	w.t.Helper()
	sealed, err := cipher.Seal(secret, secrets.Row{WorkspaceID: hook.WorkspaceID, OwnerID: hook.ID, Purpose: secrets.WebhookSignature})
	if err != nil {
		w.t.Fatal(err)
	}
	err = w.db.AddWebhookSecret(w.t.Context(), hook, 1, models.WebhookSecret{Sealed: sealed, Ending: secrets.Ending(secret)}, true, testNow())
	if err != nil {
		w.t.Fatal(err)
	}
}

// signedCall returns a JSON call with headers, each a line.
func (w *world) signedCall(hook models.Webhook, body string, head ...string) Call {
	c := w.call(hook, "")
	c.Method, c.Head = http.MethodPost, []byte(strings.Join(head, "\r\n")+"\r\n")
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		c.Headers = append(c.Headers, Header{name, value})
	}
	c.Request = Request{Method: http.MethodPost, ContentType: "application/json", Body: []byte(body)}
	w.pipe.Prepare(&c)
	return c
}

func signature(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "X-Signature: " + hex.EncodeToString(mac.Sum(nil))
}

func TestSignedCalls(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		cipher := newCipher(t)
		w := newWorld(t, db, Options{Cipher: cipher})
		hook := w.hooks[models.TypeSubscribed]
		const secret, next = "first-secret-of-this-webhook", "second-secret-of-this-webhook"
		w.addSecret(hook, cipher, secret)
		scheme := senders.Scheme{Form: senders.FormBody, Header: "X-Signature"}
		body := func(n int) string { return fmt.Sprintf(`{"email_address":"person%d@example.com"}`, n) }
		steps := []struct {
			name    string
			mode    senders.SignatureMode
			head    string
			outcome models.Outcome
			result  senders.SignatureResult
			used    senders.SecretUsed
		}{
			{"off", senders.SignatureOff, signature("wrong", body(0)), models.OutcomeCreated, "", ""},
			{"watch, wrong", senders.SignatureWatch, signature("wrong", body(1)), models.OutcomeCreated, senders.ResultWrong, ""},
			{"watch, right", senders.SignatureWatch, signature(secret, body(2)), models.OutcomeCreated, senders.ResultOK, senders.SecretNewer},
			{"enforce, wrong", senders.SignatureEnforce, signature("wrong", body(3)), models.OutcomeUnverified, senders.ResultWrong, ""},
			{"enforce, none", senders.SignatureEnforce, "X-Other: 1", models.OutcomeUnverified, senders.ResultNoHeader, ""},
			{"enforce, right", senders.SignatureEnforce, signature(secret, body(5)), models.OutcomeCreated, senders.ResultOK, senders.SecretNewer},
			{"enforce, the older secret", senders.SignatureEnforce, signature(secret, body(6)), models.OutcomeCreated, senders.ResultOK, senders.SecretOlder},
		}
		for n, step := range steps {
			w.setReading(hook, senders.Settings{Signature: &senders.SignatureSettings{Scheme: scheme, Mode: step.mode}})
			if step.used == senders.SecretOlder {
				w.addSecret(hook, cipher, next)
			}
			answer := w.submit(w.signedCall(hook, body(n), step.head))
			row := w.log()[n]
			kept := w.body(row)
			if row.Outcome != step.outcome || answer.Success() != (step.outcome == models.OutcomeCreated) {
				t.Errorf("%s: got %s, answer %+v; want %s", step.name, row.Outcome, answer, step.outcome)
			}
			if (kept.Verdict == nil) != (step.result == "") || kept.Verdict != nil && (kept.Verdict.Result != step.result || kept.Verdict.Secret != step.used) {
				t.Errorf("%s: got the verdict %+v, want %s by %q", step.name, kept.Verdict, step.result, step.used)
			}
			if exists := w.contact(fmt.Sprintf("person%d@example.com", n)) != nil; exists != answer.Success() {
				t.Errorf("%s: the contact exists: %t", step.name, exists)
			}
			if step.outcome == models.OutcomeUnverified && (answer != Answer{400, MessageUnverified} || kept.Payload != body(n) || row.Address != nil) {
				t.Errorf("%s: got %+v, payload %q, address %v", step.name, answer, kept.Payload, row.Address)
			}
		}
	})
}

func TestRepeatedDeliveriesAreProcessedOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		other := w.start(db, Options{}) // another replica
		hook := w.hooks[models.TypeUnconfirmed]
		const id = "Idempotency-Key: delivery-1"
		body := `{"email_address":"ann@example.com"}`
		if answer := w.submit(w.signedCall(hook, `{"email_address":"no address"}`, id)); answer.Success() {
			t.Fatal("got a 200 for a bad address")
		}
		var twins sync.WaitGroup
		for i := range 20 {
			c := w.signedCall(hook, body, id)
			pipe := []*Pipeline{w.pipe, other}[i%2]
			twins.Go(func() {
				if answer, err := pipe.Submit(t.Context(), c); err != nil || answer != (Answer{200, MessageDone}) {
					t.Errorf("got %+v (%v)", answer, err)
				}
			})
		}
		twins.Wait()
		w.submit(w.signedCall(hook, body, "Idempotency-Key: delivery-2"))
		w.submit(w.signedCall(w.hooks[models.TypeSubscribed], body, id)) // of another webhook
		processed, first := 0, ""
		for _, r := range w.log() {
			switch r.Outcome {
			case models.OutcomeCreated:
				first = r.ID.String()
				processed++
			case models.OutcomeUpdated, models.OutcomeResubscribed:
				processed++
			case models.OutcomeRepeated:
				if r.Event != nil || r.ContactID != nil {
					t.Errorf("a repeated call has the event %v and the contact %v", r.Event, r.ContactID)
				}
			}
		}
		repeats := 0
		for _, r := range w.log() {
			if r.Outcome == models.OutcomeRepeated {
				repeats++
				if got := w.body(r).RepeatOf; got != first {
					t.Errorf("a repeated call names %q as the first, want %q", got, first)
				}
			}
		}
		if processed != 3 || repeats != 19 {
			t.Errorf("got %d processed calls and %d repeated ones, want 3 and 19", processed, repeats)
		}
		rows := rowsOf[models.WebhookDelivery](w, "workspace_id = ? AND webhook_id = ? AND repeats > 0", w.ws.ID, hook.ID)
		if len(rows) != 1 || rows[0].Repeats != 19 || rows[0].RequestID.String() != first || rows[0].LastRepeat == nil {
			t.Errorf("got %+v, want the first call with 19 repeats", rows)
		}
		again := w.start(db, Options{}) // after a restart
		if answer, err := again.Submit(t.Context(), w.signedCall(hook, body, id)); err != nil || !answer.Success() {
			t.Errorf("after a restart: got %+v (%v)", answer, err)
		}
		if log := w.log(); log[len(log)-1].Outcome != models.OutcomeRepeated {
			t.Errorf("after a restart: got %s", log[len(log)-1].Outcome)
		}
	})
}

// TestARepeatedDeliveryIsProcessedOnPurpose sends calls of one delivery at the same moment, half of them to be processed anyway.
func TestARepeatedDeliveryIsProcessedOnPurpose(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		other := w.start(db, Options{}) // another replica
		hook := w.hooks[models.TypeUnconfirmed]
		const all = 10
		anyway := map[uuid.UUID]bool{}
		var twins sync.WaitGroup
		for i := range all {
			c := w.signedCall(hook, `{"email_address":"ann@example.com"}`, "Idempotency-Key: delivery-1")
			c.Again = i%2 == 0
			anyway[c.ID] = c.Again
			pipe := []*Pipeline{w.pipe, other}[i%3%2]
			twins.Go(func() {
				if answer, err := pipe.Submit(t.Context(), c); err != nil || !answer.Success() {
					t.Errorf("got %+v (%v)", answer, err)
				}
			})
		}
		twins.Wait()
		rows := rowsOf[models.WebhookDelivery](w, "workspace_id = ?", w.ws.ID)
		if len(rows) != 1 || rows[0].Repeats != all-1 {
			t.Fatalf("got %+v, want one delivery with %d repeats", rows, all-1)
		}
		first := rows[0].RequestID
		for _, r := range w.log() {
			repeatOf := w.body(r).RepeatOf
			if processed := r.ContactID != nil; processed != (anyway[r.ID] || r.ID == first) || (repeatOf == "") != (r.ID == first) || repeatOf != "" && repeatOf != first.String() {
				t.Errorf("a call that is processed anyway (%v): got %s, repeat of %q; the first is %s", anyway[r.ID], r.Outcome, repeatOf, first)
			}
		}
	})
}

// TestUnsignedIDsCountWithTheBody: where a signature is enforced, a stranger can send a recorded call again with another id. That must
// not make another call with this id look repeated.
func TestUnsignedIDsCountWithTheBody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		form     senders.SignatureForm
		mode     senders.SignatureMode
		withBody bool
	}{
		{senders.FormBody, senders.SignatureWatch, false}, {senders.FormBody, senders.SignatureEnforce, true}, {senders.FormStandardWebhooks, senders.SignatureEnforce, false},
	} {
		id := func(body string) string {
			c := Call{Head: []byte("Webhook-Id: 2\r\n"), Headers: []Header{{"Webhook-Id", "2"}}, Request: Request{Body: []byte(body)}}
			_, id := c.deliveryID(senders.Settings{Signature: &senders.SignatureSettings{Scheme: senders.Scheme{Form: test.form}, Mode: test.mode}})
			return id
		}
		if id("a") == "" || id("a") != id("a") || (id("a") != id("b")) != test.withBody {
			t.Errorf("%s, %s: got the ids %q and %q of two bodies, want them to differ: %t", test.form, test.mode, id("a"), id("b"), test.withBody)
		}
	}
}

func TestOldDeliveriesAreRemoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		now := testNow()
		for i, age := range []time.Duration{time.Hour, models.DeliveryLasts - time.Hour, models.DeliveryLasts + time.Hour} {
			key := models.DeliveryKey("test", fmt.Sprint(i))
			w.write(func(tx *gorm.DB) error {
				return tx.Create(&models.WebhookDelivery{WorkspaceID: w.ws.ID, WebhookID: 1, Key: key[:], RequestID: models.NewID(now), At: now.Add(-age)}).Error
			})
		}
		if err := db.DropOldLog(t.Context(), now, 30); err != nil {
			t.Fatal(err)
		}
		if rows := rowsOf[models.WebhookDelivery](w, "workspace_id = ?", w.ws.ID); len(rows) != 2 {
			t.Errorf("got %d deliveries, want the two of the last seven days", len(rows))
		}
	})
}

func TestAnswersOfAWebhook(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		answers := &senders.Answers{TrapField: "website", TestCallsOK: true, UnknownOK: true}
		for _, hook := range w.hooks {
			w.setReading(hook, senders.Settings{Answers: answers})
		}
		woo := w.addHook(models.TypeSubscribed)
		mapping := senders.FindSender("woocommerce_customer").Mapping
		w.setReading(woo, senders.Settings{Sender: "woocommerce_customer", Mapping: &mapping, Answers: answers})
		form := Request{Method: http.MethodPost, ContentType: "application/x-www-form-urlencoded"}
		for _, test := range []struct {
			hook    models.Webhook
			body    string
			outcome models.Outcome
		}{
			{w.hooks[models.TypeUnconfirmed], "email_address=a@example.com&website=http://spam.example", models.OutcomeHeldBack},
			{w.hooks[models.TypeUnconfirmed], "email_address=a@example.com&website=+", models.OutcomeCreated},
			{w.hooks[models.TypeUnsubscribed], "email_address=nobody@example.com", models.OutcomeNoContact},
			{w.hooks[models.TypeDelete], "email_address=nobody@example.com", models.OutcomeNoContact},
			{woo, "webhook_id=17", models.OutcomeTestCall},
		} {
			r := form
			r.Body = []byte(test.body)
			c := w.arrive(test.hook, r)
			c.Head = []byte("User-Agent: WooCommerce/10.3.5 Hookshot (WordPress/6.8.3)\r\n")
			w.pipe.Prepare(&c)
			answer := w.submit(c)
			row := w.row(c.ID)
			if answer != (Answer{200, MessageDone}) || row.Outcome != test.outcome || (row.ContactID != nil) != (test.outcome == models.OutcomeCreated) {
				t.Errorf("%s: got %+v, %s, contact %v; want %s", test.body, answer, row.Outcome, row.ContactID, test.outcome)
			}
		}
	})
}

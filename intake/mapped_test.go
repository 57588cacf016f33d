package intake

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"

	"gorm.io/gorm"
)

// typeform is the first sample call of the catalogue's Typeform.
func typeform(t *testing.T) (senders.Sender, Request) {
	t.Helper()
	s := senders.FindSender("typeform")
	if s == nil {
		t.Fatal("the catalogue has no Typeform")
	}
	return *s, Request{Method: http.MethodPost, ContentType: "application/json", Body: []byte(s.Samples[0].Body)}
}

// arrive returns a call as the endpoint makes it of a request.
func (w *world) arrive(hook models.Webhook, r Request) Call {
	c := w.call(hook, "")
	c.Method, c.ContentType, c.Request = r.Method, r.ContentType, r
	w.pipe.Prepare(&c)
	return c
}

// setReading changes how a webhook reads its calls, as a person does.
func (w *world) setReading(hook models.Webhook, settings senders.Settings) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error {
		return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", hook.WorkspaceID, hook.ID).
			Updates(map[string]any{"reading": settings.String(), "reading_revision": gorm.Expr("reading_revision + 1")}).Error
	})
}

// TestAChangeOfSettingsIsNoFault changes how a webhook reads its calls. The next call is read again, which is nothing to log.
func TestAChangeOfSettingsIsNoFault(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		var log bytes.Buffer
		w := newWorld(t, db, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		hook := w.hooks[models.TypeSubscribed]
		w.send(models.TypeSubscribed, "email_address=a@example.com")
		w.setReading(hook, senders.Settings{Answers: &senders.Answers{TrapField: "website"}})
		if answer := w.submit(w.arrive(hook, Request{Method: http.MethodGet, Query: "email_address=b@example.com&website=x"})); answer.Status != 200 {
			t.Errorf("got %+v", answer)
		}
		if rows := w.log(); len(rows) != 2 || rows[1].Outcome != models.OutcomeHeldBack {
			t.Errorf("got %+v, want the second call read by the new settings", rows)
		}
		if log.Len() > 0 {
			t.Errorf("the log says %s", log.String())
		}
	})
}

func TestMappedCalls(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		sender, request := typeform(t)
		hook := w.hooks[models.TypeSubscribed]
		if answer, err := w.pipe.Submit(t.Context(), w.arrive(hook, request)); err != nil || answer != (Answer{400, MessageNoAddress}) {
			t.Fatalf("without a mapping: got %+v (%v)", answer, err)
		}
		prepared := w.arrive(hook, request) // before the change; it is committed after it
		mapping := sender.Mapping
		since, err := senders.ParsePath("form_response.hidden.member_since")
		if err != nil {
			t.Fatal(err)
		}
		mapping.Fields = map[string][]senders.Source{"first_name": sender.Samples[0].Fields["first_name"], "city": {{Path: since, As: senders.AsUnix}}}
		w.setReading(hook, senders.Settings{Sender: sender.Key, Mapping: &mapping})
		if answer, err := w.pipe.Submit(t.Context(), prepared); err != nil || answer != (Answer{200, MessageDone}) {
			t.Fatalf("with a mapping: got %+v (%v)", answer, err)
		}
		want := sender.Samples[0].Result
		contact := rowsOf[models.Contact](w, "workspace_id = ?", w.ws.ID)
		if len(contact) != 1 || contact[0].Email != want.Address || contact[0].Fields["first_name"] != want.Fields["first_name"] || want.Fields["first_name"] == "" {
			t.Errorf("got %+v, want %+v", contact, want)
		}
		if since := w.body(w.log()[1]).Fields[0]; since.Sent != "1672531200" || since.After != "2023-01-01T00:00:00Z" || since.Reason != "Read as: Seconds since 1970." {
			t.Errorf("got %+v, want the value as it was sent and how it was read", since)
		}
		partial := request
		partial.Body = []byte(`{"event_type":"form_response_partial"}`)
		if answer, err := w.pipe.Submit(t.Context(), w.arrive(hook, partial)); err != nil || answer != (Answer{200, MessageDone}) {
			t.Fatalf("a call that does not count: got %+v (%v)", answer, err)
		}
		log := w.log()
		if len(log) != 3 || log[0].Outcome != models.OutcomeNoAddress || log[1].Outcome != models.OutcomeCreated || log[2].Outcome != models.OutcomeSkipped || log[2].ContactID != nil {
			t.Fatalf("got %+v", log)
		}
		body, err := DecodeLogBody(log[2].Body)
		if err != nil || body.Mapped == nil || len(body.Mapped.Conditions) != 1 || body.Mapped.Conditions[0].Met || body.Mapped.Conditions[0].Stood[0] != "form_response_partial" {
			t.Errorf("got %+v (%v), want the condition and what stood there", body.Mapped, err)
		}
		if next := w.arrive(hook, request); next.Submission.Mapped == nil || next.Submission.Mapped.Sender != sender.Key {
			t.Errorf("the next call is prepared as %+v, want it read by %q", next.Submission.Mapped, sender.Key)
		}
		w.pipe.Close(context.Background())
	})
}

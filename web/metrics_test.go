package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/intake"
	"campaignlark/internal/dbtest"
	"campaignlark/mail"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// scrape reads every number at /metrics, by its name with its labels.
func scrape(t *testing.T, m *metrics) map[string]string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 200 {
		t.Fatalf("got %d, want 200: %s", answer.Code, answer.Body)
	}
	numbers := map[string]string{}
	for line := range strings.Lines(answer.Body.String()) {
		if name, number, found := strings.Cut(strings.TrimSpace(line), " "); found && name != "#" {
			numbers[name] = number
		}
	}
	return numbers
}

func TestMetricsCountTheIntake(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws, user, err := db.CreateFirstAdmin(t.Context(), models.FirstAdmin{WorkspaceName: "Books", TimeZone: "UTC", Email: "ines@example.com", Password: "rains of castamere"})
		if err != nil {
			t.Fatal(err)
		}
		form := models.WebhookForm{Name: "Shop", Type: models.TypeSubscribed}
		hook, _, err := db.CreateWebhook(t.Context(), ws.ID, user.ID, form, models.Instant(time.Now()))
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		m := newMetrics(db, func() time.Time { return at.Add(time.Minute) }, slog.New(slog.DiscardHandler))
		p := intake.New(db, intake.Options{Observe: m.observe(), Now: func() time.Time { return at }})
		m.watch(p)
		if got := scrape(t, m); got[`campaignlark_webhook_calls_total{outcome="created"}`] != "0" || got["campaignlark_segment_oldest_mark_age_seconds"] != "0" || got["campaignlark_panics_total"] == "" {
			t.Errorf("got %v, want every number there from the start", got)
		}
		send := func(body string) error {
			_, err := p.Submit(t.Context(), intake.Call{ID: models.NewID(at), ArrivedAt: at, Method: "POST",
				Hash:       models.WebhookHash{Hash: hook.Hash, WorkspaceID: ws.ID, WebhookID: hook.ID},
				Submission: intake.Decode(intake.Request{Method: "POST", ContentType: "application/json", Body: []byte(body)})})
			return err
		}
		for _, body := range []string{`{"email_address": "a@example.com"}`, `{"email_address": "b@example.com"}`, `{"email_address": "b@example.com"}`, `{"email_address": ""}`, `{"email`} {
			if err := send(body); err != nil {
				t.Fatal(err)
			}
		}
		if _, found, err := p.Lookup(t.Context(), "no-such-hash"); found || err != nil {
			t.Fatalf("got %v and %v for a hash that never existed", found, err)
		}
		run := models.AutomationRun{WorkspaceID: ws.ID, ID: models.NewID(at), AutomationID: 1, Revision: 1, EventID: models.NewID(at), State: models.RunDue, DueAt: models.Instant(at)}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&run).Error }); err != nil {
			t.Fatal(err)
		}
		m.refuse("url")
		m.refuse("unheard_of")
		if err := p.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := send(`{"email_address": "late@example.com"}`); err != intake.ErrBusy {
			t.Fatalf("got %v, want ErrBusy of a closed pipeline", err)
		}
		if _, err := p.Submit(t.Context(), intake.Call{ID: models.NewID(at), ArrivedAt: at, Refusal: &intake.Refusal{Outcome: models.OutcomeMalformed}}); err != intake.ErrBusy {
			t.Fatalf("got %v, want ErrBusy of a closed pipeline", err) // not counted as a 503: its sender gets another answer
		}
		got := scrape(t, m)
		for name, want := range map[string]string{
			`campaignlark_webhook_calls_total{outcome="created"}`:     "2",
			`campaignlark_webhook_calls_total{outcome="updated"}`:     "1",
			`campaignlark_webhook_calls_total{outcome="no_address"}`:  "1",
			`campaignlark_webhook_calls_total{outcome="unreadable"}`:  "1",
			`campaignlark_webhook_calls_total{outcome="busy"}`:        "1",
			`campaignlark_webhook_unreadable_total{kind="json"}`:      "1",
			`campaignlark_webhook_unreadable_total{kind="multipart"}`: "0",
			`campaignlark_webhook_refused_total{reason="url"}`:        "1",
			`campaignlark_webhook_refused_total{reason="timeout"}`:    "0",
			`campaignlark_webhook_unknown_hashes_total`:               "1",
			`campaignlark_intake_batch_calls_sum`:                     "5",
			`campaignlark_intake_batch_calls_bucket{le="1"}`:          "5",
			`campaignlark_intake_commit_seconds_count`:                "5",
			`campaignlark_intake_waiting_calls`:                       "0",
			`campaignlark_intake_waiting_bytes`:                       "0",
			`campaignlark_segment_marks`:                              "3",
			`campaignlark_automation_runs_due`:                        "1",
		} {
			if got[name] != want {
				t.Errorf("%s: got %q, want %q", name, got[name], want)
			}
		}
		if age := got["campaignlark_segment_oldest_mark_age_seconds"]; !strings.HasPrefix(age, "60") {
			t.Errorf("got an oldest mark of %s seconds, want 60 and a little", age)
		}
		if age := got["campaignlark_automation_oldest_due_age_seconds"]; !strings.HasPrefix(age, "60") {
			t.Errorf("got an oldest run that is due since %s seconds, want 60 and a little", age)
		}
		for _, name := range []string{"go_goroutines", "process_open_fds"} {
			if got[name] == "" {
				t.Errorf("%s is missing", name)
			}
		}
		for name := range got {
			if strings.Contains(name, hook.Hash) || strings.Contains(name, "example.com") || strings.Contains(name, "books") {
				t.Errorf("%s tells what it must not", name)
			}
		}
	})
}

func TestMetricsCountDeliveries(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		m := newMetrics(db, time.Now, slog.New(slog.DiscardHandler))
		observe := m.observeDeliveries()
		observe.Attempted(deliveries.Result{Status: 200, Duration: 20 * time.Millisecond})
		observe.Attempted(deliveries.Result{Code: deliveries.CodeTimeout, Duration: 15*time.Second + 3*time.Millisecond})
		for _, status := range []int{404, 410, 418, 500, 599} {
			observe.Attempted(deliveries.Result{Status: status, Code: deliveries.CodeStatus})
		}
		m.observeMail(mail.ProblemNone)
		m.observeMail(mail.ProblemRefused)
		since := models.Instant(time.Now().Add(-2 * time.Minute))
		if err := db.Write(t.Context(), func(tx *gorm.DB) error {
			for i, d := range []models.Destination{{Enabled: true, FailingSince: &since, Failures: 4}, {OffReason: "It answered 410 Gone."}, {}, {Enabled: true}} {
				d.WorkspaceID, d.Name, d.Secret, d.CreatedAt, d.UpdatedAt = 1, "CRM", []byte{1}, since, since
				if err := tx.Create(&d).Error; err != nil {
					return err
				}
				next := since.Add(-time.Duration(i) * time.Hour) // of one that is off: older
				if d.Enabled {
					next = since
				}
				v := models.Delivery{WorkspaceID: 1, ID: models.NewID(since), DestinationID: d.ID, EventID: models.NewID(since), State: models.DeliveryPending, NextAt: next}
				if err := tx.Create(&v).Error; err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		observe.Recorded(models.DeliveryArrived)
		observe.Recorded(models.DeliveryPending)
		got := scrape(t, m)
		for name, want := range map[string]string{
			`campaignlark_deliveries_total{result="arrived"}`:          "1",
			`campaignlark_deliveries_total{result="pending"}`:          "1",
			`campaignlark_deliveries_total{result="dead"}`:             "0",
			`campaignlark_delivery_attempts_total{code="arrived"}`:     "1",
			`campaignlark_delivery_attempts_total{code="timeout"}`:     "1",
			`campaignlark_delivery_attempts_total{code="tls"}`:         "0",
			`campaignlark_delivery_attempts_total{code="404"}`:         "1",
			`campaignlark_delivery_attempts_total{code="410"}`:         "1",
			`campaignlark_delivery_attempts_total{code="4xx"}`:         "1",
			`campaignlark_delivery_attempts_total{code="500"}`:         "1",
			`campaignlark_delivery_attempts_total{code="5xx"}`:         "1",
			`campaignlark_delivery_attempt_seconds_count`:              "7",
			`campaignlark_mails_total{result="sent"}`:                  "1",
			`campaignlark_mails_total{result="refused"}`:               "1",
			`campaignlark_mails_total{result="connect"}`:               "0",
			`campaignlark_deliveries_waiting`:                          "4",
			`campaignlark_destinations_failing`:                        "1",
			`campaignlark_destinations_switched_off`:                   "1",
			`campaignlark_delivery_attempt_seconds_bucket{le="0.025"}`: "6",
			`campaignlark_delivery_attempt_seconds_bucket{le="15"}`:    "6",
			`campaignlark_delivery_attempt_seconds_bucket{le="16"}`:    "7",
		} {
			if got[name] != want {
				t.Errorf("%s: got %q, want %q", name, got[name], want)
			}
		}
		if age := got["campaignlark_delivery_oldest_due_age_seconds"]; !strings.HasPrefix(age, "12") {
			t.Errorf("got an oldest delivery that is due since %s seconds, want 120 and a little", age)
		}
	})
}

func TestMetricsWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		m := newMetrics(db, time.Now, slog.New(slog.DiscardHandler))
		db.Close()
		got := scrape(t, m)
		if _, there := got["campaignlark_segment_marks"]; there || got["go_goroutines"] == "" {
			t.Errorf("got %v, want the numbers of the process and no marks", fmt.Sprint(got))
		}
	})
}

// TestAPanicCostsAScrapeItsMarks lets the clock panic while a mark waits.
func TestAPanicCostsAScrapeItsMarks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			w := models.Workspace{Name: "W", Slug: "w", TimeZone: "UTC"}
			if err := tx.Create(&w).Error; err != nil {
				return err
			}
			return store.MarkContacts(tx, w.ID, 0, []int64{1}, time.Now())
		})
		if err != nil {
			t.Fatal(err)
		}
		var log lines
		m := newMetrics(db, func() time.Time { panic("ines@example.com") }, slog.New(slog.NewTextHandler(&log, nil)))
		got := scrape(t, m)
		if _, there := got["campaignlark_segment_marks"]; there || got["go_goroutines"] == "" {
			t.Errorf("got %v, want the other numbers", got)
		}
		if text := log.String(); !strings.Contains(text, "metrics_test.go") || strings.Contains(text, "ines") {
			t.Errorf("got the log %s, want the stack without the panic's value", text)
		}
	})
}

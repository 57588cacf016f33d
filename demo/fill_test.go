package demo

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/automations"
	"campaignlark/intake"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"
	"campaignlark/segments"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// outcomes are what a call can come to. That the database refuses one cannot be had on demand.
var outcomes = []models.Outcome{
	models.OutcomeCreated, models.OutcomeResubscribed, models.OutcomeUnconfirmed, models.OutcomeUpdated, models.OutcomeUnsubscribed, models.OutcomeDeleted,
	models.OutcomeSkipped, models.OutcomeRepeated, models.OutcomeTestCall, models.OutcomeUnverified,
	models.OutcomeNoAddress, models.OutcomeBadAddress, models.OutcomeNoContact, models.OutcomeUnreadable, models.OutcomePrefetch, models.OutcomeTooLarge,
	models.OutcomeDisabled, models.OutcomeWebhookGone, models.OutcomeHashRetired,
}

func TestFillMakesAWorkspaceThatLooksUsed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now()) // the request log needs days near the database's own
		workspace, _, err := db.CreateFirstAdmin(t.Context(), FirstAdmin("admin@example.com", "rains of castamere"))
		if err != nil {
			t.Fatal(err)
		}
		serve, stop := context.WithCancel(t.Context())
		var server sync.WaitGroup
		server.Go(func() { // a server that runs beside it, by the real time
			segments.New(db, segments.Options{Interval: time.Millisecond, Log: slog.New(slog.DiscardHandler)}).Run(serve)
		})
		server.Go(func() {
			automations.New(db, automations.Options{Interval: time.Millisecond, Log: slog.New(slog.DiscardHandler)}).Run(serve)
		})
		cipher, err := secrets.New(make([]byte, secrets.KeySize))
		if err != nil {
			t.Fatal(err)
		}
		sum, err := Fill(t.Context(), db, workspace, Options{Contacts: 300, LogDays: 30, Now: now, Log: slog.New(slog.DiscardHandler), Cipher: cipher})
		stop()
		server.Wait()
		if err != nil {
			t.Fatal(err)
		}
		number := func(query string, args ...any) (n int) {
			t.Helper()
			if err := db.Read(t.Context()).Raw(query, args...).Scan(&n).Error; err != nil {
				t.Fatal(err)
			}
			return n
		}
		expect := func(what string, got, want int) {
			t.Helper()
			if got != want {
				t.Errorf("got %d %s, want %d", got, what, want)
			}
		}
		expect("contacts", number("SELECT count(*) FROM contacts"), 300)
		expect("contacts in the summary", sum.Contacts, 300)
		expect("calls in the log", number("SELECT count(*) FROM webhook_requests"), sum.Calls)
		expect("failures in the log", number("SELECT count(*) FROM webhook_requests WHERE status >= 400"), sum.Failures)
		expect("calls counted", number("SELECT sum(calls) FROM webhook_counts"), sum.Calls)
		expect("contacts that are out of order", number(`SELECT count(*) FROM contacts a JOIN contacts b ON b.workspace_id = a.workspace_id AND b.id = a.id + 1
			WHERE b.created_at < a.created_at`), 0)
		expect("times that are still to come", number("SELECT count(*) FROM contacts WHERE created_at > ? OR updated_at > ?", now, now), 0)
		expect("calls out of their days", number("SELECT count(*) FROM webhook_requests WHERE id < ? OR id >= ?", models.IDAt(now.AddDate(0, 0, -15)), models.IDAt(now)), 0)
		expect("repairs", number("SELECT count(*) FROM segment_bulk_changes WHERE cause = 'repair'"), 0)
		expect("moves after the story", number("SELECT count(*) FROM segment_changes WHERE at > ?", now), 0)
		expect("held workspaces", number("SELECT count(*) FROM workspaces WHERE segments_held_until IS NOT NULL"), 0)
		expect("marks left", number("SELECT (SELECT count(*) FROM dirty_contacts) + (SELECT count(*) FROM call_marks)"), 0)
		expect("broken segments", number("SELECT count(*) FROM segments WHERE broken_reason <> '' OR building_slot IS NOT NULL"), 0)
		expect("empty segments", number("SELECT count(*) FROM segments WHERE member_count = 0"), 0)
		expect("segments whose last day does not end as big as they are", number(`SELECT count(*) FROM segments s WHERE member_count <>
			(SELECT size FROM segment_days d WHERE d.segment_id = s.id ORDER BY day DESC LIMIT 1)`), 0)
		expect("segments without a past", number(`SELECT count(*) FROM segments s WHERE NOT EXISTS
			(SELECT 1 FROM segment_days d WHERE d.segment_id = s.id AND day < ?)`, now.AddDate(0, 0, -60).Format(time.DateOnly)), 0)
		expect("days whose size does not follow from the day before", number(`SELECT count(*) FROM segment_days d WHERE size <>
			coalesce((SELECT size FROM segment_days b WHERE b.segment_id = d.segment_id AND b.day < d.day ORDER BY b.day DESC LIMIT 1), 0)
			+ entered_call + entered_edit + entered_time + entered_rule - departed_call - departed_edit - departed_time - departed_rule`), 0)
		noted := number("SELECT count(*) FROM audit_log")
		if err := db.DropOldAudit(t.Context(), now); err != nil || noted == 0 {
			t.Errorf("got %d audit entries and %v, want the setting-up", noted, err)
		}
		expect("audit entries after the old ones were dropped", number("SELECT count(*) FROM audit_log"), noted)
		for _, name := range []string{"Reading club: sign-up form", "Shopify: customers", "Stripe: tickets for readings"} {
			if checked := checkSignatures(t, db, name); checked == 0 {
				t.Errorf("no call of %s is signed", name)
			}
		}
		for _, o := range outcomes {
			if number("SELECT count(*) FROM webhook_requests WHERE outcome = ?", o) == 0 {
				t.Errorf("no call came to %s", o)
			}
		}
		usual, err := db.WebhookUsuals(t.Context(), workspace.ID, now)
		failing := slices.DeleteFunc(usual, func(u models.WebhookUsual) bool { return !u.Unusual(now).Failing })
		if err != nil || len(failing) != 1 {
			t.Errorf("got %d webhooks that fail more than usual (%v), want the till", len(failing), err)
		}
		if number("SELECT count(*) FROM segment_changes WHERE request_id IS NOT NULL") == 0 {
			t.Error("no call made anybody enter or leave a segment")
		}
		checkOutgoing(t, db, sum, now)
	})
}

// checkOutgoing looks at what the automations did and sent.
func checkOutgoing(t *testing.T, db *store.DB, sum Summary, now time.Time) {
	t.Helper()
	number := func(query string, args ...any) (n int) {
		t.Helper()
		if err := db.Read(t.Context()).Raw(query, args...).Scan(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	for what, query := range map[string]string{
		"runs that ended well":                      "SELECT count(*) FROM automation_runs WHERE state = 'done'",
		"runs that ended early":                     "SELECT count(*) FROM automation_runs WHERE state = 'stopped'",
		"runs that failed":                          "SELECT count(*) FROM automation_runs WHERE state = 'failed'",
		"runs that a move between segments started": "SELECT count(*) FROM automation_runs r JOIN automation_events e ON e.workspace_id = r.workspace_id AND e.id = r.event_id WHERE e.type = 'segment_entered'",
		"messages that arrived":                     "SELECT count(*) FROM deliveries WHERE state = 'arrived'",
		"messages that arrived after failures":      "SELECT count(*) FROM deliveries WHERE state = 'arrived' AND tries > 1",
		"messages that were given up":               "SELECT count(*) FROM deliveries WHERE state = 'dead'",
		"attempts that were answered with 503":      "SELECT count(*) FROM delivery_attempts WHERE status = 503",
		"contacts that an automation tagged":        "SELECT count(*) FROM contact_tags WHERE tag_id = (SELECT id FROM tags WHERE name = '" + tagWelcomed + "')",
		"steps of runs":                             "SELECT count(*) FROM run_steps",
		"workspaces that listen":                    "SELECT count(*) FROM workspaces WHERE listens <> 0",
		"destinations that are switched on":         "SELECT count(*) FROM destinations WHERE enabled AND name = 'CRM'",
	} {
		if number(query) == 0 {
			t.Errorf("there are no %s", what)
		}
	}
	for what, query := range map[string]string{
		"messages that a server sends in the first minute": "SELECT count(*) FROM deliveries WHERE state = 'pending' AND next_at < ?",
		"runs that are due in the first second":            "SELECT count(*) FROM automation_runs WHERE ended_at IS NULL AND due_at < ?",
		"attempts that are still to come":                  "SELECT count(*) FROM delivery_attempts WHERE at > ?",
		"steps that are still to come":                     "SELECT count(*) FROM run_steps WHERE at > ?",
	} {
		if n := number(query, now); n != 0 {
			t.Errorf("there are %d %s", n, what)
		}
	}
	if n := number("SELECT count(*) FROM deliveries WHERE state = 'pending'"); n > 3 {
		t.Errorf("got %d messages that wait, want few", n)
	}
	if !strings.HasPrefix(sum.Secret, "whsec_") {
		t.Errorf("got the secret %q, want that of the CRM", sum.Secret)
	}
}

// checkSignatures looks at the calls of a webhook in the log: only those that are refused for it may have a wrong signature. It returns how
// many have a valid one.
func checkSignatures(t *testing.T, db *store.DB, webhook string) (valid int) {
	t.Helper()
	var rows []models.WebhookRequest
	if err := db.Read(t.Context()).Where("webhook_id = (SELECT id FROM webhooks WHERE name = ?)", webhook).Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		body, err := intake.DecodeLogBody(row.Body)
		switch {
		case err != nil || body.Verdict == nil: // of a person who was erased
		case body.Verdict.Passes() == (row.Outcome == models.OutcomeUnverified):
			t.Errorf("%s: got the verdict %s for a call that ended as %s", webhook, body.Verdict.Title(), row.Outcome)
		case body.Verdict.Passes():
			valid++
		}
	}
	return valid
}

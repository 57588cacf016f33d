package migrations_test

import (
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/internal/dbtest"
	"campaignlark/migrations"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

var (
	// at is the day of the rows; the request log needs a partition for it, so it is near the real day.
	at      = models.Instant(time.Now()).Truncate(time.Hour)
	request = models.NewID(at)
	span    = models.NewSegmentSet([]int64{1})
)

// blob is bytes as one value: GORM treats a slice as a list.
type blob []byte

func (b blob) Value() (driver.Value, error) { return []byte(b), nil }

// row is a row of a table as the program wrote it since a migration. A migration that adds a table, or a column without a
// default, adds rows here.
type row struct {
	since, until int64 // numbers of migrations: the first that knows the row, and the first that does not; 0 for none
	table        string
	columns      string
	values       []any
}

const requestColumns = "workspace_id, id, webhook_id, contact_id, contact_version, who, address, method, content_type, outcome, status, duration_us, size"

const eventColumns = "workspace_id, id, type, contact_id, contact_version, webhook_id, request_id, snapshot, state, created_at"

var rows = []row{
	{1, 0, "workspaces", "slug, name, time_zone, created_at", []any{"books", "Books", "Europe/Vienna", at}},
	{1, 0, "users", "email, password_hash, created_at", []any{"ines@example.com", "none", at}},
	{1, 0, "memberships", "workspace_id, user_id, role, created_at", []any{1, 1, "admin", at}},
	{1, 0, "sessions", "token_hash, user_id, data, created_at, seen_at, expires_at", []any{blob{1}, 1, `{"tags_off":"1"}`, at, at, at.Add(time.Hour)}},
	{1, 0, "setup_link", "id, token_hash, created_at", []any{1, blob{2}, at}},
	{1, 0, "sign_in_failures", "who, failures, blocked_until, updated_at", []any{blob{3}, 2, at, at}},
	{1, 0, "webhooks", "workspace_id, name, type, hash, enabled, created_at, updated_at", []any{1, "Shop", "SUBSCRIBED", "hash-of-the-shop", true, at, at}},
	{1, 0, "webhook_hashes", "hash, workspace_id, webhook_id, created_at", []any{"hash-of-the-shop", 1, 1, at}},
	{24, 0, "webhook_secrets", "workspace_id, webhook_id, slot, sealed, ending, created_at", []any{1, 1, "newer", blob{1}, "q8Zt", at}},
	{24, 0, "webhook_deliveries", "workspace_id, webhook_id, key, request_id, at", []any{1, 1, blob{2}, request, at}},
	{26, 0, "replays", "workspace_id, original_id, request_id", []any{1, request, request}},
	{26, 0, "dismissals", "workspace_id, webhook_id, outcome, at", []any{1, 1, "no_address", at}},
	{50, 0, "righted_calls", "workspace_id, hour, webhook_id, outcome, calls", []any{1, at, 1, "no_address", 12}},
	{33, 0, "fine_fields", "workspace_id, webhook_id, name", []any{1, 1, "customer_number"}},
	{26, 0, "erasures", "workspace_id, who, at", []any{1, 5, at}},
	{25, 0, "webhook_hours", "workspace_id, webhook_id, hour, turned_away", []any{1, 1, at, 3}},
	{1, 0, "tags", "workspace_id, name, name_folded, created_at", []any{1, "Reader", "reader", at}},
	{1, 0, "webhook_tags", "workspace_id, webhook_id, tag_id", []any{1, 1, 1}},
	{1, 0, "merge_tags", "workspace_id, key, label, type, options, default_value, created_at", []any{1, "city", "City", "text", "[]", "", at}},
	{1, 0, "workspace_counters", "workspace_id, next_contact_id", []any{1, 2}},
	{1, 0, "contacts", "workspace_id, id, email, status, fields, version, source_webhook_id, created_at, updated_at, subscribed_at",
		[]any{1, 1, "marta@example.com", "SUBSCRIBED", `{"city":"Wien"}`, 3, 1, at, at, at}},
	{1, 0, "contact_tags", "workspace_id, contact_id, tag_id", []any{1, 1, 1}},
	{27, 0, "contact_words", "workspace_id, word, contact_id", []any{1, "marta", 1}},
	{27, 0, "contact_word_fills", "workspace_id, after_id", []any{1, 0}},
	{29, 0, "unindexed_names", "workspace_id, contact_ids", []any{1, blob{0, 0, 0, 0, 0, 0, 0, 1}}},
	{27, 0, "former_addresses", "workspace_id, contact_id, address, changed_at", []any{1, 1, "marta@old.example", at}},
	{27, 0, "contact_edits", "workspace_id, contact_id, id, detail", []any{1, 1, models.NewID(at), "{}"}},
	{27, 0, "contact_counts", "workspace_id, whole, counts", []any{1, true, `{"SUBSCRIBED":1}`}},
	{31, 0, "import_ranges", "workspace_id, job_id, first_id, last_id", []any{1, 1, 1, 200}},
	{1, 0, "segments", "workspace_id, name, rule, slot, built_chunks, total_chunks, member_count, broken_reason, created_at, updated_at, built_at",
		[]any{1, "Subscribed", `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`, 0, 1, 1, 1, "", at, at, at}},
	{1, 0, "segment_bits", "workspace_id, chunk, bits", []any{1, 0, append(blob{2}, make(blob, 31)...)}},
	{1, 7, "segment_changes", "workspace_id, id, segment_id, contact_id, entered, request_id, at", []any{1, models.NewID(at), 1, 1, true, request, at}},
	{7, 0, "segment_changes", "workspace_id, id, segment_id, contact_id, entered, cause, request_id, at", []any{1, models.NewID(at), 1, 1, true, "call", request, at}},
	{1, 0, "dirty_contacts", "workspace_id, contact_id, request_id, at", []any{1, 1, request, at}},
	{18, 0, "call_marks", "workspace_id, packed, at", []any{1, blob(models.PackCallMarks([]models.CallMark{{ContactID: 1, RequestID: request}})), at}},
	{1, 12, "automation_events", eventColumns, []any{1, models.NewID(at), "contact_subscribed_confirmed", 1, 3, 1, request, "{}", "pending", at}},
	{12, 17, "automation_events", eventColumns, []any{1, models.NewID(at), "contact_subscribed_confirmed", 1, 3, 1, request, "{}", "unclaimed", at}},
	{40, 0, "automation_events", eventColumns, []any{1, models.NewID(at), "tag_added", 1, 3, 1, request, "{}", "pending", at}},
	{40, 0, "automations", "workspace_id, name, enabled, definition, revision, created_at, updated_at", []any{1, "Welcome", true, "{}", 1, at, at}},
	{40, 0, "automation_versions", "workspace_id, automation_id, revision, definition, created_at", []any{1, 1, 1, "{}", at}},
	{40, 0, "automation_runs", "workspace_id, id, automation_id, revision, event_id, contact_id, contact_version, depth, state, step, due_at", []any{1, request, 1, 1, request, 1, 3, 0, "waiting", 1, at}},
	{40, 0, "run_steps", "workspace_id, run_id, number, step_id, result, at", []any{1, request, 0, 1, "done", at}},
	{40, 0, "destinations", "workspace_id, name, url, secret, ending, enabled, created_at, updated_at", []any{1, "CRM", "https://crm.example/in", blob{1}, "q8Zt", true, at, at}},
	{40, 0, "deliveries", "workspace_id, id, destination_id, event_type, event_id, contact_id, contact_version, body, state, next_at", []any{1, request, 1, "contact.subscribed", request, 1, 3, blob{1}, "pending", at}},
	{41, 42, "webhook_states", "workspace_id, webhook_id, kind, since", []any{1, 1, "webhook_silent", at}},
	{42, 0, "webhook_states", "workspace_id, webhook_id, kind, seen_at", []any{1, 1, "webhook_silent", at}},
	{41, 0, "team_mails", "workspace_id, automation_id, user_id, words, waiting, first_at, next_at", []any{1, 1, 1, "a webhook falls silent", 2, at, at}},
	{40, 0, "delivery_attempts", "workspace_id, delivery_id, number, at, status, error, duration_us, answer", []any{1, request, 1, at, 500, "status", 900, blob{1}}},
	{1, 17, "webhook_requests", requestColumns,
		[]any{1, request, 1, 1, 3, models.AddressKey(1, "marta@example.com"), "marta@example.com", "POST", "application/json", "created", 200, 900, 40}},
	{17, 0, "webhook_requests", requestColumns + ", event",
		[]any{1, request, 1, 1, 3, models.AddressKey(1, "marta@example.com"), "marta@example.com", "POST", "application/json", "created", 200, 900, 40, "contact_subscribed_confirmed"}},
	{1, 0, "webhook_counts", "workspace_id, webhook_id, hour, outcome, failed, calls, last_call", []any{1, 1, at, "created", false, 1, at}},
	{1, 0, "audit_log", "workspace_id, id, user_id, action, subject, subject_id, detail, at", []any{1, models.NewID(at), 1, "contact.updated", "contact", 1, `{"fields":["city"],"version":2}`, at}},
	{2, 0, "invitations", "workspace_id, email, role, invited_by, created_at, expires_at", []any{1, "otto@example.com", "viewer", 1, at, at.Add(time.Hour)}},
	{2, 0, "jobs", "workspace_id, kind, user_id, state, spec, cursor, done, total, result, failure, tries, holder, lease_until, created_at, updated_at, finished_at",
		[]any{1, "bulk", 1, "done", "{}", "{}", 5, 5, "{}", "", 0, "", at, at, at, at}},
	{3, 0, "contact_days", "workspace_id, day, subscribed, unconfirmed, unsubscribed", []any{1, at.Format(time.DateOnly), 1, 0, 0}},
	{4, 0, "job_files", "workspace_id, job_id, name, part, data", []any{1, 1, "refused", 0, blob("line")}},
	{5, 0, "form_posts", "user_id, form_key, location, created_at", []any{1, blob{4}, "/w/books", at}},
	{7, 0, "segment_bulk_changes", "workspace_id, id, segment_id, span, entered, departed, cause, at", []any{1, models.NewID(at), 1, 0, blob(span), blob{}, "rule", at}},
	{7, 0, "segment_due", "workspace_id, chunk, due_at", []any{1, 0, at.Add(time.Hour)}},
	{7, 0, "segment_days", "workspace_id, segment_id, day, size", []any{1, 1, at.Format(time.DateOnly), 1}},
	{7, 0, "segment_checks", "workspace_id, next_chunk, total_chunks, differences, started_at, finished_at", []any{1, 1, 1, 0, at, at}},
}

// TestEveryMigrationKeepsTheRows fills every table that existed before a migration, migrates, and reads the rows as the
// program's pages do. It does so for each migration, on both databases.
func TestEveryMigrationKeepsTheRows(t *testing.T) {
	t.Parallel()
	first := int64(2)
	if testing.Short() { // make test-all tries them all
		first = migrations.Newest("sqlite") - 2
	}
	for number := first; number <= migrations.Newest("sqlite"); number++ {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Run("sqlite", func(t *testing.T) {
				t.Parallel()
				keepsRows(t, number, "sqlite://"+filepath.Join(t.TempDir(), "test.db"))
			})
			t.Run("postgres", func(t *testing.T) { t.Parallel(); keepsRows(t, number, dbtest.PostgresURL(t)) })
		})
	}
}

func keepsRows(t *testing.T, number int64, url string) {
	db, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if db.Dialect == store.Postgres {
		execute(t, db.Pool(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	}
	if err := migrations.UpTo(t.Context(), db.Pool(), string(db.Dialect), number-1); err != nil {
		t.Fatal(err)
	}
	if err := db.EnsureLogDays(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	there := map[string]int64{}
	for _, r := range rows {
		if r.since >= number || r.until != 0 && r.until < number {
			continue
		}
		there[r.table]++
		insert := "INSERT INTO " + r.table + " (" + r.columns + ") VALUES (?" + strings.Repeat(", ?", len(r.values)-1) + ")"
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(insert, r.values...).Error }); err != nil {
			t.Fatalf("%s: %v", r.table, err)
		}
	}
	if err := migrations.Run(t.Context(), db.Pool(), string(db.Dialect)); err != nil {
		t.Fatal(err)
	}
	delete(there, "automation_events") // migration 17 moves them into the log
	for table, want := range there {
		var got int64
		if err := db.Read(t.Context()).Table(table).Count(&got).Error; err != nil || got != want {
			t.Errorf("%s: got %d rows (%v), want the %d from before", table, got, err, want)
		}
	}
	readsAsBefore(t, db, there)
}

// readsAsBefore reads the rows through the program.
func readsAsBefore(t *testing.T, db *store.DB, there map[string]int64) {
	t.Helper()
	ctx := t.Context()
	ws, err := store.First[models.Workspace](db.Read(ctx).Where("slug = 'books'"))
	if err != nil || ws.TimeZone != "Europe/Vienna" || ws.DeletedAt != nil {
		t.Errorf("got %+v (%v), want the workspace", ws, err)
	}
	members, err := db.Members(ctx, 1)
	if err != nil || len(members) != 1 || members[0].Role != models.RoleAdmin || members[0].Email != "ines@example.com" {
		t.Errorf("got the members %+v (%v)", members, err)
	}
	hook, err := db.Webhook(ctx, 1, 1)
	if err != nil || hook.Name != "Shop" || hook.Type != models.TypeSubscribed || !hook.Enabled {
		t.Errorf("got the webhook %+v (%v)", hook, err)
	}
	c, err := db.Contact(ctx, 1, 1)
	if err != nil || c.Email != "marta@example.com" || c.Fields["city"] != "Wien" || c.Version != 3 || !c.SubscribedAt.Equal(at) {
		t.Errorf("got the contact %+v (%v)", c, err)
	}
	h, err := db.ContactHistory(ctx, c, "", uuid.Nil)
	moves := there["segment_bulk_changes"] + 1
	if err != nil || len(h.Requests) != 1 || h.Requests[0].Fired() != models.EventConfirmed || len(h.Changes) != 1 || int64(len(h.Moves)) != moves {
		t.Errorf("got the history %+v (%v), want a call, its event, an edit and %d moves", h, err, moves)
	}
	changes, _, err := (segments.Store{DB: db, Now: time.Now}).Changes(ctx, 1, 1, segments.NewestChanges, 10)
	if err != nil || int64(len(changes)) != moves || !slices.ContainsFunc(changes, func(c segments.Change) bool { return c.Cause == models.CauseCall && c.ContactID == 1 && c.Entered }) {
		t.Errorf("got the segment's changes %+v (%v), want the one that the call caused", changes, err)
	}
	days, err := db.WebhookDays(ctx, 1, at.Add(time.Hour))
	if err != nil || len(days) != 1 || days[0].Calls != 1 {
		t.Errorf("got the counted calls %+v (%v)", days, err)
	}
	if there["invitations"] > 0 {
		if i, err := db.Invitations(ctx, 1); err != nil || len(i) != 1 || i[0].Email != "otto@example.com" {
			t.Errorf("got the invitations %+v (%v)", i, err)
		}
	}
	if there["jobs"] > 0 {
		if j, err := db.Job(ctx, 1, 1); err != nil || j.State != models.JobDone || j.Done != 5 {
			t.Errorf("got the job %+v (%v)", j, err)
		}
	}
	verifies(t, db)
}

// verifies lets the ticker process the mark, compares every stored membership with its rule, and makes a call.
func verifies(t *testing.T, db *store.DB) {
	t.Helper()
	ticker := segments.New(db, segments.Options{Now: func() time.Time { return at.Add(time.Minute) }})
	found, err := ticker.Verify(t.Context(), 1, func(int64, int64) {})
	if err != nil || found.Contacts != 1 || found.Differences != 0 {
		t.Errorf("got %+v (%v), want every membership as the rules say", found, err)
	}
	pipeline := intake.New(db, intake.Options{Wait: time.Minute})
	defer pipeline.Close(t.Context())
	hash, there, err := pipeline.Lookup(t.Context(), "hash-of-the-shop")
	if err != nil || !there {
		t.Fatalf("got %v, %v, want the webhook's address to work", there, err)
	}
	answer, err := pipeline.Submit(t.Context(), intake.Call{ID: models.NewID(at.Add(time.Second)), ArrivedAt: at.Add(time.Second), Method: "GET", Hash: hash,
		Submission: intake.Decode(intake.Request{Method: "GET", Query: "email_address=marta@example.com&city=Graz"})})
	if c, readErr := db.Contact(t.Context(), 1, 1); err != nil || answer.Status != 200 || readErr != nil || c.Fields["city"] != "Graz" || c.Version != 4 {
		t.Errorf("got %+v (%v) and the contact %+v (%v), want that a call still works", answer, err, c, readErr)
	}
}

// TestEveryTableHasARow keeps rows complete: without a row, no migration that changes a table would be tested on it.
func TestEveryTableHasARow(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.SQLiteURL(t))
	var tables []string
	err := db.Read(t.Context()).Raw("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'").Scan(&tables).Error
	if err != nil || len(tables) < 20 {
		t.Fatalf("got the tables %v (%v)", tables, err)
	}
	for _, table := range tables {
		if !slices.ContainsFunc(rows, func(r row) bool { return r.table == table }) {
			t.Errorf("add a row of the table %s to the list above, with the number of the migration after which it can be stored", table)
		}
	}
}

package jobs

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/intake"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// space is a workspace with rows in every table.
type space struct {
	models.Workspace
	webhook models.Webhook
	member  models.User
}

// fillSpace creates a workspace with this many contacts and calls.
func fillSpace(t *testing.T, db *store.DB, slug string, contacts int) space {
	t.Helper()
	ctx, now := t.Context(), models.Instant(time.Now())
	var s space
	do := func(fn func(tx *gorm.DB) error) {
		t.Helper()
		if err := db.Write(ctx, fn); err != nil {
			t.Fatal(err)
		}
	}
	do(func(tx *gorm.DB) error {
		s.Workspace = models.Workspace{Slug: slug, Name: slug, TimeZone: "UTC", CreatedAt: now}
		s.member = models.User{Email: slug + "@example.com", PasswordHash: "none", CreatedAt: now}
		for _, row := range []any{&s.Workspace, &s.member} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		if err := tx.Create(&models.Membership{WorkspaceID: s.ID, UserID: s.member.ID, Role: models.RoleAdmin, CreatedAt: now}).Error; err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO workspace_counters (workspace_id, next_contact_id) VALUES (?, ?)", s.ID, contacts+1).Error; err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO contact_days (workspace_id, day, subscribed, unconfirmed, unsubscribed) VALUES (?, '2026-11-01', 1, 0, 0)", s.ID).Error; err != nil {
			return err
		}
		for _, row := range []string{"contact_words (workspace_id, word, contact_id) VALUES (?, 'otto', 1)", "contact_word_fills (workspace_id, after_id) VALUES (?, 0)", "unindexed_names (workspace_id, contact_ids) VALUES (?, '')",
			"former_addresses (workspace_id, contact_id, address, changed_at) VALUES (?, 1, 'old@example.com', '2026-11-01')",
			"contact_edits (workspace_id, contact_id, id, detail) VALUES (?, 1, '01a17733-0000-7000-8000-000000000001', '{}')",
			"contact_counts (workspace_id, whole, counts) VALUES (?, true, '{}')", "import_ranges (workspace_id, job_id, first_id, last_id) VALUES (?, 1, 1, 5)",
			"replays (workspace_id, original_id, request_id) VALUES (?, '01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002')",
			"erasures (workspace_id, who, at) VALUES (?, 5, '2026-11-01')", "dismissals (workspace_id, webhook_id, outcome, at) VALUES (?, 1, 'no_address', '2026-11-01')",
			"righted_calls (workspace_id, hour, webhook_id, outcome, calls) VALUES (?, '2026-11-01', 1, 'no_address', 12)",
			"fine_fields (workspace_id, webhook_id, name) VALUES (?, 1, 'customer_number')",
			"webhook_states (workspace_id, webhook_id, kind, seen_at) VALUES (?, 1, 'webhook_silent', '2026-11-01')",
			"team_mails (workspace_id, automation_id, user_id, words, waiting, first_at, next_at) VALUES (?, 1, 1, 'a webhook falls silent', 1, '2026-11-01', '2026-11-01')"} {
			if err := tx.Exec("INSERT INTO "+row, s.ID).Error; err != nil {
				return err
			}
		}
		err := tx.Exec("INSERT INTO segment_bulk_changes (workspace_id, id, segment_id, span, entered, departed, cause, at) VALUES (?, ?, 1, 0, ?, ?, 'rule', ?)",
			s.ID, models.NewID(now), []byte{0, 1}, []byte{}, now).Error
		if err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO segment_due (workspace_id, chunk, due_at) VALUES (?, 0, ?)", s.ID, now.AddDate(1, 0, 0)).Error; err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO segment_days (workspace_id, segment_id, day, size) VALUES (?, 1, '2026-11-01', 1)", s.ID).Error; err != nil {
			return err
		}
		err = tx.Exec("INSERT INTO segment_checks (workspace_id, next_chunk, total_chunks, differences, started_at, finished_at) VALUES (?, 1, 1, 0, ?, ?)", s.ID, now, now).Error
		if err != nil {
			return err
		}
		return tx.Exec("INSERT INTO invitations (workspace_id, email, role, invited_by, created_at, expires_at) VALUES (?, 'otto@example.com', 'viewer', 1, ?, ?)", s.ID, now, now).Error
	})
	w, errs, err := db.CreateWebhook(ctx, s.ID, s.member.ID, models.WebhookForm{Name: "Shop", Type: models.TypeSubscribed, NewTags: []string{"vip"}}, now)
	if err != nil || errs.Any() {
		t.Fatal(err, errs)
	}
	s.webhook = w
	do(func(tx *gorm.DB) error {
		for _, row := range []any{
			&models.WebhookSecret{WorkspaceID: s.ID, WebhookID: w.ID, Slot: models.SecretNewer, Sealed: []byte{1}, CreatedAt: now},
			&models.WebhookDelivery{WorkspaceID: s.ID, WebhookID: w.ID, Key: []byte{1}, RequestID: models.NewID(now), At: now},
			&models.WebhookHour{WorkspaceID: s.ID, WebhookID: w.ID, Hour: now.Truncate(time.Hour), TurnedAway: 1},
		} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if _, errs, err := db.CreateMergeTag(ctx, s.ID, s.member.ID, models.MergeTag{Key: "city", Label: "City", Type: models.MergeTagText}, now); err != nil || errs.Any() {
		t.Fatal(err, errs)
	}
	rule := rule.Group{Join: rule.All, Filters: []rule.Filter{rule.Of(rule.Condition{Type: rule.TypeStatus, Operator: rule.Is, Value: models.Text("SUBSCRIBED")})}}
	if _, err := (segments.Store{DB: db, Now: time.Now}).Create(ctx, s.ID, s.member.ID, "Readers", rule); err != nil {
		t.Fatal(err)
	}
	var tag models.Tag
	if err := db.Read(ctx).Where("workspace_id = ?", s.ID).Take(&tag).Error; err != nil {
		t.Fatal(err)
	}
	for from := 0; from < contacts; from += 200 {
		do(func(tx *gorm.DB) error { return fillContacts(tx, s, tag, from, min(from+200, contacts), now) })
	}
	do(func(tx *gorm.DB) error {
		bits := models.SegmentBits{WorkspaceID: s.ID, Chunk: 99, Bits: []byte{0}}
		job := models.NewJob(s.ID, s.member.ID, models.JobBulk, nil)
		if err := tx.Create(&bits).Error; err != nil {
			return err
		}
		automation := models.Automation{WorkspaceID: s.ID, Name: "Welcome", Definition: "{}", Revision: 1, CreatedAt: now, UpdatedAt: now}
		version := models.AutomationVersion{WorkspaceID: s.ID, AutomationID: 1, Revision: 1, Definition: "{}", CreatedAt: now}
		destination := models.Destination{WorkspaceID: s.ID, Name: "CRM", URL: "https://crm.example/in", Secret: []byte{1}, CreatedAt: now, UpdatedAt: now}
		for _, row := range []any{&automation, &version, &destination} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		if err := store.CreateJob(tx, &job, now.Add(time.Hour)); err != nil {
			return err
		}
		_, err := store.AddJobFile(tx, job, store.JobFileSource, 0, make([]byte, 20*store.JobFilePart))
		return err
	})
	return s
}

func fillContacts(tx *gorm.DB, s space, tag models.Tag, from, to int, now time.Time) error {
	for i := from; i < to; i++ {
		id, email := int64(i+1), fmt.Sprintf("c%d@example.com", i)
		request, key := models.NewID(now), models.AddressKey(s.ID, email)
		snapshot := "{}"
		for _, row := range []any{
			&models.Contact{WorkspaceID: s.ID, ID: id, Email: email, Status: models.StatusSubscribed, Fields: map[string]string{"city": "Wien"}, Version: 1, CreatedAt: now, UpdatedAt: now},
			&models.ContactTag{WorkspaceID: s.ID, ContactID: id, TagID: tag.ID},
			&models.WebhookRequest{WorkspaceID: s.ID, ID: request, WebhookID: s.webhook.ID, ContactID: &id, AddressKey: &key, Address: &email, Method: "POST", Outcome: models.OutcomeCreated, Status: 200, Body: make([]byte, 300)},
			&models.AutomationEvent{WorkspaceID: s.ID, ID: models.NewID(now), Type: models.EventConfirmed, ContactID: id, ContactVersion: 1, WebhookID: s.webhook.ID, RequestID: &request, Snapshot: &snapshot, State: models.EventStateHandled, CreatedAt: now},
			&models.AutomationRun{WorkspaceID: s.ID, ID: request, AutomationID: 1, Revision: 1, EventID: request, ContactID: id, State: models.RunDone, DueAt: now, EndedAt: &now},
			&models.RunStep{WorkspaceID: s.ID, RunID: request, StepID: 1, Result: "done", At: now},
			&models.Delivery{WorkspaceID: s.ID, ID: request, DestinationID: 1, EventType: "contact.created", EventID: request, ContactID: id, State: models.DeliveryPending, NextAt: now},
			&models.DeliveryAttempt{WorkspaceID: s.ID, DeliveryID: request, Number: 1, At: now, Status: 500, Error: "status"},
			&models.SegmentChange{WorkspaceID: s.ID, ID: models.NewID(now), SegmentID: 1, ContactID: id, Entered: true, At: now},
			&models.DirtyContact{WorkspaceID: s.ID, ContactID: id, At: now},
			&models.CallMarks{WorkspaceID: s.ID, Packed: models.PackCallMarks([]models.CallMark{{ContactID: id, RequestID: request}}), At: now},
			&store.WebhookCount{WorkspaceID: s.ID, WebhookID: s.webhook.ID, Hour: now.Truncate(time.Hour), Outcome: models.OutcomeCreated, Calls: 1, LastCall: now},
		} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
	}
	return nil
}

// rowsByTable counts a workspace's rows in every table that has a workspace_id, as the database itself lists them: a table
// that comes later is among them.
func rowsByTable(t *testing.T, db *store.DB, workspaceID int64) map[string]int64 {
	t.Helper()
	query := "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c ON c.name = 'workspace_id' WHERE m.type = 'table'"
	if db.Dialect == store.Postgres {
		query = `SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
			WHERE c.column_name = 'workspace_id' AND c.table_schema = 'public' AND t.table_type = 'BASE TABLE'`
	}
	var tables []string
	if err := db.Read(t.Context()).Raw(query).Scan(&tables).Error; err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, table := range tables {
		var n int64
		if err := db.Read(t.Context()).Table(table).Where("workspace_id = ?", workspaceID).Count(&n).Error; err != nil {
			t.Fatal(err)
		}
		rows[table] = n
	}
	return rows
}

// callers calls the webhook repeatedly until stop, mostly for new contacts. It counts the answers after the deletion by
// status.
type callers struct {
	deleted atomic.Bool
	stop    atomic.Bool
	wg      sync.WaitGroup
	mu      sync.Mutex
	after   map[int]int
	before  map[int]int
}

func (s *callers) start(t *testing.T, pipe *intake.Pipeline, w models.Webhook) {
	s.after, s.before = map[int]int{}, map[int]int{}
	for n := range 4 {
		s.wg.Go(func() {
			for i := 0; !s.stop.Load(); i++ {
				was := s.deleted.Load()
				now := time.Now()
				hash, found, err := pipe.Lookup(context.Background(), w.Hash)
				answer := intake.Answer{Status: 404}
				if err == nil && found {
					call := intake.Call{ID: models.NewID(now), ArrivedAt: now, Hash: hash, Method: "GET",
						Submission: intake.Decode(intake.Request{Method: "GET", Query: fmt.Sprintf("email_address=n%d-%d%%40example.com", n, i)})}
					answer, err = pipe.Submit(context.Background(), call)
				}
				if err != nil {
					t.Error(err)
					return
				}
				s.mu.Lock()
				if was {
					s.after[answer.Status]++
				} else {
					s.before[answer.Status]++
				}
				s.mu.Unlock()
			}
		})
	}
}

// answered is how many calls had an answer, before and after the deletion.
func (s *callers) answered() (before, after int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.before {
		before += n
	}
	for _, n := range s.after {
		after += n
	}
	return before, after
}

// Calls come in, segments are recalculated and chores run while a workspace is deleted. From then on its hash answers
// 404, and finally no table has any of its rows; another workspace keeps everything.
func TestNothingIsLeftOfADeletedWorkspace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), newClock()
		books, music := fillSpace(t, db, "books", 1100), fillSpace(t, db, "music", 20)
		for table, n := range rowsByTable(t, db, books.ID) {
			if n == 0 && !strings.HasPrefix(table, "webhook_requests_") { // a day of the log
				t.Errorf("%s has no row to begin with: fillSpace should give it one", table)
			}
		}
		ticker := segments.New(db, segments.Options{Log: quiet()})
		settle(t, ticker)
		if err := db.FoldWebhookCounts(ctx, c.now().Add(-2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		kept := rowsByTable(t, db, music.ID)
		replicas := []*intake.Pipeline{intake.New(db, intake.Options{Log: quiet(), Wait: time.Minute}), intake.New(db, intake.Options{Log: quiet(), Wait: time.Minute})}
		var calls [2]callers
		for i, pipe := range replicas {
			defer pipe.Close(context.Background())
			calls[i].start(t, pipe, books.webhook)
		}
		until(t, func() bool { a, _ := calls[0].answered(); b, _ := calls[1].answered(); return a > 20 && b > 20 })

		if err := db.DeleteWorkspace(ctx, books.Workspace, books.member.ID, c.now()); err != nil {
			t.Fatal(err)
		}
		for i := range calls {
			calls[i].deleted.Store(true)
		}
		if err := db.DeleteWorkspace(ctx, books.Workspace, books.member.ID, c.now()); store.ErrorCode(err) != models.CodeNotFound {
			t.Errorf("got %v for a second deletion, want not found", err)
		}
		until(t, func() bool { _, a := calls[0].answered(); _, b := calls[1].answered(); return a > 20 && b > 20 })
		removal := watched(t, db, c)
		for turns := 0; ; turns++ {
			if _, err := removal.Turn(ctx); err != nil {
				t.Fatal(err)
			}
			settle(t, ticker)
			for _, chore := range []func(context.Context, time.Time) error{db.PurgeTags, db.PurgeMergeTags, db.DropOldAudit, db.ResumeRemovals,
				func(ctx context.Context, now time.Time) error { return db.FoldWebhookCounts(ctx, now.Add(-time.Hour)) }} {
				if err := chore(ctx, c.now()); err != nil {
					t.Fatal(err)
				}
			}
			if turns == 2 {
				c.pass(31 * time.Second)
			}
			if there, err := store.First[models.Workspace](db.Read(ctx).Where("id = ?", books.ID)); store.ErrorCode(err) == models.CodeNotFound {
				break
			} else if turns > 200 {
				t.Fatalf("after %d turns the workspace is still there (%v, %v); left: %v", turns, there.DeletedAt, err, rowsByTable(t, db, books.ID))
			}
		}
		for i := range calls {
			calls[i].stop.Store(true)
			calls[i].wg.Wait()
			if n := len(calls[i].after); n != 1 || calls[i].after[404] == 0 {
				t.Errorf("got answers %v after the deletion, want 404 only", calls[i].after)
			}
		}
		for table, n := range rowsByTable(t, db, books.ID) {
			if n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		if got := rowsByTable(t, db, music.ID); !maps.Equal(got, kept) {
			t.Errorf("the other workspace has %v, want %v", got, kept)
		}
		if there, err := db.WorkspacesOf(ctx, books.member.ID); err != nil || len(there) != 0 {
			t.Errorf("got %v, %v, want a person without a workspace", there, err)
		}
	})
}

// watched returns a runner that checks that no step removes more than 500 rows.
func watched(t *testing.T, db *store.DB, c *clock) *Runner {
	r := New(db, quiet(), c.now)
	var longest time.Duration
	r.steps[models.JobRemove] = func(ctx context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
		before, start := job.Done, time.Now()
		err := removeWorkspace(ctx, tx, job, now)
		if n := job.Done - before; n > 500 {
			t.Errorf("a step removed %d rows", n)
		}
		longest = max(longest, time.Since(start))
		return err
	}
	t.Cleanup(func() { t.Logf("the longest step took %v", longest) })
	return r
}

func settle(t *testing.T, ticker *segments.Ticker) {
	t.Helper()
	for busy := true; busy; {
		var err error
		if busy, err = ticker.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// until waits until came returns true.
func until(t *testing.T, came func() bool) {
	t.Helper()
	for limit := time.Now().Add(30 * time.Second); !came(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("waited for 30 s")
		}
	}
}

// TestARemovalCountsInTheBackground checks that a deletion does not wait for a count, and that progress is known soon
// after.
func TestARemovalCountsInTheBackground(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), newClock()
		s := fillSpace(t, db, "books", 600)
		if err := db.DeleteWorkspace(ctx, s.Workspace, s.member.ID, c.now()); err != nil {
			t.Fatal(err)
		}
		progress := func() (done, total int64) {
			all, err := db.RemovalsOf(ctx, s.member.ID)
			if err != nil || len(all) != 1 {
				t.Fatalf("got %v, %v, want one removal", all, err)
			}
			return all[0].Done, all[0].Total
		}
		if done, total := progress(); done != 0 || total != 0 {
			t.Errorf("got %d of %d right after the deletion, want nothing counted yet", done, total)
		}
		var want int64
		for table, n := range rowsByTable(t, db, s.ID) {
			if table != "jobs" && !strings.HasPrefix(table, "webhook_requests_") { // the job itself; days of the log are in it
				want += n
			}
		}
		r := New(db, quiet(), c.now)
		for done := int64(0); done == 0; done, _ = progress() {
			if _, err := r.Turn(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if _, total := progress(); total != want {
			t.Errorf("got a total of %d, want %d rows", total, want)
		}
	})
}

// TestARemovalDoesNotDependOnItsCount writes while rows are counted, and makes the fourth count fail like one that takes too
// long.
func TestARemovalDoesNotDependOnItsCount(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), newClock()
		s := fillSpace(t, db, "books", 10)
		if err := db.DeleteWorkspace(ctx, s.Workspace, s.member.ID, c.now()); err != nil {
			t.Fatal(err)
		}
		counts := 0
		onCount := func(tx *gorm.DB) {
			if !strings.Contains(tx.Statement.SQL.String(), "AS few") {
				return
			}
			if counts++; counts > 3 {
				tx.AddError(context.DeadlineExceeded)
				return
			}
			soon, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			if err := db.Write(soon, func(tx *gorm.DB) error { return tx.Exec("UPDATE users SET email = email").Error }); err != nil {
				t.Errorf("got %v, want that others can write while rows are counted", err)
			}
		}
		register := func(g *gorm.DB) error { return g.Callback().Row().Before("gorm:row").Register("test:count", onCount) }
		if err := db.Write(ctx, register); err != nil {
			t.Fatal(err)
		}
		if db.Dialect == store.SQLite { // reads have a separate pool
			if err := register(db.Read(ctx)); err != nil {
				t.Fatal(err)
			}
		}
		r := New(db, quiet(), c.now)
		for range 10 {
			r.Turn(ctx)
			c.pass(time.Second)
			if all, err := db.RemovalsOf(ctx, s.member.ID); err == nil && len(all) == 1 && all[0].Done > 0 {
				if all[0].Total != 0 {
					t.Errorf("got a total of %d, want none after a count that failed", all[0].Total)
				}
				return
			}
		}
		t.Error("nothing is removed, since the rows cannot be counted")
	})
}

// A removal that ended early is started again, once, with any number of replicas.
func TestARemovalIsResumed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, c := t.Context(), newClock()
		s := fillSpace(t, db, "books", 3)
		if err := db.DeleteWorkspace(ctx, s.Workspace, s.member.ID, c.now()); err != nil {
			t.Fatal(err)
		}
		err := db.Write(ctx, func(tx *gorm.DB) error {
			return tx.Exec("UPDATE jobs SET state = 'failed' WHERE kind = 'remove_workspace'").Error
		})
		if err != nil {
			t.Fatal(err)
		}
		var replicas sync.WaitGroup
		for range 3 {
			replicas.Go(func() {
				if err := db.ResumeRemovals(ctx, c.now()); err != nil {
					t.Error(err)
				}
			})
		}
		replicas.Wait()
		var running []models.Job
		if err := db.Read(ctx).Where("kind = ? AND state = ?", models.JobRemove, models.JobRunning).Find(&running).Error; err != nil || len(running) != 1 {
			t.Fatalf("got %d removals under way (%v), want 1", len(running), err)
		}
		going, err := db.RemovalsOf(ctx, s.member.ID)
		if err != nil || len(going) != 1 || going[0].Name != "books" {
			t.Errorf("got %v, %v, want that its member sees it go", going, err)
		}
	})
}

package store_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// newWorkspace creates a workspace for a test.
func newWorkspace(t *testing.T, db *store.DB, slug string) models.Workspace {
	t.Helper()
	w := models.Workspace{Slug: slug, Name: slug, TimeZone: "UTC", CreatedAt: noon}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&w).Error }); err != nil {
		t.Fatal(err)
	}
	return w
}

func newWebhook(t *testing.T, db *store.DB, workspaceID int64, name string) models.Webhook {
	t.Helper()
	w, errs, err := db.CreateWebhook(t.Context(), workspaceID, 0, models.WebhookForm{Name: name, Type: models.TypeSubscribed}, noon)
	if err != nil || errs.Any() {
		t.Fatal(err, errs)
	}
	return w
}

// count inserts a delta row like the intake.
func count(t *testing.T, db *store.DB, w models.Webhook, hour time.Time, outcome models.Outcome, failed bool, calls int64, last time.Time) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Create(&store.WebhookCount{WorkspaceID: w.WorkspaceID, WebhookID: w.ID, Hour: hour, Outcome: outcome, Failed: failed, Calls: calls, LastCall: last}).Error
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWebhooksAreListedWithTheirCalls(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws, other := newWorkspace(t, db, "books"), newWorkspace(t, db, "music")
		silent, old, busy := newWebhook(t, db, ws.ID, "silent"), newWebhook(t, db, ws.ID, "old"), newWebhook(t, db, ws.ID, "busy")
		elsewhere := newWebhook(t, db, other.ID, "elsewhere")
		count(t, db, busy, noon.Add(-time.Hour), models.OutcomeCreated, false, 3, noon.Add(-30*time.Minute))
		count(t, db, busy, noon.Add(-time.Hour), models.OutcomeCreated, false, 2, noon.Add(-10*time.Minute))
		count(t, db, busy, noon.Add(-2*time.Hour), models.OutcomeBadAddress, true, 4, noon.Add(-90*time.Minute))
		count(t, db, busy, noon.Add(-30*time.Hour), models.OutcomeBadAddress, true, 100, noon.Add(-30*time.Hour))
		count(t, db, old, noon.Add(-50*time.Hour), models.OutcomeCreated, false, 7, noon.Add(-50*time.Hour))
		count(t, db, elsewhere, noon, models.OutcomeCreated, false, 1, noon)
		got, err := db.Webhooks(t.Context(), ws.ID, noon)
		if err != nil || len(got) != 3 {
			t.Fatalf("got %d webhooks (%v), want 3", len(got), err)
		}
		if got[0].ID != busy.ID || got[1].ID != old.ID || got[2].ID != silent.ID {
			t.Errorf("got %s, %s, %s, want busy, old, silent", got[0].Name, got[1].Name, got[2].Name)
		}
		if b := got[0]; b.Calls != 9 || b.Failures != 4 || b.LastCall == nil || !b.LastCall.Equal(noon.Add(-10*time.Minute)) {
			t.Errorf("got %d calls, %d failed, last %v, want 9, 4, 11:50", b.Calls, b.Failures, b.LastCall)
		}
		if o := got[1]; o.Calls != 0 || o.LastCall == nil {
			t.Errorf("got %d calls, last %v, want 0 and the call of two days ago", o.Calls, o.LastCall)
		}
		if got[2].LastCall != nil {
			t.Errorf("got last call %v of a webhook that was never called", got[2].LastCall)
		}
		why, err := db.WebhookFailures(t.Context(), ws.ID, busy.ID, noon)
		if want := []models.OutcomeCount{{Outcome: models.OutcomeBadAddress, Calls: 4}}; err != nil || !slices.Equal(why, want) {
			t.Errorf("got %v (%v), want %v", why, err, want)
		}
	})
}

func TestCountersAreFoldedWhileCallsArrive(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWebhook(t, db, newWorkspace(t, db, "books").ID, "shop")
		const writers, each = 4, 60
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				for j := range each {
					at := noon.Add(time.Duration(i*each+j) * time.Second)
					count(t, db, w, noon, models.OutcomeCreated, false, 1, at)
					count(t, db, w, noon, models.OutcomeNoAddress, true, 2, at)
				}
			})
		}
		for range 2 { // two replicas
			wg.Go(func() {
				for range 20 {
					if err := db.FoldWebhookCounts(t.Context(), noon); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if err := db.FoldWebhookCounts(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		use, err := db.WebhookUse(t.Context(), w.WorkspaceID, w.ID, noon)
		if want := int64(writers * each); err != nil || use.Calls != 3*want || use.Failures != 2*want {
			t.Errorf("got %d calls, %d failed (%v), want %d and %d", use.Calls, use.Failures, err, 3*want, 2*want)
		}
		if want := noon.Add((writers*each - 1) * time.Second); use.LastCall == nil || !use.LastCall.Equal(want) {
			t.Errorf("got last call %v, want %v", use.LastCall, want)
		}
		if rows := countRows(t, db); len(rows) != 2 {
			t.Errorf("got %d rows, want 2: one for each outcome", len(rows))
		}
	})
}

func countRows(t *testing.T, db *store.DB) []store.WebhookCount {
	t.Helper()
	var rows []store.WebhookCount
	if err := db.Read(t.Context()).Order("id").Find(&rows).Error; err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestFoldGoesInStepsAndKeepsKindsApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWebhook(t, db, newWorkspace(t, db, "books").ID, "shop")
		other := newWebhook(t, db, w.WorkspaceID, "form")
		var rows []store.WebhookCount
		for i := range 2500 { // more than one step
			rows = append(rows, store.WebhookCount{WorkspaceID: w.WorkspaceID, WebhookID: w.ID, Hour: noon.Add(time.Duration(i%2) * time.Hour), Outcome: models.OutcomeCreated, Calls: 1, LastCall: noon})
		}
		rows = append(rows, store.WebhookCount{WorkspaceID: w.WorkspaceID, WebhookID: other.ID, Hour: noon, Outcome: models.OutcomeCreated, Calls: 5, LastCall: noon})
		early := noon.Add(-5 * time.Hour)
		for range 2 {
			rows = append(rows, store.WebhookCount{WorkspaceID: w.WorkspaceID, WebhookID: other.ID, Hour: early, Outcome: models.OutcomeCreated, Calls: 1, LastCall: early})
		}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error }); err != nil {
			t.Fatal(err)
		}
		if err := db.FoldWebhookCounts(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, r := range countRows(t, db) {
			got[r.Hour.UTC().Format("15:04")] += r.Calls
		}
		if n := len(countRows(t, db)); n != 5 || got["12:00"] != 1255 || got["13:00"] != 1250 || got["07:00"] != 2 {
			t.Errorf("got %d rows with %v, want 5: the hour before since is left alone", n, got)
		}
		before := countRows(t, db)
		if err := db.FoldWebhookCounts(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		if after := countRows(t, db); after[0].ID != before[0].ID || after[len(after)-1].ID != before[len(before)-1].ID {
			t.Error("rows that are folded were written again")
		}
	})
}

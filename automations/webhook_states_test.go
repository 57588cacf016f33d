package automations_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// called adds a call of a webhook to the counters, every other hour, as often as times, the last one at a time.
func (w *world) called(hook models.Webhook, last time.Time, times int) {
	w.t.Helper()
	var rows []store.WebhookCount
	for i := range times {
		at := last.Add(-time.Duration(2*i) * time.Hour)
		rows = append(rows, store.WebhookCount{WorkspaceID: w.ws.ID, WebhookID: hook.ID, Hour: at.Truncate(time.Hour), Outcome: models.OutcomeCreated, Calls: 1, LastCall: at})
	}
	w.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error })
}

// look lets two replicas look for unusual webhooks at the same time.
func (w *world) look() {
	w.t.Helper()
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := w.db.NoteUnusualWebhooks(w.t.Context(), w.now()); err != nil {
				w.t.Error(err)
			}
		})
	}
	both.Wait()
}

// TestAWebhookThatFallsSilentStartsARunOnce has a webhook fall silent, be called again and fall silent again, and a second one that is off.
func TestAWebhookThatFallsSilentStartsARunOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		hook, off := w.hooks[models.TypeSubscribed], w.hooks[models.TypeDelete]
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Webhook{}).Where("workspace_id = ? AND id = ?", w.ws.ID, off.ID).Update("enabled", false).Error
		})
		for _, h := range []models.Webhook{hook, off} {
			w.called(h, w.now().Add(-3*time.Hour), 100)
		}
		silent := func(want int, when string) {
			t.Helper()
			w.look()
			w.work()
			if got := w.sent(); len(got) != want {
				t.Fatalf("%s: got %d deliveries, want %d", when, len(got), want)
			}
		}
		silent(0, "nobody listens")
		w.automate("Silence", `{"triggers":[{"type":"webhook_silent"}],"steps":[{"type":"call","destination_id":1}]}`)
		silent(0, "called as usual")
		w.later(2 * time.Hour)
		silent(1, "silent for 5 hours")
		w.later(time.Hour)
		silent(1, "silent for an hour more")
		w.called(hook, w.now(), 1)
		silent(1, "called again")
		w.later(time.Hour)
		silent(1, "an hour later")
		w.later(20 * time.Hour)
		silent(2, "silent for the second time")
		last := w.sent()[1]
		if last.EventType != "webhook.silent" || last.Data.Cause.Webhook == nil || last.Data.Cause.Webhook.Name != hook.Name || last.Data.Contact != nil {
			t.Errorf("got %+v, want that the webhook is named and no contact", last)
		}
	})
}

// TestAWebhookThatFailsStartsARun also forgets the state when nobody listens any more.
func TestAWebhookThatFailsStartsARun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		hook := w.hooks[models.TypeSubscribed]
		w.called(hook, w.now().Add(-25*time.Hour), 100)
		refused := store.WebhookCount{WorkspaceID: w.ws.ID, WebhookID: hook.ID, Hour: w.now().Truncate(time.Hour), Outcome: models.OutcomeNoAddress, Failed: true, Calls: 20, LastCall: w.now()}
		w.write(func(tx *gorm.DB) error { return tx.Create(&refused).Error })
		a := w.automate("Failures", `{"triggers":[{"type":"webhook_failing"}],"steps":[{"type":"call","destination_id":1}]}`)
		w.look()
		w.work()
		if got := w.sent(); len(got) != 1 || got[0].EventType != "webhook.failing" {
			t.Fatalf("got %+v, want that it fails", got)
		}
		// near the limit: the rate goes below it and above it again
		share := func(calls int64) {
			w.write(func(tx *gorm.DB) error {
				return tx.Exec("UPDATE webhook_counts SET calls = ? WHERE failed", calls).Error
			})
			w.later(2 * time.Minute)
			w.look()
			w.work()
		}
		for range 3 {
			share(1)
			share(20)
		}
		if got := w.sent(); len(got) != 1 {
			t.Errorf("got %d deliveries, want the one of the beginning", len(got))
		}
		if err := w.store.Enable(t.Context(), a, 0, false); err != nil {
			t.Fatal(err)
		}
		w.later(time.Hour)
		w.look()
		if noted := rowsOf[models.WebhookState](w, "webhook_id"); len(noted) != 0 {
			t.Errorf("got %+v, want no state that nobody asks for", noted)
		}
	})
}

// TestANewWebhookThatFailsStartsARun has no earlier calls to compare with.
func TestANewWebhookThatFailsStartsARun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		hook := w.hooks[models.TypeSubscribed]
		w.automate("Failures", `{"triggers":[{"type":"webhook_failing"}],"steps":[{"type":"call","destination_id":1}]}`)
		count := store.WebhookCount{WorkspaceID: w.ws.ID, WebhookID: hook.ID, Hour: w.now().Truncate(time.Hour), Outcome: models.OutcomeNoAddress, Failed: true, Calls: 4, LastCall: w.now()}
		w.write(func(tx *gorm.DB) error { return tx.Create(&count).Error })
		for _, step := range []struct{ calls, want int }{{4, 0}, {8, 1}, {9, 1}} {
			w.write(func(tx *gorm.DB) error {
				return tx.Exec("UPDATE webhook_counts SET calls = ?", step.calls).Error
			})
			w.look()
			w.work()
			if got := w.sent(); len(got) != step.want {
				t.Errorf("%d calls that failed: got %d deliveries, want %d", step.calls, len(got), step.want)
			}
		}
	})
}

// TestAStepWithoutAContactSaysSo starts an automation that adds a tag by a webhook that falls silent: there is nobody who could get it.
func TestAStepWithoutAContactSaysSo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.called(w.hooks[models.TypeSubscribed], w.now().Add(-3*time.Hour), 100)
		w.automate("Both", fmt.Sprintf(`{"triggers":[{"type":"contact_created"},{"type":"webhook_silent"}],"steps":[{"type":"add_tag","tag_id":%d}]}`, w.tags["trial"].ID))
		w.later(3 * time.Hour)
		w.look()
		w.work()
		all := rowsOf[models.AutomationRun](w, "id")
		if len(all) != 1 {
			t.Fatalf("got %d runs, want one", len(all))
		}
		story, err := w.store.Run(t.Context(), w.ws.ID, all[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := story.Steps[len(story.Steps)-1].Told.Words; got != "What started it is about no contact, so there is nobody to change." {
			t.Errorf("got %q", got)
		}
	})
}

package live_test

import (
	"log/slog"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/live"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func add(t *testing.T, db *store.DB, workspace int64, status int, at time.Time) uuid.UUID {
	t.Helper()
	r := models.WebhookRequest{WorkspaceID: workspace, ID: models.NewID(at), WebhookID: 7, Method: "POST", Outcome: models.OutcomeCreated, Status: status}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&r).Error }); err != nil {
		t.Fatal(err)
	}
	return r.ID
}

// wait returns how many calls a page was told of, once they are as many as want.
func wait(t *testing.T, v *live.Viewer, want int) {
	t.Helper()
	late := time.After(20 * time.Second)
	for n := 0; n < want; {
		select {
		case <-v.Came:
			n += v.Take()
			if n > want {
				t.Fatalf("told of %d calls, want %d", n, want)
			}
		case <-late:
			t.Fatalf("told of %d calls, want %d", n, want)
		}
	}
}

// TestPagesLearnOfNewCalls watches with several filters. A call that commits late has an older id than others that are known, and is told of
// all the same; each call is told of once.
func TestPagesLearnOfNewCalls(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if err := db.EnsureLogDays(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		hub := live.New(db, slog.New(slog.DiscardHandler), time.Now)
		shown := add(t, db, 1, 200, time.Now().Add(-3*time.Second))
		missed := time.Now().Add(-2 * time.Second)
		add(t, db, 1, 200, missed)
		all, failed, other := hub.Watch(1, store.RequestFilter{}, shown), hub.Watch(1, store.RequestFilter{Outcome: models.OutcomesFailed}, shown), hub.Watch(2, store.RequestFilter{}, uuid.Nil)
		defer failed.Leave()
		defer other.Leave()
		wait(t, all, 1) // it came between the page and the first look
		add(t, db, 1, 400, time.Now())
		wait(t, failed, 1)
		add(t, db, 1, 404, time.Now().Add(-time.Second)) // its id is older than one that is known
		add(t, db, 2, 200, time.Now())
		wait(t, failed, 1)
		wait(t, all, 2)
		wait(t, other, 1)
		all.Leave()
		late := hub.Watch(1, store.RequestFilter{}, uuid.Nil)
		defer late.Leave()
		wait(t, late, 4)
	})
}

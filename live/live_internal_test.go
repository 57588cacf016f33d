package live

import (
	"log/slog"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestPagesLearnInTurnsWhileCallsWait opens 50 pages at the same time.
func TestPagesLearnInTurnsWhileCallsWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		waiting := int64(1)
		db.RestBeside(func() int64 { return waiting })
		if err := db.EnsureLogDays(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		hub := New(db, slog.New(slog.DiscardHandler), func() time.Time { return now })
		hub.looking = true // the test looks itself
		var pages []*Viewer
		for range 50 {
			pages = append(pages, hub.Watch(1, store.RequestFilter{}, models.IDAt(now.Add(-time.Minute))))
		}
		seen := map[int64]map[uuid.UUID]bool{}
		call := func() {
			r := models.WebhookRequest{WorkspaceID: 1, ID: models.NewID(now), WebhookID: 7, Method: "POST", Outcome: models.OutcomeCreated, Status: 200}
			if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&r).Error }); err != nil {
				t.Fatal(err)
			}
		}
		look := func() (told int) {
			if err := hub.look(1, false, seen); err != nil {
				t.Fatal(err)
			}
			for _, page := range pages {
				select {
				case <-page.Came:
					if told++; page.Take() == 0 {
						t.Error("a page was told of nothing")
					}
				default:
					if page.Take() > 0 {
						t.Error("a page that rests takes calls")
					}
				}
			}
			return told
		}
		call()
		all, most := 0, 0
		for range restLooks {
			told := look()
			all, most = all+told, max(most, told)
		}
		if all != len(pages) || most > len(pages)/2 {
			t.Errorf("told %d of %d pages, at most %d in one look; want each once, in turns", all, len(pages), most)
		}
		waiting = 0
		call()
		if told := look(); told != len(pages) {
			t.Errorf("told %d of %d pages once no call waits, want all", told, len(pages))
		}
		for range many {
			call()
		}
		if told := look(); told > 0 {
			t.Errorf("told %d pages while many calls come, want that they rest after the last time", told)
		}
	})
}

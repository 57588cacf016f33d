package store_test

import (
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestHoursAreReadAgainUnlessCallsWait counts one call and then another in the same hour.
func TestHoursAreReadAgainUnlessCallsWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		var waiting int64
		db.RestBeside(func() int64 { return waiting })
		hour := time.Now().UTC().Truncate(time.Hour)
		count := func(workspace int64) (calls int64) {
			hours, err := db.CallsByHour(t.Context(), workspace, 0, hour)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range hours {
				calls += h.Calls
			}
			return calls
		}
		add := func() {
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				return tx.Create(&store.WebhookCount{WorkspaceID: 1, WebhookID: 1, Hour: hour, Outcome: models.OutcomeCreated, Calls: 1, LastCall: hour}).Error
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		add()
		if got := count(1); got != 1 {
			t.Errorf("got %d calls, want 1", got)
		}
		waiting = 1
		if got := count(1); got != 1 {
			t.Errorf("got %d calls while calls wait, want 1", got)
		}
		add()
		if got, other := count(1), count(2); got != 1 || other != 0 {
			t.Errorf("got %d and %d calls of another workspace, want what was just read, and none", got, other)
		}
		waiting = 0
		if got := count(1); got != 2 {
			t.Errorf("got %d calls once none waits, want 2", got)
		}
	})
}

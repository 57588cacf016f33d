package store_test

import (
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestRecentHoursAreReadAgain counts calls of this hour, of the hour before and of an earlier one, and then one more of each.
func TestRecentHoursAreReadAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 5, 6, 12, 30, 0, 0, time.UTC)
		this := now.Truncate(time.Hour)
		hours := []time.Time{this.Add(-2 * time.Hour), this.Add(-time.Hour), this}
		add := func() {
			t.Helper()
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				for _, hour := range hours {
					row := store.WebhookCount{WorkspaceID: 1, WebhookID: 1, Hour: hour, Outcome: models.OutcomeCreated, Calls: 1, LastCall: hour}
					if err := tx.Create(&row).Error; err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		check := func(what string, workspace int64, since, now time.Time, want ...int64) {
			t.Helper()
			counted, err := db.CallsByHour(t.Context(), workspace, 0, since, now)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, h := range counted {
				got = append(got, h.Calls)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %v calls by hour, want %v", what, got, want)
			}
		}
		add()
		check("first", 1, hours[0], now, 1, 1, 1)
		add()
		check("again", 1, hours[0], now.Add(time.Second), 1, 2, 2)
		check("another time", 1, hours[1], now.Add(time.Second), 2, 2)
		check("another workspace", 2, hours[0], now.Add(time.Second))
		check("later", 1, hours[0], now.Add(time.Minute), 2, 2, 2)
		check("the next hour", 1, hours[0], now.Add(time.Hour), 2, 2, 2)
	})
}

package deliveries_test

import (
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"gorm.io/gorm"
)

// TestTheNavigationCountsWhatFails compares the navigation and the metrics with the page of a destination.
func TestTheNavigationCountsWhatFails(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		d := w.destination("https://crm.example", deliveries.NewSecret(), "")
		for _, at := range []struct {
			failures int64
			ago      time.Duration
			on       bool
			want     int64
		}{{0, -1, true, 0}, {1, 30 * time.Second, true, 0}, {2, 30 * time.Second, true, 0}, {3, time.Second, true, 1}, {1, time.Minute, true, 1}, {2, 2 * time.Minute, true, 1}, {9, time.Hour, false, 0}} {
			set := map[string]any{"failures": at.failures, "failing_since": start.Add(-at.ago), "enabled": at.on}
			if at.ago < 0 {
				set["failing_since"] = nil
			}
			w.write(func(tx *gorm.DB) error {
				return tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", w.id, d.ID).Updates(set).Error
			})
			nav, err := w.db.NavCounts(t.Context(), w.id, start)
			if err != nil {
				t.Fatal(err)
			}
			n, err := deliveries.NumbersOf(t.Context(), w.db, start)
			if err != nil {
				t.Fatal(err)
			}
			u, err := w.store().Get(t.Context(), w.id, d.ID, start)
			if err != nil {
				t.Fatal(err)
			}
			if nav.FailingDestinations != at.want || n.Failing != at.want || u.Failing != (at.want == 1) {
				t.Errorf("%d failures in %v: got %d in the navigation, %d in the metrics, %v on the page, want %d", at.failures, at.ago, nav.FailingDestinations, n.Failing, u.Failing, at.want)
			}
		}
	})
}

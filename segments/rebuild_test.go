package segments_test

import (
	"slices"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"
)

func TestAnotherTimeZoneRebuildsDates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db) // in Vienna
		w.put(rule.Subject{ID: 1, Status: models.StatusSubscribed, Fields: map[string]string{"birthday": "2026-05-01T23:30:00Z"}}, nil)
		dates := w.create("Second of May", w.rule(`{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":"eq","value":"2026-05-02"}]}`, w.fields["birthday"]))
		readers := w.create("Readers", w.rule(ruletest.Subscribed))
		w.settle()
		if got := w.members(dates.ID); !slices.Equal(got, []int64{1}) {
			t.Fatalf("got members %v, want 1: it is the second of May in Vienna", got)
		}
		ws := models.Workspace{ID: w.id, Name: "W", TimeZone: "UTC"}
		if errs, err := db.UpdateWorkspace(t.Context(), models.Workspace{Name: "W", TimeZone: "Europe/Vienna"}, ws, 0, segments.RebuildDates, ruletest.Noon); err != nil || errs.Any() {
			t.Fatal(err, errs)
		}
		if w.segment(dates.ID).BuildingSlot == nil || w.segment(readers.ID).BuildingSlot != nil {
			t.Error("the segment that uses a date, and only that one, should be built again")
		}
		w.settle()
		if got := w.members(dates.ID); len(got) != 0 {
			t.Errorf("got members %v, want none: it is the first of May in UTC", got)
		}
	})
}

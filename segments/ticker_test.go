package segments_test

import (
	"slices"
	"testing"

	"campaignlark/dbtest"
	"campaignlark/models"
	"campaignlark/segments"

	"github.com/google/uuid"
)

const subscribed = `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`

func TestContactEntersAndLeaves(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *models.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(subscribed))
		w.settle()
		in, out := uuid.New(), uuid.New()
		w.put(segments.Subject{ID: 7, Status: models.StatusSubscribed}, &in)
		w.put(segments.Subject{ID: 1000, Status: models.StatusSubscribed}, nil)
		w.settle()
		if got := w.members(g.ID); !slices.Equal(got, []int64{1000, 7}) {
			t.Errorf("got members %v, want 1000 and 7", got)
		}
		w.put(segments.Subject{ID: 7, Status: models.StatusUnsubscribed}, &out)
		w.settle()
		if got := w.members(g.ID); !slices.Equal(got, []int64{1000}) {
			t.Errorf("got members %v, want 1000", got)
		}
		if got := w.segment(g.ID).MemberCount; got != 1 {
			t.Errorf("got count %d, want 1", got)
		}
		for request, want := range map[uuid.UUID]bool{in: true, out: false} {
			change, err := models.First[models.SegmentChange](db.Read(t.Context()).Where("workspace_id = ? AND request_id = ?", w.id, request))
			if err != nil || change.Entered != want || change.SegmentID != g.ID || change.ContactID != 7 || !change.At.Equal(noon) {
				t.Errorf("got %+v (%v), want entered %v", change, err, want)
			}
		}
		var marks int64
		if db.Read(t.Context()).Model(&models.DirtyContact{}).Count(&marks); marks != 0 {
			t.Errorf("got %d marks, want none left", marks)
		}
	})
}

func TestOldMembershipServesWhileARuleIsBuilt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *models.DB) {
		w := newWorld(t, db)
		for id := range int64(3) {
			w.put(segments.Subject{ID: id*20_000 + 1, Status: models.Statuses[id]}, nil)
		}
		g := w.create("Readers", w.rule(subscribed))
		if got := w.members(g.ID); len(got) != 0 {
			t.Errorf("got %v before the first build, want nobody", got)
		}
		w.settle()
		edited, err := w.store.Update(t.Context(), w.id, g.ID, "Left", w.rule(`{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"}]}`))
		if err != nil || edited.TotalChunks != 157 {
			t.Fatalf("got %d chunks (%v), want 157", edited.TotalChunks, err)
		}
		if _, err := w.ticker.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.members(g.ID); !slices.Equal(got, []int64{1}) {
			t.Errorf("got %v while building, want contact 1", got)
		}
		if got := w.segment(g.ID); got.BuiltChunks == 0 || got.BuiltChunks >= got.TotalChunks || got.Name != "Left" {
			t.Errorf("got %d of %d chunks for %q, want some", got.BuiltChunks, got.TotalChunks, got.Name)
		}
		w.settle()
		if got := w.members(g.ID); !slices.Equal(got, []int64{40_001, 20_001}) {
			t.Errorf("got %v, want 40001 and 20001", got)
		}
		if got := w.segment(g.ID); got.MemberCount != 2 || got.BuildingSlot != nil || got.BuiltAt == nil {
			t.Errorf("got %+v, want two members and nothing building", got)
		}
	})
}

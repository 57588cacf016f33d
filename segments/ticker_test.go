package segments_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestContactEntersAndLeaves(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		w.settle()
		in, out := uuid.New(), uuid.New()
		w.put(rule.Subject{ID: 7, Status: models.StatusSubscribed}, &in)
		w.put(rule.Subject{ID: 1000, Status: models.StatusSubscribed}, nil)
		w.settle()
		if got := w.members(g.ID); !slices.Equal(got, []int64{1000, 7}) {
			t.Errorf("got members %v, want 1000 and 7", got)
		}
		w.put(rule.Subject{ID: 7, Status: models.StatusUnsubscribed}, &out)
		w.settle()
		if got := w.members(g.ID); !slices.Equal(got, []int64{1000}) {
			t.Errorf("got members %v, want 1000", got)
		}
		if got := w.segment(g.ID).MemberCount; got != 1 {
			t.Errorf("got count %d, want 1", got)
		}
		for request, want := range map[uuid.UUID]bool{in: true, out: false} {
			change, err := store.First[models.SegmentChange](db.Read(t.Context()).Where("workspace_id = ? AND request_id = ?", w.id, request))
			if err != nil || change.Entered != want || change.SegmentID != g.ID || change.ContactID != 7 || !change.At.After(ruletest.Noon) {
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
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for id := range int64(3) {
			w.put(rule.Subject{ID: id*20_000 + 1, Status: models.Statuses[id]}, nil)
		}
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		if got := w.members(g.ID); len(got) != 0 {
			t.Errorf("got %v before the first build, want nobody", got)
		}
		w.settle()
		edited, err := w.store.Update(t.Context(), w.id, 0, g.ID, "Left", w.rule(`{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"}]}`))
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

func TestBrokenRuleFreezesAndOthersGoOn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		press := w.create("Press", w.rule(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":%d}]}`, w.tags[2]))
		city := w.create("City", w.rule(`{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":"is_not_set"}]}`, w.fields["city"]))
		readers := w.create("Readers", w.rule(ruletest.Subscribed))
		w.put(rule.Subject{ID: 1, Status: models.StatusSubscribed, Tags: w.tags[2:]}, nil)
		w.put(rule.Subject{ID: 2, Status: models.StatusSubscribed, Tags: w.tags[2:]}, nil)
		w.settle()
		w.write(func(tx *gorm.DB) error {
			if err := tx.Model(&models.Tag{}).Where("id = ?", w.tags[2]).Update("deleted_at", ruletest.Noon).Error; err != nil {
				return err
			}
			return tx.Where("id = ?", w.fields["city"]).Delete(&models.MergeTag{}).Error
		})
		w.put(rule.Subject{ID: 1, Status: models.StatusUnsubscribed}, nil)
		w.put(rule.Subject{ID: 3, Status: models.StatusSubscribed}, nil)
		w.remove(2, nil) // erased: leaves frozen segments too
		w.settle()
		for _, c := range []struct {
			segment int64
			want    []int64
			reason  string
		}{
			{press.ID, []int64{1}, "A tag that this rule uses does not exist any more."},
			{city.ID, []int64{1}, "A field that this rule uses does not exist any more."},
			{readers.ID, []int64{3}, ""},
		} {
			got := w.segment(c.segment)
			if members := w.members(c.segment); !slices.Equal(members, c.want) || got.MemberCount != int64(len(c.want)) || got.BrokenReason != c.reason {
				t.Errorf("%s: got %v, count %d, %q; want %v, %q", got.Name, members, got.MemberCount, got.BrokenReason, c.want, c.reason)
			}
		}
		if _, err := w.store.Update(t.Context(), w.id, 0, press.ID, "Press", w.rule(ruletest.Subscribed)); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if got := w.members(press.ID); !slices.Equal(got, []int64{3}) || w.segment(press.ID).BrokenReason != "" {
			t.Errorf("got %v after the rule was mended, want contact 3", got)
		}
	})
}

func TestBrokenRuleServesUntilItsSuccessorIsBuilt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Press", w.rule(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":%d}]}`, w.tags[2]))
		w.put(rule.Subject{ID: 1, Status: models.StatusUnconfirmed, Tags: w.tags[2:]}, nil)
		w.put(rule.Subject{ID: 40_000, Status: models.StatusSubscribed}, nil)
		w.settle()
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.Tag{}).Where("id = ?", w.tags[2]).Update("deleted_at", ruletest.Noon).Error
		})
		if _, err := w.store.Update(t.Context(), w.id, 0, g.ID, "Press", w.rule(ruletest.Subscribed)); err != nil {
			t.Fatal(err)
		}
		w.put(rule.Subject{ID: 1, Status: models.StatusUnsubscribed}, nil)
		if _, err := w.ticker.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.members(g.ID); !slices.Equal(got, []int64{1}) {
			t.Errorf("got %v while building, want contact 1 as before", got)
		}
		w.settle()
		if got := w.members(g.ID); !slices.Equal(got, []int64{40_000}) {
			t.Errorf("got %v, want contact 40000", got)
		}
	})
}

// TestSlotIsCleanWhenItIsUsedAgain deletes a segment, then its contacts, and builds another segment in its slot.
func TestSlotIsCleanWhenItIsUsedAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		first := w.create("First", w.rule(ruletest.Subscribed))
		for _, id := range []int64{1, 300, 9000} {
			w.put(rule.Subject{ID: id, Status: models.StatusSubscribed}, nil)
		}
		w.settle()
		if err := w.store.Delete(t.Context(), w.id, 0, first.ID, false); err != nil {
			t.Fatal(err)
		}
		w.remove(300, nil)
		w.remove(9000, nil)
		w.settle()
		second := w.create("Second", w.rule(ruletest.Subscribed))
		w.settle()
		got := w.segment(second.ID)
		if members := w.members(second.ID); !slices.Equal(members, []int64{1}) || got.MemberCount != 1 || got.Slot != 0 {
			t.Errorf("got %v, count %d, slot %d; want contact 1 in slot 0", members, got.MemberCount, got.Slot)
		}
	})
}

// TestTickThatIsCutOffChangesNothing ends the context during a transaction, repeatedly between complete ticks.
func TestTickThatIsCutOffChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.put(rule.Subject{ID: 1, Status: models.StatusSubscribed}, nil)
		w.put(rule.Subject{ID: 50_000, Status: models.StatusSubscribed}, nil)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		for busy := true; busy; {
			before := w.segment(g.ID)
			ctx, cut := context.WithCancel(t.Context())
			dying := segments.New(db, segments.Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { cut(); return ruletest.Noon }})
			if _, err := dying.Tick(ctx); err == nil {
				t.Fatal("got no error from a tick that was cut off")
			}
			if after := w.segment(g.ID); after.BuiltChunks != before.BuiltChunks {
				t.Fatalf("got %d chunks, want %d as before", after.BuiltChunks, before.BuiltChunks)
			}
			var err error
			if busy, err = w.ticker.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.members(g.ID); !slices.Equal(got, []int64{50_000, 1}) || w.segment(g.ID).MemberCount != 2 {
			t.Errorf("got %v, want both contacts", got)
		}
	})
}

// TestRunGoesOnAtOnceWhileWorkIsLeft builds many pages with an interval too long to wait for.
func TestRunGoesOnAtOnceWhileWorkIsLeft(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.put(rule.Subject{ID: 60_000, Status: models.StatusSubscribed}, nil)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		ticker := segments.New(db, segments.Options{Interval: time.Hour})
		go func() { ticker.Run(ctx); close(ended) }()
		for deadline := time.Now().Add(30 * time.Second); w.segment(g.ID).BuiltAt == nil; {
			if time.Now().After(deadline) {
				t.Fatal("the build stands still")
			}
		}
		stop()
		<-ended
	})
}

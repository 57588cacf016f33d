package segments_test

import (
	"errors"
	"slices"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// wantMembers compares the members of a segment, the newest first, and its count.
func (w *world) wantMembers(when string, segment int64, want ...int64) {
	w.t.Helper()
	if got := w.members(segment); !slices.Equal(got, want) {
		w.t.Errorf("%s: got members %v, want %v", when, got, want)
	}
	if got := w.segment(segment).MemberCount; got != int64(len(want)) {
		w.t.Errorf("%s: got a count of %d, want %d", when, got, len(want))
	}
}

func (w *world) edit(segment int64, rule rule.Group) {
	w.t.Helper()
	if _, err := w.store.Update(w.t.Context(), w.id, 7, segment, w.name(), rule); err != nil {
		w.t.Fatal(err)
	}
}

const unsubscribed = `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"UNSUBSCRIBED"}]}`

// TestSegmentFollowsAnother has a segment whose rule refers to one created later, and a third segment that refers to
// it.
func TestSegmentFollowsAnother(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		outer := w.create("Outer", w.rule(ruletest.Subscribed))
		inner := w.create("Inner", w.rule(ruletest.Subscribed))
		w.edit(outer.ID, w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":%d}]}`, inner.ID))
		outermost := w.create("Outermost", w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":%d}]}`, outer.ID))
		w.put(rule.Subject{ID: 1, Status: models.StatusSubscribed}, nil)
		w.put(rule.Subject{ID: 30_000, Status: models.StatusUnsubscribed}, nil)
		w.settle()
		w.wantMembers("built", inner.ID, 1)
		w.wantMembers("built", outer.ID, 30_000)
		w.wantMembers("built", outermost.ID, 30_000)

		call := uuid.New()
		w.put(rule.Subject{ID: 1, Status: models.StatusUnsubscribed}, &call)
		if _, err := w.ticker.Tick(t.Context()); err != nil { // one tick is enough
			t.Fatal(err)
		}
		w.wantMembers("after a call", inner.ID)
		w.wantMembers("after a call", outer.ID, 30_000, 1)
		w.wantMembers("after a call", outermost.ID, 30_000, 1)
		var changes []models.SegmentChange
		if err := db.Read(t.Context()).Where("workspace_id = ? AND request_id = ?", w.id, call).Find(&changes).Error; err != nil || len(changes) != 3 {
			t.Errorf("got %d changes because of the call (%v), want 3", len(changes), err)
		}

		w.edit(inner.ID, w.rule(unsubscribed))
		for busy := true; busy; {
			var err error
			if busy, err = w.ticker.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
			if in, out := w.members(inner.ID), w.members(outer.ID); len(in)+len(out) != 2 {
				t.Fatalf("got %v in the one and %v in the other while they are built: they were not swapped at once", in, out)
			}
		}
		w.wantMembers("edited", inner.ID, 30_000, 1)
		w.wantMembers("edited", outer.ID)
		w.wantMembers("edited", outermost.ID)
	})
}

func TestCycleIsRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		a := w.create("A", w.rule(ruletest.Subscribed))
		b := w.create("B", w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":%d}]}`, a.ID))
		c := w.create("C", w.rule(`{"condition":"OR","filters":[{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":%d}]}]}`, b.ID))
		for _, segment := range []int64{a.ID, b.ID, c.ID} {
			_, err := w.store.Update(t.Context(), w.id, 0, a.ID, "A", w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":%d}]}`, segment))
			var problems rule.Problems
			if !errors.As(err, &problems) {
				t.Errorf("got %v for a rule of A that looks at segment %d, want a problem", err, segment)
			}
		}
		w.settle()
		if got := w.segment(a.ID); got.BuildingRule != nil || got.Rule != w.rule(ruletest.Subscribed).String() {
			t.Errorf("got %+v, want A as it was", got)
		}
	})
}

// TestEditTellsWhoMoved checks that an edit's moves are in few rows, with the person and the day's figures.
func TestEditTellsWhoMoved(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for id := range int64(600) {
			w.put(rule.Subject{ID: id*50 + 1, Status: models.Statuses[id%3]}, nil)
		}
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		w.settle()
		w.edit(g.ID, w.rule(`{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"UNCONFIRMED"}]}`))
		w.settle()
		var rows []models.SegmentBulkChange
		if err := db.Read(t.Context()).Where("workspace_id = ? AND segment_id = ? AND user_id = 7", w.id, g.ID).Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		var entered []int64
		for _, row := range rows {
			if row.Cause != models.CauseRule || row.Departed.Len() != 0 {
				t.Errorf("got %+v, want contacts that entered by an edited rule", row)
			}
			entered = append(entered, row.Entered.IDs(row.Span, 1000)...)
		}
		slices.Sort(entered)
		if len(rows) != 4 || len(entered) != 200 || entered[0] != 101 {
			t.Errorf("got %v in %d rows, want the 200 unsubscribed contacts in 4", entered, len(rows))
		}
		day, err := store.First[models.SegmentDay](db.Read(t.Context()).Where("workspace_id = ? AND segment_id = ?", w.id, g.ID))
		if want := (models.SegmentDay{WorkspaceID: w.id, SegmentID: g.ID, Day: "2026-11-23", Size: 400, EnteredRule: 400}); err != nil || day != want {
			t.Errorf("got %+v (%v), want %+v", day, err, want)
		}
	})
}

// TestChangeSaysWhy checks that the history names the person who changed a contact by hand.
func TestChangeSaysWhy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.create("Readers", w.rule(ruletest.Subscribed))
		w.settle()
		person := int64(7)
		w.put(rule.Subject{ID: 1, Status: models.StatusSubscribed}, nil)
		w.write(func(tx *gorm.DB) error {
			return tx.Model(&models.DirtyContact{}).Where("workspace_id = ?", w.id).Update("user_id", person).Error
		})
		w.settle()
		change, err := store.First[models.SegmentChange](db.Read(t.Context()).Where("workspace_id = ?", w.id))
		if err != nil || change.Cause != models.CauseEdit || change.UserID == nil || *change.UserID != person || change.RequestID != nil {
			t.Errorf("got %+v (%v), want an edit by user 7", change, err)
		}
	})
}

// TestFreezingSpreads deletes a tag that a rule uses, while the rule of another segment refers to that segment with "not
// in": no contact enters because of it.
func TestFreezingSpreads(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		tagged := w.create("Tagged", w.rule(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":%d}]}`, w.tags[0]))
		others := w.create("Others", w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":%d}]}`, tagged.ID))
		more := w.create("More", w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":%d}]}`, others.ID))
		w.put(rule.Subject{ID: 1, Status: models.StatusSubscribed, Tags: w.tags[:1]}, nil)
		w.put(rule.Subject{ID: 2, Status: models.StatusSubscribed}, nil)
		w.settle()
		tag := rule.TagRef(models.Tag{ID: w.tags[0], Name: "customer"})
		if used, err := w.store.Uses(t.Context(), w.id, tag); err != nil || len(used) != 3 {
			t.Errorf("got %v (%v), want to be told of all three", used, err)
		}
		w.write(func(tx *gorm.DB) error {
			if err := tx.Model(&models.Tag{}).Where("id = ?", w.tags[0]).Update("deleted_at", ruletest.Noon).Error; err != nil {
				return err
			}
			return segments.Freeze(tag, w.id, true)(tx)
		})
		w.put(rule.Subject{ID: 3, Status: models.StatusSubscribed}, nil)
		w.settle()
		w.wantMembers("frozen", tagged.ID, 1)
		w.wantMembers("frozen", others.ID, 2)
		w.wantMembers("frozen", more.ID, 2)
		for _, id := range []int64{others.ID, more.ID} {
			if got := w.segment(id).BrokenReason; got != "It looks at a segment whose rule is broken." {
				t.Errorf("got the reason %q", got)
			}
		}
		if _, err := w.store.Create(t.Context(), w.id, 0, "New", w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":%d}]}`, others.ID)); err == nil {
			t.Error("got a segment that looks at a frozen one, want a problem")
		}
		w.edit(tagged.ID, w.rule(ruletest.Subscribed))
		w.settle()
		w.wantMembers("repaired", tagged.ID, 3, 2, 1)
		w.wantMembers("repaired", others.ID)
		w.wantMembers("repaired", more.ID)
		bulk, err := store.First[models.SegmentBulkChange](db.Read(t.Context()).Where("workspace_id = ? AND segment_id = ? AND cause = ?", w.id, others.ID, models.CauseBasis))
		if err != nil || !bulk.Departed.Has(2) || bulk.Departed.Len() != 1 {
			t.Errorf("got %+v (%v), want contact 2 out because of what the rule looks at", bulk, err)
		}
	})
}

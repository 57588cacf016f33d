package segments_test

import (
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments/rule"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// at sets the ticker's clock to one second before now, because each reading adds a second.
func (w *world) at(now time.Time) { w.ticks.Store(int64(now.Sub(ruletest.Noon)/time.Second) - 1) }

// madeAt sets when a contact was created, and marks the contact.
func (w *world) madeAt(contact int64, created time.Time) {
	w.t.Helper()
	w.put(rule.Subject{ID: contact, Status: models.StatusSubscribed}, nil)
	w.write(func(tx *gorm.DB) error {
		return tx.Model(&models.Contact{}).Where("workspace_id = ? AND id = ?", w.id, contact).Update("created_at", created).Error
	})
}

func (w *world) dueAt(chunk int64) time.Time {
	w.t.Helper()
	due, err := store.First[models.SegmentDue](w.db.Read(w.t.Context()).Where("workspace_id = ? AND chunk = ?", w.id, chunk))
	if err != nil && store.ErrorCode(err) != models.CodeNotFound {
		w.t.Fatal(err)
	}
	return due.DueAt.UTC()
}

// TestPassingTimeMovesContacts lets days pass around the end of summer time in Vienna, where one day has 25 hours.
func TestPassingTimeMovesContacts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		vienna, _ := time.LoadLocation("Europe/Vienna")
		day := func(day, hour int) time.Time { return time.Date(2027, 10, day, hour, 0, 0, 0, vienna) }
		g := w.create("New", w.rule(`{"condition":"AND","filters":[{"type":"created_at","operator":"in_last_days","value":2}]}`))
		old := w.create("Old", w.rule(`{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":%d}]}`, g.ID))
		w.at(day(29, 20))
		w.madeAt(1, day(27, 0))
		w.madeAt(2, day(28, 0).Add(-time.Second))
		w.madeAt(3, day(29, 12))
		w.madeAt(5000, day(29, 12))
		w.settle()
		w.wantMembers("on the 29th", g.ID, 5000, 3, 2, 1)
		w.wantMembers("on the 29th", old.ID)
		if got := w.dueAt(0); !got.Equal(day(30, 0)) {
			t.Errorf("got the first chunk due at %v, want midnight", got)
		}
		w.at(day(30, 0).Add(-time.Second))
		w.settle()
		w.wantMembers("a second before midnight", g.ID, 5000, 3, 2, 1)
		w.at(day(30, 0))
		w.settle()
		w.wantMembers("at midnight", g.ID, 5000, 3)
		w.wantMembers("at midnight", old.ID, 2, 1)
		w.at(day(31, 0).Add(24 * time.Hour)) // 23:00 of the day with 25 hours
		w.settle()
		w.wantMembers("on the 31st", g.ID, 5000, 3)
		w.at(day(31, 0).Add(25 * time.Hour))
		w.settle()
		w.wantMembers("on the 1st of November", g.ID)
		w.wantMembers("on the 1st of November", old.ID, 5000, 3, 2, 1)
		if got := w.dueAt(0); !got.IsZero() {
			t.Errorf("got the first chunk due at %v, want never", got)
		}
		var rows []models.SegmentBulkChange
		if err := db.Read(t.Context()).Where("workspace_id = ? AND segment_id = ? AND cause = ?", w.id, g.ID, models.CauseTime).Order("at").Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		if len(rows) != 2 || !rows[0].Departed.Has(1) || !rows[0].Departed.Has(2) || rows[0].Departed.Len() != 2 || !rows[1].Departed.Has(5000) || rows[1].Departed.Len() != 2 {
			t.Errorf("got %+v, want two contacts that left at midnight and two later", rows)
		}
	})
}

// TestMidnightLeavesACallItsDue changes a contact by a call just when time would move it.
func TestMidnightLeavesACallItsDue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Called just now", w.rule(`{"condition":"AND","filters":[{"type":"created_at","operator":"in_last_hours","value":1},{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`))
		w.at(ruletest.Noon)
		w.madeAt(1, ruletest.Noon)
		w.madeAt(2, ruletest.Noon)
		w.settle()
		w.wantMembers("at noon", g.ID, 2, 1)
		call := uuid.New()
		w.at(ruletest.Noon.Add(time.Hour))
		w.put(rule.Subject{ID: 1, Status: models.StatusUnsubscribed}, &call)
		w.settle()
		w.wantMembers("an hour later", g.ID)
		change, err := store.First[models.SegmentChange](db.Read(t.Context()).Where("workspace_id = ? AND cause = ?", w.id, models.CauseCall))
		if err != nil || change.ContactID != 1 || change.Entered || *change.RequestID != call {
			t.Errorf("got %+v (%v), want contact 1 out because of the call", change, err)
		}
		bulk, err := store.First[models.SegmentBulkChange](db.Read(t.Context()).Where("workspace_id = ? AND cause = ?", w.id, models.CauseTime))
		if err != nil || bulk.Departed.Len() != 1 || !bulk.Departed.Has(2) {
			t.Errorf("got %+v (%v), want contact 2 out because time passed", bulk, err)
		}
	})
}

// TestWorkWaitsForManyMarks lets time pass, and damages a membership, while marks of very many calls wait.
func TestWorkWaitsForManyMarks(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Called just now", w.rule(`{"condition":"AND","filters":[{"type":"created_at","operator":"in_last_hours","value":1}]}`))
		w.at(ruletest.Noon.Add(30 * time.Minute))
		w.madeAt(1, ruletest.Noon)
		w.madeAt(600, ruletest.Noon.Add(30*time.Minute))
		w.settle()
		w.wantMembers("half past noon", g.ID, 600, 1)
		w.flip(w.segment(g.ID).Slot, 600)
		many := make([]models.CallMarks, 1500)
		for i := range many {
			many[i] = models.CallMarks{WorkspaceID: w.id, Packed: models.PackCallMarks([]models.CallMark{{ContactID: 2, RequestID: uuid.Max}, {ContactID: 2, RequestID: uuid.Max}}), At: ruletest.Noon}
		}
		w.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&many, 100).Error })
		w.at(ruletest.Noon.Add(time.Hour))
		if busy, err := w.ticker.Tick(t.Context()); err != nil || !busy {
			t.Fatalf("got busy %v (%v), want that marks are left", busy, err)
		}
		if got := w.members(g.ID); !slices.Equal(got, []int64{1}) {
			t.Errorf("got the members %v while marks wait, want 1, as at half past noon", got)
		}
		if v, err := w.ticker.Verify(t.Context(), w.id, func(int64, int64) {}); err != nil || v.Contacts != 2 || v.Differences != 1 {
			t.Errorf("got %+v (%v), want both contacts compared and one difference", v, err)
		}
		if n := countOf[models.CallMarks](w); n > 400 {
			t.Errorf("got %d rows of marks after the verification, want that they were recalculated first", n)
		}
		w.settle()
		w.wantMembers("in the end", g.ID, 600)
	})
}

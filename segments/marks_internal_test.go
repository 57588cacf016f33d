package segments

import (
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestMarksAreReadInSteps reads many marks of calls and of edits, a step at a time, until none is left.
func TestMarksAreReadInSteps(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		contact := int64(0)
		newContacts := func(n int) (packed []models.CallMark) {
			for range n {
				contact++
				packed = append(packed, models.CallMark{ContactID: contact, RequestID: uuid.Max})
			}
			return packed
		}
		var rows []models.CallMarks
		for _, n := range append([]int{256, 1, 256, 1, 256}, slices.Repeat([]int{1}, 300)...) {
			rows = append(rows, models.CallMarks{WorkspaceID: 1, Packed: models.PackCallMarks(newContacts(n)), At: now})
		}
		var edits []models.DirtyContact
		for _, m := range newContacts(300) {
			edits = append(edits, models.DirtyContact{WorkspaceID: 1, ContactID: m.ContactID, At: now})
		}
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := tx.CreateInBatches(&rows, 100).Error; err != nil {
				return err
			}
			return tx.CreateInBatches(&edits, 100).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[int64]bool{}
		for more := true; more; {
			err := db.Write(t.Context(), func(tx *gorm.DB) error {
				r := &round{tx: tx, workspace: 1}
				m, err := r.readMarks(400)
				if err != nil {
					return err
				}
				if len(m.origins) > 500 {
					t.Errorf("got %d marks at once, want at most 400 and a quarter for edits", len(m.origins))
				}
				if len(seen) == 0 && len(m.edits) == 0 {
					t.Error("the marks of calls hold up those of edits")
				}
				for contact := range m.origins {
					if seen[contact] {
						t.Errorf("the mark of contact %d was read twice", contact)
					}
					seen[contact] = true
				}
				more = m.more
				return r.deleteMarks(m)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if int64(len(seen)) != contact {
			t.Errorf("got %d marks, want %d", len(seen), contact)
		}
	})
}

// TestTheLastMarkNamesTheCause marks a contact twice, by hand and by a call. What an automation changes just after a call is the call's.
func TestTheLastMarkNamesTheCause(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now, user := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), int64(4)
		call := func(contact int64, at time.Time) *models.CallMarks {
			return &models.CallMarks{WorkspaceID: 1, Packed: models.PackCallMarks([]models.CallMark{{ContactID: contact, RequestID: uuid.Max}}), At: at}
		}
		edit := func(contact int64, at time.Time) *models.DirtyContact {
			return &models.DirtyContact{WorkspaceID: 1, ContactID: contact, UserID: &user, At: at}
		}
		run := func(contact int64, at time.Time) *models.DirtyContact {
			return &models.DirtyContact{WorkspaceID: 1, ContactID: contact, RunID: &uuid.Max, Depth: 1, At: at}
		}
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			for _, row := range []any{call(1, now), edit(1, now.Add(time.Second)), edit(2, now), call(2, now.Add(time.Second)),
				call(3, now), run(3, now.Add(time.Second)), run(3, now.Add(2*time.Second)), edit(4, now), run(4, now.Add(time.Second))} {
				if err := tx.Create(row).Error; err != nil {
					return err
				}
			}
			m, err := (&round{tx: tx, workspace: 1}).readMarks(100)
			if m.origins[1].cause != models.CauseEdit || m.origins[2].cause != models.CauseCall {
				t.Errorf("got the causes %s and %s, want the edit and the call", m.origins[1].cause, m.origins[2].cause)
			}
			if o := m.origins[3]; o.cause != models.CauseCall || o.request == nil || *o.request != uuid.Max || o.run == nil || o.depth != 1 {
				t.Errorf("got %+v, want the call, with the run beside it", o)
			}
			if o := m.origins[4]; o.cause != models.CauseEdit || o.run == nil {
				t.Errorf("got %+v, want the run", o)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

package segments_test

import (
	"fmt"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestASteadyStreamOfMovesPagesInBoundedPieces notes moves that passing time makes at equal distances, as a rule such as "within
// the last 24 hours" does, and reads all of them page by page. Whatever the distance, no line joins more than so many rows
// or more than an hour, and every move is told once.
func TestASteadyStreamOfMovesPagesInBoundedPieces(t *testing.T) {
	t.Parallel()
	const moves, linesPerPage, rowsPerLine = 6000, 8, 2000
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		statements, err := dbtest.CountStatements(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		for _, distance := range []time.Duration{time.Millisecond, time.Second, 30 * time.Second, 59 * time.Second, time.Minute, time.Hour} {
			segment := w.create("Every "+distance.String(), w.rule(ruletest.Subscribed)).ID
			w.steadyMoves(segment, moves, distance)
			told, pages, asked := int64(0), int64(0), statements.Load()
			for before := uuid.Max; before != uuid.Nil; pages++ {
				page, next, err := w.store.Changes(t.Context(), w.id, segment, before, linesPerPage)
				if err != nil || len(page) > linesPerPage {
					t.Fatalf("every %s: got a page of %d lines (%v), want at most %d", distance, len(page), err, linesPerPage)
				}
				for _, c := range page {
					if c.Out > rowsPerLine || time.Duration(c.Out-1)*distance > time.Hour {
						t.Fatalf("every %s: got a line of %d moves", distance, c.Out)
					}
					told += c.Out
				}
				before = next
			}
			if told != moves {
				t.Errorf("every %s: got %d moves told, want %d", distance, told, moves)
			}
			if n := statements.Load() - asked; n > 5*pages {
				t.Errorf("every %s: got %d statements for %d pages", distance, n, pages)
			}
			w.sameInDetail(segment)
		}
	})
}

// steadyMoves notes so many departures, one after the other.
func (w *world) steadyMoves(segment int64, n int, distance time.Duration) {
	w.t.Helper()
	rows := make([]models.SegmentBulkChange, n)
	for i := range rows {
		at := ruletest.Noon.Add(time.Duration(i) * distance)
		rows[i] = models.SegmentBulkChange{WorkspaceID: w.id, ID: models.NewID(at), SegmentID: segment, Span: int64(i / models.SegmentSpan),
			Entered: models.NewSegmentSet(nil), Departed: models.NewSegmentSet([]int64{int64(i)}), Cause: models.CauseTime, At: at}
	}
	w.write(func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 500).Error })
}

// sameInDetail compares the newest line of a segment's history with the page that lists its contacts.
func (w *world) sameInDetail(segment int64) {
	w.t.Helper()
	page, _, err := w.store.Changes(w.t.Context(), w.id, segment, uuid.Max, 1)
	if err != nil || len(page) != 1 {
		w.t.Fatal(fmt.Sprint(page, err))
	}
	var c segments.Change
	listed := int64(0)
	for before, more := int64(0), true; more; more = before != 0 {
		var ids []int64
		if c, ids, before, err = w.store.ChangeOfMany(w.t.Context(), w.id, segment, page[0].ID, false, before, 500); err != nil {
			w.t.Fatal(err)
		}
		listed += int64(len(ids))
	}
	if c.Out != page[0].Out || listed != c.Out {
		w.t.Errorf("got %d in the list, %d in detail and %d contacts, want the same", page[0].Out, c.Out, listed)
	}
}

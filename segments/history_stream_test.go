package segments_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"

	"gorm.io/gorm"
)

const (
	streamLength = 9_000
	streamPage   = 6_400 // rows that a page of a history may read
)

// TestStreamOfMovesPagesInBoundedSteps writes moves by passing time at equal intervals, as a rule like "added in the last
// 24 hours" causes them, with calls between them. Every page reads a bounded number of rows, every move appears once, and
// the page of each line shows the same moves as the line.
func TestStreamOfMovesPagesInBoundedSteps(t *testing.T) {
	t.Parallel()
	for _, gap := range []time.Duration{0, time.Second, 59 * time.Second, time.Minute} {
		t.Run(gap.String(), func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, db *store.DB) {
				w := newWorld(t, db)
				g := w.create("New", w.rule(ruletest.Subscribed))
				calls := w.stream(g.ID, gap)
				rows := countRows(t, db)
				for _, limit := range []int{8, 50} {
					lines := w.boundedPages(g.ID, limit, rows)
					left := int64(0)
					var called []int64
					for _, c := range lines {
						left += c.Out
						if c.ContactID != 0 {
							called = append(called, c.ContactID)
						} else if c.At.Sub(c.Since) >= time.Hour {
							t.Errorf("got a line from %s to %s, want less than an hour", c.Since, c.At)
						}
					}
					slices.Sort(called) // entries of the same millisecond have no order
					if left != streamLength || !slices.Equal(called, calls) {
						t.Errorf("%d a page: got %d who left and the calls of %v, want %d and %v", limit, left, called, streamLength, calls)
					}
				}
			})
		})
	}
}

// stream writes the moves of streamLength contacts, one per row, and up to 100 calls between them. It returns the
// contacts of the calls.
func (w *world) stream(segment int64, gap time.Duration) (calls []int64) {
	w.t.Helper()
	many := make([]models.SegmentBulkChange, streamLength)
	var single []models.SegmentChange
	random := rand.New(rand.NewPCG(1, uint64(gap)))
	for i := range many {
		at, contact := ruletest.Noon.Add(time.Duration(i)*gap), int64(i)
		many[i] = models.SegmentBulkChange{WorkspaceID: w.id, ID: models.NewID(at), SegmentID: segment, Span: contact / models.SegmentSpan, Entered: models.NewSegmentSet(nil),
			Departed: models.NewSegmentSet([]int64{contact}), Cause: models.CauseTime, At: at}
		if random.IntN(streamLength/100) == 0 {
			contact = 100_000 + int64(i)
			single = append(single, models.SegmentChange{WorkspaceID: w.id, ID: models.NewID(at), SegmentID: segment, ContactID: contact, Cause: models.CauseCall, At: at})
			calls = append(calls, contact)
		}
	}
	w.write(func(tx *gorm.DB) error {
		return errors.Join(tx.CreateInBatches(&many, 1000).Error, tx.Create(&single).Error)
	})
	return calls
}

// boundedPages reads all pages of a history, and those of each wave, and checks how many rows each page reads.
func (w *world) boundedPages(segment int64, limit int, rows *atomic.Int64) (lines []segments.Change) {
	w.t.Helper()
	bounded := func(what string, err error) {
		if n := rows.Swap(0); err != nil || n > streamPage {
			w.t.Fatalf("%s reads %d rows (%v), want at most %d", what, n, err, streamPage)
		}
	}
	for from, last := segments.NewestChanges, (segments.ChangesCursor{}); from != last; {
		page, next, err := w.store.Changes(w.t.Context(), w.id, segment, from, limit)
		bounded(fmt.Sprintf("a page of %d", limit), err)
		if len(page) == 0 || len(page) > limit {
			w.t.Fatalf("got a page of %d lines, want 1 to %d", len(page), limit)
		}
		lines, from = append(lines, page...), next
	}
	for i, c := range lines {
		if c.ContactID != 0 || i%(len(lines)/20+1) != 0 {
			continue
		}
		shown, ids, _, err := w.store.ChangeOfMany(w.t.Context(), w.id, segment, c.ID, false, 0, streamLength)
		bounded("the page of a line", err)
		if shown.In != c.In || shown.Out != c.Out || int64(len(ids)) != c.Out {
			w.t.Errorf("got +%d -%d and %d contacts on the page of a line, want +%d -%d", shown.In, shown.Out, len(ids), c.In, c.Out)
		}
	}
	return lines
}

// countRows counts the rows that later queries read.
func countRows(t *testing.T, db *store.DB) *atomic.Int64 {
	t.Helper()
	var n atomic.Int64
	err := db.Read(t.Context()).Callback().Query().After("gorm:query").Register("test:rows", func(tx *gorm.DB) { n.Add(tx.RowsAffected) })
	if err != nil {
		t.Fatal(err)
	}
	return &n
}

// TestChangesAmidALongLineAreNotLost has more calls during one wave than a page has lines.
func TestChangesAmidALongLineAreNotLost(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		want := []string{"+0 -20 time"}
		for i := range 20 {
			at := ruletest.Noon.Add(time.Duration(i) * time.Second)
			w.movedMany(g.ID, 0, nil, []int64{int64(i)}, models.CauseTime, at)
			w.moved(g.ID, int64(100+i), true, models.CauseCall, at.Add(-time.Millisecond))
			want = append(want, fmt.Sprintf("+%d call", 119-i))
		}
		for _, limit := range []int{1, 4, 30} {
			if got := slices.Concat(w.changes(g.ID, limit)...); !slices.Equal(got, want) {
				t.Errorf("%d a page: got %v, want %v", limit, got, want)
			}
		}
	})
}

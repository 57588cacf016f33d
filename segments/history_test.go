package segments_test

import (
	"fmt"
	"slices"
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

// moved records that a contact entered or left a segment.
func (w *world) moved(segment, contact int64, in bool, cause models.SegmentCause, at time.Time) uuid.UUID {
	w.t.Helper()
	row := models.SegmentChange{WorkspaceID: w.id, ID: models.NewID(at), SegmentID: segment, ContactID: contact, Entered: in, Cause: cause, At: at}
	w.write(func(tx *gorm.DB) error { return tx.Create(&row).Error })
	return row.ID
}

// movedMany records that many contacts of a span entered and left a segment.
func (w *world) movedMany(segment, span int64, in, out []int64, cause models.SegmentCause, at time.Time) uuid.UUID {
	w.t.Helper()
	row := models.SegmentBulkChange{WorkspaceID: w.id, ID: models.NewID(at), SegmentID: segment, Span: span,
		Entered: models.NewSegmentSet(in), Departed: models.NewSegmentSet(out), Cause: cause, At: at}
	w.write(func(tx *gorm.DB) error { return tx.Create(&row).Error })
	return row.ID
}

// inShort formats a change for comparison: "+7 call", "+3 -1 rule".
func inShort(c segments.Change) string {
	switch {
	case c.ContactID == 0:
		return fmt.Sprintf("+%d -%d %s", c.In, c.Out, c.Cause)
	case c.Entered:
		return fmt.Sprintf("+%d %s", c.ContactID, c.Cause)
	}
	return fmt.Sprintf("-%d %s", c.ContactID, c.Cause)
}

func (w *world) changes(segment int64, limit int) (pages [][]string) {
	w.t.Helper()
	for from, last := segments.NewestChanges, (segments.ChangesCursor{}); from != last; {
		page, next, err := w.store.Changes(w.t.Context(), w.id, segment, from, limit)
		if err != nil || len(pages) > 50 {
			w.t.Fatalf("got %v after %d pages", err, len(pages))
		}
		var lines []string
		for _, c := range page {
			lines = append(lines, inShort(c))
		}
		pages, from = append(pages, lines), next
	}
	return pages
}

func TestChangesComePageByPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		other := w.create("Others", w.rule(ruletest.Subscribed))
		at := func(seconds int) time.Time { return ruletest.Noon.Add(time.Duration(seconds) * time.Second) }
		w.moved(g.ID, 7, true, models.CauseCall, at(0))
		w.movedMany(g.ID, 0, []int64{1, 2}, []int64{3}, models.CauseRule, at(10)) // one swap in two spans
		w.movedMany(g.ID, 1, []int64{9000}, nil, models.CauseRule, at(10))
		w.movedMany(g.ID, 0, []int64{4}, nil, models.CauseRule, at(20)) // another edit
		w.movedMany(g.ID, 0, nil, []int64{1}, models.CauseTime, at(100))
		w.moved(g.ID, 8, false, models.CauseEdit, at(101)) // during the wave
		w.movedMany(g.ID, 1, nil, []int64{9000}, models.CauseTime, at(130))
		w.movedMany(g.ID, 1, []int64{9001}, nil, models.CauseTime, at(500))
		w.moved(other.ID, 5, true, models.CauseCall, at(501))
		want := []string{"+1 -0 time", "+0 -2 time", "-8 edit", "+1 -0 rule", "+3 -1 rule", "+7 call"}
		for limit := 1; limit <= 7; limit++ {
			pages := w.changes(g.ID, limit)
			if got := slices.Concat(pages...); !slices.Equal(got, want) {
				t.Errorf("%d a page: got %v, want %v", limit, got, want)
			}
			for _, page := range pages {
				if len(page) > limit {
					t.Errorf("%d a page: got one of %d", limit, len(page))
				}
			}
		}
	})
}

func TestChangeOfManyNamesEachOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		w.movedMany(g.ID, 0, []int64{1, 5, 8191}, []int64{2}, models.CauseTime, ruletest.Noon)
		newest := w.movedMany(g.ID, 1, []int64{8192}, nil, models.CauseTime, ruletest.Noon.Add(time.Second))
		var ids []int64
		for before, more := int64(0), true; more; more = before != 0 {
			c, page, next, err := w.store.ChangeOfMany(t.Context(), w.id, g.ID, newest, true, before, 2)
			if err != nil || c.In != 4 || c.Out != 1 {
				t.Fatalf("got %+v (%v), want 4 who entered and 1 who left", c, err)
			}
			ids, before = append(ids, page...), next
		}
		_, left, _, err := w.store.ChangeOfMany(t.Context(), w.id, g.ID, newest, false, 0, 10)
		if want := []int64{8192, 8191, 5, 1}; err != nil || !slices.Equal(ids, want) || !slices.Equal(left, []int64{2}) {
			t.Errorf("got %v and %v (%v), want %v and [2]", ids, left, err, want)
		}
		if _, _, _, err := w.store.ChangeOfMany(t.Context(), w.id, g.ID+1, newest, true, 0, 2); err != models.ErrNotFound {
			t.Errorf("got %v for another segment's change, want that it is not there", err)
		}
	})
}

func TestDaysBeginWithTheLastNoteBefore(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g, other := w.create("Readers", w.rule(ruletest.Subscribed)), w.create("Others", w.rule(ruletest.Subscribed))
		for day, size := range map[string]int64{"2026-10-01": 1, "2026-10-05": 5, "2026-11-02": 7} {
			w.write(func(tx *gorm.DB) error {
				return tx.Create(&models.SegmentDay{WorkspaceID: w.id, SegmentID: g.ID, Day: day, Size: size}).Error
			})
		}
		w.write(func(tx *gorm.DB) error {
			return tx.Create(&models.SegmentDay{WorkspaceID: w.id, SegmentID: other.ID, Day: "2026-11-20", Size: 2}).Error
		})
		sizes := func(segment int64, from string) string {
			days, err := w.store.Days(t.Context(), w.id, segment, from)
			if err != nil {
				t.Fatal(err)
			}
			var text string
			for _, id := range []int64{g.ID, other.ID} {
				for _, d := range days[id] {
					text += fmt.Sprintf("%s %d, ", d.Day[5:], d.Size)
				}
			}
			return text
		}
		for _, c := range []struct{ got, want string }{
			{sizes(0, "2026-11-01"), "10-05 5, 11-02 7, 11-20 2, "},
			{sizes(g.ID, "2026-11-02"), "11-02 7, "},
			{sizes(g.ID, "2026-09-01"), "10-01 1, 10-05 5, 11-02 7, "},
			{sizes(other.ID, "2026-11-01"), "11-20 2, "},
		} {
			if c.got != c.want {
				t.Errorf("got %s, want %s", c.got, c.want)
			}
		}
	})
}

func TestFreshness(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, other := newWorld(t, db), newWorld(t, db)
		see := func() segments.Freshness {
			f, err := w.store.Freshness(t.Context(), w.id, ruletest.Noon)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		other.write(func(tx *gorm.DB) error { return mark(tx, other.id, 1, nil) })
		if f := see(); !f.Oldest.IsZero() || f.Check != nil {
			t.Errorf("got %+v, want nothing that waits and no check", f)
		}
		done := ruletest.Noon.Add(-time.Hour)
		w.write(func(tx *gorm.DB) error {
			due := []models.SegmentDue{{WorkspaceID: w.id, Chunk: 1, DueAt: ruletest.Noon.Add(-time.Minute)}, {WorkspaceID: w.id, Chunk: 2, DueAt: ruletest.Noon.Add(time.Minute)}}
			if err := tx.Create(&due).Error; err != nil {
				return err
			}
			return tx.Create(&models.SegmentCheck{WorkspaceID: w.id, NextChunk: 4, TotalChunks: 4, Differences: 2, StartedAt: done, FinishedAt: &done}).Error
		})
		if f := see(); !f.Oldest.Equal(ruletest.Noon.Add(-time.Minute)) || f.Check == nil || f.Check.Differences != 2 || !f.Check.FinishedAt.Equal(done) {
			t.Errorf("got %+v, want a chunk that was due a minute ago and a check", f)
		}
		w.write(func(tx *gorm.DB) error {
			return tx.Create(&models.DirtyContact{WorkspaceID: w.id, ContactID: 1, At: ruletest.Noon.Add(-time.Hour)}).Error
		})
		if f := see(); !f.Oldest.Equal(ruletest.Noon.Add(-time.Hour)) {
			t.Errorf("got %v, want the mark of an hour ago", f.Oldest)
		}
	})
}

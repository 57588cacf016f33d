package segments_test

import (
	"errors"
	"slices"

	"campaignlark/internal/ruletest"
	"campaignlark/models"

	"gorm.io/gorm"
)

// told replays the moves of each segment, single ones and waves, and compares the result with its members and with the
// days of its history.
func (a *audience) told() {
	a.t.Helper()
	for _, id := range ruletest.SortedKeys(a.rules) {
		in, days := map[int64]bool{}, map[string]models.SegmentDay{}
		for _, c := range a.changes(id) {
			if c.Cause == models.CauseRepair {
				a.t.Fatalf("segment %d, contact %d: got a repair at %s, want no drift\n  rule %s", id, c.ContactID, c.At, a.rules[id])
			}
			if in[c.ContactID] == c.Entered {
				a.t.Fatalf("segment %d, contact %d: got entered %v twice in a row", id, c.ContactID, c.Entered)
			}
			if in[c.ContactID] = c.Entered; !c.Entered {
				delete(in, c.ContactID)
			}
			day := c.At.In(a.zone(c.At)).Format(ruletest.DayLayout)
			days[day] = counted(days[day], c, int64(len(in)))
		}
		got, err := a.store.Page(a.t.Context(), a.id, id, 0, 10_000)
		if slices.Reverse(got); err != nil || !slices.Equal(got, ruletest.SortedKeys(in)) {
			a.t.Fatalf("segment %d: got members %v (%v), want %v as the changes tell\n  rule %s", id, got, err, ruletest.SortedKeys(in), a.rules[id])
		}
		var history []models.SegmentDay
		if err := a.db.Read(a.t.Context()).Where("workspace_id = ? AND segment_id = ?", a.id, id).Order("day").Find(&history).Error; err != nil {
			a.t.Fatal(err)
		}
		size := int64(0)
		for _, day := range history {
			want, moved := days[day.Day]
			switch {
			case len(a.zones) > 1: // a change of time zone can repeat a day: the moves do not tell its size at the end
				want.Size = day.Size
			case !moved:
				want.Size = size
			}
			size = want.Size
			delete(days, day.Day)
			want.WorkspaceID, want.SegmentID, want.Day = a.id, id, day.Day
			if day != want {
				a.t.Fatalf("got %+v, want %+v as the changes tell", day, want)
			}
		}
		if len(days) > 0 {
			a.t.Fatalf("segment %d: got no history of %v", id, ruletest.SortedKeys(days))
		}
	}
}

// changes returns the segment's moves in order, with those of waves one by one.
func (a *audience) changes(id int64) []models.SegmentChange {
	a.t.Helper()
	var changes []models.SegmentChange
	var sets []models.SegmentBulkChange
	db := a.db.Read(a.t.Context()).Where("workspace_id = ? AND segment_id = ?", a.id, id).Session(&gorm.Session{})
	if err := errors.Join(db.Find(&changes).Error, db.Find(&sets).Error); err != nil {
		a.t.Fatal(err)
	}
	for _, set := range sets {
		for _, contact := range set.Entered.IDs(set.Span, models.SegmentSpan) {
			changes = append(changes, models.SegmentChange{ContactID: contact, Entered: true, Cause: set.Cause, At: set.At})
		}
		for _, contact := range set.Departed.IDs(set.Span, models.SegmentSpan) {
			changes = append(changes, models.SegmentChange{ContactID: contact, Cause: set.Cause, At: set.At})
		}
	}
	slices.SortStableFunc(changes, func(x, y models.SegmentChange) int { return x.At.Compare(y.At) })
	return changes
}

// counted returns the day with one more move.
func counted(day models.SegmentDay, c models.SegmentChange, size int64) models.SegmentDay {
	day.Size = size
	switch {
	case c.Cause == models.CauseCall && c.Entered:
		day.EnteredCall++
	case c.Cause == models.CauseCall:
		day.DepartedCall++
	case c.Cause == models.CauseEdit && c.Entered:
		day.EnteredEdit++
	case c.Cause == models.CauseEdit:
		day.DepartedEdit++
	case c.Cause == models.CauseTime && c.Entered:
		day.EnteredTime++
	case c.Cause == models.CauseTime:
		day.DepartedTime++
	case c.Entered:
		day.EnteredRule++
	default:
		day.DepartedRule++
	}
	return day
}

package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestContactMovesSkipRowsOfOtherContacts reads the few moves of a contact among many of other contacts in its span, in
// pages of every size.
func TestContactMovesSkipRowsOfOtherContacts(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		ws := books(t, db, noon)
		c := models.Contact{WorkspaceID: ws.ID, ID: 7}
		var many []models.SegmentBulkChange
		for i := range 17_300 {
			at := noon.Add(time.Duration(i) * time.Second)
			row := models.SegmentBulkChange{WorkspaceID: ws.ID, ID: models.NewID(at), SegmentID: int64(i), Entered: models.NewSegmentSet([]int64{8}), Departed: models.NewSegmentSet(nil), Cause: models.CauseTime, At: at}
			if i == 3 || i == 700 || i == 17_299 {
				row.Departed = models.NewSegmentSet([]int64{7})
			}
			switch i {
			case 5000: // the bytes of 7 are halves of two other entries
				row.Entered = models.NewSegmentSet([]int64{0x0100, 0x0700})
			case 6000: // a bitmap
				row.Entered = models.NewSegmentSet(upTo(600))
			}
			many = append(many, row)
		}
		var single []models.SegmentChange
		for _, i := range []int{1, 2, 3, 650, 17_298} {
			at := noon.Add(time.Duration(i)*time.Second + time.Millisecond)
			single = append(single, models.SegmentChange{WorkspaceID: ws.ID, ID: models.NewID(at), SegmentID: int64(10000 + i), ContactID: 7, Entered: true, Cause: models.CauseEdit, At: at})
		}
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := tx.CreateInBatches(&many, 1000).Error; err != nil {
				return err
			}
			return tx.Create(&single).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		statements, err := dbtest.CountStatements(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		page, unread, err := db.ContactMoves(t.Context(), c, uuid.Max, 9)
		if n := statements.Load(); err != nil || len(page) != 3 || unread != many[17_300-2*models.SegmentSpan].ID || n != 2 {
			t.Errorf("got %d moves as far as %s (%v) with %d statements, want the 3 in the newest %d changes of many, with 2", len(page), unread, err, n, 2*models.SegmentSpan)
		}
		want := []string{"-17299", "+27298", "+6000", "-700", "+10650", "+10003", "-3", "+10002", "+10001"}
		for limit := 1; limit <= 9; limit++ {
			var got []string
			for before, more := uuid.Max, true; more; {
				page, unread, err := db.ContactMoves(t.Context(), c, before, limit)
				if err != nil || len(page) > limit {
					t.Fatalf("got %d moves (%v), want at most %d", len(page), err, limit)
				}
				for _, m := range page {
					got = append(got, fmt.Sprintf("%+d", map[bool]int64{true: m.SegmentID, false: -m.SegmentID}[m.Entered]))
				}
				before, more = unread, unread != uuid.Nil
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d at a time: got %v, want %v", limit, got, want)
			}
		}
	})
}

func upTo(n int64) (ids []int64) {
	for id := range n {
		ids = append(ids, id)
	}
	return ids
}

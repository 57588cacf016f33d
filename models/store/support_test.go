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

// A search of what was sent looks at bodies, and finds every matching call in order, however often it stops.
func TestRequestsOfSeveralWorkspacesByContent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now())
		var rows []models.WebhookRequest
		want := 0
		for i := range 700 {
			r := models.WebhookRequest{WorkspaceID: int64(1 + i%2), ID: models.NewID(now.Add(time.Duration(i) * time.Millisecond)), WebhookID: 10, Method: "POST", Outcome: models.OutcomeNoAddress, Status: 400, Body: []byte("other")}
			if i%9 == 0 {
				r.Body = []byte("wanted")
				want++
			}
			rows = append(rows, r)
		}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error }); err != nil {
			t.Fatal(err)
		}
		for _, slow := range []time.Duration{0, time.Millisecond} { // the slow search stops in the middle
			filter := store.RequestFilter{Outcome: models.OutcomesFailed, Sent: "jo@example.com", Matches: func(r models.WebhookRequest) bool {
				<-time.After(slow)
				return string(r.Body) == "wanted"
			}}
			var cursor models.Cursor
			found, stops := []models.WebhookRequest{}, 0
			for range 20 {
				page, err := db.RequestsOf(t.Context(), []int64{1, 2}, filter, cursor)
				if err != nil {
					t.Fatal(err)
				}
				if found = append(found, page.Requests...); !page.Older {
					break
				}
				if page.Stopped != uuid.Nil {
					cursor.Before = page.Stopped
					stops++
				} else {
					cursor.Before = page.Requests[len(page.Requests)-1].ID
				}
			}
			if len(found) != want || stops == 0 && slow > 0 {
				t.Errorf("got %d calls with %d stops, want %d", len(found), stops, want)
			}
			if !slices.IsSortedFunc(found, func(a, b models.WebhookRequest) int { return models.CompareIDs(b.ID, a.ID) }) {
				t.Error("the calls are not in order, newest first")
			}
		}
		if _, err := db.RequestsOf(t.Context(), []int64{1}, store.RequestFilter{Sent: "jo@example.com"}, models.Cursor{}); err == nil {
			t.Error("a search of what was sent without Matches gives no error")
		}
	})
}

// Reading several workspaces page by page returns every matching call once, newest first, in both directions.
func TestRequestsOfSeveralWorkspaces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now())
		var rows []models.WebhookRequest
		for i := range 400 {
			workspace := int64(1 + i%3)
			if i%50 == 0 {
				workspace = 4
			}
			r := models.WebhookRequest{WorkspaceID: workspace, ID: models.NewID(now.Add(time.Duration(i) * time.Millisecond)), WebhookID: workspace * 10, Method: "GET", Outcome: models.OutcomeUpdated, Status: 200}
			if i%7 == 0 {
				r.Outcome, r.Status = models.OutcomeNoContact, 404
			}
			address := fmt.Sprintf("reader%d@example.com", i%5)
			key := models.AddressKey(workspace, address)
			r.Address, r.AddressKey = &address, &key
			rows = append(rows, r)
		}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 100).Error }); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			workspaces []int64
			filter     store.RequestFilter
			means      func(models.WebhookRequest) bool
		}{
			"all":                        {[]int64{1, 2, 3, 4}, store.RequestFilter{}, func(models.WebhookRequest) bool { return true }},
			"two":                        {[]int64{1, 4}, store.RequestFilter{}, func(r models.WebhookRequest) bool { return r.WorkspaceID == 1 || r.WorkspaceID == 4 }},
			"failed":                     {[]int64{1, 2, 3, 4}, store.RequestFilter{Outcome: models.OutcomesFailed}, models.WebhookRequest.Failed},
			"one outcome":                {[]int64{1, 2, 3, 4}, store.RequestFilter{Outcome: models.OutcomeUpdated}, func(r models.WebhookRequest) bool { return !r.Failed() }},
			"one address":                {[]int64{1, 2, 3, 4}, store.RequestFilter{Address: "reader2@example.com"}, func(r models.WebhookRequest) bool { return *r.Address == "reader2@example.com" }},
			"one webhook":                {[]int64{3}, store.RequestFilter{WebhookID: 30}, func(r models.WebhookRequest) bool { return r.WebhookID == 30 }},
			"a webhook and an outcome":   {[]int64{3}, store.RequestFilter{WebhookID: 30, Outcome: models.OutcomesFailed}, func(r models.WebhookRequest) bool { return r.WebhookID == 30 && r.Failed() }},
			"part of an address":         {[]int64{1, 2, 3, 4}, store.RequestFilter{Containing: "READER2"}, func(r models.WebhookRequest) bool { return *r.Address == "reader2@example.com" }},
			"part of an address, failed": {[]int64{1, 2, 3, 4}, store.RequestFilter{Containing: "reader3@", Outcome: models.OutcomesFailed}, func(r models.WebhookRequest) bool { return *r.Address == "reader3@example.com" && r.Failed() }},
			"no workspace":               {nil, store.RequestFilter{}, func(models.WebhookRequest) bool { return false }},
			"a time": {[]int64{1, 2}, store.RequestFilter{To: now.Add(100 * time.Millisecond)}, func(r models.WebhookRequest) bool {
				return r.WorkspaceID < 3 && models.IDTime(r.ID).Before(now.Add(100*time.Millisecond))
			}},
		} {
			var want, got []string
			for i := len(rows) - 1; i >= 0; i-- {
				if c.means(rows[i]) {
					want = append(want, rows[i].ID.String())
				}
			}
			var first, last models.Cursor
			for range 20 {
				page, err := db.RequestsOf(t.Context(), c.workspaces, c.filter, last)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.Requests {
					got = append(got, r.ID.String())
				}
				if n := len(page.Requests); n > 0 {
					first, last = models.Cursor{After: page.Requests[0].ID}, models.Cursor{Before: page.Requests[n-1].ID}
				}
				if !page.Older {
					break
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: got %d calls, want %d in order, newest first", name, len(got), len(want))
			}
			if len(want) > 2*store.RequestPageSize {
				back, err := db.RequestsOf(t.Context(), c.workspaces, c.filter, first)
				at := (len(want) - 1) / store.RequestPageSize * store.RequestPageSize
				if err != nil || len(back.Requests) != store.RequestPageSize || back.Requests[0].ID.String() != want[at-store.RequestPageSize] {
					t.Errorf("%s: going back from the last page (%v), got %d calls, want the %d before", name, err, len(back.Requests), store.RequestPageSize)
				}
			}
		}
	})
}

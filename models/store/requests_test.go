package store_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// logOf fills the log of workspace 1 with calls one second apart, the newest at now, and returns their ids, newest
// first. shape fills in a row; i counts from the newest.
func logOf(t *testing.T, db *store.DB, now time.Time, n int, shape func(i int, r *models.WebhookRequest)) []uuid.UUID {
	t.Helper()
	if err := db.EnsureLogDays(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	rows, ids := make([]models.WebhookRequest, n), make([]uuid.UUID, n)
	for i := range rows {
		ids[i] = models.NewID(now.Add(-time.Duration(i) * time.Second))
		rows[i] = models.WebhookRequest{WorkspaceID: 1, ID: ids[i], WebhookID: 7, Method: "POST", Outcome: models.OutcomeCreated, Status: 200}
		shape(i, &rows[i])
	}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(&rows, 500).Error }); err != nil {
		t.Fatal(err)
	}
	return ids
}

func addressed(r *models.WebhookRequest, address string) {
	key := models.AddressKey(r.WorkspaceID, address)
	r.AddressKey, r.Address = &key, &address
}

func failed(r *models.WebhookRequest, o models.Outcome, status int) { r.Outcome, r.Status = o, status }

func TestRequestsByFilter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ids := logOf(t, db, now, 6, func(i int, r *models.WebhookRequest) {
			switch i {
			case 0:
				addressed(r, "marta@example.com")
			case 1:
				failed(r, models.OutcomeNoAddress, 400)
			case 2:
				r.WebhookID = 8
				addressed(r, "marta@example.com")
			case 3:
				failed(r, models.OutcomeBadAddress, 400)
				addressed(r, "Jonas@@Example.com")
				r.ReplayOf = &r.ID
			case 4:
				r.WorkspaceID = 2
			case 5:
				r.WebhookID = 8
				failed(r, models.OutcomeNoContact, 404)
				addressed(r, "jonas@example.org")
			}
		})
		for _, c := range []struct {
			name   string
			filter store.RequestFilter
			want   []int
		}{
			{"all", store.RequestFilter{}, []int{0, 1, 2, 3, 5}},
			{"webhook", store.RequestFilter{WebhookID: 8}, []int{2, 5}},
			{"failed", store.RequestFilter{Outcome: models.OutcomesFailed}, []int{1, 3, 5}},
			{"processed", store.RequestFilter{Outcome: models.OutcomesProcessed}, []int{0, 2}},
			{"one outcome", store.RequestFilter{Outcome: models.OutcomeNoContact}, []int{5}},
			{"failed of a webhook", store.RequestFilter{WebhookID: 8, Outcome: models.OutcomesFailed}, []int{5}},
			{"address", store.RequestFilter{Address: "marta@example.com"}, []int{0, 2}},
			{"address and webhook", store.RequestFilter{Address: "marta@example.com", WebhookID: 7}, []int{0}},
			{"part of an address", store.RequestFilter{Containing: "JONAS@"}, []int{3, 5}},
			{"a part that looks like a pattern", store.RequestFilter{Containing: "%"}, nil},
			{"time", store.RequestFilter{From: now.Add(-3 * time.Second), To: now}, []int{1, 2, 3}},
			{"an answer", store.RequestFilter{Status: 404}, []int{5}},
			{"no replays", store.RequestFilter{NoReplays: true}, []int{0, 1, 2, 5}},
			{"no failed replays", store.RequestFilter{NoReplays: true, Outcome: models.OutcomesFailed}, []int{1, 5}},
			{"a method", store.RequestFilter{Method: "POST"}, []int{0, 1, 2, 3, 5}},
			{"another method", store.RequestFilter{Method: "GET"}, nil},
			{"all together", store.RequestFilter{WebhookID: 8, Outcome: models.OutcomeNoContact, Status: 404, Method: "POST", Containing: "jonas", From: now.Add(-time.Minute)}, []int{5}},
		} {
			page, err := db.Requests(t.Context(), 1, c.filter, models.Cursor{})
			if got := places(page.Requests, ids); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s: got calls %v (%v), want %v", c.name, got, err, c.want)
			}
			if n, err := db.CountRequests(t.Context(), 1, c.filter); err != nil || n != (store.Counted{Calls: int64(len(c.want))}) {
				t.Errorf("%s: counted %+v (%v), want %d", c.name, n, err, len(c.want))
			}
			if times, n, err := db.CallTimes(t.Context(), 1, c.filter); err != nil || n.Calls != int64(len(c.want)) || n.Stopped != uuid.Nil || len(times) != len(c.want) {
				t.Errorf("%s: got the times of %d calls (%v), want %d", c.name, len(times), err, len(c.want))
			}
			all, err := db.LastRequests(t.Context(), 1, store.RequestFilter{}, 50)
			if err != nil {
				t.Fatal(err)
			}
			covered := slices.DeleteFunc(all, func(r models.WebhookRequest) bool { return !c.filter.Covers(r) })
			if got := places(covered, ids); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s: covers %v, want %v", c.name, got, c.want)
			}
		}
	})
}

// places returns the positions of rows in ids.
func places(rows []models.WebhookRequest, ids []uuid.UUID) (at []int) {
	for _, r := range rows {
		for i, id := range ids {
			if id == r.ID {
				at = append(at, i)
			}
		}
	}
	return at
}

func TestRequestsPageThroughAndBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 0, 0, 30, 0, time.UTC) // so that the pages cross midnight
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ids := logOf(t, db, now, 120, func(i int, r *models.WebhookRequest) {
			if i%2 == 0 {
				addressed(r, "marta@example.com")
			}
		})
		for _, filter := range []store.RequestFilter{{}, {Containing: "a"}} {
			want := 120
			if filter.Containing != "" {
				want = 60
			}
			seen, cursor := []int{}, models.Cursor{}
			var page store.RequestPage
			for {
				page = get(t, db, filter, cursor)
				seen = append(seen, places(page.Requests, ids)...)
				if !page.Older {
					break
				}
				cursor = models.Cursor{Before: page.Requests[len(page.Requests)-1].ID}
			}
			if len(seen) != want {
				t.Errorf("got %d calls paging back, want %d", len(seen), want)
			}
			back := get(t, db, filter, models.Cursor{After: page.Requests[0].ID})
			if len(back.Requests) != store.RequestPageSize || !back.Older || places(back.Requests[49:], ids)[0] >= places(page.Requests, ids)[0] {
				t.Errorf("got %d calls going forward again, want the 50 before", len(back.Requests))
			}
		}
	})
}

// TestListsReadBodiesInPart compares the calls of lists with their rows, and checks that lists read little of a large body.
func TestListsReadBodiesInPart(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		sizes := []int{0, 100, store.ListedBody, store.ListedBody + 1, 1 << 20}
		text, contact, version, event, first := "marta@example.com", int64(5), int64(6), models.EventConfirmed, models.NewID(now)
		ids := logOf(t, db, now, len(sizes), func(i int, r *models.WebhookRequest) {
			addressed(r, text)
			r.ContactID, r.ContactVersion, r.ClientAddress, r.UserAgent = &contact, &version, &text, &text
			r.ReplayOf = &first
			r.ContentType, r.DurationUs, r.Size, r.Event = "application/json", 8, 9, &event
			failed(r, models.OutcomeUnreadable, 400)
			r.Body = bytes.Repeat([]byte{0, 0xff}, sizes[i])[:sizes[i]]
		})
		last, err := db.LastRequests(t.Context(), 1, store.RequestFilter{Outcome: models.OutcomesFailed}, 2)
		if err != nil || len(last) != 2 || last[0].ID != ids[0] {
			t.Errorf("got %d calls (%v), want the newest two", len(last), err)
		}
		for _, filter := range []store.RequestFilter{{}, {Outcome: models.OutcomeUnreadable}} { // with an index, and with a walk
			page := get(t, db, filter, models.Cursor{})
			if len(page.Requests) != len(ids) {
				t.Fatalf("got %d calls, want %d", len(page.Requests), len(ids))
			}
			for i, listed := range page.Requests {
				whole, err := db.Request(t.Context(), 1, ids[i])
				if err != nil {
					t.Fatal(err)
				}
				whole.Body = whole.Body[:min(len(whole.Body), store.ListedBody+1)]
				if !bytes.Equal(listed.Body, whole.Body) {
					t.Errorf("of %d bytes: got %d, want %d", sizes[i], len(listed.Body), len(whole.Body))
				}
				listed.Body, whole.Body = nil, nil
				for i, fields := 0, reflect.ValueOf(whole); i < fields.NumField(); i++ {
					if name := fields.Type().Field(i).Name; fields.Field(i).IsZero() && name != "Body" {
						t.Errorf("fill %s too, to see whether lists read it", name)
					}
				}
				if !reflect.DeepEqual(listed, whole) {
					t.Errorf("got %+v, want %+v", listed, whole)
				}
			}
		}
	})
}

func get(t *testing.T, db *store.DB, filter store.RequestFilter, cursor models.Cursor) store.RequestPage {
	t.Helper()
	page, err := db.Requests(t.Context(), 1, filter, cursor)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// A search without an index stops after at most 50,000 calls, says where, and continues from there.
func TestSearchStopsAndContinues(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		const many = 50_100
		fillLog(t, db, now, many)
		logOf(t, db, now.Add(-3*time.Hour), 1, func(_ int, r *models.WebhookRequest) { addressed(r, "old@example.com") })
		page := get(t, db, store.RequestFilter{Containing: "old@"}, models.Cursor{})
		if len(page.Requests) != 0 || page.Stopped == uuid.Nil || !page.Older {
			t.Fatalf("got %d calls, stopped at %v; want none and a place to go on", len(page.Requests), page.Stopped)
		}
		for range 11 { // a slow machine stops earlier, but looks at 5,000 calls each time
			before := page.Stopped
			page = get(t, db, store.RequestFilter{Containing: "old@"}, models.Cursor{Before: before})
			if page.Stopped == uuid.Nil {
				break
			}
			if models.CompareIDs(page.Stopped, before) >= 0 {
				t.Fatalf("stopped at %v, from %v on", page.Stopped, before)
			}
		}
		if len(page.Requests) != 1 || page.Stopped != uuid.Nil || page.Older {
			t.Errorf("got %d calls, stopped at %v; want the old one and the end", len(page.Requests), page.Stopped)
		}
		if n, err := db.CountRequests(t.Context(), 1, store.RequestFilter{}); err != nil || n.Calls != models.ExactCount+1 {
			t.Errorf("got count %+v (%v), want %d: more than it counts", n, err, models.ExactCount+1)
		}
		if n, err := db.CountRequests(t.Context(), 1, store.RequestFilter{Containing: "old@"}); err != nil || n.Calls != 0 || n.Stopped == uuid.Nil {
			t.Errorf("got count %+v (%v), want none, and how far it counted", n, err)
		}
	})
}

// fillLog inserts n calls, one every 100 milliseconds, with one statement.
func fillLog(t *testing.T, db *store.DB, now time.Time, n int) {
	t.Helper()
	if err := db.EnsureLogDays(context.Background(), now); err != nil {
		t.Fatal(err)
	}
	sql := `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?), m(ms) AS (SELECT CAST(? AS bigint) - i * 100 FROM n)
		INSERT INTO webhook_requests (workspace_id, id, webhook_id, method, content_type, outcome, status, duration_us, size)
		SELECT 1, ` + map[store.Dialect]string{
		store.SQLite:   `printf('%08x-%04x-7000-8000-000000000000', ms >> 16, ms & 65535)`,
		store.Postgres: `(lpad(to_hex(ms >> 16), 8, '0') || '-' || lpad(to_hex(ms & 65535), 4, '0') || '-7000-8000-000000000000')::uuid`,
	}[db.Dialect] + `, 7, 'GET', '', 'created', 200, 0, 0 FROM m`
	if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec(sql, n, now.UnixMilli()).Error }); err != nil {
		t.Fatal(err)
	}
}

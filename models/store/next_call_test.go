package store_test

import (
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestNextCall(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		at := models.Instant(time.Now())
		var ids []uuid.UUID
		call := func(webhook int64, status int) {
			row := models.WebhookRequest{WorkspaceID: ws.ID, ID: models.NewID(at.Add(time.Duration(len(ids)) * time.Second)), WebhookID: webhook, Method: "POST", Outcome: models.OutcomeCreated, Status: status, Body: []byte{}}
			if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&row).Error }); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, row.ID)
		}
		want := func(after, id uuid.UUID, succeeded bool) {
			t.Helper()
			got, ok, err := db.NextCall(t.Context(), ws.ID, 7, after)
			if err != nil || got != id || ok != succeeded {
				t.Errorf("got %s, %v (%v), want %s, %v", got, ok, err, id, succeeded)
			}
		}
		if _, _, err := db.NextCall(t.Context(), ws.ID, 7, uuid.Nil); err != models.ErrNotFound {
			t.Errorf("got %v, want that none came", err)
		}
		call(7, 400)
		call(8, 200) // another webhook's
		call(7, 400)
		want(uuid.Nil, ids[2], false)
		if _, _, err := db.NextCall(t.Context(), ws.ID, 7, ids[2]); err != models.ErrNotFound {
			t.Errorf("got %v, want that none came since", err)
		}
		replay := models.WebhookRequest{WorkspaceID: ws.ID, ID: models.NewID(at.Add(time.Minute)), WebhookID: 7, Method: "POST", Outcome: models.OutcomeNoAddress, Status: 400, Body: []byte{}, ReplayOf: &ids[2]}
		if err := db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Create(&replay).Error }); err != nil {
			t.Fatal(err)
		}
		want(uuid.Nil, ids[2], false) // nobody sent the replay
		for range 60 {                // more than a page of refused calls does not hide the first success
			call(7, 400)
		}
		call(7, 200)
		first := ids[len(ids)-1]
		call(7, 200)
		for range 60 {
			call(7, 400)
		}
		want(ids[2], first, true)
	})
}

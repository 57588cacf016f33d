package store_test

import (
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

func TestEraseContact(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := models.Instant(time.Now())
		ws := models.Workspace{Slug: "w", Name: "W", TimeZone: "UTC", CreatedAt: now}
		contacts := make([]models.Contact, 2)
		err := db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := tx.Create(&ws).Error; err != nil {
				return err
			}
			first, err := store.ReserveContactIDs(tx, ws.ID, 2)
			if err != nil || first != 1 {
				t.Errorf("got first id %d (%v), want 1", first, err)
			}
			if again, err := store.ReserveContactIDs(tx, ws.ID, 3); err != nil || again != 3 {
				t.Errorf("got next id %d (%v), want 3", again, err)
			}
			tag := models.Tag{WorkspaceID: ws.ID, Name: "vip", NameFolded: "vip", CreatedAt: now}
			if err := tx.Create(&tag).Error; err != nil {
				return err
			}
			for i, email := range []string{"a@example.com", "b@example.com"} {
				contacts[i] = models.Contact{WorkspaceID: ws.ID, ID: first + int64(i), Email: email, Status: models.StatusSubscribed,
					Fields: map[string]string{"city": "Vienna"}, Version: 1, CreatedAt: now, UpdatedAt: now}
				if err := storePerson(tx, contacts[i], tag.ID, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Write(t.Context(), func(tx *gorm.DB) error {
			if err := store.LockAddresses(tx, models.AddressKey(ws.ID, "a@example.com")); err != nil {
				return err
			}
			return store.EraseContact(tx, contacts[0], 0, now)
		})
		if err != nil {
			t.Fatal(err)
		}
		var left []models.Contact
		var tags []models.ContactTag
		var rows []models.WebhookRequest
		var events []models.AutomationEvent
		var marks []models.DirtyContact
		for _, list := range []any{&left, &tags, &rows, &events, &marks} {
			if err := db.Read(t.Context()).Find(list).Error; err != nil {
				t.Fatal(err)
			}
		}
		if len(left) != 1 || left[0].Email != "b@example.com" || len(tags) != 1 || tags[0].ContactID != left[0].ID {
			t.Errorf("got contacts %+v and tags %+v, want those of b alone", left, tags)
		}
		for _, r := range rows {
			gone := r.AddressKey == nil && r.Address == nil && r.ClientAddress == nil && r.UserAgent == nil && r.Body == nil
			if want := *r.ContactID == contacts[0].ID; gone != want {
				t.Errorf("the log row of contact %d: erased is %v, want %v", *r.ContactID, gone, want)
			}
		}
		for _, e := range events {
			if gone, want := e.Snapshot == nil, e.ContactID == contacts[0].ID; gone != want {
				t.Errorf("the event of contact %d: erased is %v, want %v", e.ContactID, gone, want)
			}
		}
		if len(rows) != 2 || len(events) != 2 || len(marks) != 1 || marks[0].ContactID != contacts[0].ID || marks[0].RequestID != nil {
			t.Errorf("got %d log rows, %d events, marks %+v, want two of each and one mark", len(rows), len(events), marks)
		}
	})
}

// storePerson stores a contact with a tag, a call and an event.
func storePerson(tx *gorm.DB, c models.Contact, tagID int64, now time.Time) error {
	key, text := models.AddressKey(c.WorkspaceID, c.Email), "x"
	request := models.NewID(now)
	for _, row := range []any{
		&c,
		&models.ContactTag{WorkspaceID: c.WorkspaceID, ContactID: c.ID, TagID: tagID},
		&models.WebhookRequest{WorkspaceID: c.WorkspaceID, ID: request, WebhookID: 1, ContactID: &c.ID, AddressKey: &key, Address: &c.Email, Method: "GET",
			Outcome: models.OutcomeCreated, Status: 200, ClientAddress: &text, UserAgent: &text, Body: []byte("x")},
		&models.AutomationEvent{WorkspaceID: c.WorkspaceID, ID: models.NewID(now), Type: models.EventConfirmed, ContactID: c.ID, ContactVersion: 1,
			WebhookID: 1, RequestID: &request, Snapshot: &text, State: models.EventStateHandled, CreatedAt: now},
	} {
		if err := tx.Create(row).Error; err != nil {
			return err
		}
	}
	return nil
}

package intake

import (
	"testing"

	"campaignlark/dbtest"
	"campaignlark/models"
)

func TestSubscribedCreatesAContact(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *models.DB) {
		w := newWorld(t, db, Options{})
		if got := w.send(models.TypeSubscribed, "email_address=Tywin@Example.com&first_name=Tywin&pet=lion"); got != (Answer{200, MessageDone}) {
			t.Fatalf("got %v, want 200", got)
		}
		c := w.contact("tywin@example.com")
		if c == nil {
			t.Fatal("no contact")
		}
		if c.Status != models.StatusSubscribed || c.Version != 1 || c.Fields["first_name"] != "Tywin" || c.Fields["city"] != "Vienna" {
			t.Errorf("got %+v", c)
		}
		if got := w.tagsOf(c); len(got) != 2 {
			t.Errorf("got tags %v, want both", got)
		}
		events := rowsOf[models.AutomationEvent](w, "contact_id = ?", c.ID)
		if len(events) != 1 || events[0].Type != models.EventConfirmed || events[0].ContactVersion != 1 {
			t.Errorf("got events %+v", events)
		}
		log := w.log()
		if len(log) != 1 || log[0].Outcome != models.OutcomeCreated || *log[0].ContactID != c.ID || *log[0].Address != "tywin@example.com" {
			t.Fatalf("got log %+v", log)
		}
		if b := w.body(log[0]); len(b.Fields) != 3 || b.Message != MessageDone || b.GroupSize != 1 || len(b.TagsAdded) != 2 {
			t.Errorf("got body %+v", b)
		}
		if marks := rowsOf[models.DirtyContact](w, "contact_id = ?", c.ID); len(marks) != 1 || *marks[0].RequestID != log[0].ID {
			t.Errorf("got marks %+v", marks)
		}
	})
}

func TestDeleteErases(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *models.DB) {
		w := newWorld(t, db, Options{})
		w.send(models.TypeSubscribed, "email_address=a@example.com&first_name=Arya")
		w.send(models.TypeUnsubscribed, "email_address=a@example.com")
		w.send(models.TypeSubscribed, "email_address=b@example.com")
		if got := w.send(models.TypeDelete, "email_address=a@example.com"); got != (Answer{200, MessageDone}) {
			t.Fatalf("got %v, want 200", got)
		}
		if w.contact("a@example.com") != nil {
			t.Error("the contact is still there")
		}
		for _, r := range w.log() {
			gone := r.Who == nil && r.Address == nil && r.ClientAddress == nil && r.UserAgent == nil && r.Body == nil
			if want := *r.ContactID == 1; gone != want {
				t.Errorf("%s of contact %d: erased is %v, want %v", r.Outcome, *r.ContactID, gone, want)
			}
		}
		for _, e := range rowsOf[models.AutomationEvent](w, "true") {
			if gone := e.Snapshot == nil; gone != (e.ContactID == 1) {
				t.Errorf("event %s of contact %d: erased is %v", e.Type, e.ContactID, gone)
			}
		}
		if got := w.send(models.TypeDelete, "email_address=a@example.com"); got != (Answer{404, MessageNoContact}) {
			t.Errorf("got %v, want 404", got)
		}
		w.send(models.TypeSubscribed, "email_address=a@example.com")
		if c := w.contact("a@example.com"); c.ID != 3 || c.Version != 1 || len(c.Fields) != 1 {
			t.Errorf("got %+v, want another contact", c)
		}
	})
}

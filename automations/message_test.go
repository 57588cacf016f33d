package automations_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
)

// TestAMessageShowsTheContactAtItsStep sends messages before and after a change and a wait, while calls change the contact too. What a
// destination gets last is the newest.
func TestAMessageShowsTheContactAtItsStep(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		call := fmt.Sprintf(`{"type":"call","destination_id":%d}`, w.crm.ID)
		w.automate("Welcome", fmt.Sprintf(`{"triggers":[{"type":"contact_created"}],"steps":[%s,{"type":"add_tag","tag_id":%d},%s,{"type":"wait","minutes":1440},%s]}`, call, w.tags["trial"].ID, call, call))
		w.automate("Changes", `{"triggers":[{"type":"contact_updated"}],"steps":[`+call+`]}`)
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com","city":"Graz"}`)
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com","city":"Linz"}`) // before the first run looks
		w.work()
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com","city":"Wien"}`)
		w.work()
		w.later(25 * time.Hour)
		w.work()
		type message struct {
			version int64
			city    string
			tags    int
		}
		var got []message
		sent := w.sent()
		for i, d := range rowsOf[models.Delivery](w, "id") {
			got = append(got, message{d.ContactVersion, sent[i].Data.Contact.Fields["city"], len(sent[i].Data.Contact.Tags)})
		}
		slices.SortStableFunc(got, func(a, b message) int { return int(a.version - b.version) }) // as the sender does
		want := []message{{1, "Graz", 0}, {2, "Linz", 0}, {3, "Linz", 1}, {4, "Wien", 1}, {4, "Wien", 1}}
		if !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// TestAMessageAboutADeletedContactShowsTheEvent has a run wait before it says that a contact was deleted.
func TestAMessageAboutADeletedContactShowsTheEvent(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.automate("Goodbye", fmt.Sprintf(`{"triggers":[{"type":"contact_deleted"}],"steps":[{"type":"wait","minutes":5},{"type":"call","destination_id":%d}]}`, w.crm.ID))
		w.call(models.TypeSubscribed, `{"email_address":"ada@example.com"}`)
		w.call(models.TypeDelete, `{"email_address":"ada@example.com"}`)
		w.work()
		w.later(time.Hour)
		w.work()
		sent := w.sent()
		if len(sent) != 1 || sent[0].Data.Contact == nil || sent[0].Data.Contact.AddressHash == "" || sent[0].Data.Contact.Email != "" {
			t.Errorf("got %+v, want the hash of the address and nothing else", sent)
		}
	})
}

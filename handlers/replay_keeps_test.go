package handlers

import (
	"strings"
	"testing"
	"time"

	"campaignlark/models"
	"campaignlark/senders"
)

// readsAddressAt lets a webhook take the address from a field.
func (s *site) readsAddressAt(w models.Webhook, field string) {
	path, _ := senders.ParsePath(field)
	s.configure(w, senders.Settings{Mapping: &senders.Mapping{Address: []senders.Path{path}}}, "")
}

// replayAll replays all calls of a webhook that failed or not, and returns the page of the work.
func (s *site) replayAll(w models.Webhook) answer {
	s.later(time.Second)
	at := s.post("/w/books/requests/replay", "webhook", itoa(w.ID)).header.Get("Location")
	s.work()
	s.later(time.Second)
	return s.get(at)
}

// TestAReplayedSignUpKeepsTheConfirmation replays the call of a form after the person has confirmed.
func TestAReplayedSignUpKeepsTheConfirmation(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		form, confirm := s.addWebhook(models.TypeUnconfirmed), s.addWebhook(models.TypeSubscribed)
		s.callJSON(form, `{"email_address":"arya@example.com"}`).want(t, 200)
		s.later(3 * time.Minute)
		s.callJSON(confirm, `{"email_address":"arya@example.com"}`).want(t, 200)
		s.later(time.Second)
		s.get("/w/books/requests/replay?webhook="+itoa(form.ID)).want(t, 200, "1 Kept subscribed")
		s.replayAll(form).want(t, 200, "1 call was replayed. 1 changed nothing.", "Kept subscribed 1")
		if c := s.contact("arya@example.com"); c == nil || c.Status != models.StatusSubscribed {
			t.Errorf("got %+v, want that who confirmed stays subscribed", c)
		}
		page := s.get("/w/books/requests/" + s.lastCall())
		page.want(t, 200, "Kept subscribed", "The person subscribed after this call, so they are kept subscribed.")
		page.wantNot(t, "No contact had it.", "The call stopped here", "valid, known")
	})
}

// TestAReplayLogsNothingOfAnErasedPerson replays a call whose address stood in another field, after the person was erased.
func TestAReplayLogsNothingOfAnErasedPerson(t *testing.T) {
	for _, kind := range []models.WebhookType{models.TypeSubscribed, models.TypeUnsubscribed} {
		t.Run(string(kind), func(t *testing.T) {
			eachEndpoint(t, func(t *testing.T, s *site) {
				w, in, del := s.addWebhook(kind), s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeDelete)
				s.callJSON(w, `{"customer_email":"cersei@example.com"}`).want(t, 400)
				first := s.lastCall()
				s.later(time.Second)
				s.callJSON(in, `{"email_address":"cersei@example.com"}`).want(t, 200)
				s.callJSON(del, `{"email_address":"cersei@example.com"}`).want(t, 200)
				s.readsAddressAt(w, "customer_email")
				s.replayAll(w).want(t, 200, "1 call was replayed.", "Kept erased 1")
				for _, row := range s.logged() {
					if row.WebhookID == w.ID && (len(row.Body) > 0 || row.Address != nil || row.AddressKey != nil || row.ClientAddress != nil || row.UserAgent != nil) {
						t.Errorf("got %+v, want a row that holds nothing of the person", row)
					}
				}
				s.get("/w/books/requests?search=cersei").wantNot(t, "cersei@example.com ")
				s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "Kept out", "The log keeps that it happened, when, and through which webhook.")
				s.get("/w/books/requests/"+first).want(t, 200, "The person was erased")
				for table, rows := range s.everything() {
					if strings.Contains(rows, "cersei") {
						t.Errorf("%s still names the person", table)
					}
				}
			})
		})
	}
}

// TestAReplayLeavesTheFormerAddress replays a call after a manager has mended the address of its contact.
func TestAReplayLeavesTheFormerAddress(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"jon@exmaple.com"}`).want(t, 200)
		s.later(time.Second)
		c := s.contact("jon@exmaple.com")
		s.post("/w/books/contacts/"+itoa(c.ID), "version", itoa(c.Version), "status", "SUBSCRIBED", "email", "jon@example.com").want(t, 303)
		s.later(time.Second)
		s.get("/w/books/requests/replay?webhook="+itoa(w.ID)).want(t, 200, "1 Kept out: the address was changed")
		s.replayAll(w).want(t, 200, "Kept out: the address was changed 1")
		if c := s.contact("jon@exmaple.com"); c != nil {
			t.Errorf("got %+v, want no second contact", c)
		}
		s.get("/w/books/requests/"+s.lastCall()).want(t, 200, "This address was changed to another one after this call, so the replay does not use it.", "Search Contacts for the person")
	})
}

// TestASuccessIsReplayedOnce replays calls that succeeded, stops in the middle, and starts again: each is repeated once, unless it is ticked. A
// call that was skipped again is replayed again, because the webhook may have been changed.
func TestASuccessIsReplayedOnce(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		w := s.addWebhook(models.TypeSubscribed)
		s.callJSON(w, `{"email_address":"arya@example.com"}`).want(t, 200)
		first := s.lastCall()
		s.callJSON(w, `{"email_address":"bran@example.com"}`).want(t, 200)
		s.later(time.Second)
		s.post("/w/books/requests/replay", "id", first).want(t, 303) // as far as a replay came that was stopped
		s.work()
		s.later(time.Second)
		ask := "/w/books/requests/replay?webhook=" + itoa(w.ID)
		s.get(ask).want(t, 200, "Replay 1 call?", "2 calls that match are left out: an earlier replay has done 1 of them, and 1 is a replay.")
		s.replayAll(w).want(t, 200, "1 call was replayed. 1 did what the webhook is for.")
		s.get(ask).want(t, 200, "Nothing to replay", "4 calls that match are left out: an earlier replay has done 2 of them, and 2 are replays.")
		s.get(ask+"&replays=no").want(t, 200, "2 calls that match are left out: an earlier replay has done them already.")
		s.get("/w/books/requests/replay?id="+first).want(t, 200, "Replay 1 call?", "An earlier replay has done this call already. It is done again, because you chose it.")
		if replays, originals := s.replays(); replays != 2 || originals != 2 {
			t.Errorf("got %d replays of %d calls, want each once", replays, originals)
		}

		skips := s.addWebhook(models.TypeSubscribed)
		path, _ := senders.ParsePath("mail")
		s.configure(skips, senders.Settings{Mapping: &senders.Mapping{Address: []senders.Path{path}, SkipNoAddress: true}}, "")
		s.callJSON(skips, `{"customer":"arya@example.com"}`).want(t, 200)
		s.replayAll(skips).want(t, 200, "Skipped 1")
		s.readsAddressAt(skips, "customer")
		s.replayAll(skips).want(t, 200, "1 call was replayed. 1 did what the webhook is for.")
		s.get("/w/books/requests/replay?webhook="+itoa(skips.ID)).want(t, 200, "Nothing to replay")
	})
}

// TestReplaysKeepTheOrderOfTheCalls replays a subscription and a later unsubscription that failed both: the person is unsubscribed in the end.
func TestReplaysKeepTheOrderOfTheCalls(t *testing.T) {
	eachEndpoint(t, func(t *testing.T, s *site) {
		in, off := s.addWebhook(models.TypeSubscribed), s.addWebhook(models.TypeUnsubscribed)
		s.callJSON(in, `{"mail":"arya@example.com"}`).want(t, 400)
		s.later(time.Minute)
		s.callJSON(off, `{"email_address":"arya@example.com"}`).want(t, 404)
		s.later(time.Minute)
		s.readsAddressAt(in, "mail")
		s.post("/w/books/requests/replay", "outcome", "failed").want(t, 303)
		s.work()
		c := s.contact("arya@example.com")
		if c == nil || c.Status != models.StatusUnsubscribed {
			t.Fatalf("got %+v, want that the person is unsubscribed", c)
		}
		s.later(time.Second)
		s.post("/w/books/requests/replay", "id", s.logged()[0].ID.String()).want(t, 303)
		s.work()
		if c = s.contact("arya@example.com"); c.Status != models.StatusUnsubscribed {
			t.Errorf("got %+v, want that the person stays unsubscribed", c)
		}
	})
}

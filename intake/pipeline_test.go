package intake

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

func TestSubscribedCreatesAContact(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
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
		log := w.log()
		if len(log) != 1 || log[0].Fired() != models.EventConfirmed || *log[0].ContactVersion != 1 || log[0].Outcome != models.OutcomeCreated || *log[0].ContactID != c.ID || *log[0].Address != "tywin@example.com" {
			t.Fatalf("got log %+v", log)
		}
		if b := w.body(log[0]); len(b.Fields) != 3 || b.Message != MessageDone || b.GroupSize != 1 || len(b.TagsAdded) != 2 {
			t.Errorf("got body %+v", b)
		}
		if marks := w.marks(c.ID); len(marks) != 1 || marks[0].RequestID != log[0].ID {
			t.Errorf("got marks %+v", marks)
		}
	})
}

func TestDeleteErasesThePersonEverywhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.send(models.TypeSubscribed, "email_address=a@example.com&first_name=Arya")
		w.send(models.TypeUnsubscribed, "email_address=a@example.com")
		w.send(models.TypeSubscribed, "email_address=b@example.com")
		if got := w.send(models.TypeDelete, "email_address=a@example.com"); got != (Answer{200, MessageDone}) {
			t.Fatalf("got %v, want 200", got)
		}
		if w.contact("a@example.com") != nil || len(rowsOf[models.ContactTag](w, "contact_id = 1")) > 0 {
			t.Error("the contact or a tag of it is still there")
		}
		for _, r := range w.log() {
			gone := r.AddressKey == nil && r.Address == nil && r.ClientAddress == nil && r.UserAgent == nil && r.Body == nil
			if want := *r.ContactID == 1; gone != want {
				t.Errorf("%s of contact %d: erased is %v, want %v", r.Outcome, *r.ContactID, gone, want)
			}
		}
		if got, want := w.fired(), []models.EventType{models.EventConfirmed, models.EventUnsubscribed, models.EventConfirmed, ""}; !slices.Equal(got, want) {
			t.Errorf("got the events %q, want %q: that they fired stays", got, want)
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

func TestUnsubscribeKeepsFieldsAndFiresEveryTime(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.send(models.TypeUnconfirmed, "email_address=a@example.com&orders=1.50")
		w.send(models.TypeUnsubscribed, "email_address=A@example.com&orders=2")
		w.send(models.TypeUnsubscribed, "email_address=a@example.com")
		c := w.contact("a@example.com")
		if c.Status != models.StatusUnsubscribed || c.Version != 3 || c.Fields["orders"] != "1.50" || *c.SourceWebhookID != w.hooks[models.TypeUnconfirmed].ID {
			t.Errorf("got %+v", c)
		}
		if c.UnconfirmedAt == nil || c.UnsubscribedAt == nil || c.SubscribedAt != nil || c.UnsubscribedAt.Before(*c.UnconfirmedAt) {
			t.Errorf("got the times %v, %v, %v", c.SubscribedAt, c.UnconfirmedAt, c.UnsubscribedAt)
		}
		if got := w.tagsOf(c); len(got) != 1 || got[0] != w.tags[1].ID {
			t.Errorf("got tags %v, want news", got)
		}
		if got, want := w.fired(), []models.EventType{models.EventPending, models.EventUnsubscribed, models.EventUnsubscribed}; !slices.Equal(got, want) {
			t.Errorf("got the events %q, want %q", got, want)
		}
		last := w.body(w.log()[2]).After
		if want := (LogContact{"a@example.com", models.StatusUnsubscribed, map[string]string{"city": "Vienna", "orders": "1.50"}, []string{"news"}, 3}); !sameLogContact(last, &want) {
			t.Errorf("got the contact %+v after the last call, want %+v", last, want)
		}
		if b := w.body(w.log()[1]); len(b.Fields) != 1 || b.Fields[0].Fate != FateIgnored || b.Before.Version != 1 || b.After.Version != 2 {
			t.Errorf("got %+v", b)
		}
	})
}

// TestRefusedCallsAreLogged expects that a refused call leaves a log row and a count, and nothing else.
func TestRefusedCallsAreLogged(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		open := w.hooks[models.TypeSubscribed]
		retired, off, gone := w.addHook(models.TypeSubscribed), w.addHook(models.TypeSubscribed), w.addHook(models.TypeSubscribed)
		old := w.call(retired, "email_address=a@example.com")
		w.write(func(tx *gorm.DB) error {
			return errors.Join(
				tx.Model(&models.Webhook{}).Where("id = ?", retired.ID).Update("hash", "another").Error,
				tx.Model(&models.Webhook{}).Where("id = ?", off.ID).Update("enabled", false).Error,
				tx.Model(&models.Webhook{}).Where("id = ?", gone.ID).Update("deleted_at", testNow()).Error)
		})
		prefetch := w.call(open, "email_address=a@example.com")
		prefetch.Prefetch = true
		large := w.call(open, "")
		large.Submission = Submission{Err: ErrTooLarge}
		broken := w.call(open, "")
		broken.Submission = Decode(Request{Method: "POST", ContentType: "application/json", Body: []byte(`{"email_address":`)})
		late, differs := w.call(off, ""), w.call(open, "")
		late.Submission, late.Refusal = Submission{}, &Refusal{models.OutcomeMalformed, Answer{408, "Late."}}
		differs.Submission, differs.Refusal = Submission{}, &Refusal{models.OutcomeURLDiffers, Answer{404, MessageNoWebhook}}
		tests := []struct {
			call    Call
			status  int
			outcome models.Outcome
			address string
			payload string
		}{
			{old, 404, models.OutcomeHashRetired, "a@example.com", "email_address=a@example.com"},
			{w.call(off, "email_address=a@example.com"), 404, models.OutcomeDisabled, "a@example.com", "email_address=a@example.com"},
			{w.call(gone, "x=y"), 404, models.OutcomeWebhookGone, "", "x=y"},
			{prefetch, 400, models.OutcomePrefetch, "", ""},
			{large, 413, models.OutcomeTooLarge, "", ""},
			{late, 408, models.OutcomeMalformed, "", ""},
			{differs, 404, models.OutcomeURLDiffers, "", ""},
			{broken, 400, models.OutcomeUnreadable, "", `{"email_address":`},
			{w.call(open, "first_name=x"), 400, models.OutcomeNoAddress, "", "first_name=x"},
			{w.call(open, "email_address=a%40b"), 400, models.OutcomeBadAddress, "a@b", "email_address=a%40b"},
			{w.call(w.hooks[models.TypeDelete], "email_address=a@example.com"), 404, models.OutcomeNoContact, "a@example.com", "email_address=a@example.com"},
		}
		for _, test := range tests {
			got, row := w.submit(test.call), w.row(test.call.ID)
			if got.Status != test.status || row.Status != test.status || row.Outcome != test.outcome || row.ContactID != nil {
				t.Errorf("got %v and a row %s, %d, want %s, %d", got, row.Outcome, row.Status, test.outcome, test.status)
			}
			if address := deref(row.Address); address != test.address || (row.AddressKey != nil) != (address != "") {
				t.Errorf("%s: got address %q, who %v, want %q", test.outcome, address, row.AddressKey, test.address)
			}
			if b := w.body(row); b.Payload != test.payload || b.Message != got.Message {
				t.Errorf("%s: got %+v, want the payload %q", test.outcome, b, test.payload)
			}
			var calls, failed int64
			err := db.Read(t.Context()).Raw("SELECT sum(calls) AS calls, sum(CASE WHEN failed THEN calls ELSE 0 END) AS failed FROM webhook_counts WHERE outcome = ?", test.outcome).
				Row().Scan(&calls, &failed)
			if err != nil || calls != 1 || failed != 1 {
				t.Errorf("%s: got %d calls, %d failed (%v), want one", test.outcome, calls, failed, err)
			}
		}
		if n := len(rowsOf[models.Contact](w, "true")) + len(rowsOf[models.CallMarks](w, "true")); n != 0 {
			t.Errorf("refused calls left %d rows beside the log", n)
		}
		for _, event := range w.fired() {
			if event != "" {
				t.Errorf("a refused call fired %s", event)
			}
		}
	})
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestDeleteErasesRefusedCallsToo expects that erasing a person also erases refused calls that name the person: a DELETE that
// found nobody, and a list of addresses.
func TestDeleteErasesRefusedCallsToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.send(models.TypeDelete, "email_address=a@example.com") // 404
		listed := func() Call {
			c := w.call(w.hooks[models.TypeSubscribed], "")
			c.Submission = Decode(Request{Method: "POST", ContentType: "application/json", Body: []byte(`{"email_address":["b@example.com","A@example.com"]}`)})
			return c
		}
		if got := w.submit(listed()); got.Status != 400 {
			t.Errorf("got %v for an address in a list, want 400", got)
		}
		w.send(models.TypeSubscribed, "email_address=a@example.com")
		w.together(listed(), w.call(w.hooks[models.TypeDelete], "email_address=a@example.com"))
		w.send(models.TypeDelete, "email_address=a@example.com") // 404 again, after the person was erased
		for i, r := range w.log() {
			if erased := r.Body == nil && r.Address == nil; erased != (i < 5) {
				t.Errorf("row %d (%s): erased is %v", i, r.Outcome, erased)
			}
		}
	})
}

// TestCallsIgnoreDeletedTagsAndMergeTags deletes a tag and merge tags whose purge has not run yet.
func TestCallsIgnoreDeletedTagsAndMergeTags(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.write(func(tx *gorm.DB) error {
			return errors.Join(
				tx.Model(&models.Tag{}).Where("id = ?", w.tags[0].ID).Update("deleted_at", testNow()).Error,
				tx.Model(&models.MergeTag{}).Where("key IN ?", []string{"first_name", "city"}).Update("deleted_at", testNow()).Error)
		})
		w.send(models.TypeSubscribed, "email_address=a@example.com&first_name=Arya")
		c := w.contact("a@example.com")
		if got := w.tagsOf(c); len(got) != 1 || got[0] != w.tags[1].ID || len(c.Fields) != 0 {
			t.Errorf("got tags %v and fields %v, want news and none", got, c.Fields)
		}
	})
}

// TestAnyBytesAreStored sends calls of invalid bytes. Both databases must store their rows.
func TestAnyBytesAreStored(t *testing.T) {
	t.Parallel()
	const bad = "a\x00b\xff\xfe\u2028\U0001F600"
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		for _, r := range []Request{
			{Method: "GET", Query: "email_address=a%40example.com&first_name=a%00b%ff%fe&x%00%ff=" + bad},
			{Method: "POST", ContentType: "application/json", Body: []byte(`{"email_address":"a@example.com","first_name":"` + "\xff" + `\u0000\ud800","` + "\xfe" + `\u0000":1}`)},
			{Method: "POST", ContentType: "application/json", Body: []byte("{" + bad)},
			{Method: "POST", ContentType: bad, Body: []byte(bad)},
			{Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte("email_address=" + bad)},
			{Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte("email_address=a@example.com&city=" + strings.Repeat("\xff", 1<<20-200))},
		} {
			c := w.call(w.hooks[models.TypeSubscribed], "")
			c.Method, c.ContentType, c.Submission = r.Method+bad, r.ContentType, Decode(r)
			c.ClientAddress, c.UserAgent = bad, strings.Repeat(bad, 1000)
			c.Headers = slices.Repeat([]Header{{bad, strings.Repeat(bad, 1000)}}, 1000)
			if got := w.submit(c); got.Status >= 500 {
				t.Errorf("%q: got %v", r.ContentType, got)
			}
			row := w.row(c.ID)
			if row.Outcome == models.OutcomeNotCommitted || row.Body == nil {
				t.Errorf("%q: got %s, want the row stored", r.ContentType, row.Outcome)
			}
			for _, text := range []string{row.Method, row.ContentType, *row.ClientAddress, *row.UserAgent, deref(row.Address), w.body(row).Payload} {
				if models.ValidText(text) != text {
					t.Errorf("got %q in the log", text)
				}
			}
		}
	})
}

func TestLookupFindsHashesAndCountsUnknownOnes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		hook := w.hooks[models.TypeSubscribed]
		for range 2 { // from the database, then from the cache
			row, found, err := w.pipe.Lookup(t.Context(), hook.Hash)
			if err != nil || !found || row.WebhookID != hook.ID || row.WorkspaceID != w.ws.ID || row.Hash != hook.Hash {
				t.Errorf("got %+v, %v, %v", row, found, err)
			}
		}
		for i, hash := range []string{"", "no", strings.ToLower(hook.Hash) + "x", "\xff\x00"} {
			if _, found, err := w.pipe.Lookup(t.Context(), hash); found || err != nil {
				t.Errorf("%q: got %v, %v, want it unknown", hash, found, err)
			}
			if got := w.pipe.UnknownHashes(); got != int64(i+1) {
				t.Errorf("got %d unknown hashes, want %d", got, i+1)
			}
		}
		later := w.addHook(models.TypeDelete)
		if _, found, _ := w.pipe.Lookup(t.Context(), later.Hash); !found {
			t.Error("a webhook that was made later is not found")
		}
	})
}

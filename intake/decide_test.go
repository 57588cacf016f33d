package intake

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/models"
)

var (
	decideNow = time.Date(2026, 11, 24, 14, 31, 7, 0, time.UTC)
	earlier   = decideNow.Add(-time.Hour)
	vip       = models.Tag{ID: 1, Name: "vip"}
	news      = models.Tag{ID: 2, Name: "news"}
)

// hookOf returns an enabled webhook with both tags in a workspace with a few merge tags.
func hookOf(kind models.WebhookType) Webhook {
	return Webhook{
		Webhook: models.Webhook{WorkspaceID: 7, ID: 3, Type: kind, Hash: "h", Enabled: true},
		Tags:    []models.Tag{vip, news},
		MergeTags: []models.MergeTag{
			{ID: 11, Key: "first_name", Label: "Prénom", Type: models.MergeTagText},
			{ID: 12, Key: "city", Label: "City", Type: models.MergeTagText, Default: "Vienna"},
			{ID: 13, Key: "orders", Label: "Orders", Type: models.MergeTagNumber},
			{ID: 14, Key: "level", Label: "Level", Type: models.MergeTagNumber, Default: "1"},
			{ID: 15, Key: "size", Label: "Size", Type: models.MergeTagSingle, Options: []string{"S", "M"}, Default: "XL"}, // no longer a choice
		},
	}
}

// personWith returns an existing contact with the tag vip.
func personWith(status models.Status, fields map[string]string) *Person {
	return &Person{
		Contact: models.Contact{WorkspaceID: 7, ID: 42, Email: "a@example.com", Status: status, Fields: fields, Version: 5, UpdatedAt: earlier},
		Tags:    []models.Tag{vip},
	}
}

func ask(kind models.WebhookType, contact *Person, query string) Question {
	return Question{
		Webhook: hookOf(kind), Hash: "h", Submission: Decode(Request{Method: "GET", Query: query}), Contact: contact, Now: decideNow,
	}
}

const to = "email_address=a@example.com"

// CONTRACT "What each type does", row by row.
func TestDecideAppliesTheWebhookType(t *testing.T) {
	t.Parallel()
	const S, U, X = models.StatusSubscribed, models.StatusUnconfirmed, models.StatusUnsubscribed
	full := map[string]string{"first_name": "Arya", "city": "Braavos", "level": "3"}
	tests := []struct {
		name    string
		kind    models.WebhookType
		contact *Person
		query   string
		outcome models.Outcome
		status  models.Status // after; "" for nobody
		fields  map[string]string
		tags    []models.Tag
		event   models.EventType
		version int64
	}{
		{"SUBSCRIBED new", models.TypeSubscribed, nil, to + "&first_name=Arya",
			models.OutcomeCreated, S, map[string]string{"first_name": "Arya", "city": "Vienna", "level": "1"}, []models.Tag{vip, news}, models.EventConfirmed, 1},
		{"SUBSCRIBED unsubscribed", models.TypeSubscribed, personWith(X, full), to + "&city=",
			models.OutcomeResubscribed, S, full, []models.Tag{vip, news}, models.EventConfirmed, 6},
		{"SUBSCRIBED unconfirmed", models.TypeSubscribed, personWith(U, full), to,
			models.OutcomeResubscribed, S, full, []models.Tag{vip, news}, models.EventConfirmed, 6},
		{"SUBSCRIBED subscribed, a tag is new", models.TypeSubscribed, personWith(S, full), to,
			models.OutcomeUpdated, S, full, []models.Tag{vip, news}, "", 6},
		{"SUBSCRIBED subscribed, defaults fill what is empty", models.TypeSubscribed, personWith(S, map[string]string{"city": "Braavos"}), to + "&orders=1.50",
			models.OutcomeUpdated, S, map[string]string{"city": "Braavos", "orders": "1.50", "level": "1"}, []models.Tag{vip, news}, "", 6},
		{"UNCONFIRMED new", models.TypeUnconfirmed, nil, to,
			models.OutcomeCreated, U, map[string]string{"city": "Vienna", "level": "1"}, []models.Tag{vip, news}, models.EventPending, 1},
		{"UNCONFIRMED subscribed", models.TypeUnconfirmed, personWith(S, full), to + "&first_name=No+one",
			models.OutcomeUnconfirmed, U, map[string]string{"first_name": "No one", "city": "Braavos", "level": "3"}, []models.Tag{vip, news}, models.EventPending, 6},
		{"UNCONFIRMED unconfirmed fires again", models.TypeUnconfirmed, personWith(U, full), to,
			models.OutcomeUpdated, U, full, []models.Tag{vip, news}, models.EventPending, 6},
		{"UNSUBSCRIBED subscribed", models.TypeUnsubscribed, personWith(S, map[string]string{}), to + "&first_name=x",
			models.OutcomeUnsubscribed, X, map[string]string{}, []models.Tag{vip}, models.EventUnsubscribed, 6},
		{"UNSUBSCRIBED unsubscribed fires again", models.TypeUnsubscribed, personWith(X, full), to,
			models.OutcomeUnsubscribed, X, full, []models.Tag{vip}, models.EventUnsubscribed, 6},
		{"DELETE", models.TypeDelete, personWith(S, full), to, models.OutcomeDeleted, "", nil, nil, "", 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			q := ask(test.kind, test.contact, test.query)
			d := Decide(q)
			if d.Outcome != test.outcome || d.Answer != (Answer{200, "Acknowledged. The webhook has been processed."}) {
				t.Errorf("got %s, %v, want %s and 200", d.Outcome, d.Answer, test.outcome)
			}
			if d.Event != test.event || d.Version != test.version {
				t.Errorf("got event %q, version %d, want %q, %d", d.Event, d.Version, test.event, test.version)
			}
			if (d.Event == "") != (d.NoEvent != "") {
				t.Errorf("got event %q and no event because %q, want one of them", d.Event, d.NoEvent)
			}
			if test.status == "" {
				if d.Contact != nil {
					t.Errorf("got %+v, want nobody", d.Contact)
				}
				return
			}
			c := d.Contact
			if c.Status != test.status || !maps.Equal(c.Fields, test.fields) || !slices.Equal(c.Tags, test.tags) || c.Version != test.version {
				t.Errorf("got %+v, want %s %v %v", c, test.status, test.fields, test.tags)
			}
			if c.Email != "a@example.com" || c.WorkspaceID != 7 {
				t.Errorf("got %s in %d", c.Email, c.WorkspaceID)
			}
		})
	}
}

// CONTRACT "Order of checks": each check comes before everything below it.
func TestDecideRefusesInOrder(t *testing.T) {
	t.Parallel()
	open := func(q *Question) {}
	tests := []struct {
		name    string
		kind    models.WebhookType
		query   string
		change  func(*Question)
		outcome models.Outcome
		answer  Answer
	}{
		{"deleted webhook", models.TypeSubscribed, "", func(q *Question) { q.Webhook.DeletedAt, q.Webhook.Enabled = &earlier, false }, models.OutcomeWebhookGone,
			Answer{404, "It looks like the webhook you're trying to access doesn't exist."}},
		{"webhook not there", models.TypeSubscribed, to, func(q *Question) { q.Webhook = Webhook{} }, models.OutcomeWebhookGone,
			Answer{404, "It looks like the webhook you're trying to access doesn't exist."}},
		{"rotated hash", models.TypeSubscribed, to, func(q *Question) { q.Hash, q.Webhook.Enabled = "old", false }, models.OutcomeHashRetired,
			Answer{404, "It looks like the webhook you're trying to access doesn't exist."}},
		{"disabled webhook, whatever the body holds", models.TypeSubscribed, "", func(q *Question) { q.Webhook.Enabled, q.Submission.Err, q.Prefetch = false, ErrTooLarge, true }, models.OutcomeDisabled,
			Answer{404, "It looks like the webhook you're trying to access doesn't exist."}},
		{"refused before, whatever the webhook is", models.TypeSubscribed, to, func(q *Question) {
			q.Webhook.Enabled, q.Refusal = false, &Refusal{models.OutcomeMalformed, Answer{408, "Late."}}
		}, models.OutcomeMalformed, Answer{408, "Late."}},
		{"prefetch", models.TypeSubscribed, to, func(q *Question) { q.Prefetch = true }, models.OutcomePrefetch, Answer{400, MessagePrefetch}},
		{"too large", models.TypeSubscribed, to, func(q *Question) { q.Submission = Submission{Err: ErrTooLarge} }, models.OutcomeTooLarge, Answer{413, ErrTooLarge.Error()}},
		{"unreadable", models.TypeSubscribed, to, func(q *Question) { q.Submission = Submission{Err: &DecodeError{KindJSON, "No."}} }, models.OutcomeUnreadable, Answer{400, "No."}},
		{"no address", models.TypeSubscribed, "first_name=x", open, models.OutcomeNoAddress, Answer{400, "Please provide an email address in the webhook data."}},
		{"blank address", models.TypeUnsubscribed, "email_address=+%09", open, models.OutcomeNoAddress, Answer{400, "Please provide an email address in the webhook data."}},
		{"bad address", models.TypeDelete, "email_address=a@b", open, models.OutcomeBadAddress, Answer{400, "Please provide a valid email address"}},
		{"UNSUBSCRIBED nobody", models.TypeUnsubscribed, to, open, models.OutcomeNoContact, Answer{404, "We were unable to find the contact."}},
		{"DELETE nobody", models.TypeDelete, to, open, models.OutcomeNoContact, Answer{404, "We were unable to find the contact."}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			q := ask(test.kind, nil, test.query)
			test.change(&q)
			d := Decide(q)
			if d.Outcome != test.outcome || d.Answer != test.answer {
				t.Errorf("got %s, %v, want %s, %v", d.Outcome, d.Answer, test.outcome, test.answer)
			}
			if d.Contact != nil || d.Event != "" || d.Version != 0 || d.Fields != nil {
				t.Errorf("got %+v, want that nothing happens", d)
			}
		})
	}
}

func TestDecideReadsTheAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		json string
		want models.Outcome
	}{
		{`{"email_address":"B@Example.com "}`, models.OutcomeCreated},
		{`{"EMAIL_Address":"b@example.com"}`, models.OutcomeCreated},
		{`{"email_address":null}`, models.OutcomeNoAddress},
		{`{"email_address":""}`, models.OutcomeNoAddress},
		{`{"email_address":[]}`, models.OutcomeBadAddress},
		{`{"email_address":["b@example.com"]}`, models.OutcomeCreated},
		{`{"email_address":["b@example.com","c@example.com"]}`, models.OutcomeBadAddress},
		{`{"email_address":[["b@example.com"]]}`, models.OutcomeBadAddress},
		{`{"email_address":["not an address"]}`, models.OutcomeBadAddress},
		{`{"email_address":[{"value":"b@example.com"}]}`, models.OutcomeBadAddress},
		{`{"email_address":{"a":"b@example.com"}}`, models.OutcomeBadAddress},
		{`{"email_address":7}`, models.OutcomeBadAddress},
		{`{"email_address":"b@example.com\u0000"}`, models.OutcomeBadAddress},
		{`{"email_address":"b c@example.com"}`, models.OutcomeBadAddress}, // only in a form a space may stand for a +
		{`{}`, models.OutcomeNoAddress},
	}
	for _, test := range tests {
		q := ask(models.TypeSubscribed, nil, "")
		q.Submission = Decode(Request{Method: "POST", ContentType: "application/json", Body: []byte(test.json)})
		if got := Decide(q).Outcome; got != test.want {
			t.Errorf("%s: got %s, want %s", test.json, got, test.want)
		}
	}
	if got := Decide(ask(models.TypeSubscribed, nil, "email_address=b+c@example.com")); got.Contact == nil || got.Contact.Email != "b+c@example.com" {
		t.Errorf("got %v, want b+c@example.com", got.Contact)
	}
}

// CONTRACT "Payload": a blank directly before the address in a form or query may be a lost +.
func TestDecideLostPlus(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	get := func(query string) Request { return Request{Method: "GET", Query: query} }
	post := func(contentType, body string) Request {
		return Request{Method: "POST", ContentType: contentType, Body: []byte(body)}
	}
	for _, c := range []struct {
		r       Request
		lost    bool
		address string
	}{
		{get("email_address=+jo@example.com"), true, "jo@example.com"},
		{get("email_address=%20jo@example.com"), true, "jo@example.com"}, // + became a blank on the way, and was escaped after that
		{get("email_address=++jo@example.com"), true, "jo@example.com"},
		{get("email_address=%09+jo@example.com"), true, "jo@example.com"},
		{get("email_address=+jo+tag@example.com"), true, "jo+tag@example.com"},
		{get("email_address=a@example.com&email_address=+jo@example.com"), true, "jo@example.com"},
		{get("Email_Address=+Jo@Example.com+"), true, "jo@example.com"},
		{post(form, "email_address=+jo@example.com"), true, "jo@example.com"},
		{post(form+"; charset=iso-8859-1", "email_address=+jo@example.com"), true, "jo@example.com"},
		{post("", "email_address=+jo@example.com"), true, "jo@example.com"},
		{get("email_address=%2Bjo@example.com"), false, "+jo@example.com"},
		{get("email_address=jo@example.com+"), false, "jo@example.com"},
		{get("email_address=%09jo@example.com"), false, "jo@example.com"},
		{get("email_address=+%09jo@example.com"), false, "jo@example.com"},
		{get("email_address=%0D%0Ajo@example.com"), false, "jo@example.com"},
		{get("email_address=%C2%A0jo@example.com"), false, "jo@example.com"}, // no-break space
		{get("email_address=jo+tag@example.com"), false, "jo+tag@example.com"},
		{get("email_address=+jo@example.com&email_address=jo@example.com"), false, "jo@example.com"},
		{post("application/json", `{"email_address":" jo@example.com"}`), false, "jo@example.com"},
		{postParts("multipart/form-data; boundary=b", "--b", `Content-Disposition: form-data; name="email_address"`, "", " jo@example.com", "--b--"), false, "jo@example.com"},
	} {
		for _, kind := range models.WebhookTypes {
			contact := personWith(models.StatusSubscribed, nil)
			contact.Email = c.address
			got := Decide(Question{Webhook: hookOf(kind), Hash: "h", Submission: Decode(c.r), Contact: contact, Now: decideNow})
			if refused := c.lost && !kind.HasTags(); refused != (got.Answer == Answer{400, "Please provide a valid email address"}) || refused != (got.Outcome == models.OutcomeBadAddress) {
				t.Errorf("%s: %s%s: got %s, %v", kind, c.r.Query, c.r.Body, got.Outcome, got.Answer)
			}
			j := newJob(Call{Submission: Decode(c.r)})
			if j.address != c.address || j.call.Submission.Email.PlusMayBeLost() != c.lost {
				t.Errorf("%s%s: got %q, lost %v", c.r.Query, c.r.Body, j.address, j.call.Submission.Email.PlusMayBeLost())
			}
		}
	}
	for _, query := range []string{"email_address=+", "email_address=++&first_name=x", "email_address=%20%20"} {
		if got := Decide(ask(models.TypeDelete, nil, query)).Outcome; got != models.OutcomeNoAddress {
			t.Errorf("%s: got %s, want no address", query, got)
		}
	}
}

func TestDecideKeepsTheVersionIfNothingChanges(t *testing.T) {
	t.Parallel()
	before := personWith(models.StatusSubscribed, map[string]string{"first_name": "Arya", "city": "Braavos", "level": "3"})
	before.Tags = []models.Tag{vip, news}
	d := Decide(ask(models.TypeSubscribed, before, to+"&first_name=Arya"))
	if d.Outcome != models.OutcomeUpdated || d.Version != 5 || d.Contact.Version != 5 || !d.Contact.UpdatedAt.Equal(earlier) || d.TagsAdded != nil {
		t.Errorf("got %+v, want version 5 and no change", d)
	}
}

func TestDecideDoesNotChangeTheQuestion(t *testing.T) {
	t.Parallel()
	before := personWith(models.StatusUnconfirmed, map[string]string{"first_name": "Arya"})
	Decide(ask(models.TypeSubscribed, before, to+"&first_name=Sansa"))
	Decide(ask(models.TypeUnsubscribed, before, to))
	if before.Fields["first_name"] != "Arya" || len(before.Fields) != 1 || len(before.Tags) != 1 || before.Version != 5 || before.Status != models.StatusUnconfirmed {
		t.Errorf("got %+v, want it as it was", before)
	}
}

func TestDecideExplainsEachField(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_001)
	tests := []struct {
		name   string
		fields map[string]string
		query  string
		want   []FieldFate // Reason: a part of it; merge tag ids and labels are not compared
	}{
		{"stored and unchanged", map[string]string{"first_name": "Arya", "city": "B", "level": "3"}, "first_name=Arya&city=C", []FieldFate{
			{Fate: FateUnchanged, Key: "first_name", Sent: "Arya", MergeTag: "first_name", Before: "Arya", After: "Arya"},
			{Fate: FateStored, Key: "city", Sent: "C", MergeTag: "city", Before: "B", After: "C"}}},
		{"a blank never erases", map[string]string{"first_name": "Arya", "city": "B", "level": "3"}, "first_name=+&city=", []FieldFate{
			{Fate: FateLeft, Key: "first_name", Sent: " ", MergeTag: "first_name", Before: "Arya", After: "Arya", Reason: "never erases"},
			{Fate: FateLeft, Key: "city", MergeTag: "city", Before: "B", After: "B", Reason: "never erases"}}},
		{"defaults come last", map[string]string{"level": "3"}, "pet=wolf", []FieldFate{
			{Fate: FateIgnored, Key: "pet", Sent: "wolf", Reason: "No merge tag has this key."},
			{Fate: FateDefault, MergeTag: "city", After: "Vienna"}}},
		{"a blank with a default", map[string]string{"level": "3"}, "city=", []FieldFate{
			{Fate: FateDefault, Key: "city", MergeTag: "city", After: "Vienna"}}},
		{"a value that does not fit counts as not given", map[string]string{"city": "B", "orders": "2"}, "orders=many&level=high", []FieldFate{
			{Fate: FateRefused, Key: "orders", Sent: "many", MergeTag: "orders", Before: "2", After: "2", Reason: "number"},
			{Fate: FateRefused, Key: "level", Sent: "high", MergeTag: "level", After: "1", Reason: "The default was used instead."}}},
		{"too long", map[string]string{"city": "B", "level": "3"}, "first_name=" + long, []FieldFate{
			{Fate: FateRefused, Key: "first_name", Sent: long[:1000] + "…", MergeTag: "first_name", Reason: "10,000"}}},
		{"without case, the exact key wins", map[string]string{"city": "B", "level": "3"}, "First_Name=1&first_name=2&FIRST_NAME=3", []FieldFate{
			{Fate: FateIgnored, Key: "First_Name", Sent: "1", Reason: "Another field of this call counts for first_name."},
			{Fate: FateStored, Key: "first_name", Sent: "2", MergeTag: "first_name", After: "2"},
			{Fate: FateIgnored, Key: "FIRST_NAME", Sent: "3", Reason: "Another field of this call counts for first_name."}}},
		{"a label is no key, but is explained", map[string]string{"city": "B", "level": "3"}, "pr%C3%A9nom=Arya", []FieldFate{
			{Fate: FateIgnored, Key: "prénom", Sent: "Arya", Reason: "the key to send is first_name"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := Decide(ask(models.TypeSubscribed, personWith(models.StatusSubscribed, test.fields), to+"&"+test.query)).Fields
			if len(got) != len(test.want) {
				t.Fatalf("got %+v, want %+v", got, test.want)
			}
			for i, want := range test.want {
				if !strings.Contains(got[i].Reason, want.Reason) {
					t.Errorf("got reason %q, want %q in it", got[i].Reason, want.Reason)
				}
				if (got[i].MergeTag == "") != (got[i].MergeTagID == 0) || (got[i].MergeTag == "") != (got[i].Label == "") {
					t.Errorf("got %+v, want id and label with the merge tag", got[i])
				}
				got[i].Reason, got[i].MergeTagID, got[i].Label = want.Reason, 0, ""
				if got[i] != want {
					t.Errorf("got %+v, want %+v", got[i], want)
				}
			}
		})
	}
}

// TestDecideTreatsNullAsNotSent sends null for a key. Another spelling of the key counts instead; without one the stored
// value stays.
func TestDecideTreatsNullAsNotSent(t *testing.T) {
	t.Parallel()
	q := ask(models.TypeSubscribed, nil, "")
	q.Submission = Decode(Request{Method: "POST", ContentType: "application/json",
		Body: []byte(`{"email_address":"a@example.com","first_name":null,"FIRST_NAME":"Arya","orders":null,"city":{"a":1},"level":[1]}`)})
	d := Decide(q)
	if want := map[string]string{"first_name": "Arya", "city": "Vienna", "level": "1"}; !maps.Equal(d.Contact.Fields, want) {
		t.Errorf("got %v, want %v", d.Contact.Fields, want)
	}
	want := []Fate{FateIgnored, FateStored, FateLeft, FateRefused, FateStored} // a list of one value counts as the value
	for i, f := range d.Fields {
		if f.Fate != want[i] {
			t.Errorf("%s: got %s, want %s", f.Key, f.Fate, want[i])
		}
	}
}

func TestDecideKeepsAtMost200IgnoredNames(t *testing.T) {
	t.Parallel()
	for _, kind := range []models.WebhookType{models.TypeSubscribed, models.TypeUnsubscribed} {
		var query strings.Builder
		for i := range 1000 {
			query.WriteString("&x" + strings.Repeat("y", i) + "=" + strings.Repeat("z", 3))
		}
		d := Decide(ask(kind, personWith(models.StatusSubscribed, map[string]string{"city": "B", "level": "3"}), to+query.String()))
		if len(d.Fields) != 200 || d.MoreNames != 800 {
			t.Errorf("%s: got %d names and %d more, want 200 and 800", kind, len(d.Fields), d.MoreNames)
		}
		for _, f := range d.Fields {
			if len(f.Key) > maxLoggedName+3 {
				t.Errorf("got a name of %d bytes", len(f.Key))
			}
		}
	}
}

// The log keeps in which form each value was sent, and gives a file a fate where a text was expected.
func TestDecideKeepsTheShapeOfValues(t *testing.T) {
	t.Parallel()
	q := ask(models.TypeSubscribed, nil, "")
	q.Submission = Decode(Request{Method: "POST", ContentType: "application/json",
		Body: []byte(`{"email_address":"a@example.com","first_name":["a","b"],"city":{"name":"Vienna"},"orders":3,"level":true,"size":null,"other":"x"}`)})
	got := map[string]string{}
	for _, f := range Decide(q).Fields {
		got[f.Key] = f.Shape
	}
	want := map[string]string{"first_name": ShapeList, "city": ShapeObject, "orders": ShapeNumber, "level": ShapeBoolean, "size": ShapeNull, "other": ""}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	const part = "--b\r\nContent-Disposition: form-data; name=\""
	const file = "\"; filename=\"blob\"\r\n\r\nx\r\n"
	q.Submission = Decode(Request{Method: "POST", ContentType: "multipart/form-data; boundary=b",
		Body: []byte(part + "email_address\"\r\n\r\na@example.com\r\n" + part + "First_Name" + file + part + "city" + file + part + "photo" + file + "--b--\r\n")})
	d := Decide(q)
	if d.Outcome != models.OutcomeCreated || len(d.Fields) != 3 || d.Contact.Fields["city"] != "Vienna" {
		t.Fatalf("got %s with the fates %+v, want a new contact and the fates of first_name, city and a default", d.Outcome, d.Fields)
	}
	for _, f := range d.Fields[:2] {
		if f.Fate != FateRefused || f.Shape != ShapeFile || !strings.HasPrefix(f.Reason, "It came as a file. Send it as a text.") {
			t.Errorf("got %+v, want it refused as a file", f)
		}
	}
	q.Submission = Decode(Request{Method: "POST", ContentType: "multipart/form-data; boundary=b", Body: []byte(part + "email_address" + file + "--b--\r\n")})
	if d := Decide(q); d.Outcome != models.OutcomeNoAddress || d.Answer.Message != MessageNoAddress {
		t.Errorf("an address as a file: got %s, %q", d.Outcome, d.Answer.Message)
	}
}

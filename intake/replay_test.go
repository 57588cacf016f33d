package intake

import (
	"context"
	"fmt"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
)

// TestAReplayDoesNotUndoWhatAPersonDidSince decides replays of a call that came at noon.
func TestAReplayDoesNotUndoWhatAPersonDidSince(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	before, after := noon.Add(-time.Hour), noon.Add(time.Hour)
	person := func(status models.Status, at time.Time) *Person {
		p := personWith(status, nil)
		p.Status, p.SubscribedAt, p.UnconfirmedAt, p.UnsubscribedAt = "", nil, nil, nil
		p.SetStatus(status, at)
		return p
	}
	for name, c := range map[string]struct {
		kind   models.WebhookType
		person *Person
		erased time.Time
		want   models.Outcome
	}{
		"sign up who subscribed since":      {models.TypeUnconfirmed, person(models.StatusSubscribed, after), time.Time{}, models.OutcomeKeptOut},
		"sign up who subscribed before":     {models.TypeUnconfirmed, person(models.StatusSubscribed, before), time.Time{}, models.OutcomeUnconfirmed},
		"sign up who signed up since":       {models.TypeUnconfirmed, person(models.StatusUnconfirmed, after), time.Time{}, models.OutcomeUpdated},
		"unsubscribe who was erased since":  {models.TypeUnsubscribed, nil, after, models.OutcomeKeptOut},
		"delete who was erased before":      {models.TypeDelete, nil, before, models.OutcomeNoContact},
		"subscribe who unsubscribed before": {models.TypeSubscribed, person(models.StatusUnsubscribed, before), time.Time{}, models.OutcomeResubscribed},
		"subscribe who unsubscribed since":  {models.TypeSubscribed, person(models.StatusUnsubscribed, after), time.Time{}, models.OutcomeKeptOut},
		"subscribe who was erased before":   {models.TypeSubscribed, nil, before, models.OutcomeCreated},
		"subscribe who was erased since":    {models.TypeSubscribed, nil, after, models.OutcomeKeptOut},
		"unsubscribe who subscribed before": {models.TypeUnsubscribed, person(models.StatusSubscribed, before), time.Time{}, models.OutcomeUnsubscribed},
		"unsubscribe who subscribed since":  {models.TypeUnsubscribed, person(models.StatusSubscribed, after), time.Time{}, models.OutcomeKeptOut},
		"unsubscribe who signed up since":   {models.TypeUnsubscribed, person(models.StatusUnconfirmed, after), time.Time{}, models.OutcomeKeptOut},
		"delete who subscribed before":      {models.TypeDelete, person(models.StatusSubscribed, before), time.Time{}, models.OutcomeDeleted},
		"delete who subscribed since":       {models.TypeDelete, person(models.StatusSubscribed, after), time.Time{}, models.OutcomeKeptOut},
	} {
		q := ask(c.kind, c.person, to)
		q.ErasedAt, q.Replay = c.erased, &Replay{Of: models.WebhookRequest{ID: models.IDAt(noon)}}
		if d := Decide(q); d.Outcome != c.want {
			t.Errorf("%s: got %s, want %s", name, d.Outcome, c.want)
		}
		if q.Replay = nil; Decide(q).Outcome == models.OutcomeKeptOut {
			t.Errorf("%s: a call that is no replay was kept out", name)
		}
	}
}

// TestAReplayLeavesAnAddressThatWasChanged decides replays of a call that came at noon, for an address that a contact had until some time.
func TestAReplayLeavesAnAddressThatWasChanged(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	other := personWith(models.StatusUnsubscribed, nil) // who has the address now
	other.UnsubscribedAt = &noon
	for name, c := range map[string]struct {
		kind   models.WebhookType
		person *Person
		moved  time.Time
		want   models.Outcome
	}{
		"changed since":              {models.TypeSubscribed, nil, noon.Add(time.Hour), models.OutcomeKeptOut},
		"changed before":             {models.TypeSubscribed, nil, noon.Add(-time.Hour), models.OutcomeCreated},
		"another contact has it now": {models.TypeUnsubscribed, other, noon.Add(time.Hour), models.OutcomeKeptOut},
		"nobody to unsubscribe":      {models.TypeUnsubscribed, nil, noon.Add(time.Hour), models.OutcomeNoContact}, // so that a manager sees it
	} {
		q := ask(c.kind, c.person, to)
		q.MovedAt, q.Replay = c.moved, &Replay{Of: models.WebhookRequest{ID: models.IDAt(noon)}}
		if d := Decide(q); d.Outcome != c.want {
			t.Errorf("%s: got %s, want %s", name, d.Outcome, c.want)
		}
	}
}

// TestReplaysAddNoCalls counts a call with its replays: one that failed, one that worked, and one that erased a contact.
func TestReplaysAddNoCalls(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	first := models.IDAt(noon)
	row := func(at time.Time, o models.Outcome, status int) models.WebhookRequest {
		return models.WebhookRequest{WorkspaceID: 1, WebhookID: 7, ID: models.IDAt(at), Outcome: o, Status: status, ReplayOf: &first}
	}
	call := row(noon, models.OutcomeNoAddress, 400)
	call.ReplayOf = nil
	later := noon.Add(5 * time.Hour)
	got := countCalls([]models.WebhookRequest{call, row(later, models.OutcomeNoAddress, 400), row(later, models.OutcomeCreated, 200), row(later, models.OutcomeDeleted, 200)})
	want := []count{
		{countKey{1, 7, noon, models.OutcomeNoAddress, true}, 1, noon},
		{countKey{1, 7, noon, models.OutcomeCreated, false}, 0, noon},
		{countKey{1, 7, later, models.OutcomeDeleted, false}, 1, later},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestATestCallIsNotReplayed(t *testing.T) {
	t.Parallel()
	row := models.WebhookRequest{ID: models.NewID(testNow()), Outcome: models.OutcomeTestCall, Body: EncodeLogBody(LogBody{Payload: "{}"})}
	if _, left := ReplayCall(row, models.Webhook{ID: 1}, 1, testNow(), false); left != "It was a test call of the sender, about nobody." {
		t.Errorf("got %q, want that it is a test call", left)
	}
}

// TestSubmitEachFitsASmallQueue submits more calls than the queue has room for, large ones among them. All are answered, in their order.
func TestSubmitEachFitsASmallQueue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.pipe = w.start(db, Options{MaxQueue: 8})
		hook := w.hooks[models.TypeSubscribed]
		filler := fmt.Sprintf("%0*d", 60_000, 0)
		sent, answered := 0, 0
		w.pipe.SubmitEach(context.Background(), func(yield func(Call) bool) {
			for n := range 300 {
				body := fmt.Sprintf(`{"email_address":"a%d@example.com","first_name":"%d"}`, n%7, n)
				if n%3 == 0 {
					body = fmt.Sprintf(`{"email_address":"a%d@example.com","first_name":"%d","note":"%s"}`, n%7, n, filler)
				}
				sent++
				if calls, bytes := w.pipe.Waiting(); calls > 8 || bytes > eachBytes+2*callOverhead+int64(len(filler)) {
					t.Errorf("%d calls with %d bytes are in the queue", calls, bytes)
				}
				if !yield(w.arrive(hook, Request{Body: []byte(body), ContentType: "application/json"})) {
					return
				}
			}
		}, func(d Done) {
			if answered++; d.Err != nil || d.Answer.Status != 200 {
				t.Errorf("call %d: got %d (%v), want 200", answered, d.Answer.Status, d.Err)
			}
		})
		if sent != 300 || answered != 300 {
			t.Errorf("got %d calls sent and %d answered, want 300", sent, answered)
		}
		for n := range 7 {
			if c := w.contact(fmt.Sprintf("a%d@example.com", n)); c == nil || c.Fields["first_name"] != fmt.Sprint(299-(299-n)%7) {
				t.Errorf("contact %d has %v, want the value of its last call", n, c)
			}
		}
	})
}

// TestSubmitEachStopsAtAClosedQueue submits calls to a pipeline that takes no more: the first one is refused, and no other is taken.
func TestSubmitEachStopsAtAClosedQueue(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		hook := w.hooks[models.TypeSubscribed]
		if err := w.pipe.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		sent, busy := 0, 0
		w.pipe.SubmitEach(t.Context(), func(yield func(Call) bool) {
			for range 10 {
				if sent++; !yield(w.arrive(hook, Request{Body: []byte(`{"email_address":"a@example.com"}`), ContentType: "application/json"})) {
					return
				}
			}
		}, func(d Done) {
			if d.Err == ErrBusy {
				busy++
			}
		})
		if sent != 1 || busy != 1 {
			t.Errorf("got %d calls sent and %d refused, want that the first one ends it", sent, busy)
		}
	})
}

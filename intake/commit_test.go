package intake

import (
	"context"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// together runs the calls as one batch and returns their results.
func (w *world) together(calls ...Call) []result {
	w.t.Helper()
	jobs := make([]*job, len(calls))
	for i, c := range calls {
		jobs[i] = newJob(c)
		jobs[i].claimed = testNow()
	}
	w.pipe.commit(jobs)
	results := make([]result, len(jobs))
	for i, j := range jobs {
		select {
		case results[i] = <-j.done:
		default:
			w.t.Fatalf("call %d has no answer", i)
		}
	}
	return results
}

func (w *world) calls(steps ...sent) []Call {
	calls := make([]Call, len(steps))
	for i, s := range steps {
		calls[i] = w.call(w.hooks[s.kind], s.query)
	}
	return calls
}

// sent is a call to the webhook of a type.
type sent struct {
	kind  models.WebhookType
	query string
}

func wantAnswers(t *testing.T, got []result, want ...int) {
	t.Helper()
	for i, r := range got {
		if r.err != nil || r.answer.Status != want[i] {
			t.Errorf("call %d: got %v, %v, want %d", i, r.answer, r.err, want[i])
		}
	}
}

// TestBatchThatDeletesAndCreatesAgain has one batch create a contact, delete it, fail to unsubscribe it, and create another
// one with the same address.
func TestBatchThatDeletesAndCreatesAgain(t *testing.T) {
	t.Parallel()
	for _, existed := range []bool{false, true} {
		dbtest.Each(t, func(t *testing.T, db *store.DB) {
			w := newWorld(t, db, Options{})
			if existed {
				w.send(models.TypeUnconfirmed, "email_address=a@example.com&first_name=Old")
			}
			before := len(w.log())
			const a = "email_address=a@example.com"
			got := w.together(w.calls(
				sent{models.TypeSubscribed, a + "&first_name=One"},
				sent{models.TypeDelete, a},
				sent{models.TypeUnsubscribed, a},
				sent{models.TypeSubscribed, a + "&first_name=Two"},
				sent{models.TypeSubscribed, "email_address=b@example.com"},
				sent{models.TypeUnconfirmed, a + "&first_name=Three"},
			)...)
			wantAnswers(t, got, 200, 200, 404, 200, 200, 200)

			c := w.contact("a@example.com")
			if c == nil || c.Status != models.StatusUnconfirmed || c.Fields["first_name"] != "Three" || c.Version != 2 {
				t.Fatalf("got %+v, want the second contact at version 2", c)
			}
			if got := len(w.tagsOf(c)); got != 2 {
				t.Errorf("got %d tags, want 2", got)
			}
			log := w.log()[before:]
			outcomes := []models.Outcome{models.OutcomeCreated, models.OutcomeDeleted, models.OutcomeNoContact, models.OutcomeCreated, models.OutcomeCreated, models.OutcomeUnconfirmed}
			versions := []int64{1, 2, 0, 1, 1, 2}
			if existed {
				outcomes[0], versions[0], versions[1] = models.OutcomeResubscribed, 2, 3
			}
			for i, r := range log {
				if r.Outcome != outcomes[i] {
					t.Errorf("row %d: got %s, want %s", i, r.Outcome, outcomes[i])
				}
				if erased := r.Body == nil && r.Address == nil && r.AddressKey == nil && r.UserAgent == nil && r.ClientAddress == nil; erased != (i < 2) {
					t.Errorf("row %d (%s): erased is %v", i, r.Outcome, erased)
				}
				if versions[i] != 0 && *r.ContactVersion != versions[i] {
					t.Errorf("row %d: got version %d, want %d", i, *r.ContactVersion, versions[i])
				}
			}
			if *log[0].ContactID != *log[1].ContactID || *log[3].ContactID != c.ID || *log[0].ContactID == c.ID || log[2].ContactID != nil {
				t.Error("the rows do not name the right contacts")
			}
			marks := w.marks(*log[0].ContactID)
			if want := 2 + len(w.log()) - len(log); len(marks) != want {
				t.Errorf("got %d marks of the deleted contact, want %d", len(marks), want)
			}
		})
	}
}

// TestUnreadableContactRefusesOnlyItsOwnCalls breaks the stored fields of one contact. Only the calls for this contact fail.
func TestUnreadableContactRefusesOnlyItsOwnCalls(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.send(models.TypeSubscribed, "email_address=broken@example.com")
		w.write(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE contacts SET fields = '{' WHERE email = 'broken@example.com'").Error
		})
		checkCulprit(t, w, "broken@example.com")
	})
}

// TestDatabaseRuleRefusesOnlyItsOwnCall adds an operator's own rule to the database, which blocks a domain. Only the call
// that breaks the rule fails, not the others in its batch.
func TestDatabaseRuleRefusesOnlyItsOwnCall(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		w.write(func(tx *gorm.DB) error {
			if db.Dialect == store.SQLite {
				return tx.Exec(`CREATE TRIGGER blocked BEFORE INSERT ON contacts WHEN new.email LIKE '%@blocked.example'
					BEGIN SELECT RAISE(ABORT, 'blocked'); END`).Error
			}
			return tx.Exec("ALTER TABLE contacts ADD CHECK (email NOT LIKE '%@blocked.example')").Error
		})
		checkCulprit(t, w, "x@blocked.example")
	})
}

// checkCulprit sends seven good calls and one for address in a batch. Only the one for address must be refused.
func checkCulprit(t *testing.T, w *world, address string) {
	t.Helper()
	before := len(w.log())
	var calls []Call
	for _, local := range []string{"a", "b", "c"} {
		calls = append(calls, w.call(w.hooks[models.TypeSubscribed], "email_address="+local+"@example.com"))
	}
	calls = append(calls, w.call(w.hooks[models.TypeSubscribed], "email_address="+address+"&first_name=Secret"))
	for _, local := range []string{"d", "e", "a", "b"} {
		calls = append(calls, w.call(w.hooks[models.TypeUnconfirmed], "email_address="+local+"@example.com"))
	}
	got := w.together(calls...)
	for i, r := range got {
		if i == 3 {
			if r.err != ErrRefused {
				t.Errorf("the culprit: got %v, %v, want ErrRefused", r.answer, r.err)
			}
		} else if r.err != nil || r.answer.Status != 200 {
			t.Errorf("call %d: got %v, %v, want 200", i, r.answer, r.err)
		}
	}
	log := w.log()[before:]
	if len(log) != len(calls) {
		t.Fatalf("got %d log rows, want one for each of %d calls", len(log), len(calls))
	}
	for i, r := range log {
		if i != 3 {
			continue
		}
		if r.Outcome != models.OutcomeNotCommitted || r.Status != 503 || r.Body != nil || r.Address != nil || r.AddressKey != nil || r.ClientAddress != nil {
			t.Errorf("got %+v, want a row without payload", r)
		}
	}
	if c := w.contact("a@example.com"); c == nil || c.Version != 2 || c.Status != models.StatusUnconfirmed {
		t.Errorf("got %+v, want both calls of a neighbour to have worked", c)
	}
}

// TestRepeatedBatchChangesNothing runs a committed batch again, as the pipeline does if the answer to its commit was lost.
// Nothing changes, and each call gets the same answer.
func TestRepeatedBatchChangesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		unreadable := w.call(w.hooks[models.TypeSubscribed], "")
		unreadable.Submission = Decode(Request{Method: "POST", ContentType: "application/json", Body: []byte("{")})
		calls := append(w.calls(
			sent{models.TypeSubscribed, "email_address=a@example.com"},
			sent{models.TypeUnconfirmed, "email_address=b@example.com"},
			sent{models.TypeDelete, "email_address=a@example.com"},
			sent{models.TypeUnsubscribed, "email_address=nobody@example.com"},
			sent{models.TypeSubscribed, "email_address=no"},
		), unreadable)
		first := w.together(calls...)
		fresh := w.call(w.hooks[models.TypeUnconfirmed], "email_address=b@example.com")
		again := w.together(append(calls, fresh)...)
		for i := range first {
			if again[i] != first[i] {
				t.Errorf("call %d: got %v again, want %v", i, again[i], first[i])
			}
		}
		wantAnswers(t, again[len(first):], 200)
		if c := w.contact("b@example.com"); c.Version != 2 {
			t.Errorf("got version %d, want 2: the repeated call must not count twice", c.Version)
		}
		if got := len(w.log()); got != len(calls)+1 {
			t.Errorf("got %d log rows, want %d", got, len(calls)+1)
		}
		if got := len(rowsOf[models.WebhookRequest](w, "event IS NOT NULL")); got != 3 {
			t.Errorf("got %d events, want 3", got)
		}
	})
}

// TestMissingLogDayIsCreated drops the request log's partition for today. The call is answered with 200 all the same.
func TestMissingLogDayIsCreated(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t))
	w := newWorld(t, db, Options{})
	day := store.LogDayName(testNow())
	w.write(func(tx *gorm.DB) error { return tx.Exec("DROP TABLE " + day).Error })
	if got := w.send(models.TypeSubscribed, "email_address=a@example.com"); got.Status != 200 {
		t.Fatalf("got %v, want 200", got)
	}
	if got := len(w.log()); got != 1 {
		t.Errorf("got %d log rows, want 1", got)
	}
}

func TestCloseAnswersAcceptedCalls(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		const n = 50
		results := make(chan error, n)
		for range n {
			go func() {
				_, err := w.pipe.Submit(context.Background(), w.call(w.hooks[models.TypeUnconfirmed], "email_address=a@example.com"))
				results <- err
			}()
		}
		if err := <-results; err != nil {
			t.Fatal(err)
		}
		if err := w.pipe.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		done := 1
		for range n - 1 {
			switch err := <-results; err {
			case nil:
				done++
			case ErrBusy: // came too late
			default:
				t.Errorf("got %v", err)
			}
		}
		if c := w.contact("a@example.com"); c.Version != int64(done) || len(w.log()) != done {
			t.Errorf("got version %d and %d log rows, want %d of both", c.Version, len(w.log()), done)
		}
		if _, err := w.pipe.Submit(context.Background(), w.call(w.hooks[models.TypeSubscribed], "email_address=a@example.com")); err != ErrBusy {
			t.Errorf("got %v after Close, want ErrBusy", err)
		}
	})
}

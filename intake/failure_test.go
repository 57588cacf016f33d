package intake

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// blocked runs during while it holds the lock that a batch for address needs.
func (w *world) blocked(address string, during func()) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error { // on SQLite any write transaction blocks the next
		if err := store.LockAddresses(tx, models.AddressKey(w.ws.ID, address)); err != nil {
			return err
		}
		during()
		return nil
	})
}

// until waits until reached returns true. It fails the test after 20 seconds.
func (w *world) until(what string, reached func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !reached(); <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("timed out waiting until %s", what)
		}
	}
}

// takenOn returns how many calls are in the pipeline and how many of them wait for a worker.
func (w *world) takenOn() (all, waiting int) {
	w.pipe.queue.mu.Lock()
	waiting = len(w.pipe.queue.waiting)
	w.pipe.queue.mu.Unlock()
	w.pipe.limit.mu.Lock()
	defer w.pipe.limit.mu.Unlock()
	return int(w.pipe.limit.calls), waiting
}

// claimed waits until a worker has claimed the one call that was sent.
func (w *world) claimed() {
	w.t.Helper()
	w.until("the call is claimed", func() bool { all, waiting := w.takenOn(); return all == 1 && waiting == 0 })
}

func TestCallIsWithdrawnAfterItsWait(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{Wait: 100 * time.Millisecond})
		const a = "email_address=a@example.com"
		claimed := make(chan error, 1)
		w.blocked("a@example.com", func() {
			go func() {
				err := w.pipe.submit(context.Background(), newJob(w.call(w.hooks[models.TypeSubscribed], a)), time.Hour).err
				claimed <- err
			}()
			w.claimed()
			if _, err := w.pipe.Submit(context.Background(), w.call(w.hooks[models.TypeUnconfirmed], a)); err != ErrBusy {
				t.Errorf("got %v for the call that waited, want ErrBusy", err)
			}
		})
		if err := <-claimed; err != nil {
			t.Errorf("got %v for the claimed call, want it finished", err)
		}
		if log := w.log(); len(log) != 1 || log[0].Outcome != models.OutcomeCreated {
			t.Errorf("got %+v, want the row of the claimed call alone", log)
		}
		if n, _ := w.takenOn(); n != 0 {
			t.Errorf("%d calls are still counted in", n)
		}
	})
}

func TestClaimedCallIsFinishedWithoutItsClient(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{})
		ctx, cancel := context.WithCancel(context.Background())
		results := make(chan error, 1)
		w.blocked("a@example.com", func() {
			go func() {
				_, err := w.pipe.Submit(ctx, w.call(w.hooks[models.TypeSubscribed], "email_address=a@example.com"))
				results <- err
			}()
			w.claimed()
			cancel()
		})
		if err := <-results; err != nil {
			t.Errorf("got %v for the claimed call, want it finished", err)
		}
		if w.contact("a@example.com") == nil {
			t.Error("no contact")
		}
	})
}

func TestFullQueueAnswersBusy(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, Options{MaxQueue: 3, Wait: time.Hour})
		const a = "email_address=a@example.com"
		results := make(chan error, 3)
		w.blocked("a@example.com", func() {
			for range 3 {
				go func() {
					_, err := w.pipe.Submit(context.Background(), w.call(w.hooks[models.TypeUnconfirmed], a))
					results <- err
				}()
			}
			w.until("the queue is full", func() bool { all, _ := w.takenOn(); return all == 3 })
			if calls, bytes := w.pipe.Waiting(); !w.pipe.Full() || calls != 3 || bytes < 3*callOverhead {
				t.Errorf("got %d calls of %d bytes, full is %v; want 3 and full", calls, bytes, w.pipe.Full())
			}
			if _, err := w.pipe.Submit(context.Background(), w.call(w.hooks[models.TypeUnconfirmed], a)); err != ErrBusy {
				t.Errorf("got %v, want ErrBusy", err)
			}
		})
		for range 3 {
			if err := <-results; err != nil {
				t.Errorf("got %v for a call that fitted", err)
			}
		}
		if calls, bytes := w.pipe.Waiting(); w.pipe.Full() || calls != 0 || bytes != 0 {
			t.Errorf("got %d calls of %d bytes, full is %v; want every call answered", calls, bytes, w.pipe.Full())
		}
		if c := w.contact("a@example.com"); c.Version != 3 {
			t.Errorf("got version %d, want 3", c.Version)
		}
	})
}

func TestLimitBoundsBytes(t *testing.T) {
	t.Parallel()
	l := limit{maxCalls: 100, maxBytes: 10}
	if !l.take(50) {
		t.Error("a call must fit if there is no other")
	}
	if l.take(1) {
		t.Error("got room for a second call although the first takes all bytes")
	}
	l.give(50)
	if !l.take(6) || !l.take(4) || l.take(1) {
		t.Error("want room for 6 and 4 and no more")
	}
}

func TestPipelineIsBusyWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	p, through := dbtest.NewProxy(t, url)
	w := newWorld(t, dbtest.Open(t, through), Options{})
	const a = "email_address=a@example.com"
	w.send(models.TypeUnconfirmed, a)

	p.Close()
	if _, err := w.pipe.Submit(context.Background(), w.call(w.hooks[models.TypeUnconfirmed], a)); err != ErrBusy {
		t.Errorf("got %v while the database is away, want ErrBusy", err)
	}
	if _, _, err := w.pipe.Lookup(context.Background(), w.hooks[models.TypeUnconfirmed].Hash); store.ErrorCode(err) != models.CodeUnavailable {
		t.Errorf("got %v from Lookup, want that the database is away", err)
	}

	p.Open(t)
	if got := w.send(models.TypeUnconfirmed, a); got.Status != 200 {
		t.Errorf("got %v after it came back, want 200", got)
	}
	if c := w.contact("a@example.com"); c.Version != 2 {
		t.Errorf("got version %d, want 2", c.Version)
	}
}

func TestPipelineIsBusyOnAClosedDatabase(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.SQLiteURL(t)) // closing the pool does not close the connections of the intake on Postgres
	w := newWorld(t, db, Options{})
	c := w.call(w.hooks[models.TypeSubscribed], "email_address=a@example.com")
	db.Close()
	if _, err := w.pipe.Submit(context.Background(), c); err != ErrBusy {
		t.Errorf("got %v, want ErrBusy", err)
	}
}

// TestPagesDoNotKeepCallsFromTheirConnections takes every connection of the pool that pages and background work share.
func TestPagesDoNotKeepCallsFromTheirConnections(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t))
	w := newWorld(t, db, Options{})
	for range db.Pool().Stats().MaxOpenConnections {
		conn, err := db.Pool().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	hook := w.hooks[models.TypeSubscribed]
	if _, found, err := w.pipe.Lookup(ctx, hook.Hash); !found || err != nil {
		t.Errorf("got %v (%v), want the webhook's hash", found, err)
	}
	if got, err := w.pipe.Submit(ctx, w.call(hook, "email_address=a@example.com")); got.Status != 200 {
		t.Errorf("got %v (%v), want 200", got, err)
	}
}

// TestPlansFollowTheTables fills a workspace that was nearly empty when the first batch was planned. Looking for a contact must not read all
// contacts of its workspace.
func TestPlansFollowTheTables(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t))
	w := newWorld(t, db, Options{})
	const batches, size = 64, 128
	for n := range batches {
		if n == 2 { // connections that plan while there are few contacts
			w.pipe = w.start(db, Options{})
		}
		calls := make([]Call, size)
		for i := range calls {
			calls[i] = w.call(w.hooks[models.TypeSubscribed], fmt.Sprintf("email_address=a%d@example.com", n*size+i))
		}
		for i, r := range w.together(calls...) {
			if r.err != nil || r.answer.Status != 200 {
				t.Fatalf("call %d: got %v (%v), want 200", i, r.answer, r.err)
			}
		}
	}
	w.pipe.Close(t.Context()) // its connections report what they read
	var indexes struct{ Scans, Read int64 }
	w.until("the connections have reported", func() bool {
		err := db.Read(t.Context()).Raw("SELECT coalesce(sum(idx_scan), 0) AS scans, coalesce(sum(idx_tup_read), 0) AS read FROM pg_stat_user_indexes WHERE relname = 'contacts'").Scan(&indexes).Error
		return err != nil || indexes.Scans >= (batches-2)*size
	})
	if indexes.Read > 20*batches*size {
		t.Errorf("%d calls read %d entries of the indexes of contacts, want a few each", batches*size, indexes.Read)
	}
}

// TestReservedIDsAreFew creates contacts one by one and in groups, in several workspaces, and counts the ids that were reserved and
// not used.
func TestReservedIDsAreFew(t *testing.T) {
	t.Parallel()
	b, next, used := newIDBlocks(), map[int64]int64{}, map[int64]map[int64]bool{}
	reservations := 0
	for i := range int64(3000) {
		workspace, need := i*i%5, 1+i%3*i%7
		ids := b.take(workspace, need)
		if missing := need - int64(len(ids)); missing > 0 {
			reservations++
			more := missing + b.block(workspace, need)
			var all []int64
			for range more {
				next[workspace]++
				all = append(all, next[workspace])
			}
			ids = append(ids, all[:missing]...)
			b.put(workspace, all[missing:])
		}
		if int64(len(ids)) != need {
			t.Fatalf("got %d ids, want %d", len(ids), need)
		}
		if used[workspace] == nil {
			used[workspace] = map[int64]bool{}
		}
		for _, id := range ids {
			if used[workspace][id] {
				t.Fatalf("workspace %d: the id %d was given twice", workspace, id)
			}
			used[workspace][id] = true
		}
		var unused int64
		for _, ids := range b.unused {
			unused += int64(len(ids))
		}
		if unused > maxUnusedIDs || unused != b.count {
			t.Fatalf("got %d unused ids, counted as %d, want at most %d", unused, b.count, maxUnusedIDs)
		}
	}
	if reservations > 1000 {
		t.Errorf("got %d reservations for 3,000 batches, want a third or fewer", reservations)
	}
}

// failures is a committer that collects the errors of failed transactions.
type failures struct {
	committer
	mu   sync.Mutex
	errs []error
}

func (f *failures) transact(ctx context.Context, fn func(transaction) error) error {
	err := f.committer.transact(ctx, fn)
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.errs = append(f.errs, err)
	}
	return err
}

// TestMoreWorkersThanConnectionsDoNotDeadlock gives each of 20 workers a call while a transaction holds the counter of contact
// ids, and then ends the transaction. Every call is answered. No batch waits for a connection of another waiting batch until
// its deadline.
func TestMoreWorkersThanConnectionsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	const workers = 20
	db := dbtest.Open(t, dbtest.PostgresURL(t))
	w := newWorld(t, db, Options{Workers: workers, MaxBatch: 1})
	failed := &failures{committer: w.pipe.store}
	w.pipe.store = failed
	if most := db.Pool().Stats().MaxOpenConnections; most >= workers {
		t.Fatalf("the pool has %d connections, want fewer than %d", most, workers)
	}
	calls := make([]Call, 300)
	for i := range calls {
		calls[i] = w.call(w.hooks[models.TypeSubscribed], fmt.Sprintf("email_address=a%d@example.com", i))
	}
	sent := make(chan map[uuid.UUID]answered, 1)
	w.write(func(tx *gorm.DB) error {
		if _, err := store.ReserveContactIDs(tx, w.ws.ID, 1); err != nil {
			return err
		}
		go func() { sent <- sendToAll(w, []*Pipeline{w.pipe}, calls, 64) }()
		w.until("each worker has a call", func() bool { all, waiting := w.takenOn(); return all == 64 && waiting == 64-workers })
		return nil
	})
	if got := len(<-sent); got != len(calls) {
		t.Errorf("%d calls were sent, want %d", got, len(calls))
	}
	if len(failed.errs) > 0 {
		t.Fatalf("%d batches failed (%v), want none to wait until its deadline", len(failed.errs), failed.errs[0])
	}
	if got := len(rowsOf[models.Contact](w, "workspace_id = ?", w.ws.ID)); got != len(calls) {
		t.Errorf("got %d contacts, want %d", got, len(calls))
	}
}

// TestCutConnectionsCauseNo503 cuts all connections between the calls, as a server or firewall does with idle ones.
func TestCutConnectionsCauseNo503(t *testing.T) {
	t.Parallel()
	p, through := dbtest.NewProxy(t, dbtest.PostgresURL(t))
	w := newWorld(t, dbtest.Open(t, through), Options{})
	for i := range 4 {
		if got := w.send(models.TypeSubscribed, fmt.Sprintf("email_address=a%d@example.com", i)); got.Status != 200 {
			t.Errorf("call %d: got %v, want 200", i, got)
		}
		p.CutAll()
	}
}

// TestLostCommitIsNotRepeated breaks the connection between a batch's COMMIT and its answer. The batch is not run twice, and
// the sender gets the answer of the committed batch.
func TestLostCommitIsNotRepeated(t *testing.T) {
	t.Parallel()
	url := dbtest.PostgresURL(t)
	p, through := dbtest.NewProxy(t, url)
	w := newWorld(t, dbtest.Open(t, through), Options{})
	w.send(models.TypeSubscribed, "email_address=a@example.com")
	w.send(models.TypeUnconfirmed, "email_address=a@example.com") // every statement is prepared now
	w.send(models.TypeSubscribed, "email_address=a@example.com")

	p.LoseCommits(1)
	if got := w.send(models.TypeUnconfirmed, "email_address=a@example.com"); got != (Answer{200, MessageDone}) {
		t.Errorf("got %v, want 200", got)
	}
	if !p.Lost() {
		t.Fatal("the proxy has lost nothing")
	}
	if c := w.contact("a@example.com"); c.Version != 4 || c.Status != models.StatusUnconfirmed {
		t.Errorf("got %+v, want version 4", c)
	}
	if got := len(w.log()); got != 4 {
		t.Errorf("got %d log rows, want 4", got)
	}
}

// TestLostCommitOfADeletionKeepsTheAnswers loses the answer to the commit of a batch that deletes a contact and refuses other
// calls for the same address. Their erased log rows hold no message, but each sender still gets the right answer.
func TestLostCommitOfADeletionKeepsTheAnswers(t *testing.T) {
	t.Parallel()
	p, through := dbtest.NewProxy(t, dbtest.PostgresURL(t))
	w := newWorld(t, dbtest.Open(t, through), Options{})
	on := w.hooks[models.TypeSubscribed]
	off := w.addHook(models.TypeSubscribed)
	w.write(func(tx *gorm.DB) error {
		return tx.Model(&models.Webhook{}).Where("id = ?", off.ID).Update("enabled", false).Error
	})
	batch := func() (answers []Answer) {
		const a = "email_address=a@example.com"
		var jobs []*job
		listed := w.call(on, "")
		listed.Submission = Decode(Request{Method: "POST", ContentType: "application/json", Body: []byte(`{"email_address": ["b@example.com", "a@example.com"]}`)})
		for _, c := range []Call{
			w.call(off, a), listed, w.call(w.hooks[models.TypeUnsubscribed], a),
			w.call(on, a), w.call(w.hooks[models.TypeUnconfirmed], a), w.call(w.hooks[models.TypeDelete], a),
		} {
			jobs = append(jobs, newJob(c))
		}
		w.pipe.commit(jobs)
		for _, j := range jobs {
			answers = append(answers, (<-j.done).answer)
		}
		return answers
	}
	want := []Answer{{404, MessageNoWebhook}, {400, MessageBadAddress}, {404, MessageNoContact}, {200, MessageDone}, {200, MessageDone}, {200, MessageDone}}
	for range 2 { // every statement is prepared then
		batch()
	}
	p.LoseCommits(1)
	got := batch()
	if !p.Lost() {
		t.Fatal("the proxy has lost nothing")
	}
	if rows := w.log(); len(rows) != 3*len(want) {
		t.Errorf("got %d log rows, want %d", len(rows), 3*len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("call %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

// TestHeldContactCounterDoesNotBlockOtherWorkspaces locks the counter of contact ids of one workspace, as an import does until
// its commit. A call to another workspace must not wait.
func TestHeldContactCounterDoesNotBlockOtherWorkspaces(t *testing.T) {
	t.Parallel()
	db := dbtest.Open(t, dbtest.PostgresURL(t))
	w := newWorld(t, db, Options{Workers: 2})
	other := &world{t: t, db: db, hooks: map[models.WebhookType]models.Webhook{}, pipe: w.pipe}
	other.write(func(tx *gorm.DB) error {
		other.ws = models.Workspace{Slug: "music", Name: "Music", TimeZone: "UTC", CreatedAt: testNow()}
		if err := tx.Create(&other.ws).Error; err != nil {
			return err
		}
		for _, ws := range []int64{w.ws.ID, other.ws.ID} {
			if err := tx.Exec("INSERT INTO workspace_counters (workspace_id, next_contact_id) VALUES (?, 1) ON CONFLICT DO NOTHING", ws).Error; err != nil {
				return err
			}
		}
		return nil
	})
	other.addHook(models.TypeSubscribed)
	var held <-chan error
	w.write(func(tx *gorm.DB) error {
		if _, err := store.ReserveContactIDs(tx, w.ws.ID, 1); err != nil {
			return err
		}
		blocked := w.call(w.hooks[models.TypeSubscribed], "email_address=a@example.com")
		held = dbtest.UntilItWaits(t, db, func() error {
			_, err := w.pipe.Submit(context.Background(), blocked)
			return err
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if _, err := w.pipe.Submit(ctx, other.call(other.hooks[models.TypeSubscribed], "email_address=b@example.com")); err != nil {
			t.Errorf("got %v, want the other workspace's call to be answered", err)
		}
		return nil
	})
	if err := <-held; err != nil {
		t.Errorf("got %v for the call that waited, want an answer", err)
	}
}

func TestJudgeByErrorCode(t *testing.T) {
	t.Parallel()
	pg := func(code string) error { return &pgconn.PgError{Code: code} }
	tests := []struct {
		err  error
		want verdict
	}{
		{&logError{pg("23505")}, verdictRepeated},
		{pg("23505"), verdictAgain},
		{pg("23503"), verdictAgain},
		{pg("40001"), verdictAgain},
		{pg("40P01"), verdictAgain},
		{&logError{pg("23514")}, verdictNoDay},
		{pg("23514"), verdictRefused},
		{pg("22003"), verdictRefused},
		{pg("54000"), verdictRefused},
		{pg("P0001"), verdictRefused},
		{&refusedError{errors.New("broken")}, verdictRefused},
		{pg("57P01"), verdictAgain}, // the server ended the connection
		{driver.ErrBadConn, verdictAgain},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), verdictUnavailable},
		{&pgconn.ConnectError{}, verdictUnavailable},
		{pg("53100"), verdictUnavailable}, // disk full
		{pg("53300"), verdictUnavailable},
		{pg("25006"), verdictUnavailable}, // read-only, as a standby is
		{pg("57014"), verdictUnavailable},
		{errors.New("sql: database is closed"), verdictUnavailable},
		{lite(2067), verdictAgain},
		{&logError{lite(1555)}, verdictRepeated},
		{lite(787), verdictAgain},
		{lite(5), verdictAgain},
		{lite(1811), verdictRefused}, // a trigger
		{lite(18), verdictRefused},
		{lite(13), verdictUnavailable}, // disk full
		{lite(10), verdictUnavailable},
	}
	for _, test := range tests {
		if got := judge(test.err); got != test.want {
			t.Errorf("%v: got %d, want %d", test.err, got, test.want)
		}
	}
}

type lite int

func (e lite) Error() string { return fmt.Sprintf("sqlite %d", int(e)) }
func (e lite) Code() int     { return int(e) }

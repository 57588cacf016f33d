package intake

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"sync"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// recorder is a committer that records the order of the committed calls. The order is exact for the calls of one address,
// because no two batches work on it at a time.
type recorder struct {
	committer
	mu    sync.Mutex
	order []uuid.UUID
}

type recordingTx struct {
	transaction
	r *recorder
}

func (r *recorder) transact(ctx context.Context, fn func(transaction) error) error {
	return r.committer.transact(ctx, func(tx transaction) error { return fn(recordingTx{tx, r}) })
}

func (t recordingTx) write(ctx context.Context, c changes) error {
	err := t.transaction.write(ctx, c)
	if err == nil {
		t.r.mu.Lock()
		defer t.r.mu.Unlock()
		for _, row := range c.log {
			t.r.order = append(t.r.order, row.ID)
		}
	}
	return err
}

// answered is a call with the answer its sender got.
type answered struct {
	Call
	answer Answer
}

// TestPipelineMatchesDecide sends random calls from 32 senders at the same time, and then replays them in memory with Decide,
// one after the other. Contacts, tags, events, log and answers must be the same.
func TestPipelineMatchesDecide(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		t.Logf("seed %d", seed)
		w := newWorld(t, db, Options{})
		w.addMergeTag("level", models.MergeTagNumber, "1")
		rec := &recorder{committer: w.pipe.store}
		w.pipe.store = rec
		calls := sendToAll(w, []*Pipeline{w.pipe}, randomCalls(w, rand.New(rand.NewPCG(seed, 1)), 1500), 32)
		checkReplay(w, calls, rec.order)
	})
}

// randomCalls returns random calls for about twenty addresses, a few of them invalid.
func randomCalls(w *world, r *rand.Rand, n int) []Call {
	addresses := []string{"", " ", "not an address", "Ü@example.com", "A5@EXAMPLE.com", "a 1@example.com"}
	for i := range 12 {
		addresses = append(addresses, fmt.Sprintf("a%d@example.com", i))
	}
	keys := []string{"first_name", "First_Name", "city", "CITY", "orders", "level", "pet"}
	values := []string{"", " ", "Arya", "Sansa", "Vienna", "7", "1.50", "many", "null", "日本\x00\xff"}
	calls := make([]Call, n)
	for i := range calls {
		kind := models.WebhookTypes[min(r.IntN(9)/2, 3)] // DELETE is less frequent
		form := url.Values{"email_address": {addresses[r.IntN(len(addresses))]}}
		for range r.IntN(4) {
			form.Set(keys[r.IntN(len(keys))], values[r.IntN(len(values))])
		}
		calls[i] = w.call(w.hooks[kind], form.Encode())
		calls[i].Prefetch = r.IntN(50) == 0
	}
	return calls
}

// model holds in memory what Decide makes of the calls.
type model struct {
	w      *world
	hooks  map[int64]Webhook
	people map[string]*Person
	named  map[string][]uuid.UUID // the calls that named an address since its last deletion
	erased map[uuid.UUID]bool
}

// checkReplay replays the calls in the order given and compares everything with the database.
func checkReplay(w *world, calls map[uuid.UUID]answered, order []uuid.UUID) {
	w.t.Helper()
	if len(order) != len(calls) {
		w.t.Fatalf("%d calls were committed, want %d", len(order), len(calls))
	}
	m := &model{w: w, hooks: w.readHooks(w.pipe), people: map[string]*Person{}, named: map[string][]uuid.UUID{}, erased: map[uuid.UUID]bool{}}
	log := map[uuid.UUID]models.WebhookRequest{}
	for _, row := range w.log() {
		log[row.ID] = row
	}
	for _, id := range order {
		m.replay(calls[id], log[id])
	}
	m.compareContacts()
	for id, row := range log {
		if erased := row.Body == nil && row.Address == nil && row.AddressKey == nil && row.UserAgent == nil && row.ClientAddress == nil; erased != m.erased[id] {
			w.t.Errorf("%s (%s): erased is %v, want %v", id, row.Outcome, erased, m.erased[id])
		}
	}
	if got := len(log); got != len(calls) {
		w.t.Errorf("got %d log rows, want one for each of %d calls", got, len(calls))
	}
}

// replay applies one call to the model and compares its answer and its log row.
func (m *model) replay(c answered, row models.WebhookRequest) {
	t := m.w.t
	address, _ := c.Submission.Address()
	if c.Prefetch {
		address = ""
	}
	before := m.people[address]
	m.named[address] = append(m.named[address], c.ID)
	d := Decide(Question{Webhook: m.hooks[c.Hash.WebhookID], Hash: c.Hash.Hash, Prefetch: c.Prefetch, Submission: c.Submission, Contact: before, Now: testNow()})
	if c.answer != d.Answer || row.Outcome != d.Outcome || row.Status != d.Answer.Status || row.Fired() != d.Event {
		t.Errorf("%s: got %v and a row %s, %d, %q, want %s, %v, %q", c.ID, c.answer, row.Outcome, row.Status, row.Fired(), d.Outcome, d.Answer, d.Event)
	}
	if !d.Answer.Success() {
		if row.ContactID != nil {
			t.Errorf("%s: a refused call names contact %d", c.ID, *row.ContactID)
		}
		return
	}
	if row.ContactID == nil || row.ContactVersion == nil || *row.ContactVersion != d.Version {
		t.Fatalf("%s: got contact %v at version %v, want version %d", c.ID, row.ContactID, row.ContactVersion, d.Version)
	}
	id := *row.ContactID
	if before != nil && before.ID != id {
		t.Errorf("%s: got contact %d, want %d", c.ID, id, before.ID)
	}
	if row.Body != nil {
		m.compareBody(c, d, before, row)
	}
	if d.Contact != nil {
		d.Contact.ID = id
		m.people[address] = d.Contact
		return
	}
	delete(m.people, address)
	for _, id := range m.named[address] {
		m.erased[id] = true
	}
	delete(m.named, address)
}

func (m *model) compareBody(c answered, d Decision, before *Person, row models.WebhookRequest) {
	b := m.w.body(row)
	if !reflect.DeepEqual(b.Fields, d.Fields) || b.Event != d.Event || b.NoEvent != d.NoEvent || b.Message != d.Answer.Message {
		m.w.t.Errorf("%s: got the story %+v, want %+v", c.ID, b, d)
	}
	if !sameLogContact(b.Before, logContact(before)) || !sameLogContact(b.After, logContact(d.Contact)) {
		m.w.t.Errorf("%s: got %+v to %+v, want %+v to %+v", c.ID, b.Before, b.After, before, d.Contact)
	}
}

func sameLogContact(x, y *LogContact) bool {
	if x == nil || y == nil {
		return x == y
	}
	return x.Email == y.Email && x.Status == y.Status && maps.Equal(x.Fields, y.Fields) && slices.Equal(x.Tags, y.Tags) && x.Version == y.Version
}

func (m *model) compareContacts() {
	contacts := rowsOf[models.Contact](m.w, "workspace_id = ?", m.w.ws.ID)
	if len(contacts) != len(m.people) {
		m.w.t.Errorf("got %d contacts, want %d", len(contacts), len(m.people))
	}
	for _, c := range contacts {
		want := m.people[c.Email]
		if want == nil {
			m.w.t.Errorf("contact %d exists and should not", c.ID)
			continue
		}
		tags := m.w.tagsOf(&c)
		wantTags := []int64{}
		for _, t := range want.Tags {
			wantTags = append(wantTags, t.ID)
		}
		slices.Sort(tags)
		slices.Sort(wantTags)
		if c.ID != want.ID || c.Status != want.Status || c.Version != want.Version || !maps.Equal(c.Fields, want.Fields) || !slices.Equal(tags, wantTags) {
			m.w.t.Errorf("got %+v with tags %v, want %+v", c, tags, want)
		}
	}
}

// readHooks reads all webhooks as a batch of p does.
func (w *world) readHooks(p *Pipeline) map[int64]Webhook {
	w.t.Helper()
	var need wanted
	need.workspaces = []int64{w.ws.ID}
	for _, h := range w.hooks {
		need.webhooks = append(need.webhooks, webhookKey{h.WorkspaceID, h.ID})
	}
	hooks := map[int64]Webhook{}
	err := p.store.transact(context.Background(), func(tx transaction) error {
		read, err := tx.read(context.Background(), need)
		for key, h := range read.webhooks {
			hooks[key.id] = h
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return hooks
}

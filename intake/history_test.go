package intake

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// TestTwoReplicasKeepOneHistory lets 64 senders call two replicas on one Postgres about 50 addresses, with all four types,
// while an admin deletes contacts and tags. Afterwards the log and events of each address must form one possible history.
func TestTwoReplicasKeepOneHistory(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	url := dbtest.PostgresURL(t)
	w := newWorld(t, dbtest.Open(t, url), Options{})
	replicas := []*Pipeline{w.pipe, w.start(dbtest.Open(t, url), Options{})}
	calls := w.historyCalls(r, 1600)

	ctx, done := context.WithCancel(context.Background())
	var admin sync.WaitGroup
	deleted := map[int64]int64{} // by an admin: contact → its version
	admin.Go(func() { w.deleteContacts(ctx, rand.New(rand.NewPCG(seed, 3)), deleted) })
	admin.Go(func() { w.deleteTags(ctx) })
	answers := sendToAll(w, replicas, calls, 64)
	done()
	admin.Wait()

	h := readHistory(w, answers, deleted)
	h.checkLog()
	h.checkEvents()
	for id := range h.lives {
		h.checkLife(id)
	}
	h.checkContacts()
}

// historyCalls returns random calls for 50 addresses. Half of them set one field to a value that no other call has.
func (w *world) historyCalls(r *rand.Rand, n int) []Call {
	for i := range 4 {
		w.addMergeTag(fmt.Sprintf("f%d", i), models.MergeTagText, "")
	}
	calls := make([]Call, n)
	for i := range calls {
		kind := models.WebhookTypes[min(r.IntN(8)/2, 3)]
		form := url.Values{"email_address": {fmt.Sprintf("a%d@example.com", r.IntN(50))}}
		if r.IntN(2) == 0 {
			form.Set(fmt.Sprintf("f%d", r.IntN(4)), fmt.Sprint(i))
		}
		calls[i] = w.call(w.hooks[kind], form.Encode())
	}
	return calls
}

// sendToAll submits the calls from a number of senders, each to one of the replicas, and returns the answers. It stops when
// the test has failed.
func sendToAll(w *world, replicas []*Pipeline, calls []Call, senders int) map[uuid.UUID]answered {
	w.t.Helper()
	work := make(chan Call)
	got := make(map[uuid.UUID]answered, len(calls))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			for c := range work {
				answer, err := replicas[i%len(replicas)].Submit(context.Background(), c)
				if err != nil {
					w.t.Errorf("got %v, want an answer", err)
				}
				mu.Lock()
				got[c.ID] = answered{c, answer}
				mu.Unlock()
			}
		})
	}
	for _, c := range calls {
		if w.t.Failed() {
			break
		}
		work <- c
	}
	close(work)
	wg.Wait()
	return got
}

// deleteContacts deletes random contacts as an admin does, until ctx ends. It notes their versions in deleted.
func (w *world) deleteContacts(ctx context.Context, r *rand.Rand, deleted map[int64]int64) {
	for ctx.Err() == nil {
		email := fmt.Sprintf("a%d@example.com", r.IntN(50))
		var gone *models.Contact
		w.write(func(tx *gorm.DB) error {
			gone = nil
			if err := store.LockAddresses(tx, models.AddressKey(w.ws.ID, email)); err != nil {
				return err
			}
			c, err := store.First[models.Contact](tx.Where("workspace_id = ? AND email = ?", w.ws.ID, email))
			if errors.Is(err, models.ErrNotFound) {
				return nil
			}
			if err == nil {
				gone = &c
				err = store.EraseContact(tx, c, 0, testNow())
			}
			return err
		})
		if gone != nil {
			deleted[gone.ID] = gone.Version
		}
	}
}

// deleteTags adds a new tag to the SUBSCRIBED webhook and deletes it again, until ctx ends. Every fourth deletion is dated one
// hour ago, so that the purge removes the tag immediately, while batches that have read it still run.
func (w *world) deleteTags(ctx context.Context) {
	purge := func(now time.Time) {
		if err := w.db.PurgeTags(context.Background(), now); err != nil {
			w.t.Error(err)
		}
	}
	for i := 0; ctx.Err() == nil; i++ {
		tag := w.addTag(fmt.Sprintf("short-lived %d", i))
		w.write(func(tx *gorm.DB) error {
			return tx.Create(&models.WebhookTag{WorkspaceID: w.ws.ID, WebhookID: w.hooks[models.TypeSubscribed].ID, TagID: tag.ID}).Error
		})
		at := testNow()
		if i%4 == 0 {
			at = at.Add(-time.Hour)
		}
		if err := w.db.DeleteTag(context.Background(), w.ws.ID, 0, tag.ID, nil, at); err != nil {
			w.t.Error(err)
		}
		purge(testNow())
	}
	purge(testNow().Add(time.Hour))
}

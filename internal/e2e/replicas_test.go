package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"

	"github.com/google/uuid"
)

const (
	stormSenders   = 64
	stormCalls     = 40 // from each sender
	stormAddresses = 50
	stormTags      = 5
)

// TestReplicasStoreOneHistory starts two programs on one Postgres. 64 senders call them about 50 people, with all four types of
// webhooks, while the admin deletes contacts and tags. The log and the contacts must form one possible history.
func TestReplicasStoreOneHistory(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	a := NewAudience(t, dbtest.PostgresURL(t), stormTags)
	programs := []*Program{a.start(), a.start()}
	var mu sync.Mutex
	w := &told{t: t, tagsDeleted: stormTags - 1, tagsLeft: 1}
	var senders sync.WaitGroup
	for n := range stormSenders {
		senders.Go(func() {
			calls := a.storm(programs[n%len(programs)], rand.New(rand.NewPCG(seed, uint64(n))), n)
			mu.Lock()
			defer mu.Unlock()
			w.calls = append(w.calls, calls...)
		})
	}
	done := make(chan struct{})
	go func() { senders.Wait(); close(done) }()
	w.deleted = a.meddle(NewClient(t, programs[0].URL), done)
	a.waitForPurge()
	for _, p := range programs {
		p.Stop()
	}
	a.read(w)
	t.Logf("%d calls, %d contacts left, %d deleted by the admin", len(w.calls), len(w.contacts), len(w.deleted))
	w.checkHistories()
}

// storm sends the calls of one sender and returns them with their replies.
func (a *Audience) storm(p *Program, random *rand.Rand, n int) []call {
	s := newSender(p.URL)
	defer s.close()
	kinds := []models.WebhookType{
		models.TypeSubscribed, models.TypeSubscribed, models.TypeSubscribed, models.TypeUnconfirmed, models.TypeUnconfirmed,
		models.TypeUnsubscribed, models.TypeUnsubscribed, models.TypeDelete,
	}
	var calls []call
	for i := range stormCalls {
		c := call{
			address: fmt.Sprintf("person%d@example.com", random.IntN(stormAddresses)), kind: kinds[random.IntN(len(kinds))],
			key: mergeTags[random.IntN(len(mergeTags))], value: fmt.Sprintf("%d/%d", n, i),
		}
		var err error
		c.reply, err = s.post(a.t.Context(), a.hook[c.kind], map[string]string{"email_address": c.address, c.key: c.value})
		if err != nil {
			a.t.Errorf("no answer for %s %s: %v", c.kind, c.address, err)
			return calls
		}
		calls = append(calls, c)
	}
	return calls
}

// meddle acts as the admin: it deletes contacts until done is closed, and all tags except the last. It returns the deleted
// contacts.
func (a *Audience) meddle(c *Client, done <-chan struct{}) map[int64]bool {
	a.t.Helper()
	c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
	deleted := map[int64]bool{}
	tags := a.tags[:len(a.tags)-1]
	for storming := true; storming || len(tags) > 0; {
		select {
		case <-done:
			storming = false
		default:
		}
		if people := rows[models.Contact](a); len(people) > 0 {
			id := people[rand.IntN(len(people))].ID
			switch got := c.Post("/w/my-workspace/contacts/" + strconv.FormatInt(id, 10) + "/delete"); got.Status {
			case http.StatusSeeOther:
				deleted[id] = true
			case http.StatusNotFound: // a sender's DELETE came first
			default:
				a.t.Fatalf("got %d for deleting a contact:\n%s", got.Status, got.Body)
			}
		}
		if len(tags) > 0 {
			if got := c.Post("/w/my-workspace/tags/" + strconv.FormatInt(tags[0].ID, 10) + "/delete"); got.Status != http.StatusSeeOther {
				a.t.Fatalf("got %d for deleting a tag:\n%s", got.Status, got.Body)
			}
			tags = tags[1:]
		}
	}
	return deleted
}

// waitForPurge waits until no contact has a deleted tag.
func (a *Audience) waitForPurge() {
	a.t.Helper()
	last := a.tags[len(a.tags)-1].ID
	for deadline := time.Now().Add(patience); ; <-time.After(50 * time.Millisecond) {
		left := 0
		for _, tag := range rows[models.ContactTag](a) {
			if tag.TagID != last {
				left++
			}
		}
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("%d contacts keep deleted tags", left)
		}
	}
}

// read reads the rows of the database after the last call.
func (a *Audience) read(w *told) {
	a.t.Helper()
	w.log, w.contacts = map[uuid.UUID]models.WebhookRequest{}, map[int64]models.Contact{}
	for _, r := range rows[models.WebhookRequest](a) {
		w.log[r.ID] = r
	}
	for _, c := range rows[models.Contact](a) {
		w.contacts[c.ID] = c
	}
	w.tags = groupBy(rows[models.ContactTag](a), func(c models.ContactTag) int64 { return c.ContactID })
}

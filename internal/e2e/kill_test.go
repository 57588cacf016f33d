package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"sync"
	"syscall"
	"testing"

	"campaignlark/models"
)

const (
	killRounds  = 3
	killSenders = 32
	killAfter   = 400 // answers of 200 in a round
)

// TestKillUnderLoad kills the program three times while 32 senders call it, and stops it properly the last time. CONTRACT: 200 is
// sent only after everything that the request caused is committed. Nothing may be stored twice or in part.
func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	bothDatabases(t, func(t *testing.T, url string) {
		a := NewAudience(t, url, 2)
		acknowledged := map[string]string{} // request ids by address
		for round := range killRounds {
			p := a.start() // on the database that the last kill left
			maps.Copy(acknowledged, a.loadUntil(syscall.SIGKILL, p, round))
		}
		p := a.start()
		maps.Copy(acknowledged, a.loadUntil(syscall.SIGTERM, p, killRounds))
		if code := p.Wait(); code != 0 {
			t.Errorf("got exit code %d after SIGTERM under load, want 0", code)
		}
		a.checkAfterKills(acknowledged)
	})
}

// loadUntil subscribes people until the program ends. It sends the signal when killAfter calls are acknowledged. It returns the
// request ids of all acknowledged calls, by address.
func (a *Audience) loadUntil(signal syscall.Signal, p *Program, round int) map[string]string {
	a.t.Helper()
	var mu sync.Mutex
	acknowledged := map[string]string{}
	var senders sync.WaitGroup
	for n := range killSenders {
		senders.Go(func() {
			s := newSender(p.URL)
			defer s.close()
			for i := 0; ; i++ {
				address := fmt.Sprintf("r%d-s%d-%d@example.com", round, n, i)
				got, err := s.post(a.t.Context(), a.hook[models.TypeSubscribed], map[string]string{"email_address": address, "one": address})
				if err != nil {
					return // the program has ended
				}
				if got.status != http.StatusOK {
					a.t.Errorf("got %d %q, want 200", got.status, got.message)
					return
				}
				mu.Lock()
				acknowledged[address] = got.id
				enough := len(acknowledged) == killAfter
				mu.Unlock()
				if enough {
					p.Signal(signal)
				}
			}
		})
	}
	senders.Wait()
	p.Wait()
	return acknowledged
}

func (a *Audience) checkAfterKills(acknowledged map[string]string) {
	a.t.Helper()
	t := a.t
	contacts := groupBy(rows[models.Contact](a), func(c models.Contact) string { return c.Email })
	tags := groupBy(rows[models.ContactTag](a), func(c models.ContactTag) int64 { return c.ContactID })
	log := groupBy(rows[models.WebhookRequest](a), func(r models.WebhookRequest) string { return *r.Address })
	if len(acknowledged) < killRounds*killAfter {
		t.Fatalf("got %d answers of 200, want %d or more", len(acknowledged), killRounds*killAfter)
	}
	for address, id := range acknowledged {
		if len(contacts[address]) == 0 || len(log[address]) == 0 || log[address][0].ID.String() != id {
			t.Errorf("%s got a 200 with the id %s, but the database holds the contact %+v and the log %+v", address, id, contacts[address], log[address])
		}
	}
	for address, found := range contacts { // also those without an answer: a call is stored completely or not at all
		c := found[0]
		if len(found) != 1 || c.Status != models.StatusSubscribed || c.Version != 1 || c.Fields["one"] != address {
			t.Errorf("got the contacts %+v, want one as it was sent", found)
		}
		if len(tags[c.ID]) != len(a.tags) {
			t.Errorf("%s: got %d tags, want %d", address, len(tags[c.ID]), len(a.tags))
		}
		if r := log[address]; len(r) != 1 || r[0].Fired() != models.EventConfirmed || *r[0].ContactVersion != 1 || r[0].Outcome != models.OutcomeCreated || *r[0].ContactID != c.ID {
			t.Errorf("%s: got the log %+v, want one row", address, r)
		}
	}
	if len(log) != len(contacts) || len(tags) != len(contacts) {
		t.Errorf("got %d contacts, log rows of %d, tags of %d, want the same number of each", len(contacts), len(log), len(tags))
	}
	var calls int64
	if err := a.db.Read(t.Context()).Raw("SELECT coalesce(sum(calls), 0) FROM webhook_counts WHERE workspace_id = ?", a.ws.ID).Scan(&calls).Error; err != nil {
		t.Fatal(err)
	}
	if calls != int64(len(log)) {
		t.Errorf("the counters say %d calls, the log %d", calls, len(log))
	}
}

package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
)

// flaky is a receiver that refuses a third of what it gets.
type flaky struct {
	mu      sync.Mutex
	tries   int
	arrived map[string]int     // answers with 200, by the message's id
	order   map[int64][]string // events that arrived first, by contact
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		ID   string
		Data struct{ Contact struct{ ID int64 } }
	}
	err := json.NewDecoder(r.Body).Decode(&body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tries++
	if err != nil || rand.IntN(3) == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	id := r.Header.Get("webhook-id")
	if f.arrived[id]++; f.arrived[id] == 1 {
		f.order[body.Data.Contact.ID] = append(f.order[body.Data.Contact.ID], body.ID)
	}
}

// TestEveryEventArrivesThoughAReplicaIsKilled kills one of two replicas with SIGKILL under load, while the receiver refuses a third of its
// messages. Every event must arrive, under one id, and those of one contact in their order.
func TestEveryEventArrivesThoughAReplicaIsKilled(t *testing.T) {
	t.Parallel()
	const senders, calls = 6, 60
	receiver := &flaky{arrived: map[string]int{}, order: map[int64][]string{}}
	server := httptest.NewServer(receiver)
	defer server.Close()
	a := NewAudience(t, dbtest.PostgresURL(t), 1)
	env := map[string]string{"DATABASE_URL": a.url, "OUTBOUND_ALLOW": "127.0.0.0/8", "RETRY_SCHEDULE": "100ms" + strings.Repeat(",200ms", 29), "SECRET_KEY": strings.Repeat("7", 64)}
	programs := []*Program{Start(t, Settings{Env: env}), Start(t, Settings{Env: env})}
	c := NewClient(t, programs[1].URL)
	c.SignIn(FirstAdmin["ADMIN_EMAIL"], FirstAdmin["ADMIN_PASSWORD"])
	if got := c.Post("/w/my-workspace/destinations", "name", "CRM", "url", server.URL); got.Status/100 > 3 {
		t.Fatalf("got %d for a new destination:\n%s", got.Status, got.Body)
	}
	definition := fmt.Sprintf(`{"triggers":[{"type":"contact_subscribed_confirmed"},{"type":"contact_unsubscribed"}],"steps":[{"type":"call","destination_id":%d}]}`, rows[models.Destination](a)[0].ID)
	if got := c.Post("/w/my-workspace/automations", "name", "CRM", "enabled", "1", "definition", definition); got.Status != http.StatusSeeOther {
		t.Fatalf("got %d for a new automation:\n%s", got.Status, got.Body)
	}
	var load sync.WaitGroup
	for n := range senders {
		load.Go(func() {
			s := newSender(programs[n%2].URL)
			defer s.close()
			for i := range calls {
				kind := []models.WebhookType{models.TypeSubscribed, models.TypeUnsubscribed}[i%2]
				address := fmt.Sprintf("person%d-%d@example.com", n, i/6)
				if _, err := s.post(t.Context(), a.hook[kind], map[string]string{"email_address": address}); err != nil && n%2 == 1 {
					t.Errorf("no answer of the replica that lives: %v", err)
				}
				if n == 0 && i == calls/2 {
					programs[0].Kill()
				}
				if err := t.Context().Err(); err != nil {
					return
				}
			}
		})
	}
	load.Wait()
	a.untilDelivered(2 * time.Minute)
	a.checkDelivered(receiver)
}

// untilDelivered waits until every event has led to a delivery that has ended. Those that the killed replica held wait for their lease.
func (a *Audience) untilDelivered(most time.Duration) {
	a.t.Helper()
	var left int64
	for deadline := time.Now().Add(most); ; <-time.After(100 * time.Millisecond) {
		err := a.db.Read(a.t.Context()).Raw(`SELECT (SELECT count(*) FROM automation_events WHERE state = 'pending') + (SELECT count(*) FROM automation_runs WHERE ended_at IS NULL)
			+ (SELECT count(*) FROM deliveries WHERE state = 'pending')`).Scan(&left).Error
		if err != nil {
			a.t.Fatal(err)
		}
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("%d events, runs and deliveries are still under way", left)
		}
	}
}

func (a *Audience) checkDelivered(f *flaky) {
	a.t.Helper()
	fired, again := 0, 0
	for _, r := range rows[models.WebhookRequest](a) {
		if r.Fired() != "" {
			fired++
		}
	}
	versions := map[string]int64{}
	byEvent := map[string]int{}
	for _, d := range rows[models.Delivery](a) {
		versions["evt_"+d.EventID.String()] = d.ContactVersion
		byEvent[d.EventID.String()]++
		if d.State != models.DeliveryArrived || f.arrived[d.MessageID()] == 0 {
			a.t.Errorf("delivery %s is %s, and arrived %d times", d.ID, d.State, f.arrived[d.MessageID()])
		}
		again += f.arrived[d.MessageID()] - 1
	}
	if len(byEvent) != fired || len(f.arrived) != fired {
		a.t.Errorf("%d events fired, %d have a delivery, %d messages arrived; want all the same", fired, len(byEvent), len(f.arrived))
	}
	for event, n := range byEvent {
		if n != 1 {
			a.t.Errorf("event %s has %d deliveries", event, n)
		}
	}
	for contact, events := range f.order {
		for i := 1; i < len(events); i++ {
			if versions[events[i]] <= versions[events[i-1]] {
				a.t.Errorf("contact %d: version %d arrived after %d", contact, versions[events[i]], versions[events[i-1]])
			}
		}
	}
	a.t.Logf("%d events, %d attempts, %d arrived more than once", fired, f.tries, again)
}

package deliveries_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/deliveries"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/secrets"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a workspace with a clock that only the test moves.
type world struct {
	t      *testing.T
	db     *store.DB
	id     int64
	cipher secrets.Cipher
	mu     sync.Mutex
	clock  time.Time
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	cipher, err := secrets.New(make([]byte, secrets.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: db, cipher: cipher, clock: start}
	w.write(func(tx *gorm.DB) error {
		ws := models.Workspace{Slug: "books", Name: "Books", TimeZone: "UTC", CreatedAt: start}
		err := tx.Create(&ws).Error
		w.id = ws.ID
		return err
	})
	return w
}

// eachWorld runs f with a new world on each database.
func eachWorld(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) { f(t, newWorld(t, db)) })
}

// crm starts a receiver and stores a destination that leads to it.
func (w *world) crm() (*receiver, models.Destination) {
	w.t.Helper()
	r := newReceiver(w.t, nil)
	return r, w.to(r.url)
}

// to stores a destination with an address and new secrets.
func (w *world) to(url string) models.Destination {
	w.t.Helper()
	return w.destination(url, deliveries.NewSecret(), deliveries.NewSecret())
}

func (w *world) store() deliveries.Store { return deliveries.Store{DB: w.db, Cipher: w.cipher} }

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func (w *world) write(f func(tx *gorm.DB) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// destination stores a destination with two secrets, the newer first, and an own header.
func (w *world) destination(url string, newer, older string) models.Destination {
	w.t.Helper()
	d := models.Destination{WorkspaceID: w.id, Name: "CRM", URL: url, Secret: []byte{}, Enabled: true, CreatedAt: start, UpdatedAt: start}
	w.write(func(tx *gorm.DB) error {
		d.ID = 0
		if err := tx.Create(&d).Error; err != nil {
			return err
		}
		sealed := map[string]any{}
		for column, text := range map[string]string{"secret": newer, "older_secret": older, "headers": "Authorization: Bearer abc"} {
			row := secrets.Row{WorkspaceID: w.id, OwnerID: d.ID, Purpose: secrets.DestinationSecret}
			if column == "headers" {
				row.Purpose = secrets.DestinationHeaders
			}
			var err error
			if sealed[column], err = w.cipher.Seal(text, row); err != nil {
				return err
			}
		}
		return tx.Model(&d).Where("workspace_id = ? AND id = ?", w.id, d.ID).UpdateColumns(sealed).Error
	})
	return d
}

// enqueue adds a delivery about version of a contact, or about none if contact is 0.
func (w *world) enqueue(d models.Destination, contact, version int64) (v models.Delivery) {
	w.t.Helper()
	v = deliveries.New(models.Delivery{WorkspaceID: w.id, DestinationID: d.ID, EventType: "contact.updated", EventID: models.NewID(w.now()), ContactID: contact, ContactVersion: version},
		fmt.Appendf(nil, `{"contact":%d,"version":%d}`, contact, version), w.now())
	w.write(func(tx *gorm.DB) error { return deliveries.Enqueue(tx, v) })
	return v
}

// run starts a sender. It ends with the test, or when the returned function is called, which waits for it.
func (w *world) run(change func(*deliveries.Options)) (s *deliveries.Sender, end func()) {
	o := deliveries.Options{Now: w.now, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Poll: 5 * time.Millisecond, Version: "test", Wait: time.Minute, Grace: 20 * time.Second}
	if change != nil {
		change(&o)
	}
	s = deliveries.NewSender(w.db, w.cipher, o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	end = func() { cancel(); <-ended }
	w.t.Cleanup(end)
	return s, end
}

func (w *world) delivery(id uuid.UUID) models.Delivery {
	w.t.Helper()
	v, err := store.First[models.Delivery](w.db.Read(context.Background()).Where("workspace_id = ? AND id = ?", w.id, id))
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) attempts(id uuid.UUID) (all []models.DeliveryAttempt) {
	w.t.Helper()
	if err := w.db.Read(context.Background()).Where("workspace_id = ? AND delivery_id = ?", w.id, id).Order("number").Find(&all).Error; err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) stored(d models.Destination) models.Destination {
	w.t.Helper()
	d, err := store.First[models.Destination](w.db.Read(context.Background()).Where("workspace_id = ? AND id = ?", w.id, d.ID))
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

const patience = 40 * time.Second

// eventually waits until true returns true.
func (w *world) eventually(what string, true func() bool) {
	w.t.Helper()
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(patience); !true(); <-tick.C {
		if time.Now().After(limit) {
			w.t.Fatalf("after %s it is not so that %s", patience, what)
		}
	}
}

// tried waits until so many attempts of a delivery are recorded.
func (w *world) tried(id uuid.UUID, n int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d attempts are recorded", n), func() bool { return len(w.attempts(id)) >= n })
}

// got is a request that a receiver has got.
type got struct {
	header   http.Header
	id, body string
}

// receiver remembers what it has got. It answers with status and "thanks", after answer has
// returned; with 429 it asks for two hours.
type receiver struct {
	url    string
	mu     sync.Mutex
	all    []got
	status int
	answer func(got)
}

func newReceiver(t *testing.T, answer func(got)) *receiver {
	r := &receiver{status: 200, answer: answer}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		body, _ := io.ReadAll(in.Body)
		g := got{in.Header, in.Header.Get("webhook-id"), string(body)}
		r.mu.Lock()
		r.all = append(r.all, g)
		status := r.status
		r.mu.Unlock()
		if r.answer != nil {
			r.answer(g)
		}
		if status == 429 {
			out.Header().Set("Retry-After", "7200")
		}
		out.WriteHeader(status)
		io.WriteString(out, "thanks")
	}))
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) say(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) got() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]got(nil), r.all...)
}

// bodies returns the bodies that hold text, in the order of their arrival.
func (r *receiver) bodies(text string) (all []string) {
	for _, g := range r.got() {
		if strings.Contains(g.body, text) {
			all = append(all, g.body)
		}
	}
	return all
}

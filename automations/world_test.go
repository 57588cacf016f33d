package automations_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/automations"
	"campaignlark/deliveries"
	"campaignlark/intake"
	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"

	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// world is a workspace with webhooks, two tags, a merge tag and a destination, in a real database, with the intake and the runner on it.
type world struct {
	t       *testing.T
	db      *store.DB
	ws      models.Workspace
	hooks   map[models.WebhookType]models.Webhook
	tags    map[string]models.Tag
	city    models.MergeTag
	crm     models.Destination
	pipe    *intake.Pipeline
	runner  *automations.Runner
	store   automations.Store
	ticker  *segments.Ticker
	forward atomic.Int64 // how far the clock is ahead
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, hooks: map[models.WebhookType]models.Webhook{}, tags: map[string]models.Tag{}}
	w.write(func(tx *gorm.DB) error {
		w.ws = models.Workspace{Slug: "books", Name: "Books", TimeZone: "Europe/Vienna", CreatedAt: w.now()}
		return tx.Create(&w.ws).Error
	})
	for _, name := range []string{"customer", "trial"} {
		tag := models.Tag{WorkspaceID: w.ws.ID, Name: name, NameFolded: name, CreatedAt: w.now()}
		w.write(func(tx *gorm.DB) error { return tx.Create(&tag).Error })
		w.tags[name] = tag
	}
	w.city = models.MergeTag{WorkspaceID: w.ws.ID, Key: "city", Label: "City", Type: models.MergeTagText, Options: []string{}, CreatedAt: w.now()}
	w.crm = models.Destination{WorkspaceID: w.ws.ID, Name: "CRM", URL: "https://crm.example/in", Secret: []byte{1}, Enabled: true, CreatedAt: w.now(), UpdatedAt: w.now()}
	w.write(func(tx *gorm.DB) error {
		if err := tx.Create(&w.city).Error; err != nil {
			return err
		}
		return tx.Create(&w.crm).Error
	})
	for _, kind := range models.WebhookTypes {
		hook := models.Webhook{WorkspaceID: w.ws.ID, Name: string(kind), Type: kind, Hash: models.NewHash(), Enabled: true, CreatedAt: w.now(), UpdatedAt: w.now()}
		w.write(func(tx *gorm.DB) error {
			if err := tx.Create(&hook).Error; err != nil {
				return err
			}
			return tx.Create(&models.WebhookHash{Hash: hook.Hash, WorkspaceID: w.ws.ID, WebhookID: hook.ID, CreatedAt: w.now()}).Error
		})
		w.hooks[kind] = hook
	}
	log := slog.New(slog.DiscardHandler)
	w.pipe = intake.New(db, intake.Options{Wait: time.Minute, Log: log})
	t.Cleanup(func() { w.pipe.Close(context.Background()) })
	w.runner = automations.New(db, automations.Options{Now: w.now, Log: log})
	w.store = automations.Store{DB: db, Now: w.now}
	w.ticker = segments.New(db, segments.Options{Now: w.now, Log: log})
	return w
}

func (w *world) now() time.Time {
	return models.Instant(time.Now().Add(time.Duration(w.forward.Load())))
}

// later moves the clock of the runner.
func (w *world) later(d time.Duration) { w.forward.Add(int64(d)) }

func (w *world) write(fn func(tx *gorm.DB) error) {
	w.t.Helper()
	if err := w.db.Write(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// call calls the webhook of a type.
func (w *world) call(kind models.WebhookType, body string) {
	w.t.Helper()
	hook := w.hooks[kind]
	row, found, err := w.pipe.Lookup(w.t.Context(), hook.Hash)
	if err != nil || !found {
		w.t.Fatal(found, err)
	}
	c := intake.Call{Hash: row, ID: models.NewID(time.Now()), Request: intake.Request{Method: "POST", ContentType: "application/json", Body: []byte(body)},
		ArrivedAt: time.Now(), Method: "POST", ContentType: "application/json"}
	w.pipe.Prepare(&c)
	answer, err := w.pipe.Submit(w.t.Context(), c)
	if err != nil || answer.Status != 200 {
		w.t.Fatalf("%s: got %+v (%v), want 200", body, answer, err)
	}
}

// automate creates an enabled automation. The definition is JSON.
func (w *world) automate(name, definition string) models.Automation {
	w.t.Helper()
	d, err := automations.Parse(definition)
	if err != nil {
		w.t.Fatal(err)
	}
	things, err := w.store.ThingsOf(w.t.Context(), w.ws)
	if err != nil {
		w.t.Fatal(err)
	}
	if problems := d.Check(things); len(problems) > 0 {
		w.t.Fatalf("%s: got %v, want a definition without problems", definition, problems)
	}
	a, err := w.store.Create(w.t.Context(), w.ws.ID, 0, name, d, true)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// work lets the runner and the ticker work until nothing is left to do now.
func (w *world) work() {
	w.t.Helper()
	for range 100 {
		if _, err := w.runner.Turn(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if _, err := w.ticker.Tick(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		var left int64
		err := w.db.Read(w.t.Context()).Raw(`SELECT (SELECT count(*) FROM automation_events WHERE state = 'pending') + (SELECT count(*) FROM dirty_contacts) + (SELECT count(*) FROM call_marks)
			+ (SELECT count(*) FROM automation_runs WHERE ended_at IS NULL AND due_at <= ?)`, w.now()).Scan(&left).Error
		if err != nil {
			w.t.Fatal(err)
		}
		if left == 0 {
			return
		}
	}
	w.t.Fatal("there is still work to do after 100 turns")
}

func rowsOf[T any](w *world, order string) (rows []T) {
	w.t.Helper()
	if err := w.db.Read(w.t.Context()).Where("workspace_id = ?", w.ws.ID).Order(order).Find(&rows).Error; err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// runs returns the state of each run, in the order in which they started.
func (w *world) runs() (states []models.RunState) {
	for _, r := range rowsOf[models.AutomationRun](w, "id") {
		states = append(states, r.State)
	}
	return states
}

// sent returns what the deliveries hold, in the order in which they were added.
func (w *world) sent() (all []deliveries.Envelope) {
	w.t.Helper()
	for _, d := range rowsOf[models.Delivery](w, "id") {
		text, err := deliveries.Unpack(d.Body)
		if err != nil {
			w.t.Fatal(err)
		}
		var e deliveries.Envelope
		if err := json.Unmarshal(text, &e); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// tagged returns the names of a contact's tags.
func (w *world) tagged(email string) (names []string) {
	w.t.Helper()
	err := w.db.Read(w.t.Context()).Raw(`SELECT t.name FROM contacts c JOIN contact_tags ct ON ct.workspace_id = c.workspace_id AND ct.contact_id = c.id
		JOIN tags t ON t.workspace_id = c.workspace_id AND t.id = ct.tag_id WHERE c.workspace_id = ? AND c.email = ? ORDER BY t.name`, w.ws.ID, email).Scan(&names).Error
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

func (w *world) contact(email string) models.Contact {
	w.t.Helper()
	c, err := store.First[models.Contact](w.db.Read(w.t.Context()).Where("workspace_id = ? AND email = ?", w.ws.ID, email))
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) segments() segments.Store { return segments.Store{DB: w.db, Now: w.now} }

func (w *world) parse(definition string) automations.Definition {
	w.t.Helper()
	d, err := automations.Parse(definition)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

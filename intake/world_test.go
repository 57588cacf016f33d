package intake

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// world is a workspace with one webhook of each type in a real database, and a pipeline on it.
type world struct {
	t     testing.TB
	db    *store.DB
	ws    models.Workspace
	hooks map[models.WebhookType]models.Webhook
	tags  []models.Tag // vip and news; the SUBSCRIBED webhook adds both, the UNCONFIRMED one news
	pipe  *Pipeline
	mu    sync.Mutex
	last  time.Time // when the last call was made
}

// testNow returns the time for the rows of tests. It is the real time, because the request log needs a partition for its day.
func testNow() time.Time { return models.Instant(time.Now()) }

func newWorld(t *testing.T, db *store.DB, opts Options) *world {
	t.Helper()
	w := &world{t: t, db: db, hooks: map[models.WebhookType]models.Webhook{}}
	w.write(func(tx *gorm.DB) error {
		w.ws = models.Workspace{Slug: "books", Name: "Books", TimeZone: "UTC", CreatedAt: testNow()}
		return tx.Create(&w.ws).Error
	})
	w.tags = []models.Tag{w.addTag("vip"), w.addTag("news")}
	w.addMergeTag("first_name", models.MergeTagText, "")
	w.addMergeTag("city", models.MergeTagText, "Vienna")
	w.addMergeTag("orders", models.MergeTagNumber, "")
	w.addHook(models.TypeSubscribed, w.tags...)
	w.addHook(models.TypeUnconfirmed, w.tags[1])
	w.addHook(models.TypeUnsubscribed)
	w.addHook(models.TypeDelete)
	w.pipe = w.start(db, opts)
	return w
}

// start runs a pipeline until the test ends.
func (w *world) start(db *store.DB, opts Options) *Pipeline {
	if opts.Wait == 0 {
		opts.Wait = time.Minute // long enough that no call is withdrawn on a slow machine
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	p := New(db, opts)
	if t, ok := w.t.(*testing.T); ok {
		t.Cleanup(func() { p.Close(context.Background()) })
	}
	return p
}

func (w *world) write(fn func(tx *gorm.DB) error) {
	w.t.Helper()
	if err := w.db.Write(context.Background(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// marks returns the marks of a contact by calls, in the order of the calls.
func (w *world) marks(contact int64) (marks []models.CallMark) {
	w.t.Helper()
	for _, row := range rowsOf[models.CallMarks](w, "workspace_id = ? ORDER BY id", w.ws.ID) {
		for m := range row.All() {
			if m.ContactID == contact {
				marks = append(marks, m)
			}
		}
	}
	return marks
}

// fired returns the event of each call, "" for none, in the order of the calls.
func (w *world) fired() (events []models.EventType) {
	w.t.Helper()
	for _, r := range w.log() {
		events = append(events, r.Fired())
	}
	return events
}

func (w *world) addTag(name string) models.Tag {
	tag := models.Tag{WorkspaceID: w.ws.ID, Name: name, NameFolded: models.Fold(name), CreatedAt: testNow()}
	w.write(func(tx *gorm.DB) error { return tx.Create(&tag).Error })
	return tag
}

func (w *world) addMergeTag(key string, kind models.MergeTagType, byDefault string) models.MergeTag {
	tag := models.MergeTag{
		WorkspaceID: w.ws.ID, Key: key, Label: "Label of " + key, Type: kind, Options: []string{}, Default: byDefault, CreatedAt: testNow(),
	}
	w.write(func(tx *gorm.DB) error { return tx.Create(&tag).Error })
	return tag
}

func (w *world) addHook(kind models.WebhookType, tags ...models.Tag) models.Webhook {
	hook := models.Webhook{
		WorkspaceID: w.ws.ID, Name: string(kind), Type: kind, Hash: models.NewHash(), Enabled: true, CreatedAt: testNow(), UpdatedAt: testNow(),
	}
	w.write(func(tx *gorm.DB) error {
		if err := tx.Create(&hook).Error; err != nil {
			return err
		}
		for _, t := range tags {
			if err := tx.Create(&models.WebhookTag{WorkspaceID: w.ws.ID, WebhookID: hook.ID, TagID: t.ID}).Error; err != nil {
				return err
			}
		}
		return tx.Create(&models.WebhookHash{Hash: hook.Hash, WorkspaceID: w.ws.ID, WebhookID: hook.ID, CreatedAt: testNow()}).Error
	})
	w.hooks[kind] = hook
	return hook
}

// call returns a call to a webhook with a query string, as the endpoint makes it. Each call has a later time and a higher id
// than the one before, even on a fast machine.
func (w *world) call(hook models.Webhook, query string) Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := testNow()
	if !at.After(w.last) {
		at = w.last.Add(time.Microsecond)
	}
	w.last = at
	return Call{
		ID: models.NewID(at), ArrivedAt: at, Hash: models.WebhookHash{Hash: hook.Hash, WorkspaceID: hook.WorkspaceID, WebhookID: hook.ID},
		Method: "GET", ClientAddress: "192.0.2.7", UserAgent: "test", Headers: []Header{{"Accept", "*/*"}},
		Submission: Decode(Request{Method: "GET", Query: query}), Size: int64(len(query)),
	}
}

// send submits a call to the webhook of a type and expects an answer.
func (w *world) send(kind models.WebhookType, query string) Answer {
	w.t.Helper()
	return w.submit(w.call(w.hooks[kind], query))
}

func (w *world) submit(c Call) Answer {
	w.t.Helper()
	answer, err := w.pipe.Submit(context.Background(), c)
	if err != nil {
		w.t.Fatalf("got %v, want an answer", err)
	}
	return answer
}

// contact reads a contact by its address; nil when there is none.
func (w *world) contact(email string) *models.Contact {
	w.t.Helper()
	found := rowsOf[models.Contact](w, "workspace_id = ? AND email = ?", w.ws.ID, email)
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

func (w *world) tagsOf(c *models.Contact) []int64 {
	w.t.Helper()
	var ids []int64
	for _, r := range rowsOf[models.ContactTag](w, "contact_id = ?", c.ID) {
		ids = append(ids, r.TagID)
	}
	return ids
}

// log returns the request log in the order of arrival.
func (w *world) log() []models.WebhookRequest {
	w.t.Helper()
	return rowsOf[models.WebhookRequest](w, "workspace_id = ? ORDER BY id", w.ws.ID)
}

// row returns the log row of one call.
func (w *world) row(id uuid.UUID) models.WebhookRequest {
	w.t.Helper()
	rows := rowsOf[models.WebhookRequest](w, "workspace_id = ? AND id = ?", w.ws.ID, id)
	if len(rows) != 1 {
		w.t.Fatalf("got %d log rows of one call", len(rows))
	}
	return rows[0]
}

func (w *world) body(r models.WebhookRequest) LogBody {
	w.t.Helper()
	b, err := DecodeLogBody(r.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func rowsOf[T any](w *world, where string, args ...any) []T {
	w.t.Helper()
	var rows []T
	if err := w.db.Read(context.Background()).Where(where, args...).Find(&rows).Error; err != nil {
		w.t.Fatal(err)
	}
	return rows
}

package segments_test

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/dbtest"
	"campaignlark/models"
	"campaignlark/segments"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// world is a workspace with a field of every type and three tags.
type world struct {
	t      *testing.T
	db     *models.DB
	id     int64
	store  segments.Store
	ticker *segments.Ticker
	ticks  atomic.Int64     // a second each
	named  atomic.Int64     // how many names name has made
	fields map[string]int64 // merge tag ids by key
	tags   []int64
}

var fieldTypes = []models.MergeTag{
	{Key: "city", Type: models.MergeTagText}, {Key: "points", Type: models.MergeTagNumber}, {Key: "vip", Type: models.MergeTagBoolean},
	{Key: "birthday", Type: models.MergeTagDate}, {Key: "size", Type: models.MergeTagSingle, Options: []string{"Small", "Large"}},
	{Key: "likes", Type: models.MergeTagMultiple, Options: []string{"Tea", "Coffee", "Straße"}}, {Key: "country", Type: models.MergeTagCountry},
}

func newWorld(t *testing.T, db *models.DB) *world {
	t.Helper()
	now := func() time.Time { return noon }
	w := &world{t: t, db: db, store: segments.Store{DB: db, Now: now}, fields: map[string]int64{}}
	w.ticker = segments.New(db, segments.Options{Now: func() time.Time { return noon.Add(time.Duration(w.ticks.Add(1)) * time.Second) }})
	w.write(func(tx *gorm.DB) error {
		ws := models.Workspace{Slug: fmt.Sprintf("w%d", time.Now().UnixNano()), Name: "W", TimeZone: "Europe/Vienna", CreatedAt: noon}
		if err := tx.Create(&ws).Error; err != nil {
			return err
		}
		w.id = ws.ID
		for _, m := range fieldTypes {
			m.WorkspaceID, m.Label, m.CreatedAt = w.id, m.Key, noon
			if err := tx.Create(&m).Error; err != nil {
				return err
			}
			w.fields[m.Key] = m.ID
		}
		for _, name := range []string{"customer", "wholesale", "press"} {
			tag := models.Tag{WorkspaceID: w.id, Name: name, NameFolded: name, CreatedAt: noon}
			if err := tx.Create(&tag).Error; err != nil {
				return err
			}
			w.tags = append(w.tags, tag.ID)
		}
		return nil
	})
	return w
}

func (w *world) write(f func(tx *gorm.DB) error) {
	w.t.Helper()
	if err := w.db.Write(w.t.Context(), f); err != nil {
		w.t.Fatal(err)
	}
}

// put stores a contact as it shall be, new or not, with its mark.
func (w *world) put(s segments.Subject, request *uuid.UUID) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error {
		fields, _ := json.Marshal(s.Fields)
		if s.Fields == nil {
			fields = []byte("{}")
		}
		err := tx.Exec(`INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, ?, ?)
			ON CONFLICT (workspace_id, id) DO UPDATE SET status = excluded.status, fields = excluded.fields`,
			w.id, s.ID, fmt.Sprintf("c%d@example.com", s.ID), s.Status, string(fields), noon, noon).Error
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM contact_tags WHERE workspace_id = ? AND contact_id = ?", w.id, s.ID).Error; err != nil {
			return err
		}
		for _, tag := range s.Tags {
			if err := tx.Create(&models.ContactTag{WorkspaceID: w.id, ContactID: s.ID, TagID: tag}).Error; err != nil {
				return err
			}
		}
		return mark(tx, w.id, s.ID, request)
	})
}

func (w *world) remove(contact int64, request *uuid.UUID) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM contacts WHERE workspace_id = ? AND id = ?", w.id, contact).Error; err != nil {
			return err
		}
		return mark(tx, w.id, contact, request)
	})
}

func mark(tx *gorm.DB, workspace, contact int64, request *uuid.UUID) error {
	return tx.Create(&models.DirtyContact{WorkspaceID: workspace, ContactID: contact, RequestID: request, At: noon}).Error
}

func (w *world) rule(text string, args ...any) segments.Group {
	w.t.Helper()
	g, problems := segments.Parse(fmt.Sprintf(text, args...))
	if len(problems) > 0 {
		w.t.Fatalf("%s: %v", fmt.Sprintf(text, args...), problems)
	}
	return g
}

func (w *world) schema() segments.Schema {
	w.t.Helper()
	s, err := w.store.Schema(w.t.Context(), w.id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) create(name string, rule segments.Group) models.Segment {
	w.t.Helper()
	segment, err := w.store.Create(w.t.Context(), w.id, 0, name, rule)
	if err != nil {
		w.t.Fatal(err)
	}
	return segment
}

// name makes a name that no other segment has.
func (w *world) name() string { return fmt.Sprint("Segment ", w.named.Add(1)) }

func (w *world) segment(id int64) models.Segment {
	w.t.Helper()
	segment, err := w.store.Get(w.t.Context(), w.id, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return segment
}

// settle ticks until nothing is left to do.
func (w *world) settle() {
	w.t.Helper()
	for busy := true; busy; {
		var err error
		if busy, err = w.ticker.Tick(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// members reads the whole membership page by page, the newest first.
func (w *world) members(segment int64) []int64 {
	w.t.Helper()
	ids := []int64{}
	for before := int64(0); ; {
		page, err := w.store.Page(w.t.Context(), w.id, segment, before, 7)
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, page...)
		if len(page) < 7 {
			return ids
		}
		before = page[6]
	}
}

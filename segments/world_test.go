package segments_test

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// world is a workspace with a field of every type and three tags.
type world struct {
	t      *testing.T
	db     *store.DB
	id     int64
	store  segments.Store
	ticker *segments.Ticker
	ticks  atomic.Int64     // one second each
	named  atomic.Int64     // the number of names that name has returned
	fields map[string]int64 // merge tag ids by key
	tags   []int64
}

func newWorld(t *testing.T, db *store.DB) *world {
	t.Helper()
	now := func() time.Time { return ruletest.Noon }
	w := &world{t: t, db: db, store: segments.Store{DB: db, Now: now}, fields: map[string]int64{}}
	w.ticker = segments.New(db, segments.Options{Now: func() time.Time { return ruletest.Noon.Add(time.Duration(w.ticks.Add(1)) * time.Second) }})
	w.write(func(tx *gorm.DB) error {
		ws := models.Workspace{Slug: fmt.Sprintf("w%d", time.Now().UnixNano()), Name: "W", TimeZone: "Europe/Vienna", CreatedAt: ruletest.Noon}
		if err := tx.Create(&ws).Error; err != nil {
			return err
		}
		w.id = ws.ID
		for _, m := range ruletest.FieldTypes {
			m.WorkspaceID, m.Label, m.CreatedAt = w.id, m.Key, ruletest.Noon
			if err := tx.Create(&m).Error; err != nil {
				return err
			}
			w.fields[m.Key] = m.ID
		}
		for _, name := range []string{"customer", "wholesale", "press"} {
			tag := models.Tag{WorkspaceID: w.id, Name: name, NameFolded: name, CreatedAt: ruletest.Noon}
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

// put stores a contact in the given state, new or not, with its mark.
func (w *world) put(s rule.Subject, request *uuid.UUID) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error {
		fields, _ := json.Marshal(s.Fields)
		if s.Fields == nil {
			fields = []byte("{}")
		}
		err := tx.Exec(`INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at) VALUES (?, ?, ?, ?, ?, 1, ?, ?)
			ON CONFLICT (workspace_id, id) DO UPDATE SET status = excluded.status, fields = excluded.fields`,
			w.id, s.ID, fmt.Sprintf("c%d@example.com", s.ID), s.Status, string(fields), ruletest.Noon, ruletest.Noon).Error
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
	if request != nil {
		packed := models.PackCallMarks([]models.CallMark{{ContactID: contact, RequestID: *request}})
		return tx.Create(&models.CallMarks{WorkspaceID: workspace, Packed: packed, At: ruletest.Noon}).Error
	}
	return tx.Create(&models.DirtyContact{WorkspaceID: workspace, ContactID: contact, At: ruletest.Noon}).Error
}

func (w *world) rule(text string, args ...any) rule.Group {
	w.t.Helper()
	g, problems := rule.Parse(fmt.Sprintf(text, args...))
	if len(problems) > 0 {
		w.t.Fatalf("%s: %v", fmt.Sprintf(text, args...), problems)
	}
	return g
}

func (w *world) schema() rule.Schema {
	w.t.Helper()
	workspace, err := store.First[models.Workspace](w.db.Read(w.t.Context()).Where("id = ?", w.id))
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := w.store.SchemaOf(w.t.Context(), workspace)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) create(name string, rule rule.Group) models.Segment {
	w.t.Helper()
	segment, err := w.store.Create(w.t.Context(), w.id, 0, name, rule)
	if err != nil {
		w.t.Fatal(err)
	}
	return segment
}

// name returns an unused segment name.
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

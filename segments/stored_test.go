package segments_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// generatorFor returns a generator of rules and contacts for the world's workspace, which takes the generator's time
// zone.
func (w *world) generatorFor(seed uint64) *ruletest.Generator {
	w.t.Helper()
	g := ruletest.NewGenerator(seed)
	for i := range g.Fields {
		g.Fields[i].ID = w.fields[g.Fields[i].Key]
	}
	g.Tags, g.Segments, g.Webhooks = w.tags, nil, nil
	w.write(func(tx *gorm.DB) error {
		for i := range 3 {
			at := g.Instant()
			hook := models.Webhook{WorkspaceID: w.id, Name: fmt.Sprint("webhook ", i), Type: models.TypeSubscribed, Hash: models.NewHash(), CreatedAt: at, UpdatedAt: at}
			if err := tx.Create(&hook).Error; err != nil {
				return err
			}
			g.Webhooks = append(g.Webhooks, hook.ID)
		}
		return tx.Exec("UPDATE workspaces SET time_zone = ? WHERE id = ?", g.Zone.String(), w.id).Error
	})
	return g
}

// row returns a contact as stored. It makes the address unique.
func row(workspace int64, s rule.Subject) models.Contact {
	c := models.Contact{WorkspaceID: workspace, ID: s.ID, Email: s.Email, Status: s.Status, Fields: s.Fields, Version: 1, CreatedAt: s.CreatedAt, UpdatedAt: s.ChangedAt}
	if !s.SubscribedAt.IsZero() {
		c.SubscribedAt = &s.SubscribedAt
	}
	if s.CreatedBy != 0 {
		c.SourceWebhookID = &s.CreatedBy
	}
	if s.TouchedBy != 0 {
		c.TouchedWebhookID, c.TouchedAt = &s.TouchedBy, &s.TouchedAt
	}
	return c
}

// insert stores contacts with their tags, without marks.
func (w *world) insert(subjects []rule.Subject) {
	w.t.Helper()
	var rows []models.Contact
	var tags []models.ContactTag
	for _, s := range subjects {
		rows = append(rows, row(w.id, s))
		for _, tag := range s.Tags {
			tags = append(tags, models.ContactTag{WorkspaceID: w.id, ContactID: s.ID, TagID: tag})
		}
	}
	w.write(func(tx *gorm.DB) error {
		if err := tx.CreateInBatches(&rows, 100).Error; err != nil || len(tags) == 0 {
			return err
		}
		return tx.CreateInBatches(&tags, 100).Error
	})
}

// overwrite updates the changeable columns of contacts and marks them.
func (w *world) overwrite(subjects []rule.Subject) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error {
		for _, s := range subjects {
			c := row(w.id, s)
			err := tx.Select("status", "fields", "updated_at", "subscribed_at", "touched_webhook_id", "touched_at").Updates(&c).Error
			if err == nil {
				err = tx.Exec("DELETE FROM contact_tags WHERE workspace_id = ? AND contact_id = ?", w.id, s.ID).Error
			}
			for _, tag := range s.Tags {
				if err == nil {
					err = tx.Create(&models.ContactTag{WorkspaceID: w.id, ContactID: s.ID, TagID: tag}).Error
				}
			}
			if err == nil {
				err = mark(tx, w.id, s.ID, nil)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// subjects reads all contacts from their rows.
func (w *world) subjects() (subjects []rule.Subject) {
	w.t.Helper()
	var contacts []models.Contact
	var tags []models.ContactTag
	db := w.db.Read(w.t.Context()).Where("workspace_id = ?", w.id).Session(&gorm.Session{})
	if err := errors.Join(db.Order("id").Find(&contacts).Error, db.Order("contact_id, tag_id").Find(&tags).Error); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range contacts {
		s := rule.Subject{ID: c.ID, Email: c.Email, Status: c.Status, Fields: c.Fields, CreatedAt: c.CreatedAt, ChangedAt: c.UpdatedAt}
		if c.SubscribedAt != nil {
			s.SubscribedAt = *c.SubscribedAt
		}
		if c.SourceWebhookID != nil {
			s.CreatedBy = *c.SourceWebhookID
		}
		if c.TouchedWebhookID != nil {
			s.TouchedBy, s.TouchedAt = *c.TouchedWebhookID, *c.TouchedAt
		}
		for _, tag := range tags {
			if tag.ContactID == c.ID {
				s.Tags = append(s.Tags, tag.TagID)
			}
		}
		subjects = append(subjects, s)
	}
	return subjects
}

// agrees compares the members and count of each segment with a naive evaluation.
func (w *world) agrees(g *ruletest.Generator, rules map[int64]string, frozen map[int64]map[int64]bool, now time.Time) {
	w.t.Helper()
	subjects := w.subjects()
	members := g.Memberships(rules, frozen, subjects, now)
	for _, id := range ruletest.SortedKeys(rules) {
		got, err := w.store.Page(w.t.Context(), w.id, id, 0, len(subjects)+1)
		if err != nil {
			w.t.Fatal(err)
		}
		slices.Reverse(got)
		segment := w.segment(id)
		if !slices.Equal(got, members[id]) || segment.MemberCount != int64(len(got)) || segment.BuildingSlot != nil || (segment.BrokenReason != "") != (frozen[id] != nil) {
			w.t.Fatalf("segment %d at %s in %s: got members %v too many and %v too few, counted %d of %d, building %v, broken %q, want broken %v\n  rule %s", id, now, g.Zone,
				without(got, members[id]), without(members[id], got), segment.MemberCount, len(got), segment.BuildingSlot != nil, segment.BrokenReason, frozen[id] != nil, rules[id])
		}
	}
}

// without returns the first ids that are not in others.
func without(ids, others []int64) []int64 {
	missing := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(others, id) })
	return missing[:min(len(missing), 10)]
}

// TestStoredMembershipAgreesWithANaiveReading builds generated rules over stored contacts, lets days pass, and updates
// every contact with a mark. It compares the members each time: over 10,000 pairs of a rule and a contact.
func TestStoredMembershipAgreesWithANaiveReading(t *testing.T) {
	t.Parallel()
	eachSeed(t, 2, func(t *testing.T, db *store.DB, seed uint64) {
		w := newWorld(t, db)
		g := w.generatorFor(11 + seed)
		c := &clock{at: g.Now()}
		w.store.Now, w.ticker = c.Now, segments.New(db, segments.Options{Now: c.Now})
		subjects := g.Audience(80)
		w.insert(subjects)
		rules := map[int64]string{}
		for i := range 50 {
			rule := g.Rule(rule.MaxDepth)
			id := w.create(fmt.Sprint(i), w.rule("%s", rule)).ID
			rules[id] = rule
			g.Segments = append(g.Segments, id)
		}
		w.settle()
		w.agrees(g, rules, nil, c.Now())
		c.pass(g.Duration())
		w.settle()
		w.agrees(g, rules, nil, c.Now())
		for i := range subjects {
			subjects[i] = g.Subject(subjects[i].ID)
		}
		w.overwrite(subjects)
		w.settle()
		w.agrees(g, rules, nil, c.Now())
	})
}

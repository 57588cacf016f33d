package segments_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

func TestMembersComePageByPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		for _, id := range []int64{1, 255, 256, 511, 512, 2000} {
			w.put(rule.Subject{ID: id, Status: models.StatusSubscribed}, nil)
		}
		w.settle()
		var pages [][]int64
		for before, more := int64(0), true; more; {
			ids, err := w.store.Page(t.Context(), w.id, g.ID, before, 2)
			if err != nil {
				t.Fatal(err)
			}
			if more = len(ids) == 2; more {
				before = ids[1]
			}
			pages = append(pages, ids)
		}
		if got, want := fmt.Sprint(pages), "[[2000 512] [511 256] [255 1] []]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		in, err := w.store.Of(t.Context(), w.id, 256)
		out, err2 := w.store.Of(t.Context(), w.id, 257)
		if err != nil || err2 != nil || len(in) != 1 || in[0].ID != g.ID || len(out) != 0 {
			t.Errorf("got %v and %v (%v, %v), want contact 256 in and 257 not", in, out, err, err2)
		}
	})
}

func TestRuleMustFitTheWorkspace(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, other := newWorld(t, db), newWorld(t, db)
		foreign := w.rule(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":%d}]}`, other.tags[0])
		_, err := w.store.Create(t.Context(), w.id, 0, "Foreign", foreign)
		var problems rule.Problems
		if !errors.As(err, &problems) || problems[0].At != "0" || store.ErrorCode(err) != models.CodeInvalid {
			t.Errorf("got %v, want a problem at the first condition", err)
		}
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		if _, err := w.store.Update(t.Context(), w.id, 0, g.ID, "Readers", foreign); !errors.As(err, &problems) {
			t.Errorf("got %v, want a problem", err)
		}
	})
}

func TestSegmentsOfOthersAreNotThere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, other := newWorld(t, db), newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		w.put(rule.Subject{ID: 1, Status: models.StatusSubscribed}, nil)
		other.put(rule.Subject{ID: 1, Status: models.StatusSubscribed}, nil)
		w.settle()
		_, get := other.store.Get(t.Context(), other.id, g.ID)
		_, update := other.store.Update(t.Context(), other.id, 0, g.ID, "Mine", w.rule(ruletest.Subscribed))
		remove := other.store.Delete(t.Context(), other.id, 0, g.ID, true)
		for _, err := range []error{get, update, remove} {
			if !errors.Is(err, models.ErrNotFound) {
				t.Errorf("got %v, want not found", err)
			}
		}
		if contacts, err := other.store.Page(t.Context(), other.id, g.ID, 0, 10); err != nil || len(contacts) != 0 {
			t.Errorf("got %d contacts (%v), want none", len(contacts), err)
		}
		if in, err := other.store.Of(t.Context(), other.id, 1); err != nil || len(in) != 0 {
			t.Errorf("got %d segments (%v), want none", len(in), err)
		}
	})
}

// TestNamesAreNotGivenTwice creates and renames segments. Segments that already share a name keep it until they are
// renamed.
func TestNamesAreNotGivenTwice(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w, other := newWorld(t, db), newWorld(t, db)
		g := w.create("Café Müller", w.rule(ruletest.Subscribed))
		other.create("Café Müller", other.rule(ruletest.Subscribed)) // in another workspace
		w.create("Cafe Muller", w.rule(ruletest.Subscribed))         // a different name
		twins := []models.Segment{{WorkspaceID: w.id, Name: "Twin", Rule: ruletest.Subscribed, Slot: 20, CreatedAt: ruletest.Noon, UpdatedAt: ruletest.Noon}, {WorkspaceID: w.id, Name: "TWIN", Rule: ruletest.Subscribed, Slot: 21, CreatedAt: ruletest.Noon, UpdatedAt: ruletest.Noon}}
		w.write(func(tx *gorm.DB) error { return tx.Create(&twins).Error })
		update := func(id int64, name string) error {
			_, err := w.store.Update(t.Context(), w.id, 0, id, name, w.rule(unsubscribed))
			return err
		}
		_, create := w.store.Create(t.Context(), w.id, 0, "CAFE\u0301 MU\u0308LLER", w.rule(ruletest.Subscribed))
		for what, err := range map[string]error{"create": create, "rename": update(twins[0].ID, "café müller"), "of a twin": update(g.ID, "twin")} {
			if !errors.Is(err, segments.ErrNameTaken) {
				t.Errorf("%s: got %v, want that the name is taken", what, err)
			}
		}
		for what, err := range map[string]error{"same name": update(g.ID, "Café Müller"), "other case": update(g.ID, "CAFÉ Müller"), "twin": update(twins[0].ID, "Twin"), "twin in other case": update(twins[1].ID, "twin")} {
			if err != nil {
				t.Errorf("%s: got %v, want it saved", what, err)
			}
		}
	})
}

func TestNewNameBuildsNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g := w.create("Readers", w.rule(ruletest.Subscribed))
		w.settle()
		got, err := w.store.Update(t.Context(), w.id, 0, g.ID, "Subscribers", w.rule(ruletest.Subscribed))
		if stored := w.segment(g.ID); err != nil || got.Name != "Subscribers" || stored.Name != "Subscribers" || stored.BuildingSlot != nil || !stored.CreatedAt.Equal(ruletest.Noon) {
			t.Errorf("got %+v (%v), want the new name and nothing building", stored, err)
		}
	})
}

func TestRulesSayWhatTheyUse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.create("zoo", w.rule(`{"condition":"AND","filters":[{"condition":"OR","filters":[{"type":"tags","operator":"has_none","value":[%d,%d]}]}]}`, w.tags[0], w.tags[1]))
		edited := w.create("Äpfel", w.rule(`{"condition":"AND","filters":[{"type":"field","field_id":%d,"operator":"is_set"}]}`, w.fields["city"]))
		w.settle()
		if _, err := w.store.Update(t.Context(), w.id, 0, edited.ID, "Äpfel", w.rule(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":%d}]}`, w.tags[0])); err != nil {
			t.Fatal(err)
		}
		names := func(found []models.Segment, err error) []string {
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, g := range found {
				names = append(names, g.Name)
			}
			return names
		}
		for _, c := range []struct{ got, want []string }{
			{names(w.store.Uses(t.Context(), w.id, rule.TagRef(models.Tag{ID: w.tags[0]}))), []string{"zoo", "Äpfel"}},
			{names(w.store.Uses(t.Context(), w.id, rule.TagRef(models.Tag{ID: w.tags[2]}))), nil},
			{names(w.store.Uses(t.Context(), w.id, rule.MergeTagRef(models.MergeTag{ID: w.fields["city"]}))), []string{"Äpfel"}}, // until the new rule is built
			{names(w.store.Uses(t.Context(), w.id, rule.MergeTagRef(models.MergeTag{ID: w.fields["points"]}))), nil},
		} {
			if !slices.Equal(c.got, c.want) {
				t.Errorf("got %v, want %v", c.got, c.want)
			}
		}
	})
}

func TestWorkspaceHasALimitOfSegments(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		rows := make([]models.Segment, segments.MaxSegments)
		for i := range rows {
			rows[i] = models.Segment{WorkspaceID: w.id, Name: "S", Rule: ruletest.Subscribed, Slot: i, CreatedAt: ruletest.Noon, UpdatedAt: ruletest.Noon}
		}
		w.write(func(tx *gorm.DB) error { return tx.Create(&rows).Error })
		if _, err := w.store.Create(t.Context(), w.id, 0, "One more", w.rule(ruletest.Subscribed)); store.ErrorCode(err) != models.CodeConflict {
			t.Errorf("got %v, want a conflict", err)
		}
	})
}

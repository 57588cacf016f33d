package segments_test

import (
	"context"
	"fmt"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// crowd stores n contacts without marks, every third of them subscribed: no contact is in a segment yet.
func (w *world) crowd(n int) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error {
		return tx.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at)
			SELECT ?, i, 'c' || i || '@example.com', CASE WHEN i % 3 = 0 THEN 'SUBSCRIBED' ELSE 'UNCONFIRMED' END, '{}', 1, ?, ? FROM n`, n, w.id, ruletest.Noon, ruletest.Noon).Error
	})
}

func (w *world) preview(segment int64, rule rule.Group, exact bool) segments.Preview {
	w.t.Helper()
	p, err := w.store.Preview(w.t.Context(), w.id, w.schema(), segment, rule, exact)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func TestPreviewSaysWhoEntersAndLeaves(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.crowd(900)
		if p := w.preview(0, w.rule(ruletest.Subscribed), false); !p.Exact || p.In != 300 || p.Enter != 300 || p.Stay != 0 || p.Contacts != 900 || len(p.Examples) != 10 {
			t.Errorf("got %+v, want 300 of 900 contacts to enter a new segment, with ten examples", p)
		}
		g := w.create("Subscribed", w.rule(ruletest.Subscribed))
		w.settle()
		few := w.create("Few", w.rule(`{"condition":"AND","filters":[{"type":"tags","operator":"has_any","value":%d}]}`, w.tags[0]))
		for _, id := range []int64{3, 5, 600} { // 5 is not subscribed
			w.put(rule.Subject{ID: id, Status: map[bool]models.Status{true: models.StatusSubscribed, false: models.StatusUnconfirmed}[id%3 == 0], Tags: w.tags[:1]}, nil)
		}
		w.settle()
		rule := rule.OfSegment(few)
		p := w.preview(g.ID, rule, false)
		if p.In != 3 || p.Enter != 1 || p.Leave != 298 || p.Stay != 2 {
			t.Errorf("got %d in, %d enter, %d leave, %d stay; want 3, 1, 298, 2", p.In, p.Enter, p.Leave, p.Stay)
		}
		if got, want := fmt.Sprint(p.Examples, p.Entering), "[{3 c3@example.com} {5 c5@example.com} {600 c600@example.com}] [{5 c5@example.com}]"; got != want {
			t.Errorf("got the examples %s, want %s", got, want)
		}
		if len(p.Leaving) != 10 || p.Leaving[0].ID != 6 {
			t.Errorf("got %v, want ten examples of who leaves, from 6", p.Leaving)
		}
	})
}

// TestPreviewEstimates checks that an estimate uses a fixed sample of many contacts.
func TestPreviewEstimates(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		const all = 30_000
		w.crowd(all)
		p := w.preview(0, w.rule(ruletest.Subscribed), false)
		if p.Exact || p.Looked > 64*256 || p.Looked < 60*256 {
			t.Errorf("got %+v, want an estimate from 64 chunks", p)
		}
		if p.In < all/3*95/100 || p.In > all/3*105/100 || p.Contacts < all*98/100 || p.Contacts > all*102/100 {
			t.Errorf("got about %d of %d, want about %d of %d", p.In, p.Contacts, all/3, all)
		}
		if again := w.preview(0, w.rule(ruletest.Subscribed), false); fmt.Sprint(again) != fmt.Sprint(p) {
			t.Errorf("got %+v and then %+v, want the same twice", p, again)
		}
		if p := w.preview(0, w.rule(ruletest.Subscribed), true); !p.Exact || p.In != all/3 || p.Looked != all || p.Contacts != all {
			t.Errorf("got %+v, want exactly %d of %d", p, all/3, all)
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := w.store.Preview(ctx, w.id, w.schema(), 0, w.rule(ruletest.Subscribed), true); err == nil {
			t.Error("a preview that was given up went on to its end")
		}
	})
}

// TestPreviewLeavesOutFaults counts with the valid conditions.
func TestPreviewLeavesOutFaults(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.crowd(30)
		const faulty, fits, nobody = `{"type":"tags","operator":"has_any","value":99}`, `{"type":"status","operator":"eq","value":"SUBSCRIBED"}`, `{"condition":"AND","filters":[]}`
		for _, c := range []struct {
			rule    string
			in      int64
			leftOut rule.LeftOut
			nothing bool
		}{
			{`{"condition":"AND","filters":[` + fits + `,` + faulty + `]}`, 10, rule.LeftOut{Faulty: 1}, false},
			{`{"condition":"AND","filters":[` + fits + `,{"condition":"OR","filters":[` + faulty + `,{"condition":"AND","filters":[` + faulty + `]}]}]}`, 10, rule.LeftOut{Faulty: 2}, false},
			{`{"condition":"AND","filters":[` + fits + `,` + nobody + `,` + faulty + `]}`, 10, rule.LeftOut{Faulty: 2}, false},
			{`{"condition":"OR","filters":[` + faulty + `]}`, 0, rule.LeftOut{Faulty: 1}, true},
			{`{"condition":"AND","filters":[` + fits + `,{"type":"tags","operator":"has_any","value":[]}]}`, 10, rule.LeftOut{Unfilled: 1}, false},
			{`{"condition":"AND","filters":[` + fits + `,{"type":"status","operator":"in","value":["SUBSCRIBED","GONE"]}]}`, 10, rule.LeftOut{Gone: 1}, false},
			{nobody, 0, rule.LeftOut{}, true},
		} {
			p := w.preview(0, w.rule("%s", c.rule), false)
			if p.In != c.in || p.LeftOut != c.leftOut || p.Nothing != c.nothing {
				t.Errorf("%s: got %+v, want %d in, %+v left out, nothing %v", c.rule, p, c.in, c.leftOut, c.nothing)
			}
		}
	})
}

package store_test

import (
	"slices"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// oneIn is a rule that each contact matches whose id divides by it.
type oneIn int64

func (n oneIn) Among(_ *gorm.DB, _ int64, contacts []int64) (found []int64, err error) {
	for _, id := range contacts {
		if id%int64(n) == 0 {
			found = append(found, id)
		}
	}
	return found, nil
}

// allButOneIn is a rule that all contacts match except those of oneIn.
type allButOneIn int64

func (n allButOneIn) Among(_ *gorm.DB, _ int64, contacts []int64) (found []int64, err error) {
	for _, id := range contacts {
		if id%int64(n) != 0 {
			found = append(found, id)
		}
	}
	return found, nil
}

// fillWithContacts stores contacts with the ids from 1 to n. Every fourth is unsubscribed, every fifth has the tag that is returned.
func fillWithContacts(t *testing.T, db *store.DB, ws models.Workspace, n int64) models.Tag {
	t.Helper()
	tag := models.Tag{WorkspaceID: ws.ID, Name: "vip", NameFolded: "vip", CreatedAt: noon}
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		numbers := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
		err := tx.Exec(numbers+`INSERT INTO contacts (workspace_id, id, email, status, fields, version, created_at, updated_at)
			SELECT ?, i, 'c' || i || '@example.com', CASE WHEN i % 4 = 0 THEN 'UNSUBSCRIBED' ELSE 'SUBSCRIBED' END, '{}', 1, ?, ? FROM n`, n, ws.ID, noon, noon).Error
		if err != nil {
			return err
		}
		if err := tx.Create(&tag).Error; err != nil {
			return err
		}
		return tx.Exec(numbers+"INSERT INTO contact_tags (workspace_id, contact_id, tag_id) SELECT ?, i, CAST(? AS bigint) FROM n WHERE i % 5 = 0", n, ws.ID, tag.ID).Error
	})
	if err == nil && db.Dialect == store.Postgres {
		err = db.Read(t.Context()).Exec("ANALYZE contacts, contact_tags").Error // as autovacuum does; plans for empty tables are slow
	}
	if err != nil {
		t.Fatal(err)
	}
	return tag
}

// TestARuleNarrowsEachFilter pages through lists with a rule, forwards and back, and reads them as an export does.
func TestARuleNarrowsEachFilter(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		const all = 12_500
		tag := fillWithContacts(t, db, ws, all)
		filters := map[string]struct {
			filter store.ContactFilter
			match  func(id int64) bool
		}{
			"alone":             {store.ContactFilter{}, func(int64) bool { return true }},
			"with a status":     {store.ContactFilter{Status: models.StatusUnsubscribed}, func(id int64) bool { return id%4 == 0 }},
			"with a tag":        {store.ContactFilter{Tag: tag.ID}, func(id int64) bool { return id%5 == 0 }},
			"with both":         {store.ContactFilter{Tag: tag.ID, Status: models.StatusUnsubscribed}, func(id int64) bool { return id%20 == 0 }},
			"with a segment":    {store.ContactFilter{Segment: 1, Members: thirdsBothWays{}}, func(id int64) bool { return id%3 == 0 && id <= 12_000 }},
			"with all":          {store.ContactFilter{Segment: 1, Members: thirdsBothWays{}, Tag: tag.ID, Status: models.StatusUnsubscribed}, func(id int64) bool { return id%60 == 0 && id <= 12_000 }},
			"with a search":     {store.ContactFilter{Search: "c12", Inside: true}, func(id int64) bool { return id/100 == 12 || id/10 == 12 || id == 12 || id/1000 == 12 }},
			"with an address":   {store.ContactFilter{Search: "c60@example.com"}, func(id int64) bool { return id == 60 }},
			"with some by hand": {store.ContactFilter{IDs: store.IDList{9000, 8998, 12}}, func(id int64) bool { return id == 9000 || id == 8998 || id == 12 }},
		}
		rules := map[string]store.ContactRule{"a usual rule": allButOneIn(7), "a rule": oneIn(2), "a rare rule": oneIn(4000), "no rule": nil}
		for name, f := range filters {
			for ruleName, rule := range rules {
				var want []int64
				for id := int64(all); id > 0; id-- {
					if matches := rule == nil || compared(rule, id); f.match(id) && matches {
						want = append(want, id)
					}
				}
				f.filter.Rule = rule
				var got []int64
				var pages []store.ContactPage
				for cursor := (store.ContactCursor{}); len(pages) < 3; {
					page, err := db.Contacts(t.Context(), ws.ID, f.filter, cursor)
					if err != nil {
						t.Fatal(err)
					}
					if page.Count != min(int64(len(want)), models.ExactCount+1) || page.Counted > 0 {
						t.Errorf("%s %s: counted %d among %d, want %d", ruleName, name, page.Count, page.Counted, len(want))
					}
					pages, got = append(pages, page), append(got, listedIDs(page)...)
					if cursor.Before = page.Older; cursor.Before == 0 {
						break
					}
				}
				if !slices.Equal(got, want[:min(len(want), 3*store.ContactPageSize)]) {
					t.Errorf("%s %s: got %d, want %d", ruleName, name, got, want)
				}
				if n, _, err := db.CountBulk(t.Context(), ws.ID, models.Bulk{Action: models.BulkDelete}, store.BulkCursor{Filter: f.filter, Before: all + 1}); rule != nil && (err != nil || n != int64(len(want))) {
					t.Errorf("%s %s: a bulk change counts %d (%v), want %d", ruleName, name, n, err, len(want))
				}
				if len(pages) == 3 {
					page, err := db.Contacts(t.Context(), ws.ID, f.filter, store.ContactCursor{After: pages[2].Newer})
					if back := listedIDs(page); err != nil || !slices.Equal(back, listedIDs(pages[1])) {
						t.Errorf("%s %s: back from the third page got %d (%v), want the second", ruleName, name, back, err)
					}
				}
				var exported []int64
				for before := int64(all + 1); before > 0; {
					found, next, err := f.filter.NextContacts(db.Read(t.Context()), ws.ID, before, 250)
					if err != nil || next >= before {
						t.Fatalf("%s %s: after %d comes %d (%v)", ruleName, name, before, next, err)
					}
					for _, c := range found {
						exported = append(exported, c.ID)
					}
					before = next
				}
				if !slices.Equal(exported, want) {
					t.Errorf("%s %s: exported %d contacts, want %d", ruleName, name, len(exported), len(want))
				}
			}
		}
	})
}

func compared(rule store.ContactRule, id int64) bool {
	found, _ := rule.Among(nil, 0, []int64{id})
	return len(found) > 0
}

func listedIDs(page store.ContactPage) (ids []int64) {
	for _, c := range page.Contacts {
		ids = append(ids, c.ID)
	}
	return ids
}

// thirdsBothWays is thirds for lists that are not sorted.
type thirdsBothWays struct{ thirds }

func (thirdsBothWays) Above(_ *gorm.DB, _, _, after int64, limit int) (ids []int64, err error) {
	for id := after + 1; id <= 12_000 && len(ids) < limit; id++ {
		if id%3 == 0 {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// TestALongListIsComparedWithARuleInPieces looks for one old contact among many.
func TestALongListIsComparedWithARuleInPieces(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		ws := newWorkspace(t, db, "books")
		const all = 50_000
		fillWithContacts(t, db, ws, all)
		filter := store.ContactFilter{Rule: exactly(9)}
		page, err := db.Contacts(t.Context(), ws.ID, filter, store.ContactCursor{})
		if err != nil || len(page.Contacts) > 0 || page.Counted != 20_000 || page.Searched != 20_000 || page.Older != 30_001 {
			t.Fatalf("got %+v (%v), want a search that stopped after 20,000 contacts", page, err)
		}
		for n := 1; len(page.Contacts) == 0; n++ {
			if n > 3 || page.Older == 0 {
				t.Fatalf("got nobody on page %d: %+v", n, page)
			}
			if page, err = db.Contacts(t.Context(), ws.ID, filter, store.ContactCursor{Before: page.Older}); err != nil {
				t.Fatal(err)
			}
		}
		if got := listedIDs(page); !slices.Equal(got, []int64{9}) || page.Older != 0 {
			t.Errorf("got %d, and then %d", got, page.Older)
		}
	})
}

// exactly is a rule that one contact matches.
type exactly int64

func (id exactly) Among(_ *gorm.DB, _ int64, contacts []int64) ([]int64, error) {
	if slices.Contains(contacts, int64(id)) {
		return []int64{int64(id)}, nil
	}
	return nil, nil
}

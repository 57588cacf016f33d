package segments_test

import (
	"slices"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
)

func TestSegmentsAreAudited(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		g, err := w.store.Create(t.Context(), w.id, 7, "Readers", w.rule(ruletest.Subscribed))
		if err != nil {
			t.Fatal(err)
		}
		left := w.rule(`{"condition":"AND","filters":[{"type":"status","operator":"ne","value":"SUBSCRIBED"}]}`)
		for range 2 { // the second changes nothing
			if _, err := w.store.Update(t.Context(), w.id, 7, g.ID, "Left", left); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.store.Delete(t.Context(), w.id, 7, g.ID, false); err != nil {
			t.Fatal(err)
		}
		var all []models.AuditEntry
		if err := db.Read(t.Context()).Where("workspace_id = ? AND user_id = 7 AND subject_id = ?", w.id, g.ID).Find(&all).Error; err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range all {
			line := e.Action + " " + e.SubjectName
			for _, c := range e.Changes() {
				line += " | " + c.What + ": " + c.Before + " → " + c.After
			}
			got = append(got, line)
		}
		want := []string{
			"segment.created Readers | Name:  → Readers | Rule:  → Contacts whose Status is Subscribed",
			"segment.updated Readers | Name: Readers → Left | Rule: Contacts whose Status is Subscribed → Contacts whose Status is not Subscribed",
			"segment.deleted Left | Name: Left →  | Rule: Contacts whose Status is not Subscribed → ",
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

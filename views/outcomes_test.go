package views

import (
	"testing"

	"campaignlark/models"
)

// TestEveryOutcomeHasItsRow fails if an outcome has no row in the table, two rows, or one without a text that a page needs.
func TestEveryOutcomeHasItsRow(t *testing.T) {
	t.Parallel()
	rows := map[models.Outcome]int{}
	for _, row := range outcomes {
		rows[row.Outcome]++
	}
	if len(outcomes) != len(models.Outcomes) {
		t.Errorf("got %d rows for %d outcomes", len(outcomes), len(models.Outcomes))
	}
	for _, o := range models.Outcomes {
		row, failed, idle := OutcomeOf(o), o.Failed(), o.Idle()
		if rows[o] != 1 {
			t.Errorf("%s has %d rows, want 1: add it to outcomes in views/outcomes.go", o, rows[o])
			continue
		}
		if row.Short == "" || row.Title == "" || row.AddressNote() == "" {
			t.Errorf("%s: got %+v, want a short name, a title and a note on the address", o, row)
		}
		if (failed || idle) == (row.Reached == ReachedEnd) {
			t.Errorf("%s: failed is %t, but its row says that the call reached stage %d", o, failed, row.Reached)
		}
		if failed != (row.Stop != "") || (failed || idle) != (row.Advice != "") || failed && row.OfAddress {
			t.Errorf("%s: got %+v, want a reason and an advice for a failed call and for no other", o, row)
		}
	}
}

package segments_test

import (
	"log/slog"
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"
	"campaignlark/segments/rule"

	"gorm.io/gorm"
)

// TestTheLogNamesTheQueryThatFailed removes tables one after the other while the ticker runs, and checks that the log names
// the query that failed.
func TestTheLogNamesTheQueryThatFailed(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.create("Readers", w.rule(ruletest.Subscribed))
		w.settle()
		for _, c := range []struct{ table, operation string }{
			{"segment_bits", "recalculate: read bits"},
			{"contacts", "recalculate: evaluate contacts"},
			{"merge_tags", "segments: read the rules"},
			{"dirty_contacts", "segments: list workspaces with work"},
		} {
			w.put(rule.Subject{ID: 7, Status: models.StatusSubscribed}, nil)
			w.rename(c.table, c.table+"_away")
			var log strings.Builder
			if _, err := segments.New(db, segments.Options{Now: w.ticker.Now, Log: slog.New(slog.NewTextHandler(&log, nil))}).Tick(t.Context()); err == nil {
				t.Errorf("%s: the tick does not fail", c.table)
			}
			if got := log.String(); !strings.Contains(got, c.operation) || strings.Contains(got, "_away") {
				t.Errorf("%s: got the log %q, want %q", c.table, got, c.operation)
			}
			w.rename(c.table+"_away", c.table)
		}
	})
}

func (w *world) rename(table, to string) {
	w.t.Helper()
	w.write(func(tx *gorm.DB) error { return tx.Exec("ALTER TABLE " + table + " RENAME TO " + to).Error })
}

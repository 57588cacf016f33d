package automations

import (
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// TestRunsOfACallAreFoundByTheCall asks SQLite how it finds the newest runs of a filter. It must not read all runs of the workspace.
func TestRunsOfACallAreFoundByTheCall(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.SQLite { // Postgres decides by its statistics
			return
		}
		call := uuid.New()
		for index, f := range map[string]RunFilter{"automation_runs_request": {RequestID: &call}, "automation_runs_contact": {ContactID: 1},
			"automation_runs_state": {AutomationID: 1, State: models.RunFailed}, "automation_runs_automation": {AutomationID: 1}} {
			var plan []struct{ Detail string }
			args := map[string]any{"ws": 1, "automation": 1, "contact": 1, "request": call, "before": uuid.Max, "limit": 20, "most": MostRuns}
			if err := db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+f.newest(), args).Scan(&plan).Error; err != nil {
				t.Fatal(err)
			}
			found := false
			for _, step := range plan {
				found = found || strings.HasPrefix(step.Detail, "SEARCH automation_runs USING INDEX "+index+" ")
			}
			if !found {
				t.Errorf("got %v, want the index %s", plan, index)
			}
		}
	})
}

// TestManyPlacesCanBeAsked lists the runs at more places than SQLite takes conditions.
func TestManyPlacesCanBeAsked(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		f := RunFilter{AutomationID: 1, State: models.RunFailed}
		for i := range 3000 {
			f.Places = append(f.Places, Place{Revision: int64(i), Step: 2})
		}
		if _, err := (Store{DB: db}).Runs(t.Context(), 1, f, 20); err != nil {
			t.Error(err)
		}
	})
}

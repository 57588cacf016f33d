package automations

import (
	"strings"
	"testing"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
)

// TestRunsAreFoundByWhatCausedThem asks SQLite how it finds the runs of a filter. It must not read all runs of the workspace.
func TestRunsAreFoundByWhatCausedThem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.SQLite { // Postgres decides by its statistics
			return
		}
		call := uuid.New()
		queries := map[string]string{"SEARCH r USING INDEX sqlite_autoindex_automation_runs_2 (workspace_id=? AND event_id=?)": begunSQL,
			"SEARCH r USING INDEX sqlite_autoindex_automation_runs_2 (workspace_id=? AND event_id=? AND automation_id=?)": RunFilter{AutomationID: 1, JobID: 1}.newest()}
		for index, f := range map[string]RunFilter{"request": {RequestID: &call}, "contact": {ContactID: 1}, "state": {AutomationID: 1, State: models.RunFailed}, "automation": {AutomationID: 1}} {
			queries["SEARCH automation_runs USING INDEX automation_runs_"+index+" "] = f.newest()
		}
		args := map[string]any{"ws": 1, "automation": 1, "contact": 1, "request": call, "job": 1, "before": uuid.Max, "limit": 20, "most": MostRuns}
		for want, query := range queries {
			var plan []struct{ Detail string }
			if err := db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+query, args).Scan(&plan).Error; err != nil {
				t.Fatal(err)
			}
			found := false
			for _, step := range plan {
				found = found || strings.HasPrefix(step.Detail, want)
			}
			if !found {
				t.Errorf("got %v, want %s", plan, want)
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

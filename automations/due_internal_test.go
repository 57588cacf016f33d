package automations

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
)

// TestAWorkspaceWithManyDueRunsLeavesOthersTheirShare has more runs in one workspace than a look takes, all due before the run of another one.
func TestAWorkspaceWithManyDueRunsLeavesOthersTheirShare(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
		var runs []models.AutomationRun
		add := func(workspace int64, n int, due time.Time) {
			for range n {
				id := models.NewID(now)
				runs = append(runs, models.AutomationRun{WorkspaceID: workspace, ID: id, AutomationID: 1, Revision: 1, EventID: id, ContactID: int64(len(runs) + 1), ContactVersion: 1, State: models.RunDue, DueAt: due})
			}
		}
		var ids []int64
		if err := db.Write(t.Context(), func(tx *gorm.DB) error {
			for i := range 4 {
				ws := models.Workspace{Slug: fmt.Sprintf("w%d", i), Name: "W", TimeZone: "UTC"}
				if err := tx.Create(&ws).Error; err != nil {
					return err
				}
				ids = append(ids, ws.ID)
			}
			add(ids[0], 3*runsInATurn, now.Add(-time.Hour))
			add(ids[1], 1, now.Add(-time.Second))
			add(ids[2], 1, now.Add(time.Hour)) // not due yet
			add(ids[3], 5, now.Add(-2*time.Hour))
			if err := tx.Model(&models.Workspace{}).Where("id = ?", ids[3]).Update("deleted_at", now).Error; err != nil {
				return err
			}
			return tx.CreateInBatches(runs, 100).Error
		}); err != nil {
			t.Fatal(err)
		}
		due, more, err := New(db, Options{Now: func() time.Time { return now }}).listDue(t.Context())
		if err != nil || !more {
			t.Fatalf("got more: %v, %v", more, err)
		}
		count := map[int64]int{}
		for _, one := range due {
			count[one.WorkspaceID]++
		}
		if count[ids[0]] != runsInATurn/2 || count[ids[1]] != 1 || len(count) != 2 {
			t.Errorf("got %v, want half of a look for the first workspace, and the run of the second", count)
		}
		if !slices.IsSortedFunc(due, func(a, b dueRun) int { return a.DueAt.Compare(b.DueAt) }) {
			t.Error("the runs are not in the order in which they are due")
		}
	})
}

// TestDueRunsAreFoundInTheIndex asks SQLite how it finds workspaces and runs: it must not read all that wait.
func TestDueRunsAreFoundInTheIndex(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		if db.Dialect != store.SQLite { // Postgres decides by its statistics
			return
		}
		for _, query := range []string{dueWorkspacesSQL, dueSQL([]int64{1, 2})} {
			var plan []struct{ Detail string }
			if err := db.Read(t.Context()).Raw("EXPLAIN QUERY PLAN "+query, map[string]any{"now": time.Now(), "most": 10}).Scan(&plan).Error; err != nil {
				t.Fatal(err)
			}
			for _, step := range plan {
				if strings.Contains(step.Detail, " automation_runs") && !(strings.Contains(step.Detail, "automation_runs_due_here") && strings.HasPrefix(step.Detail, "SEARCH")) {
					t.Errorf("got %q, want a search in the index by workspace and due time", step.Detail)
				}
			}
		}
	})
}

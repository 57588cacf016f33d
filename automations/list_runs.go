package automations

import (
	"context"
	"fmt"
	"strings"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// RunFilter selects runs of a workspace. A zero field does not narrow.
type RunFilter struct {
	AutomationID int64
	ContactID    int64
	RequestID    *uuid.UUID
	JobID        int64           // of an automation's runs: only those that a job started, among its newest MostRuns events
	State        models.RunState // of an automation's runs; "" for all. RunWaiting also finds those that are due
	Places       []Place         // of an automation's runs with a state: only those at these places, among the newest MostRuns
	Before       uuid.UUID       // only older ones
}

// ListedRun is a run in a list.
type ListedRun struct {
	models.AutomationRun
	Name  string // of the automation
	Email string // of the contact, "" if it is gone
}

// Runs lists at most limit runs, the newest first.
func (s Store) Runs(ctx context.Context, workspace int64, f RunFilter, limit int) (runs []ListedRun, err error) {
	if f.Before == uuid.Nil { // Postgres then does not sort all runs of the automation
		f.Before = uuid.Max
	}
	args := map[string]any{"ws": workspace, "automation": f.AutomationID, "contact": f.ContactID, "request": f.RequestID, "job": f.JobID, "before": f.Before, "limit": limit, "most": MostRuns}
	err = s.DB.Read(ctx).Raw(`SELECT r.*, a.name, coalesce(c.email, '') AS email FROM (`+f.newest()+`) AS r
		LEFT JOIN automations a ON a.workspace_id = r.workspace_id AND a.id = r.automation_id
		LEFT JOIN contacts c ON c.workspace_id = r.workspace_id AND c.id = r.contact_id
		ORDER BY r.id DESC LIMIT @limit`, args).Scan(&runs).Error
	return runs, err
}

// newest returns the query of the newest runs that an index leads to.
func (f RunFilter) newest() string {
	if f.JobID != 0 {
		return "SELECT r.* FROM " + eventsOfJob + " AS e CROSS JOIN automation_runs r WHERE r.workspace_id = @ws AND r.event_id = e.id AND r.automation_id = @automation AND r.id < @before"
	}
	id := "id"
	if f.ContactID == 0 && f.RequestID != nil {
		id = "coalesce(id, id)" // the index by the call has no ids: in the order of the primary key, all runs of the workspace would be read
	}
	var parts []string
	for _, condition := range f.conditions() {
		parts = append(parts, "SELECT * FROM (SELECT * FROM automation_runs WHERE workspace_id = @ws"+condition+" AND "+id+" < @before ORDER BY "+id+" DESC LIMIT "+f.mostOf()+") AS newest"+f.at())
	}
	return strings.Join(parts, " UNION ALL ")
}

// CountRuns counts the runs of a contact or of a call, up to MostRuns + 1.
func (s Store) CountRuns(ctx context.Context, workspace int64, f RunFilter) (n int64, err error) {
	err = s.DB.Read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM automation_runs WHERE workspace_id = @ws"+f.conditions()[0]+" LIMIT @most) AS few",
		map[string]any{"ws": workspace, "automation": f.AutomationID, "contact": f.ContactID, "request": f.RequestID, "most": MostRuns + 1}).Scan(&n).Error
	return n, err
}

// conditions returns one condition for each range of an index that holds the runs.
func (f RunFilter) conditions() (all []string) {
	switch {
	case f.ContactID != 0:
		return []string{" AND contact_id = @contact"}
	case f.RequestID != nil:
		return []string{" AND request_id = @request"}
	case len(statesOf(f.State)) == 0:
		return []string{" AND automation_id = @automation"}
	}
	for _, state := range statesOf(f.State) {
		all = append(all, " AND automation_id = @automation AND state = '"+string(state)+"'")
	}
	return all
}

// mostOf is how many runs of each range are looked at.
func (f RunFilter) mostOf() string {
	if len(f.Places) > 0 {
		return "@most"
	}
	return "@limit"
}

// at returns the condition on the places.
func (f RunFilter) at() string {
	if len(f.Places) == 0 {
		return ""
	}
	places := make([]string, len(f.Places))
	for i, p := range f.Places {
		places[i] = fmt.Sprintf("(%d, %d)", p.Revision, p.Step)
	}
	return " WHERE (revision, step) IN (VALUES " + strings.Join(places, ", ") + ")"
}

// RunStates are the states in which an automation's page lists runs. RunWaiting stands for all that are under way.
var RunStates = []models.RunState{models.RunWaiting, models.RunDone, models.RunStopped, models.RunFailed}

// statesOf returns the stored states for one of RunStates, nil for another.
func statesOf(state models.RunState) []models.RunState {
	switch state {
	case models.RunWaiting:
		return []models.RunState{models.RunDue, models.RunWaiting}
	case models.RunDone, models.RunStopped, models.RunFailed:
		return []models.RunState{state}
	}
	return nil
}

// few counts at most MostRuns + 1 runs of the automation a with a condition. An index leads to exactly these.
func few(condition string) string {
	return "(SELECT count(*) FROM (SELECT 1 FROM automation_runs WHERE workspace_id = a.workspace_id AND automation_id = a.id AND " + condition + " LIMIT @most) AS few)"
}

// fewOpen is few for the runs that go on.
var fewOpen = few("state = 'due'") + " + " + few("state = 'waiting'")

type counts struct{ ID, Started, Open, Failed int64 }

// MostRuns is the highest exact number of runs that a page shows.
const MostRuns = 10_000

// count counts the runs of automations: each kind up to MostRuns + 1, the open ones to twice as many.
func (s Store) count(ctx context.Context, workspace int64, ids ...int64) (map[int64]counts, error) {
	now := models.Instant(s.Now())
	var rows []counts
	err := s.DB.Read(ctx).Raw("SELECT a.id, "+few("id >= @day")+" AS started, "+fewOpen+" AS open, "+few("state = 'failed' AND id >= @week")+` AS failed
		FROM automations a WHERE a.workspace_id = @ws AND a.deleted_at IS NULL AND a.id IN @ids`,
		map[string]any{"ws": workspace, "ids": ids, "day": models.IDAt(now.Add(-24 * time.Hour)), "week": models.IDAt(now.Add(-failedFor)), "most": MostRuns + 1}).Scan(&rows).Error
	all := map[int64]counts{}
	for _, n := range rows {
		all[n.ID] = n
	}
	return all, err
}

// StateCounts counts the runs of an automation in each of RunStates, up to MostRuns + 1.
func (s Store) StateCounts(ctx context.Context, a models.Automation) (map[models.RunState]int64, error) {
	var parts []string
	for _, state := range RunStates {
		for _, stored := range statesOf(state) {
			parts = append(parts, "SELECT '"+string(state)+"' AS state, "+few("state = '"+string(stored)+"'")+" AS n FROM automations a WHERE a.workspace_id = @ws AND a.id = @id")
		}
	}
	var rows []struct {
		State models.RunState
		N     int64
	}
	err := s.DB.Read(ctx).Raw(strings.Join(parts, " UNION ALL "), map[string]any{"ws": a.WorkspaceID, "id": a.ID, "most": MostRuns + 1}).Scan(&rows).Error
	all := map[models.RunState]int64{}
	for _, r := range rows {
		all[r.State] = min(all[r.State]+r.N, MostRuns+1)
	}
	return all, err
}

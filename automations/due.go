package automations

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
)

// dueRun names a run whose next step is due.
type dueRun struct {
	WorkspaceID    int64
	ID             uuid.UUID
	ContactID      int64
	ContactVersion int64
	DueAt          time.Time
}

const dueColumns = "workspace_id, id, contact_id, contact_version, due_at"

// workspacesInATurn is how many workspaces a look takes runs from. SQLite joins at most 500 queries.
const workspacesInATurn = 256

// dueWorkspacesSQL lists the workspaces with runs that are due, first the one that has waited longest. It jumps from one workspace to the next in
// the index. Workspaces that are deleted or held are left out, or they would keep the others waiting.
const dueWorkspacesSQL = `WITH RECURSIVE open (id) AS (
		SELECT min(workspace_id) FROM automation_runs WHERE ended_at IS NULL
		UNION ALL SELECT (SELECT min(workspace_id) FROM automation_runs WHERE ended_at IS NULL AND workspace_id > open.id) FROM open WHERE open.id IS NOT NULL
	), due (id, at) AS (
		SELECT id, (SELECT min(due_at) FROM automation_runs WHERE workspace_id = open.id AND ended_at IS NULL) FROM open WHERE id IS NOT NULL
	) SELECT id FROM due WHERE at <= @now AND id NOT IN (SELECT id FROM workspaces WHERE deleted_at IS NOT NULL OR segments_held_until > @now)
	ORDER BY at LIMIT @most`

// listDue lists the oldest runs that are due, those of one contact in the order of its versions. Each workspace with such runs has a share, so
// that one with many does not keep the others waiting. more says that there may be more.
func (r *Runner) listDue(ctx context.Context) (due []dueRun, more bool, err error) {
	now := models.Instant(r.Now())
	workspaces := []int64{r.Only}
	if r.Only == 0 {
		workspaces = nil
		if err := r.db.Read(ctx).Raw(dueWorkspacesSQL, map[string]any{"now": now, "most": workspacesInATurn}).Scan(&workspaces).Error; err != nil || len(workspaces) == 0 {
			return nil, false, err
		}
	}
	share := runsInATurn / len(workspaces)
	if err := r.db.Read(ctx).Raw(dueSQL(workspaces), map[string]any{"now": now, "most": share}).Scan(&due).Error; err != nil {
		return nil, false, err
	}
	if ties := tiesOf(due, share); len(ties) > 0 {
		more = true
		if due, err = r.withTies(ctx, due, ties); err != nil {
			return due, more, err
		}
	}
	slices.SortStableFunc(due, func(a, b dueRun) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.WorkspaceID, b.WorkspaceID), cmp.Compare(a.ContactID, b.ContactID), cmp.Compare(a.ContactVersion, b.ContactVersion))
	})
	return due, more || len(workspaces) == workspacesInATurn, nil
}

// dueSQL lists the oldest @most runs of each workspace that are due.
func dueSQL(workspaces []int64) string {
	parts := make([]string, len(workspaces))
	for i, id := range workspaces {
		parts[i] = fmt.Sprintf("SELECT * FROM (SELECT "+dueColumns+" FROM automation_runs WHERE workspace_id = %d AND ended_at IS NULL AND due_at <= @now ORDER BY due_at LIMIT @most) AS w%d", id, i)
	}
	return strings.Join(parts, " UNION ALL ")
}

// tie is the last instant of a workspace's share, and the contacts of its runs at that instant.
type tie struct {
	workspace int64
	last      time.Time
	contacts  []int64
}

// tiesOf returns the ties of the workspaces that fill their share.
func tiesOf(due []dueRun, share int) (ties []tie) {
	of := map[int64][]dueRun{}
	for _, one := range due {
		of[one.WorkspaceID] = append(of[one.WorkspaceID], one)
	}
	for workspace, runs := range of {
		if len(runs) < share {
			continue
		}
		t := tie{workspace: workspace}
		for _, one := range runs {
			if one.DueAt.After(t.last) {
				t.last, t.contacts = one.DueAt, nil
			}
			if one.ContactID != 0 && one.DueAt.Equal(t.last) {
				t.contacts = append(t.contacts, one.ContactID)
			}
		}
		ties = append(ties, t)
	}
	return ties
}

// withTies adds the runs that are due at the instant of the last one and about the same contacts. Many may be due at one instant, and the list
// has them in no order: the run of a later version may be in it, and that of an earlier one not.
func (r *Runner) withTies(ctx context.Context, due []dueRun, ties []tie) ([]dueRun, error) {
	listed, parts, args := map[uuid.UUID]bool{}, []string{}, []any{}
	for _, one := range due {
		listed[one.ID] = true
	}
	for _, t := range ties {
		if len(t.contacts) > 0 {
			parts = append(parts, "SELECT "+dueColumns+" FROM automation_runs WHERE workspace_id = ? AND contact_id IN ? AND due_at = ? AND ended_at IS NULL")
			args = append(args, t.workspace, t.contacts, t.last)
		}
	}
	if len(parts) == 0 {
		return due, nil
	}
	var tied []dueRun
	if err := r.db.Read(ctx).Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&tied).Error; err != nil {
		return due, models.In("of the same contacts", err)
	}
	return append(due, slices.DeleteFunc(tied, func(one dueRun) bool { return listed[one.ID] })...), nil
}

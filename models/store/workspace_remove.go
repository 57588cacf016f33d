package store

import (
	"context"
	"strings"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// removable is a table with rows of workspaces. They are removed in the order of keys, which follow workspace_id in an
// index.
type removable struct {
	table string
	keys  string // "" for a table with one row per workspace
	most  int    // rows per step, if 500 are too many; 0 is 500
}

// removables are all tables with rows of a workspace, except jobs, and except memberships, which let people see the
// progress. A table comes before those that it refers to; tables that cause work come first. A test checks that none is
// missing.
var removables = []removable{
	{table: "dirty_contacts", keys: "id"},
	{table: "call_marks", keys: "id"},
	{table: "job_files", keys: "job_id, name, part", most: 16}, // of up to 256 KiB each
	{table: "import_ranges", keys: "job_id, first_id"},
	{table: "segments", keys: "id"},
	{table: "segment_bits", keys: "chunk"},
	{table: "segment_changes", keys: "id"},
	{table: "segment_bulk_changes", keys: "id"},
	{table: "segment_due", keys: "chunk"},
	{table: "segment_days", keys: "segment_id, day"},
	{table: "segment_checks"},
	{table: "invitations", keys: "id"},
	{table: "automations", keys: "id"},
	{table: "automation_events", keys: "id"},
	{table: "automation_runs", keys: "id"},
	{table: "run_steps", keys: "run_id, number"},
	{table: "automation_versions", keys: "automation_id, revision"},
	{table: "team_mails", keys: "automation_id, user_id"},
	{table: "webhook_states", keys: "webhook_id, kind"},
	{table: "destinations", keys: "id"},
	{table: "deliveries", keys: "id"},
	{table: "delivery_attempts", keys: "delivery_id, number"},
	{table: "webhook_requests", keys: "id"},
	{table: "replays", keys: "original_id, request_id"},
	{table: "erasures", keys: "who"},
	{table: "dismissals", keys: "webhook_id, outcome"},
	{table: "righted_calls", keys: "hour, webhook_id, outcome"},
	{table: "fine_fields", keys: "webhook_id, name"},
	{table: "webhook_counts", keys: "id"},
	{table: "contact_days", keys: "day"},
	{table: "contact_tags", keys: "contact_id, tag_id"},
	{table: "contact_words", keys: "word, contact_id"},
	{table: "contact_word_fills"},
	{table: "unindexed_names", keys: "id"},
	{table: "former_addresses", keys: "contact_id, address"},
	{table: "contact_edits", keys: "contact_id, id"},
	{table: "contact_counts", keys: "id"},
	{table: "contacts", keys: "id"},
	{table: "webhook_tags", keys: "webhook_id, tag_id"},
	{table: "webhook_secrets", keys: "webhook_id, slot"},
	{table: "webhook_deliveries", keys: "webhook_id, key"},
	{table: "webhook_hours", keys: "webhook_id, hour"},
	{table: "webhook_hashes", keys: "webhook_id, hash"},
	{table: "webhooks", keys: "id"},
	{table: "tags", keys: "id"},
	{table: "merge_tags", keys: "id"},
	{table: "workspace_counters"},
	{table: "audit_log", keys: "id"},
}

const (
	// removeStep is how many rows one transaction removes.
	removeStep = 500
	// removeGrace is when, after the deletion, the last check for rows comes. A batch of calls or a person's request
	// that began before may still commit until then; neither takes longer than 20 s.
	removeGrace = 30 * time.Second
)

// RemoveCursor is the state of a removal: how many tables are counted, which one to empty next, and whether all were
// emptied once.
type RemoveCursor struct {
	Counted int  `json:"counted,omitempty"`
	Table   int  `json:"table"`
	Again   bool `json:"again,omitempty"`
}

// Counting reports whether any table is still to count.
func (c RemoveCursor) Counting() bool { return c.Counted < len(counted) }

// Uncounted returns the cursor of a removal whose total stays unknown.
func (c RemoveCursor) Uncounted() RemoveCursor {
	c.Counted = len(counted)
	return c
}

// RemoveStep is the result of one step of a removal.
type RemoveStep struct {
	Next RemoveCursor
	Rows int64     // rows removed
	Wait time.Time // if not zero, do nothing before this time
	Done bool      // the workspace is removed
}

// RemoveRows removes rows of the deleted workspace w in tx, one step of one table, and finally the workspace itself. It keeps
// the job jobID, which runs the removal.
func RemoveRows(tx *gorm.DB, w models.Workspace, jobID int64, at RemoveCursor, now time.Time) (RemoveStep, error) {
	if at.Table < len(removables) {
		if at.Table == 0 { // jobs that a person started while the workspace was being deleted
			if err := tx.Where("workspace_id = ? AND id <> ?", w.ID, jobID).Delete(&models.Job{}).Error; err != nil {
				return RemoveStep{}, models.In("other jobs", err)
			}
		}
		rows, err := removables[at.Table].step(tx, w.ID)
		if rows < removables[at.Table].perStep() {
			at.Table++
		}
		return RemoveStep{Next: at, Rows: rows}, err
	}
	again := RemoveStep{Next: RemoveCursor{Counted: at.Counted, Again: true}}
	if last := w.DeletedAt.Add(removeGrace); now.Before(last) {
		again.Wait = last
		return again, nil
	}
	if left, err := rowsLeft(tx, w.ID); err != nil || left || !at.Again {
		return again, models.In("look whether rows came back", err)
	}
	members := tx.Where("workspace_id = ?", w.ID).Delete(&models.Membership{})
	if members.Error != nil {
		return again, members.Error
	}
	return RemoveStep{Next: at, Rows: members.RowsAffected, Done: true}, models.In("the workspace itself", tx.Where("id = ?", w.ID).Delete(&models.Workspace{}).Error)
}

func (r removable) perStep() int64 {
	if r.most > 0 {
		return int64(r.most)
	}
	return removeStep
}

// step removes the next rows of a workspace.
func (r removable) step(tx *gorm.DB, workspaceID int64) (removed int64, err error) {
	if r.keys != "" {
		// up to the last row of a full step; nothing if fewer rows are left
		some := tx.Exec("DELETE FROM "+r.table+" WHERE workspace_id = @ws AND ("+r.keys+") <= (SELECT "+r.keys+" FROM "+r.table+
			" WHERE workspace_id = @ws ORDER BY "+r.keys+" LIMIT 1 OFFSET @last)", map[string]any{"ws": workspaceID, "last": r.perStep() - 1})
		if some.Error != nil || some.RowsAffected > 0 {
			return some.RowsAffected, some.Error
		}
	}
	rest := tx.Exec("DELETE FROM "+r.table+" WHERE workspace_id = ?", workspaceID)
	return rest.RowsAffected, rest.Error
}

// rowsLeft reports whether the workspace has rows again after its tables were emptied.
func rowsLeft(tx *gorm.DB, workspaceID int64) (left bool, err error) {
	var exists []string
	for _, r := range removables {
		exists = append(exists, "EXISTS (SELECT 1 FROM "+r.table+" WHERE workspace_id = @ws)")
	}
	return left, tx.Raw("SELECT "+strings.Join(exists, " OR "), map[string]any{"ws": workspaceID}).Scan(&left).Error
}

// counted lists the tables that a removal counts first, for its progress.
var counted = func() []string {
	tables := []string{"memberships"}
	for _, r := range removables {
		tables = append(tables, r.table)
	}
	return tables
}()

// CountRemovable counts the rows of the next table, up to MostLosses + 1. If there are more, the removal stays
// uncounted, because counting would take too long.
func (d *DB) CountRemovable(ctx context.Context, workspaceID int64, at RemoveCursor) (next RemoveCursor, rows int64, err error) {
	err = d.Read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM "+counted[at.Counted]+" WHERE workspace_id = @ws LIMIT @most) AS few",
		map[string]any{"ws": workspaceID, "most": MostLosses + 1}).Scan(&rows).Error
	if rows > MostLosses {
		return at.Uncounted(), rows, err
	}
	at.Counted++
	return at, rows, err
}

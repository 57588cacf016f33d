package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// removable is a table of which a workspace's rows are removed, in the order of its keys, which lead an index after
// workspace_id.
type removable struct {
	table string
	keys  string // "" for a table with one row
	most  int    // rows a step, if 500 would be too many; 0 is 500
}

// removables are all tables that hold rows of a workspace, but for memberships, through which people see how far the
// removal is, and jobs. What others point at comes after them; what makes work comes first. A test asks the database
// whether one is missing.
var removables = []removable{
	{table: "dirty_contacts", keys: "id"},
	{table: "job_files", keys: "job_id, name, part", most: 16}, // of up to 256 KiB each
	{table: "segments", keys: "id"},
	{table: "segment_bits", keys: "chunk"},
	{table: "segment_changes", keys: "id"},
	{table: "segment_bulk_changes", keys: "id"},
	{table: "segment_due", keys: "chunk"},
	{table: "segment_days", keys: "segment_id, day"},
	{table: "segment_checks"},
	{table: "invitations", keys: "id"},
	{table: "automation_events", keys: "id"},
	{table: "webhook_requests", keys: "id"},
	{table: "webhook_counts", keys: "id"},
	{table: "contact_days", keys: "day"},
	{table: "contact_tags", keys: "contact_id, tag_id"},
	{table: "contacts", keys: "id"},
	{table: "contact_days", keys: "day"},
	{table: "webhook_tags", keys: "webhook_id, tag_id"},
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
	// removeGrace is how long after its deletion the last look for rows comes: what had begun before, a batch of calls or a
	// person's request, may commit in between, and nothing of that kind lives longer than 20 s.
	removeGrace = 30 * time.Second
)

// RemoveCursor is how far a removal is: how many tables were counted, which one is emptied next, and whether all were
// emptied once.
type RemoveCursor struct {
	Counted int  `json:"counted,omitempty"`
	Table   int  `json:"table"`
	Again   bool `json:"again,omitempty"`
}

// Counting reports whether tables are left to be counted.
func (c RemoveCursor) Counting() bool { return c.Counted < len(counted) }

// Uncounted is the cursor of a removal whose total stays unknown.
func (c RemoveCursor) Uncounted() RemoveCursor {
	c.Counted = len(counted)
	return c
}

// RemoveStep is what one step of a removal did.
type RemoveStep struct {
	Next RemoveCursor
	Rows int64     // rows that it removed
	Wait time.Time // if not zero, nothing is left to do before
	Done bool      // the workspace is gone
}

// RemoveRows removes rows of the deleted workspace w in tx, at most 500 a call, and with the last ones the workspace. The job
// with this id, which does it, stays.
func RemoveRows(tx *gorm.DB, w models.Workspace, jobID int64, at RemoveCursor, now time.Time) (RemoveStep, error) {
	if at.Table < len(removables) {
		if at.Table == 0 { // work that somebody asked for while the workspace was being deleted
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

// step removes the next rows.
func (r removable) step(tx *gorm.DB, workspaceID int64) (removed int64, err error) {
	if r.keys != "" {
		// up to the last row of a step; nothing when there are fewer
		some := tx.Exec("DELETE FROM "+r.table+" WHERE workspace_id = @ws AND ("+r.keys+") <= (SELECT "+r.keys+" FROM "+r.table+
			" WHERE workspace_id = @ws ORDER BY "+r.keys+" LIMIT 1 OFFSET @last)", map[string]any{"ws": workspaceID, "last": r.perStep() - 1})
		if some.Error != nil || some.RowsAffected > 0 {
			return some.RowsAffected, some.Error
		}
	}
	rest := tx.Exec("DELETE FROM "+r.table+" WHERE workspace_id = ?", workspaceID)
	return rest.RowsAffected, rest.Error
}

// rowsLeft reports whether a row of the workspace came back while its tables were emptied.
func rowsLeft(tx *gorm.DB, workspaceID int64) (left bool, err error) {
	var exists []string
	for _, r := range removables {
		exists = append(exists, "EXISTS (SELECT 1 FROM "+r.table+" WHERE workspace_id = @ws)")
	}
	return left, tx.Raw("SELECT "+strings.Join(exists, " OR "), map[string]any{"ws": workspaceID}).Scan(&left).Error
}

// counted names the tables whose rows a removal counts first, for its progress, each once.
var counted = func() []string {
	tables := []string{"memberships"}
	for _, r := range removables {
		if !slices.Contains(tables, r.table) {
			tables = append(tables, r.table)
		}
	}
	return tables
}()

// CountRemovable counts the rows of the next table, up to MostLosses + 1. With more than MostLosses the removal stays
// uncounted: counting on would take longer than it tells.
func (d *DB) CountRemovable(ctx context.Context, workspaceID int64, at RemoveCursor) (next RemoveCursor, rows int64, err error) {
	err = d.Read(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM "+counted[at.Counted]+" WHERE workspace_id = @ws LIMIT @most) AS few",
		map[string]any{"ws": workspaceID, "most": MostLosses + 1}).Scan(&rows).Error
	if rows > MostLosses {
		return at.Uncounted(), rows, err
	}
	at.Counted++
	return at, rows, err
}

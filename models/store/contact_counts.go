package store

import (
	"context"
	"database/sql"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Each transaction that changes how many contacts a workspace has by status or tag inserts the difference, so that calls do not wait for
// each other. Readers add up all rows of a workspace.

// contactCount is a row of counts. Whole has all contacts of the workspace, others are differences.
type contactCount struct {
	WorkspaceID int64
	ID          int64
	Whole       bool
	Counts      string // models.ContactCounts
}

// CountContacts records a difference in tx, the transaction that makes it.
func CountContacts(tx *gorm.DB, workspaceID int64, diff models.ContactCounts) error {
	if len(diff) == 0 {
		return nil
	}
	return tx.Create(&contactCount{WorkspaceID: workspaceID, Counts: diff.Text()}).Error
}

// countUntagged records that contacts of tx lose their tags, which it takes off.
func countUntagged(tx *gorm.DB, diff models.ContactCounts, workspaceID int64, ids []int64) error {
	var tags []int64
	err := tx.Raw("DELETE FROM contact_tags WHERE workspace_id = ? AND contact_id IN ? RETURNING tag_id", workspaceID, ids).Scan(&tags).Error
	for _, tag := range tags {
		diff.Add(models.TagCount(tag), -1)
	}
	return err
}

// FoldContactCounts adds the differences to the row that is whole. It leaves workspaces without one alone, because the count that is to make
// it must find the rows that it saw. Replicas may run it at the same time.
func (d *DB) FoldContactCounts(ctx context.Context, _ time.Time) error {
	var workspaces []int64
	if err := d.Read(ctx).Raw(`SELECT workspace_id FROM contact_counts w WHERE whole
		AND EXISTS (SELECT 1 FROM contact_counts d WHERE d.workspace_id = w.workspace_id AND NOT d.whole)`).Scan(&workspaces).Error; err != nil {
		return models.In("list workspaces", err)
	}
	for _, ws := range workspaces {
		err := d.Write(ctx, func(tx *gorm.DB) error {
			var rows []contactCount
			err := tx.Raw("DELETE FROM contact_counts WHERE workspace_id = ? AND id IN (SELECT id FROM contact_counts WHERE workspace_id = ? ORDER BY whole DESC, id LIMIT ?) RETURNING *",
				ws, ws, foldStep).Scan(&rows).Error
			if err != nil || len(rows) == 0 {
				return err
			}
			sum := contactCount{WorkspaceID: ws}
			counts := models.ContactCounts{}
			for _, r := range rows {
				counts.AddAll(r.Counts)
				sum.Whole = sum.Whole || r.Whole
			}
			sum.Counts = counts.Text()
			return tx.Create(&sum).Error
		})
		if err != nil && !IsDuplicate(err) { // another replica folds or counts: the next turn adds the rest
			return models.In("fold", err)
		}
	}
	return nil
}

// CountNewContacts counts the contacts of workspaces without a row that is whole.
func (d *DB) CountNewContacts(ctx context.Context, _ time.Time) error {
	return d.countAll(ctx, "AND NOT EXISTS (SELECT 1 FROM contact_counts c WHERE c.workspace_id = workspaces.id AND c.whole)")
}

// CountAllContacts counts the contacts of all workspaces again. Counters that something else than this program has put out of step are
// right afterwards.
func (d *DB) CountAllContacts(ctx context.Context, _ time.Time) error { return d.countAll(ctx, "") }

func (d *DB) countAll(ctx context.Context, condition string) error {
	var workspaces []int64
	if err := d.Read(ctx).Raw("SELECT id FROM workspaces WHERE deleted_at IS NULL " + condition + " ORDER BY id").Scan(&workspaces).Error; err != nil {
		return models.In("list workspaces", err)
	}
	for _, ws := range workspaces {
		if err := d.countWorkspace(ctx, ws); err != nil {
			return models.In("count contacts", err)
		}
	}
	return nil
}

// countWorkspace counts the contacts of a workspace. Another replica may add up the counters during the count. Then it counts again, at most three
// times in all; after that it leaves the count to the next turn.
func (d *DB) countWorkspace(ctx context.Context, workspaceID int64) error {
	for range 3 {
		if err := d.countOnce(ctx, workspaceID); err != errFolded && !IsDuplicate(err) {
			return err
		}
	}
	return nil
}

// countOnce counts the contacts of a workspace in one snapshot, and replaces the rows of that snapshot by the result. Differences
// that were committed later stay.
func (d *DB) countOnce(ctx context.Context, workspaceID int64) error {
	counts, seen := models.ContactCounts{}, []int64(nil)
	err := d.Read(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Raw("SELECT id FROM contact_counts WHERE workspace_id = ?", workspaceID).Scan(&seen).Error; err != nil {
			return err
		}
		var rows []struct {
			Counted string
			N       int64
		}
		var text string
		for _, s := range models.Statuses {
			text += "SELECT '" + string(s) + "' AS counted, count(*) AS n FROM contacts WHERE workspace_id = @ws AND " + hasStatus(s) + " UNION ALL "
		}
		text += "SELECT 'tag ' || tag_id, count(*) FROM contact_tags WHERE workspace_id = @ws GROUP BY tag_id"
		err := tx.Raw(text, map[string]any{"ws": workspaceID}).Scan(&rows).Error
		for _, r := range rows {
			counts.Add(r.Counted, r.N)
		}
		return err
	}, &sql.TxOptions{ReadOnly: true, Isolation: snapshotOf(d.Dialect)})
	if err != nil {
		return err
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		if len(seen) > 0 {
			gone := tx.Where("workspace_id = ? AND id IN ?", workspaceID, seen).Delete(&contactCount{})
			if gone.Error != nil {
				return gone.Error
			}
			if gone.RowsAffected != int64(len(seen)) {
				return errFolded
			}
		}
		return tx.Create(&contactCount{WorkspaceID: workspaceID, Whole: true, Counts: counts.Text()}).Error
	})
}

// errFolded says that rows of a snapshot are part of other rows now.
var errFolded error = &models.Error{Code: models.CodeConflict, Message: "The counters were added up at the same moment."}

// snapshotOf returns the isolation in which all statements of a transaction see the same data. SQLite knows no other.
func snapshotOf(dialect Dialect) sql.IsolationLevel {
	if dialect == Postgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

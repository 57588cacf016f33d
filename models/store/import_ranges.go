package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// importRange is a stretch of ids of contacts that an import created. Some of the contacts may have been deleted since.
type importRange struct {
	WorkspaceID, JobID, FirstID, LastID int64
}

func (importRange) TableName() string { return "import_ranges" }

// keepRange stores the ids of contacts that a step of an import created.
func keepRange(tx *gorm.DB, job models.Job, first, last int64) error {
	joined := tx.Exec(`UPDATE import_ranges SET last_id = @last WHERE workspace_id = @ws AND job_id = @job AND last_id = @before
			AND first_id = (SELECT max(first_id) FROM import_ranges WHERE workspace_id = @ws AND job_id = @job)`,
		map[string]any{"ws": job.WorkspaceID, "job": job.ID, "before": first - 1, "last": last})
	if joined.Error != nil || joined.RowsAffected > 0 {
		return joined.Error
	}
	return tx.Create(&importRange{job.WorkspaceID, job.ID, first, last}).Error
}

// resolveImport sets the lowest and highest id of the contacts of f.Import.
func (d *DB) resolveImport(ctx context.Context, workspaceID int64, f *ContactFilter) error {
	if f.Import == 0 {
		return nil
	}
	var ids struct{ First, Last int64 }
	err := d.Read(ctx).Model(&importRange{}).Select("coalesce(min(first_id), 0) AS first, coalesce(max(last_id), 0) AS last").
		Where("workspace_id = ? AND job_id = ?", workspaceID, f.Import).Scan(&ids).Error
	f.FirstID, f.LastID, f.Nobody = ids.First, ids.Last, f.Nobody || ids.Last == 0
	return err
}

// whereImported selects the contacts of f.Import.
func (f ContactFilter) whereImported(q *gorm.DB, workspaceID int64) *gorm.DB {
	if f.Import == 0 {
		return q
	}
	if f.LastID > 0 {
		q = q.Where(f.id()+" >= ? AND "+f.id()+" <= ?", f.FirstID, f.LastID)
	}
	return q.Where("EXISTS (SELECT 1 FROM import_ranges r WHERE r.workspace_id = ? AND r.job_id = ? AND r.first_id <= "+f.id()+" AND r.last_id >= "+f.id()+")", workspaceID, f.Import)
}

// CountImported counts the contacts that an import created and that are still there (all), and those of them that neither a person nor a call
// has touched since it ended.
func (d *DB) CountImported(ctx context.Context, workspaceID, importID int64, ended time.Time) (all, untouched int64, err error) {
	var n struct{ All, Untouched int64 }
	err = d.Read(ctx).Raw(`SELECT count(*) AS "all", coalesce(sum(CASE WHEN c.updated_at <= @ended AND c.touched_at IS NULL THEN 1 ELSE 0 END), 0) AS untouched
		FROM import_ranges r JOIN contacts c ON c.workspace_id = r.workspace_id AND c.id >= r.first_id AND c.id <= r.last_id
		WHERE r.workspace_id = @ws AND r.job_id = @job`, map[string]any{"ws": workspaceID, "job": importID, "ended": ended}).Scan(&n).Error
	return n.All, n.Untouched, err
}

package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// reviseContacts raises the versions of contacts that this transaction changed and marks them for their segments.
func reviseContacts(tx *gorm.DB, workspaceID, userID int64, ids []int64, now time.Time) error {
	err := tx.Exec("UPDATE contacts SET version = version + 1, updated_at = ? WHERE workspace_id = ? AND id IN ?", now, workspaceID, ids).Error
	if err != nil {
		return err
	}
	return MarkContacts(tx, workspaceID, userID, ids, now)
}

// MarkContacts marks contacts whose segments have to be recalculated. Call it in the transaction that changed them.
// userID is who changed them, 0 where that is not known.
func MarkContacts(tx *gorm.DB, workspaceID, userID int64, ids []int64, now time.Time) error {
	var user *int64
	if userID != 0 {
		user = &userID
	}
	marks := make([]models.DirtyContact, len(ids))
	for i, id := range ids {
		marks[i] = models.DirtyContact{WorkspaceID: workspaceID, ContactID: id, UserID: user, At: now}
	}
	return tx.CreateInBatches(&marks, 100).Error
}

// WaitingMarks counts the changes of contacts, in all workspaces, that the segments have not followed yet, and says when
// the oldest was made (the zero time when there is none).
func (d *DB) WaitingMarks(ctx context.Context) (n int64, oldest time.Time, err error) {
	var row struct {
		N      int64
		Oldest *time.Time
	}
	err = d.Read(ctx).Raw("SELECT count(*) AS n, min(at) AS oldest FROM dirty_contacts").Scan(&row).Error
	if row.Oldest != nil {
		oldest = *row.Oldest
	}
	return row.N, oldest, err
}

// SegmentDrift is how many memberships the last verification of each workspace, or the one under way, found to differ from
// the rules.
func (d *DB) SegmentDrift(ctx context.Context) (n int64, err error) {
	err = d.Read(ctx).Raw("SELECT coalesce(sum(differences), 0) FROM segment_checks").Scan(&n).Error
	return n, err
}

package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// reviseContacts raises the versions of contacts that tx changed and marks them for their segments with marks like mark.
func reviseContacts(tx *gorm.DB, mark models.DirtyContact, userID int64, ids []int64) error {
	err := tx.Exec("UPDATE contacts SET version = version + 1, updated_at = ? WHERE workspace_id = ? AND id IN ?", mark.At, mark.WorkspaceID, ids).Error
	if err != nil {
		return err
	}
	return markContacts(tx, mark, userID, ids)
}

// markOf returns the mark of a contact that a job changes.
func markOf(job models.Job, now time.Time) models.DirtyContact {
	return models.DirtyContact{WorkspaceID: job.WorkspaceID, JobID: &job.ID, At: now}
}

// MarkContacts marks contacts whose segments must be recalculated. Call it in the transaction that changed them. userID
// is the person who changed them, 0 if unknown.
func MarkContacts(tx *gorm.DB, workspaceID, userID int64, ids []int64, now time.Time) error {
	return markContacts(tx, models.DirtyContact{WorkspaceID: workspaceID, At: now}, userID, ids)
}

// markContacts adds a mark like mark for each contact.
func markContacts(tx *gorm.DB, mark models.DirtyContact, userID int64, ids []int64) error {
	if userID != 0 {
		mark.UserID = &userID
	}
	marks := make([]models.DirtyContact, len(ids))
	for i, id := range ids {
		mark.ContactID = id
		marks[i] = mark
	}
	return tx.CreateInBatches(&marks, 100).Error
}

// WaitingMarks counts marks that the segments have not processed yet, in all workspaces, and returns the time of the
// oldest (the zero time if there is none).
func (d *DB) WaitingMarks(ctx context.Context) (n int64, oldest time.Time, err error) {
	var row struct {
		Edits, Calls   int64
		Edited, Called *time.Time
	}
	err = d.Read(ctx).Raw(`SELECT edits.n AS edits, edits.oldest AS edited, calls.n AS calls, calls.oldest AS called FROM
		(SELECT count(*) AS n, min(at) AS oldest FROM dirty_contacts) AS edits,
		(SELECT coalesce(sum(length(packed)), 0) / ? AS n, min(at) AS oldest FROM call_marks) AS calls`, models.CallMarkSize).Scan(&row).Error
	for _, at := range []*time.Time{row.Edited, row.Called} {
		if at != nil && (oldest.IsZero() || at.Before(oldest)) {
			oldest = *at
		}
	}
	return row.Edits + row.Calls, oldest, err
}

// SegmentDrift counts the memberships that differ from the rules, by the last full check of each workspace or the one that
// runs now.
func (d *DB) SegmentDrift(ctx context.Context) (n int64, err error) {
	err = d.Read(ctx).Raw("SELECT coalesce(sum(differences), 0) FROM segment_checks").Scan(&n).Error
	return n, err
}

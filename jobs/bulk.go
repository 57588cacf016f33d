package jobs

import (
	"context"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/segments"

	"gorm.io/gorm"
)

// bulkStep is how many contacts one step of a bulk change takes.
const bulkStep = 100

// bulk changes the next contacts of a JobBulk, from the newest at its start down to the oldest. Each step checks the
// filter again under the locks: a contact counts as it is then.
func bulk(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	cursor, result := models.ReadJobJSON[store.BulkCursor](job.Cursor), models.ReadJobJSON[models.BulkResult](job.Result)
	from, err := restored(tx, job.WorkspaceID, cursor)
	if err != nil {
		return err
	}
	found, next, err := from.Filter.NextContacts(tx, job.WorkspaceID, cursor.Before, bulkStep)
	if err != nil {
		return models.In("bulk change: find the next contacts", err)
	}
	did, err := store.ApplyBulk(tx, *job, models.ReadJobJSON[models.Bulk](job.Spec), from, found, now)
	if err != nil {
		return models.In("bulk change: change contacts", err)
	}
	result.Changed += did.Changed
	result.Unchanged += did.Unchanged
	result.Later += did.Later
	cursor.Before = next
	if job.Done = result.Changed + result.Unchanged + result.Later; next == 0 {
		result.Gone = max(0, job.Total-job.Done)
		job.State = models.JobDone
	}
	job.Cursor, job.Result = models.JobJSON(cursor), models.JobJSON(result)
	return nil
}

// restored returns a stored cursor with what its JSON does not hold.
func restored(tx *gorm.DB, workspaceID int64, c store.BulkCursor) (store.BulkCursor, error) {
	c.Filter.Members = segments.Members{}
	if c.Rule == "" {
		return c, nil
	}
	rule, err := segments.ReadUnstored(tx, workspaceID, c.Rule, c.RuleAt)
	if err != nil {
		return c, models.In("bulk change: rule", err)
	}
	c.Filter.Rule, c.Filter.Nobody = rule, false
	return c, nil
}

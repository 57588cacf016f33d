package store

import (
	"context"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ForgetSQL starts a job that searches the files of the workspace $1, and the calls that nobody's address was found in, for the people
// in the spec $2, from ForgetAt, $3, on. Without files it starts with the calls. It runs in the transaction that erases the people.
const ForgetSQL = `INSERT INTO jobs (workspace_id, kind, user_id, state, spec, cursor, done, total, result, failure, tries, holder, lease_until, created_at, updated_at)
	SELECT $1, 'forget', 0, 'running', $2, CASE WHEN EXISTS (SELECT 1 FROM job_files WHERE workspace_id = $1) THEN '{}' ELSE '{"FilesDone":true}' END,
		0, 0, '{}', '', 0, '', $3, $3, $3`

// forget runs ForgetSQL for the people with these keys.
func forget(tx *gorm.DB, workspaceID int64, keys []int64, at time.Time) error {
	return tx.Exec(ForgetSQL, workspaceID, models.JobJSON(models.ForgetSpec{AddressKeys: keys}), models.ForgetAt(at)).Error
}

// FilesDone reports whether a JobForget needs no search of files any more: its cursor says so, from the start or later.
func FilesDone(cursor string) bool {
	return models.ReadJobJSON[struct{ FilesDone bool }](cursor).FilesDone
}

// ToForget returns the people of a workspace whose files still need a search. Call it after locking the addresses, or
// under the job's lock after reading addresses from its file.
func ToForget(tx *gorm.DB, workspaceID int64) (models.AddressKeys, error) {
	var all []models.Job
	err := tx.Select("spec", "cursor").Where("workspace_id = ? AND kind = ? AND state = ?", workspaceID, models.JobForget, models.JobRunning).Find(&all).Error
	people := models.NewAddressKeys(workspaceID)
	for _, job := range all {
		if !FilesDone(job.Cursor) {
			people.Add(models.ReadJobJSON[models.ForgetSpec](job.Spec).AddressKeys...)
		}
	}
	return people, err
}

// CallsOfNobody reads the next calls between two ids that have a body and belong to nobody's address: most were refused. Such a call may
// still name a person.
func (d *DB) CallsOfNobody(ctx context.Context, workspaceID int64, after, until uuid.UUID, most int) (rows []models.WebhookRequest, err error) {
	err = d.Read(ctx).Where("workspace_id = ? AND who IS NULL AND id > ? AND id < ? AND body IS NOT NULL", workspaceID, after, until).Order("id").Limit(most).Find(&rows).Error
	return rows, err
}

// EraseCalls clears what these calls of a workspace hold of people.
func EraseCalls(tx *gorm.DB, workspaceID int64, ids []uuid.UUID) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.Exec(eraseRequests+"? AND id IN ?", workspaceID, ids).Error
}

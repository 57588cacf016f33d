package store

import (
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// ForgetSQL starts a job that searches the files of the workspace $1 for the people in the spec $2, from ForgetAt, $3,
// on. Without files there is nothing to search. It runs in the transaction that erases the people.
const ForgetSQL = `INSERT INTO jobs (workspace_id, kind, user_id, state, spec, cursor, done, total, result, failure, tries, holder, lease_until, created_at, updated_at)
	SELECT $1, 'forget', 0, 'running', $2, '{}', 0, 0, '{}', '', 0, '', $3, $3, $3
	WHERE EXISTS (SELECT 1 FROM job_files WHERE workspace_id = $1)`

// forget runs ForgetSQL for the people with these keys.
func forget(tx *gorm.DB, workspaceID int64, keys []int64, at time.Time) error {
	return tx.Exec(ForgetSQL, workspaceID, models.JobJSON(models.ForgetSpec{AddressKeys: keys}), models.ForgetAt(at)).Error
}

// ToForget returns the people of a workspace whose files still need a search. Call it after locking the addresses, or
// under the job's lock after reading addresses from its file.
func ToForget(tx *gorm.DB, workspaceID int64) (models.AddressKeys, error) {
	var specs []string
	err := tx.Model(&models.Job{}).Where("workspace_id = ? AND kind = ? AND state = ?", workspaceID, models.JobForget, models.JobRunning).Pluck("spec", &specs).Error
	people := models.NewAddressKeys(workspaceID)
	for _, spec := range specs {
		people.Add(models.ReadJobJSON[models.ForgetSpec](spec).AddressKeys...)
	}
	return people, err
}

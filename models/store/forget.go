package store

import (
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// ForgetSQL has the files of the workspace $1 searched for the people of the spec $2 from ForgetAt, $3, on. Where there
// are no files there is nothing to search. It is a part of the transaction that erases the people.
const ForgetSQL = `INSERT INTO jobs (workspace_id, kind, user_id, state, spec, cursor, done, total, result, failure, tries, holder, lease_until, created_at, updated_at)
	SELECT $1, 'forget', 0, 'running', $2, '{}', 0, 0, '{}', '', 0, '', $3, $3, $3
	WHERE EXISTS (SELECT 1 FROM job_files WHERE workspace_id = $1)`

// forget marks people for ForgetSQL.
func forget(tx *gorm.DB, workspaceID int64, keys []int64, at time.Time) error {
	return tx.Exec(ForgetSQL, workspaceID, models.JobJSON(models.ForgetSpec{AddressKeys: keys}), models.ForgetAt(at)).Error
}

// ToForget returns the people of a workspace whose files are still to be searched. Who has locked an address, or read it
// from a file under the lock of its job, sees whether it is among them.
func ToForget(tx *gorm.DB, workspaceID int64) (models.AddressKeys, error) {
	var specs []string
	err := tx.Model(&models.Job{}).Where("workspace_id = ? AND kind = ? AND state = ?", workspaceID, models.JobForget, models.JobRunning).Pluck("spec", &specs).Error
	people := models.NewAddressKeys(workspaceID)
	for _, spec := range specs {
		people.Add(models.ReadJobJSON[models.ForgetSpec](spec).AddressKeys...)
	}
	return people, err
}

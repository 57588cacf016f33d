package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// StartResend stores a JobResend and returns it. total is how many deliveries it will send again, 0 if that is not known; which names them for
// the audit log. If one with the same filters is under way, whatever their time, it returns that one, and started is false.
func (d *DB) StartResend(ctx context.Context, workspaceID, userID int64, spec models.ResendSpec, total int64, which string, now time.Time) (job models.Job, started bool, err error) {
	job = models.NewJob(workspaceID, userID, models.JobResend, spec)
	job.Total = total
	same := func(other models.Job) bool {
		return spec.SameAs(models.ReadJobJSON[models.ResendSpec](other.Spec))
	}
	return d.startOnce(ctx, job, same, func(tx *gorm.DB, job models.Job) error {
		e := models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: models.ActionDestinationReplayed, Subject: models.SubjectDestination, SubjectID: spec.DestinationID, SubjectName: spec.Name}
		return Audit(tx, e, []models.AuditChange{{What: "Messages", After: which}}, job.CreatedAt)
	}, now)
}

package jobs

import (
	"context"
	"errors"
	"time"

	"campaignlark/deliveries"
	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// resendStep sends the next deliveries again. It ends early if their destination was deleted or switched off.
func resendStep(_ context.Context, tx *gorm.DB, job *models.Job, now time.Time) error {
	spec, cursor := models.ReadJobJSON[models.ResendSpec](job.Spec), models.ReadJobJSON[models.ResendCursor](job.Cursor)
	n, last, err := deliveries.ResendStep(tx, job.WorkspaceID, spec, cursor.After, now)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return &models.Error{Code: models.CodeInvalid, Message: "The destination was deleted. What was sent again until then waits no more."}
	case errors.Is(err, deliveries.ErrOff):
		return &models.Error{Code: models.CodeInvalid, Message: "The destination was switched off. What was sent again until then goes out when it is on again."}
	case err != nil:
		return models.In("send messages again", err)
	case last == uuid.Nil:
		job.State, job.Total = models.JobDone, job.Done
		return nil
	}
	job.Done, job.Cursor = job.Done+n, models.JobJSON(models.ResendCursor{After: last})
	return nil
}

package models

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// UpdateWorkspace stores a workspace's name and time zone as typed. zoneChanged runs in the same transaction when the
// time zone is another one than before. What is wrong is a FieldErrors under name or time_zone.
func (d *DB) UpdateWorkspace(ctx context.Context, w Workspace, userID int64, zoneChanged func(tx *gorm.DB, workspaceID int64) error, now time.Time) (FieldErrors, error) {
	w.Name = CleanName(w.Name)
	errs := FieldErrors{}
	errs.Add("name", ValidateName(w.Name))
	if !ValidTimeZone(w.TimeZone) {
		errs.Add("time_zone", "Please choose a time zone from the list.")
	}
	if errs.Any() {
		return errs, nil
	}
	return nil, d.Write(ctx, func(tx *gorm.DB) error {
		old, err := First[Workspace](ForChange(tx).Where("id = ? AND deleted_at IS NULL", w.ID))
		if err != nil {
			return err
		}
		err = tx.Model(&Workspace{}).Where("id = ?", w.ID).Updates(map[string]any{"name": w.Name, "time_zone": w.TimeZone}).Error
		if err != nil {
			return err
		}
		err = Audit(tx, AuditEntry{WorkspaceID: w.ID, UserID: userID, Action: ActionWorkspaceUpdated, Subject: SubjectWorkspace, SubjectID: w.ID, SubjectName: old.Name},
			[]AuditChange{{"Name", old.Name, w.Name}, {"Time zone", old.TimeZone, w.TimeZone}}, now)
		if err != nil || old.TimeZone == w.TimeZone {
			return err
		}
		return zoneChanged(tx, w.ID)
	})
}

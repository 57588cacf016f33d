package models

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// ValidateWorkspace returns what is wrong with a workspace's name and time zone, by name and time_zone.
func ValidateWorkspace(w Workspace) FieldErrors {
	errs := FieldErrors{}
	errs.Add("name", ValidateName(CleanName(w.Name)))
	if !ValidTimeZone(w.TimeZone) {
		errs.Add("time_zone", "Please choose a time zone from the list.")
	}
	return errs
}

// CreateWorkspace makes a workspace, under a slug of its own, of which the person is the admin. What is wrong is a
// FieldErrors under name or time_zone.
func (d *DB) CreateWorkspace(ctx context.Context, userID int64, name, timeZone string, now time.Time) (Workspace, FieldErrors, error) {
	w := Workspace{Name: CleanName(name), TimeZone: timeZone, CreatedAt: now}
	if errs := ValidateWorkspace(w); errs.Any() {
		return w, errs, nil
	}
	var err error
	for range 3 { // two people may want the same slug at the same moment
		err = d.Write(ctx, func(tx *gorm.DB) error {
			w.ID = 0
			if err := createWorkspace(tx, &w); err != nil {
				return err
			}
			if err := tx.Create(&Membership{WorkspaceID: w.ID, UserID: userID, Role: RoleAdmin, CreatedAt: now}).Error; err != nil {
				return err
			}
			return auditWorkspace(tx, w, userID, ActionWorkspaceCreated, []AuditChange{{"Time zone", "", w.TimeZone}}, now)
		})
		if !IsDuplicate(err) {
			break
		}
	}
	return w, nil, err
}

// auditWorkspace notes what a person did to a workspace, which the note calls by its name before.
func auditWorkspace(tx *gorm.DB, before Workspace, userID int64, action string, changes []AuditChange, now time.Time) error {
	return Audit(tx, AuditEntry{WorkspaceID: before.ID, UserID: userID, Action: action,
		Subject: SubjectWorkspace, SubjectID: before.ID, SubjectName: before.Name}, changes, now)
}

// UpdateWorkspace stores a workspace's name and time zone as typed. zoneChanged runs in the same transaction when the
// time zone is another one than before. What is wrong is a FieldErrors under name or time_zone.
func (d *DB) UpdateWorkspace(ctx context.Context, w Workspace, userID int64, zoneChanged func(tx *gorm.DB, workspaceID, userID int64, now time.Time) error, now time.Time) (FieldErrors, error) {
	w.Name = CleanName(w.Name)
	if errs := ValidateWorkspace(w); errs.Any() {
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
		err = auditWorkspace(tx, old, userID, ActionWorkspaceUpdated, []AuditChange{{"Name", old.Name, w.Name}, {"Time zone", old.TimeZone, w.TimeZone}}, now)
		if err != nil || old.TimeZone == w.TimeZone {
			return err
		}
		return zoneChanged(tx, w.ID, userID, now)
	})
}

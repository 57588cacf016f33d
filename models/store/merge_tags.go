package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// MergeTags lists a workspace's merge tags in the order of their creation, which forms and pages use too.
func (d *DB) MergeTags(ctx context.Context, workspaceID int64) ([]models.MergeTag, error) {
	var all []models.MergeTag
	err := d.Read(ctx).Where("workspace_id = ? AND deleted_at IS NULL", workspaceID).Order("id").Find(&all).Error
	return all, err
}

// MergeTag returns one merge tag of a workspace, or ErrNotFound.
func (d *DB) MergeTag(ctx context.Context, workspaceID, id int64) (models.MergeTag, error) {
	return First[models.MergeTag](d.Read(ctx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspaceID, id))
}

// CreateMergeTag stores the merge tag of a form. Invalid input and a key that is taken are FieldErrors.
func (d *DB) CreateMergeTag(ctx context.Context, workspaceID, userID int64, m models.MergeTag, now time.Time) (models.MergeTag, models.FieldErrors, error) {
	m = m.Clean(nil)
	if errs := m.ValidateNew(); errs.Any() {
		return m, errs, nil
	}
	m.WorkspaceID, m.CreatedAt, m.DeletedAt = workspaceID, now, nil
	err := d.Write(ctx, func(tx *gorm.DB) error {
		m.ID = 0
		if err := CheckWorkspaceLimit(tx, &models.MergeTag{}, workspaceID, models.MaxMergeTags, "merge tags"); err != nil {
			return err
		}
		if err := tx.Create(&m).Error; err != nil {
			return err
		}
		return auditMergeTag(tx, models.MergeTag{}, m, userID, models.ActionMergeTagCreated, now)
	})
	if IsDuplicate(err) {
		return m, d.mergeTagTaken(ctx, m), nil
	}
	return m, nil, err
}

// UpdateMergeTag stores a new label, options and default; key and type never change. Contacts keep their values, even of
// a removed option. If they are no longer those of seen, the error is ErrChanged. users runs in the same transaction and may
// refuse, for rules that use such an option; nil skips it.
func (d *DB) UpdateMergeTag(ctx context.Context, seen, m models.MergeTag, userID int64, users func(tx *gorm.DB) error, now time.Time) (models.MergeTag, models.FieldErrors, error) {
	m = m.Clean(nil)
	if errs := m.Validate(); errs.Any() {
		return m, errs, nil
	}
	return m, nil, d.Write(ctx, func(tx *gorm.DB) error {
		if err := before(tx, users); err != nil {
			return err
		}
		old, err := mergeTagToChange(tx, m.WorkspaceID, m.ID)
		if err != nil {
			return err
		}
		if old.Label != seen.Label || old.Default != seen.Default || !slices.Equal(old.Options, seen.Options) {
			return models.ErrChanged
		}
		err = tx.Model(&models.MergeTag{}).Where("workspace_id = ? AND id = ?", m.WorkspaceID, m.ID).
			Select("label", "options", "default_value").Updates(&m).Error
		if err != nil {
			return err
		}
		return auditMergeTag(tx, old, m, userID, models.ActionMergeTagUpdated, now)
	})
}

// mergeTagTaken explains why a key is not free: a merge tag has it, or a deleted one is still being purged.
func (d *DB) mergeTagTaken(ctx context.Context, m models.MergeTag) models.FieldErrors {
	other, err := First[models.MergeTag](d.Read(ctx).Where("workspace_id = ? AND key = ?", m.WorkspaceID, m.Key))
	if err == nil && other.DeletedAt != nil {
		return models.FieldErrors{"key": "The values of a deleted merge tag with this key are still being removed. Try again in a minute."}
	}
	return models.FieldErrors{"key": "There is a merge tag with this key already. Choose another key."}
}

// DeleteMergeTag hides a merge tag immediately; PurgeMergeTags removes its values from contacts in steps. users runs in the
// same transaction and may refuse, for rules that use the merge tag; nil skips it.
func (d *DB) DeleteMergeTag(ctx context.Context, workspaceID, userID, id int64, users func(tx *gorm.DB) error, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := before(tx, users); err != nil {
			return err
		}
		m, err := mergeTagToChange(tx, workspaceID, id)
		if err != nil {
			return err
		}
		if err := tx.Model(&models.MergeTag{}).Where("workspace_id = ? AND id = ?", workspaceID, id).Update("deleted_at", now).Error; err != nil {
			return err
		}
		return auditMergeTag(tx, m, models.MergeTag{}, userID, models.ActionMergeTagDeleted, now)
	})
}

// mergeTagToChange reads and locks a merge tag that tx will change, or returns ErrNotFound if it was deleted.
func mergeTagToChange(tx *gorm.DB, workspaceID, id int64) (models.MergeTag, error) {
	return First[models.MergeTag](ForChange(tx).Where("workspace_id = ? AND id = ? AND deleted_at IS NULL", workspaceID, id))
}

// auditMergeTag records what a person did to a merge tag. before is zero for a new one, after is zero for a deleted one.
func auditMergeTag(tx *gorm.DB, before, after models.MergeTag, userID int64, action string, now time.Time) error {
	is := before
	if is.ID == 0 {
		is = after
	}
	return Audit(tx, models.AuditEntry{WorkspaceID: is.WorkspaceID, UserID: userID, Action: action,
		Subject: models.SubjectMergeTag, SubjectID: is.ID, SubjectName: is.Label}, []models.AuditChange{
		{What: "Key", Before: before.Key, After: after.Key},
		{What: "Label", Before: before.Label, After: after.Label},
		{What: "Type", Before: before.Type.Name(), After: after.Type.Name()},
		{What: "Choices", Before: strings.Join(before.Options, ", "), After: strings.Join(after.Options, ", ")},
		{What: "Default", Before: before.Show(before.Default, nil), After: after.Show(after.Default, nil)},
	}, now)
}

// MergeTagContacts counts the contacts that have a value for a key, at most ExactCount + 1.
func (d *DB) MergeTagContacts(ctx context.Context, workspaceID int64, key string) (n int64, err error) {
	few := d.Read(ctx).Table("contacts").Select("1").Where("workspace_id = ?", workspaceID).Where(holdsKey, likeKey(key)).Limit(models.ExactCount + 1)
	err = d.Read(ctx).Table("(?) AS few", few).Count(&n).Error
	return n, err
}

// holdsKey matches contacts that have a value for a key, with likeKey. No value can look like a key: its quotes are
// escaped.
const holdsKey = `fields LIKE ? ESCAPE '\'`

func likeKey(key string) string {
	return `%"` + strings.ReplaceAll(key, "_", `\_`) + `":%`
}

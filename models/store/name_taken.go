package store

import (
	"slices"

	"campaignlark/models"

	"gorm.io/gorm"
)

// NameTaken reports whether a row of a kind in a workspace, other than the one with the id, has a name. Rows that are deleted do not count.
// Names that differ only in case or in their writing are the same to people. It locks the workspace, so that of two forms that are sent
// together one sees the name of the other.
func NameTaken(tx *gorm.DB, kind any, workspaceID, id int64, name string) (bool, error) {
	if _, err := First[models.Workspace](ForNoKeyUpdate(tx).Where("id = ?", workspaceID)); err != nil {
		return false, models.In("lock the workspace", err)
	}
	var names []string
	err := tx.Model(kind).Where("workspace_id = ? AND id <> ? AND deleted_at IS NULL", workspaceID, id).Pluck("name", &names).Error
	return slices.ContainsFunc(names, func(other string) bool { return models.Fold(other) == models.Fold(name) }), models.In("names", err)
}

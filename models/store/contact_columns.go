package store

import (
	"context"

	"campaignlark/models"

	"gorm.io/gorm"
)

// SetContactColumns stores the columns that a member has chosen; nil is the usual ones.
func (d *DB) SetContactColumns(ctx context.Context, workspaceID, userID int64, columns []models.ContactColumn) error {
	text := ""
	if columns != nil {
		text = models.JobJSON(columns)
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Model(&models.Membership{}).Where("workspace_id = ? AND user_id = ?", workspaceID, userID).Update("contact_columns", text).Error
	})
}

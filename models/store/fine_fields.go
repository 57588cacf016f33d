package store

import (
	"context"
	"fmt"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// FineFields returns the fields of the workspaces' webhooks that are fine to ignore.
func (d *DB) FineFields(ctx context.Context, workspaceIDs ...int64) (models.FineFields, error) {
	var rows []struct {
		WebhookID int64
		Name      string
	}
	err := d.Read(ctx).Table("fine_fields").Where("workspace_id IN ?", workspaceIDs).Find(&rows).Error
	all := models.FineFields{}
	for _, r := range rows {
		if all[r.WebhookID] == nil {
			all[r.WebhookID] = map[string]bool{}
		}
		all[r.WebhookID][r.Name] = true
	}
	return all, err
}

// SetFineField says that a field of a webhook's calls is fine to ignore, or that it is not. name is folded. It returns ErrNotFound if the
// webhook was deleted.
func (d *DB) SetFineField(ctx context.Context, w models.Webhook, userID int64, name string, fine bool, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		old, err := webhookToChange(tx, w)
		if err != nil {
			return err
		}
		change, q := models.AuditChange{What: "Fine to ignore"}, (*gorm.DB)(nil)
		if fine {
			var there int64
			if err := tx.Table("fine_fields").Where("workspace_id = ? AND webhook_id = ?", w.WorkspaceID, w.ID).Count(&there).Error; err != nil {
				return err
			}
			if there >= models.MaxFineFields {
				return &models.Error{Code: models.CodeInvalid, Message: fmt.Sprintf("This webhook has %d fields that are fine to ignore. Let the sender leave fields out, or show one of these again first.", there)}
			}
			change.After = name
			q = tx.Exec("INSERT INTO fine_fields (workspace_id, webhook_id, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", w.WorkspaceID, w.ID, name)
		} else {
			change.Before = name
			q = tx.Exec("DELETE FROM fine_fields WHERE workspace_id = ? AND webhook_id = ? AND name = ?", w.WorkspaceID, w.ID, name)
		}
		if q.Error != nil || q.RowsAffected == 0 { // two people may click at the same time
			return q.Error
		}
		return auditWebhook(tx, old, userID, models.ActionWebhookFields, []models.AuditChange{change}, now)
	})
}

func deleteFineFields(tx *gorm.DB, w models.Webhook) error {
	return tx.Exec("DELETE FROM fine_fields WHERE workspace_id = ? AND webhook_id = ?", w.WorkspaceID, w.ID).Error
}

package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// SetReading changes how a webhook reads its calls: text is senders.Settings as they are stored, and changes say for the audit log what
// is different. If the stored revision is no longer that of w, the error is ErrChanged. It changes nothing if
// the settings are the same.
func (d *DB) SetReading(ctx context.Context, w models.Webhook, userID int64, text string, changes []models.AuditChange, now time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		old, err := webhookToChange(tx, w)
		switch {
		case err != nil:
			return err
		case old.ReadingRevision != w.ReadingRevision:
			return models.ErrChanged
		case old.Reading == text:
			return nil
		}
		if err := changeWebhook(tx, w, map[string]any{"reading": text, "reading_revision": old.ReadingRevision + 1, "updated_at": now}); err != nil {
			return err
		}
		return auditWebhook(tx, old, userID, models.ActionWebhookReading, changes, now)
	})
}

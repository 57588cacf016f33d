package store

import (
	"context"
	"strings"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// WebhookSecrets lists the secrets with which a webhook checks signatures, the newer one first.
func (d *DB) WebhookSecrets(ctx context.Context, workspaceID, webhookID int64) (all []models.WebhookSecret, err error) {
	err = d.Read(ctx).Where("workspace_id = ? AND webhook_id = ?", workspaceID, webhookID).Order("slot").Find(&all).Error
	return all, err
}

// AddWebhookSecret gives a webhook a new secret. The one that it has stays as the older one if keep is set, else it goes. secret
// holds what is stored of the new one: Sealed and Ending.
func (d *DB) AddWebhookSecret(ctx context.Context, w models.Webhook, userID int64, secret models.WebhookSecret, keep bool, now time.Time) error {
	return d.changeSecrets(ctx, w, userID, now, func(tx *gorm.DB, had map[models.SecretSlot]models.WebhookSecret) (models.AuditChange, error) {
		return addSecret(tx, w, had, secret, keep, now)
	})
}

// addSecret is AddWebhookSecret in a transaction, for a webhook that has the secrets had.
func addSecret(tx *gorm.DB, w models.Webhook, had map[models.SecretSlot]models.WebhookSecret, secret models.WebhookSecret, keep bool, now time.Time) (models.AuditChange, error) {
	secret.WorkspaceID, secret.WebhookID, secret.Slot, secret.CreatedAt = w.WorkspaceID, w.ID, models.SecretNewer, now
	change := models.AuditChange{What: "Secret", Before: secretWords(had[models.SecretNewer]), After: secretWords(secret)}
	if err := ofWebhook(tx, w).Delete(&models.WebhookSecret{}).Error; err != nil {
		return change, err
	}
	if before, has := had[models.SecretNewer]; has && keep {
		before.Slot = models.SecretOlder
		if err := tx.Create(&before).Error; err != nil {
			return change, err
		}
		change.After += ", the one before still counts"
	}
	return change, tx.Create(&secret).Error
}

// SetSignature is SetReading for the signature, with a new secret if there is one: it becomes the newer one, and the one before still
// counts.
func (d *DB) SetSignature(ctx context.Context, w models.Webhook, userID int64, text string, changes []models.AuditChange, secret *models.WebhookSecret, now time.Time) error {
	if secret == nil {
		return d.SetReading(ctx, w, userID, text, changes, now)
	}
	return d.changeSecrets(ctx, w, userID, now, func(tx *gorm.DB, had map[models.SecretSlot]models.WebhookSecret) (change models.AuditChange, err error) {
		if err := storeReading(tx, w, userID, text, changes, now); err != nil {
			return change, err
		}
		return addSecret(tx, w, had, *secret, true, now)
	})
}

// storeReading stores the settings of a webhook in a transaction that raises their revision.
func storeReading(tx *gorm.DB, w models.Webhook, userID int64, text string, changes []models.AuditChange, now time.Time) error {
	old, err := webhookToChange(tx, w)
	if err == nil && old.ReadingRevision != w.ReadingRevision {
		err = models.ErrChanged
	}
	if err != nil || old.Reading == text {
		return err
	}
	if err := changeWebhook(tx, w, map[string]any{"reading": text}); err != nil {
		return err
	}
	return auditWebhook(tx, old, userID, models.ActionWebhookReading, changes, now)
}

// SetReadingUnsigned is SetReading for settings that check no signature. It removes the secrets of the webhook, so that none of them
// counts when another sender's signatures are checked.
func (d *DB) SetReadingUnsigned(ctx context.Context, w models.Webhook, userID int64, text string, changes []models.AuditChange, now time.Time) error {
	return d.changeSecrets(ctx, w, userID, now, func(tx *gorm.DB, had map[models.SecretSlot]models.WebhookSecret) (change models.AuditChange, err error) {
		if err := storeReading(tx, w, userID, text, changes, now); err != nil {
			return change, err
		}
		var said []string
		for _, slot := range []models.SecretSlot{models.SecretNewer, models.SecretOlder} {
			if words := secretWords(had[slot]); words != "" {
				said = append(said, words)
			}
		}
		change = models.AuditChange{What: "Secret", Before: strings.Join(said, ", ")}
		return change, ofWebhook(tx, w).Delete(&models.WebhookSecret{}).Error
	})
}

// RemoveWebhookSecret removes one of a webhook's secrets. If it is the newer one, the older one takes its place.
func (d *DB) RemoveWebhookSecret(ctx context.Context, w models.Webhook, userID int64, slot models.SecretSlot, now time.Time) error {
	return d.changeSecrets(ctx, w, userID, now, func(tx *gorm.DB, had map[models.SecretSlot]models.WebhookSecret) (models.AuditChange, error) {
		change := models.AuditChange{What: "Secret", Before: secretWords(had[slot])}
		if _, has := had[slot]; !has {
			return change, models.ErrChanged
		}
		if err := ofWebhook(tx, w).Where("slot = ?", slot).Delete(&models.WebhookSecret{}).Error; err != nil {
			return change, err
		}
		if slot == models.SecretOlder {
			return change, nil
		}
		return change, ofWebhook(tx, w).Model(&models.WebhookSecret{}).Update("slot", models.SecretNewer).Error
	})
}

// changeSecrets runs change with the secrets that a webhook has, raises the revision of its settings and records what changed.
func (d *DB) changeSecrets(ctx context.Context, w models.Webhook, userID int64, now time.Time,
	change func(tx *gorm.DB, had map[models.SecretSlot]models.WebhookSecret) (models.AuditChange, error)) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		old, err := webhookToChange(tx, w)
		if err != nil {
			return err
		}
		var all []models.WebhookSecret
		if err := ofWebhook(tx, w).Find(&all).Error; err != nil {
			return err
		}
		had := map[models.SecretSlot]models.WebhookSecret{}
		for _, one := range all {
			had[one.Slot] = one
		}
		said, err := change(tx, had)
		if err != nil {
			return err
		}
		if err := changeWebhook(tx, w, map[string]any{"reading_revision": old.ReadingRevision + 1, "updated_at": now}); err != nil {
			return err
		}
		if said.Before == said.After {
			return nil
		}
		return auditWebhook(tx, old, userID, models.ActionWebhookSecret, []models.AuditChange{said}, now)
	})
}

func ofWebhook(tx *gorm.DB, w models.Webhook) *gorm.DB {
	return tx.Where("workspace_id = ? AND webhook_id = ?", w.WorkspaceID, w.ID)
}

// secretWords names a secret for the audit log; "" for none.
func secretWords(s models.WebhookSecret) string {
	if s.Slot == "" {
		return ""
	}
	if s.Ending == "" {
		return "a short one"
	}
	return "ending in " + s.Ending
}

// Delivery reads a delivery that a webhook has processed, by its key. The error is ErrNotFound if there is none, or if it is too old.
func (d *DB) Delivery(ctx context.Context, workspaceID, webhookID int64, key []byte) (models.WebhookDelivery, error) {
	return First[models.WebhookDelivery](d.Read(ctx).Where("workspace_id = ? AND webhook_id = ? AND key = ?", workspaceID, webhookID, key))
}

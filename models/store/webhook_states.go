package store

import (
	"context"
	"errors"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// heardStates are the events that NoteUnusualWebhooks writes.
var heardStates = models.Listens(0).With(models.EventWebhookFailing, false).With(models.EventWebhookSilent, false)

// NoteUnusualWebhooks writes an event for each webhook that has become failing or silent, where an automation listens for it. A state that
// lasts gives no further event; one that comes back after an hour as usual does. A webhook that is unusual already when an automation begins to listen
// gives an event too.
func (d *DB) NoteUnusualWebhooks(ctx context.Context, now time.Time) error {
	var workspaces []models.Workspace
	err := d.Read(ctx).Where("deleted_at IS NULL AND (listens & ? <> 0 OR id IN (SELECT workspace_id FROM webhook_states))", heardStates).Order("id").Find(&workspaces).Error
	if err != nil {
		return models.In("list workspaces that listen", err)
	}
	var failed []error
	for _, w := range workspaces {
		failed = append(failed, d.noteUnusual(ctx, w, now))
	}
	return errors.Join(failed...)
}

func (d *DB) noteUnusual(ctx context.Context, w models.Workspace, now time.Time) error {
	var usuals []models.WebhookUsual
	if w.Listens&heardStates != 0 {
		var err error
		if usuals, err = d.WebhookUsuals(ctx, w.ID, now); err != nil {
			return models.In("usual calls of webhooks", err)
		}
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		// another replica waits here, and then finds what this one has noted
		if err := lockMembers(tx, w.ID); ErrorCode(err) == models.CodeNotFound { // the workspace was deleted
			return nil
		} else if err != nil {
			return models.In("lock the workspace", err)
		}
		listens, err := ListensTo(tx, w.ID)
		if err != nil {
			return models.In("events to listen for", err)
		}
		var on []models.Webhook
		if err := tx.Where("workspace_id = ? AND deleted_at IS NULL AND enabled", w.ID).Order("id").Find(&on).Error; err != nil {
			return models.In("webhooks", err)
		}
		var noted []models.WebhookState
		if err := tx.Where("workspace_id = ?", w.ID).Find(&noted).Error; err != nil {
			return models.In("states of webhooks", err)
		}
		return models.In("note states of webhooks", saveStates(tx, models.CompareStates(noted, models.AreUnusual(listens, on, usuals, now), now)))
	})
}

func saveStates(tx *gorm.DB, c models.StateChanges) error {
	for _, s := range c.Over {
		if err := tx.Delete(&s).Error; err != nil {
			return err
		}
	}
	for _, s := range c.Last {
		if err := tx.Model(&s).Update("seen_at", s.SeenAt).Error; err != nil {
			return err
		}
	}
	if len(c.Began) == 0 {
		return nil
	}
	events := make([]models.AutomationEvent, len(c.Began))
	for i, s := range c.Began {
		events[i] = s.Event()
	}
	if err := tx.CreateInBatches(&c.Began, 100).Error; err != nil {
		return err
	}
	return tx.CreateInBatches(&events, 100).Error
}

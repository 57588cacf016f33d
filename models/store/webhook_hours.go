package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// AddWebhookHours adds to what webhooks had by hour: calls that were turned away are added up, and of the busiest minutes the larger one
// stays.
func (d *DB) AddWebhookHours(ctx context.Context, all []models.WebhookHour) error {
	larger := map[Dialect]string{Postgres: "greatest", SQLite: "max"}[d.Dialect]
	return d.Write(ctx, func(tx *gorm.DB) error {
		for _, h := range all {
			err := tx.Exec(`INSERT INTO webhook_hours (workspace_id, webhook_id, hour, turned_away, busiest_minute, busiest_network) VALUES (?, ?, ?, ?, ?, ?)
				ON CONFLICT (workspace_id, webhook_id, hour) DO UPDATE SET turned_away = webhook_hours.turned_away + excluded.turned_away,
				busiest_minute = `+larger+`(webhook_hours.busiest_minute, excluded.busiest_minute),
				busiest_network = `+larger+`(webhook_hours.busiest_network, excluded.busiest_network)`,
				h.WorkspaceID, h.WebhookID, h.Hour, h.TurnedAway, h.BusiestMinute, h.BusiestNetwork).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// WebhookHours reads what a webhook had in the hours that begin at since or later, oldest first.
func (d *DB) WebhookHours(ctx context.Context, workspaceID, webhookID int64, since time.Time) (all []models.WebhookHour, err error) {
	err = d.Read(ctx).Where("workspace_id = ? AND webhook_id = ? AND hour >= ?", workspaceID, webhookID, since).Order("hour").Find(&all).Error
	return all, err
}

// TurnedAway counts the calls of a webhook that were over a limit, in the hours that begin at since or later.
func (d *DB) TurnedAway(ctx context.Context, workspaceID, webhookID int64, since time.Time) (calls int64, err error) {
	err = d.Read(ctx).Model(&models.WebhookHour{}).Select("coalesce(sum(turned_away), 0)").Where("workspace_id = ? AND webhook_id = ? AND hour >= ?", workspaceID, webhookID, since).
		Scan(&calls).Error
	return calls, err
}

// dropWebhookHours deletes the hours of a workspace before a time. There are at most as many rows as webhooks had hours with calls.
func (d *DB) dropWebhookHours(ctx context.Context, workspaceID int64, before time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Where("workspace_id = ? AND hour < ?", workspaceID, before).Delete(&models.WebhookHour{}).Error
	})
}

// OutcomeCounts counts the calls of a webhook by outcome, in the hours that begin at since or later.
func (d *DB) OutcomeCounts(ctx context.Context, workspaceID, webhookID int64, since time.Time) (map[models.Outcome]int64, error) {
	var rows []models.OutcomeCount
	err := d.Read(ctx).Table("webhook_counts").Select("outcome, sum(calls) AS calls").Where("workspace_id = ? AND webhook_id = ? AND hour >= ?", workspaceID, webhookID, since).
		Group("outcome").Scan(&rows).Error
	counts := map[models.Outcome]int64{}
	for _, r := range rows {
		counts[r.Outcome] = r.Calls
	}
	return counts, err
}

package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"campaignlark/models"
)

// WebhookHourCalls is the calls of one webhook in one hour.
type WebhookHourCalls struct {
	WebhookID     int64
	Hour          time.Time
	Calls, Failed int64
}

// HoursOfWebhooks counts the calls of all webhooks of a workspace in the last 24 hours by hour, oldest first. Hours without calls are left out.
func (d *DB) HoursOfWebhooks(ctx context.Context, workspaceID int64, now time.Time) (all []WebhookHourCalls, err error) {
	// +webhook_id is as in WebhookDays
	err = d.Read(ctx).Raw(`SELECT +webhook_id AS webhook_id, hour, sum(calls) AS calls, sum(CASE WHEN failed THEN calls ELSE 0 END) AS failed
		FROM webhook_counts WHERE workspace_id = ? AND hour > ? GROUP BY 1, 2 ORDER BY 2`, workspaceID, countedSince(now)).Scan(&all).Error
	return all, err
}

// WebhookDays counts the calls of every webhook of a workspace that was called in the last 24 hours. The one with most calls comes first.
func (d *DB) WebhookDays(ctx context.Context, workspaceID int64, now time.Time) ([]models.WebhookDay, error) {
	var rows []struct {
		WebhookID int64
		Outcome   models.Outcome
		Failed    bool
		Calls     int64
	}
	// +webhook_id stops SQLite from grouping by another index and looking up each row
	err := d.Read(ctx).Raw(`SELECT +webhook_id AS webhook_id, outcome, failed, sum(calls) AS calls
		FROM webhook_counts WHERE workspace_id = ? AND hour > ? GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2`, workspaceID, countedSince(now)).Scan(&rows).Error
	var all []models.WebhookDay
	for _, r := range rows {
		if len(all) == 0 || all[len(all)-1].WebhookID != r.WebhookID {
			all = append(all, models.WebhookDay{WebhookID: r.WebhookID})
		}
		day := &all[len(all)-1]
		if day.Calls += r.Calls; r.Failed {
			day.Failures += r.Calls
			day.Reasons = append(day.Reasons, models.OutcomeCount{Outcome: r.Outcome, Calls: r.Calls})
		}
	}
	slices.SortStableFunc(all, func(a, b models.WebhookDay) int { return cmp.Compare(b.Calls, a.Calls) })
	return all, err
}

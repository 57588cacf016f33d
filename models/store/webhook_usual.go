package store

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"
)

// usualRows limits how many hours of webhooks WebhookUsuals reads: the newest ones.
const usualRows = 100_000

// WebhookUsuals returns what the counters know of each webhook of a workspace that was called in the last 30 days. It reads the counters of
// these days: do not call it for every page.
func (d *DB) WebhookUsuals(ctx context.Context, workspaceID int64, now time.Time) ([]models.WebhookUsual, error) {
	var rows []struct {
		Hour            time.Time
		WebhookID       int64
		Calls, Failures int64
		LastCall        time.Time
	}
	err := d.Read(ctx).Raw(`SELECT hour, +webhook_id AS webhook_id, sum(calls) AS calls, sum(CASE WHEN failed THEN calls ELSE 0 END) AS failures, max(last_call) AS last_call
		FROM webhook_counts WHERE workspace_id = ? AND hour > ? GROUP BY 1, 2 ORDER BY 1 DESC LIMIT ?`, workspaceID, now.AddDate(0, 0, -30), usualRows).Scan(&rows).Error
	today, earlier := countedSince(now), countedSince(now).AddDate(0, 0, -models.UsualDays)
	at := map[int64]int{}
	var all []models.WebhookUsual
	for _, r := range rows {
		i, there := at[r.WebhookID]
		if !there {
			i = len(all)
			at[r.WebhookID] = i
			all = append(all, models.WebhookUsual{WebhookID: r.WebhookID, LastCall: r.LastCall})
		}
		u := &all[i]
		switch {
		case r.Hour.After(today):
			u.Calls, u.Failures = u.Calls+r.Calls, u.Failures+r.Failures
		case r.Hour.After(earlier):
			u.EarlierCalls, u.EarlierFailures = u.EarlierCalls+r.Calls, u.EarlierFailures+r.Failures
		}
		if r.Hour.After(u.LastCall.AddDate(0, 0, -models.UsualDays)) {
			u.Hours = append(u.Hours, r.Hour)
		}
	}
	for _, u := range all {
		slices.Reverse(u.Hours)
	}
	return all, err
}

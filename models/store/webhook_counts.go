package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// WebhookCount is one row of the counters: calls of one webhook in one hour with one outcome. If several rows have the
// same key, their sum counts.
type WebhookCount struct {
	WorkspaceID int64
	ID          int64
	WebhookID   int64
	Hour        time.Time
	Outcome     models.Outcome
	Failed      bool
	Calls       int64
	LastCall    time.Time
}

// WebhookUse is a webhook with its tags and calls. Calls and Failures cover the last 24 hours, by the counters' hours.
// LastCall is nil if no call came. Processed reports whether any call did what the webhook is for.
type WebhookUse struct {
	models.Webhook
	Tags            []models.Tag `gorm:"-"`
	Calls, Failures int64
	LastCall        *time.Time
	Processed       bool
}

// Webhooks lists a workspace's webhooks with their use, the last called first. Webhooks never called come last, by
// name.
func (d *DB) Webhooks(ctx context.Context, workspaceID int64, now time.Time) ([]WebhookUse, error) {
	all, err := d.webhookUses(ctx, workspaceID, now, "")
	if err != nil {
		return nil, err
	}
	tags, err := d.tagsByWebhook(ctx, workspaceID, "")
	for i := range all {
		all[i].Tags = tags[all[i].ID]
	}
	slices.SortStableFunc(all, func(a, b WebhookUse) int {
		return cmp.Or(lastCall(b).Compare(lastCall(a)), cmp.Compare(models.Fold(a.Name), models.Fold(b.Name)))
	})
	return all, err
}

func lastCall(u WebhookUse) time.Time {
	if u.LastCall == nil {
		return time.Time{}
	}
	return *u.LastCall
}

// WebhookUse returns one webhook with its use, or ErrNotFound.
func (d *DB) WebhookUse(ctx context.Context, workspaceID, id int64, now time.Time) (WebhookUse, error) {
	found, err := d.webhookUses(ctx, workspaceID, now, "AND w.id = @id", "id", id)
	if err == nil && len(found) == 0 {
		err = models.ErrNotFound
	}
	if err != nil {
		return WebhookUse{}, err
	}
	use := found[0]
	use.Tags, err = d.WebhookTags(ctx, workspaceID, id)
	return use, err
}

func (d *DB) webhookUses(ctx context.Context, workspaceID int64, now time.Time, condition string, args ...any) ([]WebhookUse, error) {
	named := map[string]any{"ws": workspaceID, "since": countedSince(now), "idle": models.NoEffectOutcomes}
	for i := 0; i < len(args); i += 2 {
		named[args[i].(string)] = args[i+1]
	}
	var all []WebhookUse
	err := d.Read(ctx).Raw(`SELECT w.*, coalesce(c.calls, 0) AS calls, coalesce(c.failures, 0) AS failures,
			(SELECT max(last_call) FROM webhook_counts l WHERE l.workspace_id = @ws AND l.webhook_id = w.id AND l.hour =
				(SELECT max(hour) FROM webhook_counts h WHERE h.workspace_id = @ws AND h.webhook_id = w.id)) AS last_call,
			EXISTS (SELECT 1 FROM webhook_counts d WHERE d.workspace_id = @ws AND d.webhook_id = w.id AND NOT d.failed AND d.outcome NOT IN @idle) AS processed
		FROM webhooks w
		LEFT JOIN (SELECT webhook_id, sum(calls) AS calls, sum(CASE WHEN failed THEN calls ELSE 0 END) AS failures
			FROM webhook_counts WHERE workspace_id = @ws AND hour > @since GROUP BY webhook_id) c ON c.webhook_id = w.id
		WHERE w.workspace_id = @ws AND w.deleted_at IS NULL `+condition, named).Scan(&all).Error
	return all, err
}

// countedSince returns the time after which an hour of the counters belongs to the last 24 hours.
func countedSince(now time.Time) time.Time { return now.Add(-24 * time.Hour) }

// CountedFrom returns the first hour of the counters that belongs to the last 24 hours.
func CountedFrom(now time.Time) time.Time {
	return countedSince(now).Truncate(time.Hour).Add(time.Hour)
}

// WebhookFailures counts a webhook's failed calls of the last 24 hours by outcome, the most frequent first.
func (d *DB) WebhookFailures(ctx context.Context, workspaceID, id int64, now time.Time) ([]models.OutcomeCount, error) {
	var all []models.OutcomeCount
	err := d.Read(ctx).Raw(`SELECT outcome, sum(calls) AS calls FROM webhook_counts
		WHERE workspace_id = ? AND webhook_id = ? AND hour > ? AND failed GROUP BY outcome ORDER BY calls DESC, outcome`,
		workspaceID, id, countedSince(now)).Scan(&all).Error
	return all, err
}

const (
	foldStep  = 1000 // rows that one transaction folds: well under 50 ms on SQLite
	foldSteps = 50   // transactions for one workspace in one turn; the next turn folds the rest
)

// FoldWebhookCounts replaces the delta rows that the intake inserts with their sums: one row for each webhook, hour,
// outcome and failed, for hours from since on. Each step deletes the rows it read and inserts their sum in one
// transaction, so readers, who sum all rows, never see a difference. Several replicas may fold at the same time.
func (d *DB) FoldWebhookCounts(ctx context.Context, since time.Time) error {
	var workspaces []int64
	err := d.Read(ctx).Raw(`SELECT id FROM workspaces w WHERE w.deleted_at IS NULL AND EXISTS
		(SELECT 1 FROM webhook_counts c WHERE c.workspace_id = w.id AND c.hour >= ?)`, since).Scan(&workspaces).Error
	if err != nil {
		return models.In("list workspaces", err)
	}
	for _, ws := range workspaces {
		for range foldSteps {
			more, err := d.foldCountsStep(ctx, ws, since)
			if err != nil {
				return models.In("fold", err)
			}
			if !more {
				break
			}
		}
	}
	return nil
}

func (d *DB) foldCountsStep(ctx context.Context, workspaceID int64, since time.Time) (more bool, err error) {
	var ids []int64
	err = d.Read(ctx).Raw(`SELECT c.id FROM webhook_counts c JOIN (
			SELECT webhook_id, hour, outcome, failed FROM webhook_counts WHERE workspace_id = @ws AND hour >= @since
			GROUP BY webhook_id, hour, outcome, failed HAVING count(*) > 1) k
		ON k.webhook_id = c.webhook_id AND k.hour = c.hour AND k.outcome = c.outcome AND k.failed = c.failed
		WHERE c.workspace_id = @ws AND c.hour >= @since ORDER BY c.webhook_id, c.hour, c.outcome, c.failed, c.id LIMIT @step`,
		map[string]any{"ws": workspaceID, "since": since, "step": foldStep}).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return false, err
	}
	err = d.Write(ctx, func(tx *gorm.DB) error {
		var gone []WebhookCount // without rows that another replica folded first
		err := tx.Raw("DELETE FROM webhook_counts WHERE workspace_id = ? AND id IN ? RETURNING *", workspaceID, ids).Scan(&gone).Error
		if err != nil || len(gone) == 0 {
			return err
		}
		sums := sumCounts(gone)
		return tx.CreateInBatches(&sums, 100).Error
	})
	return len(ids) == foldStep, err
}

// sumCounts adds up rows with the same key, in the order of their first row.
func sumCounts(rows []WebhookCount) []WebhookCount {
	type kind struct {
		webhook, hour int64
		outcome       models.Outcome
		failed        bool
	}
	at := map[kind]int{}
	var sums []WebhookCount
	for _, r := range rows {
		k := kind{r.WebhookID, r.Hour.Unix(), r.Outcome, r.Failed}
		i, ok := at[k]
		if !ok {
			at[k] = len(sums)
			r.ID = 0
			sums = append(sums, r)
			continue
		}
		sums[i].Calls += r.Calls
		if r.LastCall.After(sums[i].LastCall) {
			sums[i].LastCall = r.LastCall
		}
	}
	return sums
}

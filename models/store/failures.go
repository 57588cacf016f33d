package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// FailureGroup is the failed calls of one webhook with one outcome.
type FailureGroup struct {
	WebhookID int64
	Outcome   models.Outcome
	Calls     int64
	FirstHour time.Time // the hour of the first call
	LastCall  time.Time
	Dismissed bool // put aside
}

// IsFailureGroup reports whether the filter selects all failed calls of one webhook with one outcome, up to a time.
func (f RequestFilter) IsFailureGroup() bool {
	rest := f.Method+f.Address+f.Containing+f.Field+f.Value == "" && f.Status == 0 && !f.NoReplays && f.From.IsZero()
	return rest && f.WebhookID != 0 && f.Outcome != models.OutcomesFailed && f.Outcome.Failed()
}

// FailureGroups returns the groups of failed calls since a time that are not dismissed, the one with the latest failure first. Their calls are
// counted by hour: if a call fails again in the hour of the dismissal, the calls of that hour before it count again.
func (d *DB) FailureGroups(ctx context.Context, workspaceID int64, since time.Time) (all []FailureGroup, err error) {
	err = d.Read(ctx).Raw(`SELECT c.webhook_id, c.outcome, sum(c.calls) AS calls, min(c.hour) AS first_hour, max(c.last_call) AS last_call
		FROM webhook_counts c LEFT JOIN dismissals d ON d.workspace_id = c.workspace_id AND d.webhook_id = c.webhook_id AND d.outcome = c.outcome
		WHERE c.workspace_id = ? AND c.failed AND c.hour >= ? AND (d.at IS NULL OR c.last_call > d.at)
		GROUP BY c.webhook_id, c.outcome ORDER BY max(c.last_call) DESC, c.webhook_id, c.outcome`, workspaceID, since).Scan(&all).Error
	return all, err
}

// WebhookFailureGroups is FailureGroups for one webhook. The groups that are dismissed follow the others.
func (d *DB) WebhookFailureGroups(ctx context.Context, workspaceID, webhookID int64, since time.Time) (all []FailureGroup, err error) {
	err = d.Read(ctx).Raw(`SELECT c.webhook_id, c.outcome, sum(c.calls) AS calls, min(c.hour) AS first_hour, max(c.last_call) AS last_call, d.at IS NOT NULL AND c.last_call <= d.at AS dismissed
		FROM webhook_counts c LEFT JOIN dismissals d ON d.workspace_id = c.workspace_id AND d.webhook_id = c.webhook_id AND d.outcome = c.outcome
		WHERE c.workspace_id = ? AND c.webhook_id = ? AND c.failed AND c.hour >= ?
		GROUP BY c.webhook_id, c.outcome, 6 ORDER BY 6, max(c.last_call) DESC, c.outcome`, workspaceID, webhookID, since).Scan(&all).Error
	return all, err
}

// DismissFailures puts the failures of a group until at aside.
func (d *DB) DismissFailures(ctx context.Context, workspaceID, userID int64, w models.Webhook, outcome models.Outcome, at time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := Dismiss(tx, workspaceID, w.ID, outcome, at); err != nil {
			return err
		}
		e := models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: models.ActionFailuresDismissed, Subject: models.SubjectWebhook, SubjectID: w.ID, SubjectName: w.Name}
		return Audit(tx, e, []models.AuditChange{{What: "failures", Before: string(outcome)}}, at)
	})
}

// ReturnFailures brings back a group that was put aside.
func (d *DB) ReturnFailures(ctx context.Context, workspaceID, userID int64, w models.Webhook, outcome models.Outcome, at time.Time) error {
	return d.Write(ctx, func(tx *gorm.DB) error {
		gone := tx.Exec("DELETE FROM dismissals WHERE workspace_id = ? AND webhook_id = ? AND outcome = ?", workspaceID, w.ID, outcome)
		if gone.Error != nil || gone.RowsAffected == 0 {
			return gone.Error
		}
		e := models.AuditEntry{WorkspaceID: workspaceID, UserID: userID, Action: models.ActionFailuresReturned, Subject: models.SubjectWebhook, SubjectID: w.ID, SubjectName: w.Name}
		return Audit(tx, e, []models.AuditChange{{What: "failures", After: string(outcome)}}, at)
	})
}

// Dismiss is DismissFailures in tx and without an entry in the audit log.
func Dismiss(tx *gorm.DB, workspaceID, webhookID int64, outcome models.Outcome, at time.Time) error {
	return tx.Exec(`INSERT INTO dismissals (workspace_id, webhook_id, outcome, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (workspace_id, webhook_id, outcome) DO UPDATE SET at = excluded.at`, workspaceID, webhookID, outcome, models.Instant(at)).Error
}

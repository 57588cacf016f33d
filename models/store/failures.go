package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// FailureGroup is the failed calls of one webhook with one outcome.
type FailureGroup struct {
	WebhookID int64
	Outcome   models.Outcome
	Calls     int64
	Righted   int64     // of the calls, by replays
	FirstHour time.Time // the hour of the first call
	LastCall  time.Time
	Dismissed bool // put aside
}

// Settled reports whether no call of the group is open: it is put aside, or replays have put all of its calls right.
func (g FailureGroup) Settled() bool { return g.Dismissed || g.AllRighted() }

// AllRighted reports whether replays have put all calls of the group right.
func (g FailureGroup) AllRighted() bool { return g.Righted >= g.Calls }

// IsFailureGroup reports whether the filter selects all failed calls of one webhook with one outcome, up to a time.
func (f RequestFilter) IsFailureGroup() bool {
	rest := f.Method+f.Address+f.Containing+f.Field+f.Value == "" && f.Status == 0 && !f.NoReplays && f.From.IsZero()
	return rest && f.WebhookID != 0 && f.Outcome != models.OutcomesFailed && f.Outcome.Failed()
}

// failedHours are the failed calls of a workspace by webhook, outcome and hour, since a time.
const failedHours = `(SELECT c.webhook_id, c.outcome, c.hour, sum(c.calls) AS calls, coalesce(max(r.calls), 0) AS righted, max(c.last_call) AS last_call,
		max(CASE WHEN c.last_call <= d.at THEN 0 ELSE 1 END) AS later
	FROM webhook_counts c LEFT JOIN dismissals d ON d.workspace_id = c.workspace_id AND d.webhook_id = c.webhook_id AND d.outcome = c.outcome
		LEFT JOIN righted_calls r ON r.workspace_id = c.workspace_id AND r.hour = c.hour AND r.webhook_id = c.webhook_id AND r.outcome = c.outcome
	WHERE c.workspace_id = @ws AND c.failed AND c.hour >= @since`

// FailureGroups returns the groups of failed calls since a time that are not settled, the one with the latest failure first. Their calls are
// counted by hour: if a call fails again in the hour of the dismissal, the calls of that hour before it count again.
func (d *DB) FailureGroups(ctx context.Context, workspaceID int64, since time.Time) (all []FailureGroup, err error) {
	err = d.Read(ctx).Raw(`SELECT webhook_id, outcome, sum(calls) AS calls, sum(righted) AS righted, min(hour) AS first_hour, max(last_call) AS last_call
		FROM `+failedHours+` GROUP BY c.webhook_id, c.outcome, c.hour) AS h
		WHERE later = 1 GROUP BY webhook_id, outcome HAVING sum(calls) > sum(righted) ORDER BY max(last_call) DESC, webhook_id, outcome`,
		map[string]any{"ws": workspaceID, "since": since}).Scan(&all).Error
	return all, err
}

// WebhookFailureGroups is FailureGroups for one webhook. The groups that are settled follow the others.
func (d *DB) WebhookFailureGroups(ctx context.Context, workspaceID, webhookID int64, since time.Time) (all []FailureGroup, err error) {
	err = d.Read(ctx).Raw(`SELECT webhook_id, outcome, sum(calls) AS calls, sum(righted) AS righted, min(hour) AS first_hour, max(last_call) AS last_call, later = 0 AS dismissed
		FROM `+failedHours+` AND c.webhook_id = @webhook GROUP BY c.webhook_id, c.outcome, c.hour) AS h
		GROUP BY webhook_id, outcome, later ORDER BY max(last_call) DESC, outcome`,
		map[string]any{"ws": workspaceID, "webhook": webhookID, "since": since}).Scan(&all).Error
	slices.SortStableFunc(all, func(a, b FailureGroup) int {
		switch {
		case a.Settled() == b.Settled():
			return 0
		case b.Settled():
			return -1
		}
		return 1
	})
	return all, err
}

// RightedCalls counts calls of one webhook that failed with one outcome in one hour, and that a replay has put right.
type RightedCalls struct {
	WebhookID int64
	Outcome   models.Outcome
	Hour      time.Time
	Calls     int64
}

// AddRighted adds calls that a replay has put right.
func AddRighted(tx *gorm.DB, workspaceID int64, all []RightedCalls) error {
	all = slices.SortedFunc(slices.Values(all), func(a, b RightedCalls) int { // two replays lock the same rows in the same order
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.WebhookID, b.WebhookID), cmp.Compare(a.Outcome, b.Outcome))
	})
	for _, r := range all {
		err := tx.Exec(`INSERT INTO righted_calls (workspace_id, hour, webhook_id, outcome, calls) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (workspace_id, hour, webhook_id, outcome) DO UPDATE SET calls = righted_calls.calls + excluded.calls`,
			workspaceID, models.Instant(r.Hour), r.WebhookID, r.Outcome, r.Calls).Error
		if err != nil {
			return err
		}
	}
	return nil
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

package mail

import (
	"context"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Tell notes in tx what members are to be told. Only the keys, Words, RunID and Waiting of the rows are read. Several rows of one member and
// automation must be added up before.
func Tell(tx *gorm.DB, now time.Time, rows ...models.TeamMail) error {
	if len(rows) == 0 {
		return nil
	}
	for i := range rows {
		rows[i].FirstAt, rows[i].NextAt = models.Instant(now), models.Instant(now)
	}
	update := clause.Assignments(map[string]any{
		"waiting":  gorm.Expr("team_mails.waiting + excluded.waiting"),
		"first_at": gorm.Expr("CASE WHEN team_mails.waiting = 0 THEN excluded.first_at ELSE team_mails.first_at END"),
		"words":    gorm.Expr("excluded.words"),
		"run_id":   gorm.Expr("excluded.run_id"),
	}) // next_at stays: it keeps the mail before from being followed too soon
	return models.In("note what to tell the team", tx.Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "workspace_id"}, {Name: "automation_id"}, {Name: "user_id"}},
		DoUpdates: update,
	}).CreateInBatches(&rows, 100).Error)
}

// farAhead is longer than any wait of the schedule. A mail that waits for longer was put off while the clock was wrong.
const farAhead = 27 * time.Hour

const isDue = "waiting > 0 AND (next_at <= @now OR next_at > @far)"

const isRow = "workspace_id = @ws AND automation_id = @automation AND user_id = @user"

// queue is the table of mails to the team.
type queue struct{ db *store.DB }

// due lists mails that can be sent now, those first that wait longest.
func (q queue) due(ctx context.Context, now time.Time, most int) (rows []models.TeamMail, err error) {
	err = q.db.Read(ctx).Where(isDue, map[string]any{"now": now, "far": now.Add(farAhead)}).Order("next_at").Limit(most).Find(&rows).Error
	return rows, models.In("mail: list what is due", err)
}

func keyOf(row models.TeamMail) map[string]any {
	return map[string]any{"ws": row.WorkspaceID, "automation": row.AutomationID, "user": row.UserID}
}

// take takes a mail until the lease ends, and reads what it tells. It returns false if another sender has it. If there is nobody to tell any
// more, it removes the row: the member left or is no admin any more, or the automation or the workspace was deleted.
func (q queue) take(ctx context.Context, row models.TeamMail, now time.Time, lease time.Duration) (n news, taken bool, err error) {
	err = q.db.Write(ctx, func(tx *gorm.DB) error {
		n, taken = news{}, false
		key := keyOf(row)
		key["now"], key["far"], key["lease"] = now, now.Add(farAhead), models.Instant(now.Add(lease))
		claim := tx.Exec("UPDATE team_mails SET next_at = @lease WHERE "+isRow+" AND "+isDue, key)
		if claim.Error != nil || claim.RowsAffected == 0 {
			return claim.Error
		}
		err := tx.Raw(`SELECT t.*, coalesce(a.name, '') AS automation, w.slug, w.name AS workspace, w.time_zone, u.email FROM team_mails t
			LEFT JOIN automations a ON a.workspace_id = t.workspace_id AND a.id = t.automation_id AND a.deleted_at IS NULL
			JOIN workspaces w ON w.id = t.workspace_id AND w.deleted_at IS NULL
			JOIN memberships m ON m.workspace_id = t.workspace_id AND m.user_id = t.user_id
			JOIN users u ON u.id = t.user_id
			WHERE t.workspace_id = @ws AND t.automation_id = @automation AND t.user_id = @user
			AND (a.id IS NOT NULL OR t.automation_id = 0 AND m.role = 'admin')`, key).Scan(&n).Error
		if err != nil {
			return err
		}
		if taken = n.UserID != 0; !taken {
			return tx.Exec("DELETE FROM team_mails WHERE "+isRow, key).Error
		}
		return nil
	})
	return n, taken, models.In("mail: take one", err)
}

// finish notes what came out of a mail, unless its lease ended and another sender has it. next is when to send the next one, or when to try
// this one again. Events since the mail was taken keep waiting.
func (q queue) finish(ctx context.Context, n news, p Problem, over bool, next, now time.Time) error {
	return models.In("mail: note the outcome", q.db.Write(ctx, func(tx *gorm.DB) error {
		set := map[string]any{"next_at": models.Instant(next), "tries": n.Tries + 1, "problem": string(p)}
		if over {
			set["tries"] = 0
			set["waiting"] = gorm.Expr("waiting - ?", n.Waiting)
			set["first_at"] = now
		}
		if p == ProblemNone {
			set["last_sent_at"] = now
		}
		return tx.Model(&models.TeamMail{}).Where(isRow, keyOf(n.TeamMail)).Where("next_at = ?", n.NextAt).Updates(set).Error
	}))
}

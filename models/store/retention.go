package store

import (
	"context"
	"fmt"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Limits of one turn of DropOldLog.
const (
	dropRows  = 500              // rows deleted in one transaction: below 50 ms on SQLite
	dropSteps = 200              // transactions for one table in one turn
	dropWait  = 30 * time.Second // how long a turn may take, most of it waiting for queries that read an old day
)

// segmentYears is how long the daily size of a segment is kept.
const segmentYears = 2

// DropOldLog deletes entries older than days days from the request log, the events, what automations did and sent, the segments'
// changes and the counters.
// Each turn has a limit; the next turn deletes the rest. Postgres drops whole days without blocking anyone; SQLite deletes
// rows in small steps (DESIGN "Request log").
func (d *DB) DropOldLog(ctx context.Context, now time.Time, days int) error {
	before := now.AddDate(0, 0, -days)
	drop := d.dropOldRows
	if d.Dialect == Postgres {
		drop = d.dropOldDays
	}
	if err := drop(ctx, before); err != nil {
		return models.In("request log", err)
	}
	var workspaces []int64
	if err := d.Read(ctx).Model(&models.Workspace{}).Order("id").Pluck("id", &workspaces).Error; err != nil {
		return models.In("list workspaces", err)
	}
	for _, workspace := range workspaces {
		err := models.In("events", d.dropSteps(ctx, "automation_events", "workspace_id = ? AND id < ? AND NOT "+neededEvent, workspace, models.IDAt(before)))
		if err == nil {
			err = models.In("automations", d.dropAutomations(ctx, workspace, before))
		}
		if err == nil {
			err = models.In("segment changes", d.dropSteps(ctx, "segment_changes", "workspace_id = ? AND id < ?", workspace, models.IDAt(before)))
		}
		if err == nil {
			err = models.In("segment changes of many", d.dropSteps(ctx, "segment_bulk_changes", "workspace_id = ? AND id < ?", workspace, models.IDAt(before)))
		}
		if err == nil {
			err = models.In("segment days", d.Write(ctx, func(tx *gorm.DB) error {
				return tx.Where("workspace_id = ? AND day < ?", workspace, now.AddDate(-segmentYears, 0, 0).Format(time.DateOnly)).Delete(&models.SegmentDay{}).Error
			}))
		}
		if err == nil {
			err = models.In("deliveries", d.dropKeys(ctx, workspace, "webhook_deliveries", "webhook_id, key", "at < @before", now.Add(-models.DeliveryLasts)))
		}
		if err == nil {
			err = models.In("replays", d.dropKeys(ctx, workspace, "replays", "original_id, request_id", "original_id < @before", models.IDAt(before)))
		}
		if err == nil {
			err = models.In("righted calls", d.dropKeys(ctx, workspace, "righted_calls", "hour, webhook_id, outcome", "hour < @before", before))
		}
		if err == nil {
			err = models.In("erasures", d.dropKeys(ctx, workspace, "erasures", "who", "at < @before", before))
		}
		if err == nil {
			err = models.In("webhook hours", d.dropWebhookHours(ctx, workspace, before))
		}
		if err == nil {
			err = models.In("webhook counts", d.dropSteps(ctx, "webhook_counts", "workspace_id = ? AND hour < ?", workspace, before))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// neededEvent matches an event with a run that has not ended. It asks for the runs of one event at a time: a million may wait.
const neededEvent = "EXISTS (SELECT 1 FROM automation_runs r WHERE r.workspace_id = automation_events.workspace_id AND r.event_id = automation_events.id AND r.ended_at IS NULL)"

// dropAutomations deletes old runs and deliveries that have ended, and then the steps and attempts that belong to none.
func (d *DB) dropAutomations(ctx context.Context, workspace int64, before time.Time) error {
	const ended = "workspace_id = ? AND id < ? AND ended_at < ?"
	oldest := models.IDAt(before)
	err := models.In("runs", d.dropSteps(ctx, "automation_runs", ended, workspace, oldest, before))
	if err == nil {
		err = models.In("steps", d.dropKeys(ctx, workspace, "run_steps", "run_id, number",
			"run_id < @before AND NOT EXISTS (SELECT 1 FROM automation_runs r WHERE r.workspace_id = @ws AND r.id = run_steps.run_id)", oldest))
	}
	if err == nil {
		err = models.In("deliveries", d.dropSteps(ctx, "deliveries", ended, workspace, oldest, before))
	}
	if err == nil {
		err = models.In("attempts", d.dropKeys(ctx, workspace, "delivery_attempts", "delivery_id, number",
			"delivery_id < @before AND NOT EXISTS (SELECT 1 FROM deliveries v WHERE v.workspace_id = @ws AND v.id = delivery_attempts.delivery_id)", oldest))
	}
	return err
}

// dropOldRows deletes old calls on SQLite.
func (d *DB) dropOldRows(ctx context.Context, before time.Time) error {
	return d.dropSteps(ctx, "webhook_requests", "id < ?", models.IDAt(before))
}

// dropStep does one step and rests after it. While calls of webhooks wait it takes a tenth of the time: nobody waits for old entries to go.
func (d *DB) dropStep(ctx context.Context, do func(tx *gorm.DB) error) error {
	var began time.Time
	err := d.Write(ctx, func(tx *gorm.DB) error {
		began = time.Now()
		return do(tx)
	})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(3 * d.Rest(time.Since(began))):
	}
	return nil
}

// dropKeys deletes the rows of a workspace that match condition, in steps. keys follow workspace_id in the table's primary key.
func (d *DB) dropKeys(ctx context.Context, workspaceID int64, table, keys, condition string, before any) error {
	for range dropSteps {
		var dropped int64
		err := d.dropStep(ctx, func(tx *gorm.DB) error {
			step := tx.Exec("DELETE FROM "+table+" WHERE workspace_id = @ws AND ("+keys+") IN (SELECT "+keys+" FROM "+table+" WHERE workspace_id = @ws AND "+condition+" LIMIT @most)",
				map[string]any{"ws": workspaceID, "before": before, "most": dropRows})
			dropped = step.RowsAffected
			return step.Error
		})
		if err != nil || dropped == 0 {
			return err
		}
	}
	return nil
}

// dropSteps deletes rows of table that match condition, in steps by id.
func (d *DB) dropSteps(ctx context.Context, table, condition string, args ...any) error {
	for range dropSteps {
		var ids []string
		if err := d.Read(ctx).Table(table).Where(condition, args...).Limit(dropRows).Pluck("id", &ids).Error; err != nil {
			return err
		}
		if len(ids) == 0 {
			return nil
		}
		err := d.dropStep(ctx, func(tx *gorm.DB) error {
			return tx.Table(table).Where(condition, args...).Where("id IN ?", ids).Delete(nil).Error
		})
		if err != nil || len(ids) < dropRows {
			return err
		}
	}
	return nil
}

// logDay is the table of one day's calls. It is detached first and then dropped; a turn may end in between.
type logDay struct {
	Name     string
	Attached bool
	Pending  bool // its detaching was interrupted
}

// dropOldDays drops old days on Postgres. The lock excludes other replicas. It belongs to a transaction that does
// nothing else, so it also works behind a pooler. Other connections detach the days, because DETACH CONCURRENTLY cannot
// run in a transaction.
func (d *DB) dropOldDays(ctx context.Context, before time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, dropWait)
	defer cancel()
	return d.Write(ctx, func(tx *gorm.DB) error {
		var mine bool
		if err := tx.Raw("SELECT pg_try_advisory_xact_lock(?, 1)", LockLogDays).Scan(&mine).Error; err != nil || !mine {
			return err
		}
		// The portal of that SELECT keeps its snapshot until the next statement, and FINALIZE waits for older snapshots.
		if err := tx.Exec("SAVEPOINT locked").Error; err != nil {
			return err
		}
		days, err := d.logDays(ctx)
		if err != nil {
			return models.In("list days", err)
		}
		for _, day := range days {
			// Finish an interrupted detach whatever its age: until then no other detach can begin.
			if !day.Pending && !day.endsBefore(before) {
				continue
			}
			if err := d.dropDay(ctx, day); err != nil {
				return models.In("drop a day", err)
			}
		}
		return nil
	})
}

// logDays lists the tables of days: interrupted detaches first, then by age.
func (d *DB) logDays(ctx context.Context) ([]logDay, error) {
	var days []logDay
	err := d.Read(ctx).Raw(`SELECT c.relname AS name, i.inhrelid IS NOT NULL AS attached, coalesce(i.inhdetachpending, false) AS pending
		FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
		WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'webhook_requests'::regclass)
			AND c.relkind = 'r' AND c.relname ~ '^webhook_requests_[0-9]{8}$'
		ORDER BY 3 DESC, 1`).Scan(&days).Error
	return days, err
}

func (day logDay) endsBefore(t time.Time) bool {
	start, err := time.Parse("20060102", day.Name[len(day.Name)-8:])
	return err == nil && !start.AddDate(0, 0, 1).After(t)
}

// dropDay detaches a day and drops it. It waits for queries that read the day, and blocks none.
func (d *DB) dropDay(ctx context.Context, day logDay) error {
	how := "CONCURRENTLY"
	if day.Pending {
		how = "FINALIZE"
	}
	if day.Attached {
		if _, err := d.Pool().ExecContext(ctx, fmt.Sprintf("ALTER TABLE webhook_requests DETACH PARTITION %s %s", day.Name, how)); err != nil {
			return err
		}
	}
	_, err := d.Pool().ExecContext(ctx, "DROP TABLE "+day.Name)
	return err
}

package store

import (
	"context"
	"fmt"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
)

// Classes of advisory locks in the two-integer form, separate from the locks of LockAddresses.
const (
	LockSegments = 1 // with the workspace: the right to write its segment bits
	LockLogDays  = 2 // the right to create or drop days of the request log
	LockSetup    = 3 // the right to create the first admin
	LockRuns     = 4 // with the workspace: the right to start and do the runs of its automations
)

// LogDaysAhead is how many days of the request log are created in advance.
const LogDaysAhead = 14

// EnsureLogDays creates missing partitions of the request log, from the day before now to LogDaysAhead days after. It
// blocks no one: it creates a separate table and attaches it (DESIGN "Request log"). SQLite has no partitions.
func (d *DB) EnsureLogDays(ctx context.Context, now time.Time) error {
	if d.Dialect == SQLite {
		return nil
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?, 0)", LockLogDays).Error; err != nil {
			return err
		}
		day := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
		for range LogDaysAhead + 2 {
			if err := makeLogDay(tx, day); err != nil {
				return err
			}
			day = day.AddDate(0, 0, 1)
		}
		return nil
	})
}

// LogDayName returns the table of one day of the request log.
func LogDayName(day time.Time) string { return "webhook_requests_" + day.UTC().Format("20060102") }

func makeLogDay(tx *gorm.DB, day time.Time) error {
	name := LogDayName(day)
	var there bool
	if err := tx.Raw("SELECT to_regclass(?) IS NOT NULL", name).Scan(&there).Error; err != nil || there {
		return err
	}
	if err := tx.Exec(fmt.Sprintf("CREATE TABLE %s (LIKE webhook_requests INCLUDING ALL)", name)).Error; err != nil {
		return err
	}
	return tx.Exec(fmt.Sprintf("ALTER TABLE webhook_requests ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')",
		name, dayStart(day), dayStart(day.AddDate(0, 0, 1)))).Error
}

// dayStart is the lower bound of a day's ids. It clears the version and variant bits so that every id of the day is above
// it.
func dayStart(day time.Time) string {
	id := models.IDAt(day)
	id[6], id[7], id[8] = 0, 0, 0
	return id.String()
}

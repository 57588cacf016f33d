package store

import (
	"context"
	"time"

	"campaignlark/models"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// NoteContactDays records how many contacts of each status every workspace has today. It runs once an hour, so a change
// in a day's last hour may count for the next day. It also fills in the days before the first record. Replicas may run it
// at the same time.
func (d *DB) NoteContactDays(ctx context.Context, now time.Time) error {
	var all []models.Workspace
	if err := d.Read(ctx).Where("deleted_at IS NULL").Order("id").Find(&all).Error; err != nil {
		return err
	}
	for _, w := range all {
		if err := d.NoteContactDay(ctx, w, now); err != nil {
			return err
		}
	}
	return nil
}

// NoteContactDay does NoteContactDays for one workspace.
func (d *DB) NoteContactDay(ctx context.Context, w models.Workspace, now time.Time) error {
	counts, err := d.countStatuses(ctx, w.ID)
	if err != nil {
		return models.In("count contacts", err)
	}
	noted, err := d.ContactDays(ctx, w.ID, "")
	if err != nil {
		return models.In("read what is noted", err)
	}
	today := models.DayName(now, w.Location())
	first, last := today, models.StatusCounts{}
	if len(noted) > 0 {
		first, last = noted[0].Day, noted[len(noted)-1].StatusCounts
	}
	days, err := d.daysBefore(ctx, w, first, now)
	if err != nil {
		return models.In("work out the days before", err)
	}
	if counts != last {
		days = append(days, models.ContactDay{WorkspaceID: w.ID, Day: today, StatusCounts: counts})
	}
	if len(days) == 0 {
		return nil
	}
	return d.Write(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "workspace_id"}, {Name: "day"}},
			DoUpdates: clause.AssignmentColumns([]string{"subscribed", "unconfirmed", "unsubscribed"}),
		}).Create(&days).Error
	})
}

// ContactDays returns the records of the days since from, oldest first, and the last record before from.
func (d *DB) ContactDays(ctx context.Context, workspaceID int64, from string) ([]models.ContactDay, error) {
	var days []models.ContactDay
	return days, d.Read(ctx).Where(`workspace_id = @ws AND day >= coalesce(
		(SELECT max(day) FROM contact_days WHERE workspace_id = @ws AND day <= @from), @from)`,
		map[string]any{"ws": workspaceID, "from": from}).Order("day").Find(&days).Error
}

// countStatuses counts all contacts by status, each from the index of its status alone.
func (d *DB) countStatuses(ctx context.Context, workspaceID int64) (counts models.StatusCounts, err error) {
	return counts, d.Read(ctx).Raw(`SELECT
		(SELECT count(*) FROM contacts WHERE workspace_id = @ws AND status = 'SUBSCRIBED') AS subscribed,
		(SELECT count(*) FROM contacts WHERE workspace_id = @ws AND status = 'UNCONFIRMED') AS unconfirmed,
		(SELECT count(*) FROM contacts WHERE workspace_id = @ws AND status = 'UNSUBSCRIBED') AS unsubscribed`,
		map[string]any{"ws": workspaceID}).Scan(&counts).Error
}

// historyPage is how many contacts daysBefore reads at a time.
const historyPage = 5000

// daysBefore computes the days before the first record from the times of the contacts, as far back as the dashboard
// shows. A workspace filled by an older version or from the command line has such days.
func (d *DB) daysBefore(ctx context.Context, w models.Workspace, first string, now time.Time) ([]models.ContactDay, error) {
	zone := w.Location()
	names := models.DaysFrom(now.In(zone).AddDate(0, 0, -models.GrowthDays), zone, first)
	if len(names) == 0 {
		return nil, nil
	}
	var oldest struct{ At *time.Time }
	if err := d.Read(ctx).Raw("SELECT min(created_at) AS at FROM contacts WHERE workspace_id = ?", w.ID).Scan(&oldest).Error; err != nil || oldest.At == nil {
		return nil, err
	}
	if names = models.DaysFrom(later(*oldest.At, now.In(zone).AddDate(0, 0, -models.GrowthDays)), zone, first); len(names) == 0 {
		return nil, nil
	}
	days, ends := make([]models.ContactDay, len(names)), make([]time.Time, len(names))
	for i, name := range names {
		days[i], ends[i] = models.ContactDay{WorkspaceID: w.ID, Day: name}, models.DayEnd(name, zone)
	}
	for after := int64(0); ; {
		var page []models.Contact
		err := d.Read(ctx).Select("id, status, created_at, subscribed_at, unconfirmed_at, unsubscribed_at").
			Where("workspace_id = ? AND id > ?", w.ID, after).Order("id").Limit(historyPage).Find(&page).Error
		if err != nil || len(page) == 0 {
			return days, err
		}
		for p := range page {
			for i, end := range ends {
				days[i].Add(page[p].StatusBefore(end), 1)
			}
		}
		after = page[len(page)-1].ID
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

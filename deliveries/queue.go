package deliveries

import (
	"context"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// queue reads and writes the tables of deliveries for a Sender.
type queue struct{ db *store.DB }

// anyTime is true of every delivery. Only queries that have it use the index of what is due. Postgres would look there for the deliveries about one
// contact, too, whenever its statistics say that few wait: it would read all that wait once for each contact.
const anyTime = "next_at > '1970-01-01 00:00:00+00'"

// due lists the destinations that are switched on and have deliveries that are due, also if a sender has them.
func (q queue) due(ctx context.Context, now time.Time) (all []models.Destination, err error) {
	err = q.db.Read(ctx).Where(`enabled AND deleted_at IS NULL AND (SELECT v.next_at FROM deliveries v
		WHERE v.workspace_id = destinations.workspace_id AND v.destination_id = destinations.id AND v.state = 'pending' AND `+anyTime+` ORDER BY v.next_at LIMIT 1) <= ?`, now).Find(&all).Error
	return all, err
}

// spare is how many due deliveries of a destination one look reads beyond those that it may take: later versions about the same contacts.
const spare = 64

// seen is a row of lookSQL.
type seen struct{ ID, First uuid.UUID }

// lookSQL lists due deliveries of a destination, each with the one that has to go first: of those about one contact, the earliest version.
const lookSQL = `SELECT w.id, CASE WHEN w.contact_id = 0 THEN w.id ELSE (SELECT e.id FROM deliveries e
		WHERE e.workspace_id = @ws AND e.destination_id = @to AND e.state = 'pending' AND e.contact_id = w.contact_id
		ORDER BY e.contact_version, e.id LIMIT 1) END AS first
	FROM (SELECT id, contact_id FROM deliveries
		WHERE workspace_id = @ws AND destination_id = @to AND state = 'pending' AND ` + anyTime + ` AND next_at <= @now AND (leased_until IS NULL OR leased_until <= @now)
		ORDER BY next_at LIMIT @window) w`

// takeSQL locks deliveries that no other sender has locked, and holdSQL the later versions of the same contacts. takeSQL has no further
// condition and no order: Postgres might walk through everything that is due otherwise.
const (
	takeSQL = `SELECT workspace_id, id, destination_id, state, tries, next_at, leased_until, body FROM deliveries WHERE workspace_id = @ws AND id IN @firsts`
	holdSQL = `SELECT id FROM deliveries WHERE workspace_id = @ws AND id IN @later AND state = 'pending' AND next_at <= @now`
)

// delaySQL makes later versions wait as long as the first one waits, or until the end of its lease. The look would read them again each
// time otherwise.
const delaySQL = `UPDATE deliveries AS v SET held = true, next_at = (SELECT CASE WHEN e.leased_until > e.next_at THEN e.leased_until ELSE e.next_at END FROM deliveries e
		WHERE e.workspace_id = v.workspace_id AND e.destination_id = v.destination_id AND e.state = 'pending' AND e.contact_id = v.contact_id
		ORDER BY e.contact_version, e.id LIMIT 1)
	WHERE v.workspace_id = @ws AND v.state = 'pending' AND v.next_at <= @now AND v.id IN @held`

// take takes at most most due deliveries of a destination until the lease ends, and drops those whose person was erased. They have the
// columns of takeSQL. under has the deliveries that this sender is sending already; their lease may have ended early because the clock was
// set. more says that another look can find further ones.
//
// It reads with Find: Scan writes out the statement with all its ids for a log that nobody keeps.
func (q queue) take(ctx context.Context, d models.Destination, most int, under map[uuid.UUID]bool, now time.Time, lease time.Duration) (taken []models.Delivery, more bool, err error) {
	args := map[string]any{"ws": d.WorkspaceID, "to": d.ID, "now": now, "window": most + spare}
	var all []seen
	if err := q.db.Read(ctx).Raw(lookSQL, args).Find(&all).Error; err != nil || len(all) == 0 {
		return nil, false, models.In("deliveries: due ones", err)
	}
	firsts, later := firstsOf(all, most, under)
	args["firsts"], args["later"] = firsts, later
	err = q.db.Write(ctx, func(tx *gorm.DB) error {
		if taken, err = q.lease(tx, args, now, now.Add(lease)); err != nil || len(later) == 0 {
			return err
		}
		var held []uuid.UUID
		if err := tx.Raw(holdSQL+q.skipLocked(), args).Find(&held).Error; err != nil || len(held) == 0 {
			return err
		}
		args["held"] = held
		return tx.Exec(delaySQL, args).Error
	})
	return taken, len(all) == most+spare && len(later) > 0, models.In("deliveries: take", err)
}

// firstsOf returns the deliveries to take, at most most and none that is under way, and those that wait for others.
func firstsOf(all []seen, most int, under map[uuid.UUID]bool) (firsts, later []uuid.UUID) {
	chosen := map[uuid.UUID]bool{}
	for _, row := range all {
		if row.First != row.ID {
			later = append(later, row.ID)
		}
		if len(firsts) < most && !under[row.First] && !chosen[row.First] {
			chosen[row.First] = true
			firsts = append(firsts, row.First)
		}
	}
	return firsts, later
}

// skipLocked ends a query that locks rows and leaves out those that another sender has locked.
func (q queue) skipLocked() string {
	if q.db.Dialect == store.SQLite {
		return ""
	}
	return " FOR UPDATE SKIP LOCKED"
}

// lease takes those deliveries that are still due, until the given time.
func (q queue) lease(tx *gorm.DB, args map[string]any, now, until time.Time) (taken []models.Delivery, err error) {
	if err := tx.Raw(takeSQL+q.skipLocked(), args).Find(&taken).Error; err != nil {
		return nil, err
	}
	taken = slices.DeleteFunc(taken, func(v models.Delivery) bool {
		return v.State != models.DeliveryPending || v.NextAt.After(now) || v.UnderWay(now)
	})
	slices.SortFunc(taken, func(a, b models.Delivery) int { return a.NextAt.Compare(b.NextAt) })
	var ids, erased []uuid.UUID
	for _, v := range taken {
		if v.Body == nil {
			erased = append(erased, v.ID)
		} else {
			ids = append(ids, v.ID)
		}
	}
	taken = slices.DeleteFunc(taken, func(v models.Delivery) bool { return v.Body == nil })
	if len(erased) > 0 {
		err = rowsOf(tx, args["ws"].(int64), erased).UpdateColumns(map[string]any{"state": models.DeliveryDropped, "ended_at": now, "reason": reasonErased}).Error
	}
	if err == nil && len(ids) > 0 {
		err = rowsOf(tx, args["ws"].(int64), ids).UpdateColumns(map[string]any{"leased_until": until, "held": false}).Error
	}
	return taken, err
}

// waits reports whether a delivery that was taken is still to be sent.
func (q queue) waits(ctx context.Context, v models.Delivery) bool {
	var n int64
	err := q.db.Read(ctx).Model(&models.Delivery{}).Joins("JOIN destinations d ON d.workspace_id = deliveries.workspace_id AND d.id = deliveries.destination_id").
		Where("deliveries.workspace_id = ? AND deliveries.id = ? AND deliveries.state = ? AND body IS NOT NULL AND d.enabled AND d.deleted_at IS NULL", v.WorkspaceID, v.ID, models.DeliveryPending).
		Count(&n).Error
	return err == nil && n > 0
}

// giveBack ends leases early.
func (q queue) giveBack(ctx context.Context, byWorkspace map[int64][]uuid.UUID) error {
	if len(byWorkspace) == 0 {
		return nil
	}
	return models.In("deliveries: give back", q.db.Write(ctx, func(tx *gorm.DB) error {
		for _, workspace := range sortedKeys(byWorkspace) {
			if err := rowsOf(tx, workspace, byWorkspace[workspace]).UpdateColumns(map[string]any{"leased_until": nil}).Error; err != nil {
				return err
			}
		}
		return nil
	}))
}

package deliveries

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"campaignlark/models"
	"campaignlark/models/store"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Why a delivery ended.
const (
	reasonErased  = "The person was erased."
	reasonDeleted = "The destination was deleted."
)

// planner says when to try again after so many failed attempts, and false if never.
type planner func(tries int, r Result, now time.Time) (time.Time, bool)

// record writes ended attempts in one transaction. It returns the state of each delivery afterwards, "" for one that is gone.
func (q queue) record(ctx context.Context, group []outcome, plan planner, now time.Time) (states []models.DeliveryState, err error) {
	byWorkspace := map[int64][]int{}
	for i, o := range group {
		byWorkspace[o.delivery.WorkspaceID] = append(byWorkspace[o.delivery.WorkspaceID], i)
	}
	err = q.db.Write(ctx, func(tx *gorm.DB) error {
		states = make([]models.DeliveryState, len(group))
		for _, workspace := range sortedKeys(byWorkspace) {
			var part []outcome
			for _, i := range byWorkspace[workspace] {
				part = append(part, group[i])
			}
			ended, err := recordPart(tx, workspace, part, plan, now)
			if err != nil {
				return err
			}
			for n, i := range byWorkspace[workspace] {
				states[i] = ended[n]
			}
		}
		return nil
	})
	return states, models.In("deliveries: record attempts", err)
}

func sortedKeys[V any](m map[int64]V) []int64 {
	keys := make([]int64, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// recordPart is record for one workspace. It locks the destinations before the deliveries.
func recordPart(tx *gorm.DB, workspace int64, group []outcome, plan planner, now time.Time) ([]models.DeliveryState, error) {
	if err := recordHealth(tx, workspace, group); err != nil {
		return nil, models.In("destinations", err)
	}
	rows, err := lockRows(tx, workspace, group)
	if err != nil {
		return nil, models.In("lock", err)
	}
	states := make([]models.DeliveryState, len(group))
	attempts, arrived := []models.DeliveryAttempt{}, []uuid.UUID{}
	for i, o := range group {
		row := rows[o.delivery.ID]
		if row == nil { // with its workspace, or too old for the log
			continue
		}
		attempts = append(attempts, row.attempt(workspace, o))
		set := row.change(o, plan, now)
		states[i] = row.State
		switch {
		case set == nil:
		case row.State == models.DeliveryArrived:
			arrived = append(arrived, row.ID)
		default:
			if err := pending(tx, workspace, []uuid.UUID{row.ID}).UpdateColumns(set).Error; err != nil {
				return nil, models.In("failed ones", err)
			}
		}
	}
	if len(arrived) > 0 {
		set := map[string]any{"state": models.DeliveryArrived, "tries": gorm.Expr("tries + 1"), "ended_at": now, "reason": ""}
		if err := pending(tx, workspace, arrived).UpdateColumns(set).Error; err != nil {
			return nil, models.In("arrived ones", err)
		}
	}
	if err := letNextOf(tx, workspace, group, states, now); err != nil || len(attempts) == 0 {
		return states, err
	}
	return states, models.In("attempts", tx.Create(&attempts).Error)
}

// letNextOf is letNextPass for the deliveries of a group that have ended.
func letNextOf(tx *gorm.DB, workspace int64, group []outcome, states []models.DeliveryState, now time.Time) error {
	contacts := map[int64][]int64{}
	for i, o := range group {
		if v := o.delivery; v.ContactID > 0 && states[i] != models.DeliveryPending {
			contacts[v.DestinationID] = append(contacts[v.DestinationID], v.ContactID)
		}
	}
	for _, destination := range sortedKeys(contacts) {
		if err := letNextPass(tx, workspace, destination, contacts[destination], now); err != nil {
			return err
		}
	}
	return nil
}

func pending(tx *gorm.DB, workspace int64, ids []uuid.UUID) *gorm.DB {
	return tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id IN ? AND state = ?", workspace, ids, models.DeliveryPending)
}

// lockedRow is a delivery when its attempt is recorded. It may have ended or lost its person since it was taken.
type lockedRow struct {
	ID       uuid.UUID
	State    models.DeliveryState
	Tries    int
	Erased   bool
	Attempts int // the highest number of an attempt so far
}

// lockRows reads and locks the deliveries of a group.
func lockRows(tx *gorm.DB, workspace int64, group []outcome) (map[uuid.UUID]*lockedRow, error) {
	ids := make([]uuid.UUID, len(group))
	for i, o := range group {
		ids[i] = o.delivery.ID
	}
	slices.SortFunc(ids, models.CompareIDs)
	var rows []*lockedRow
	err := store.ForChange(tx).Table("deliveries").Select("id, state, tries, body IS NULL AS erased").Where("workspace_id = ? AND id IN ?", workspace, ids).Order("id").Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID]*lockedRow{}
	for _, row := range rows {
		byID[row.ID] = row
	}
	var numbers []struct {
		DeliveryID uuid.UUID
		Number     int
	}
	err = tx.Table("delivery_attempts").Select("delivery_id, max(number) AS number").Where("workspace_id = ? AND delivery_id IN ?", workspace, ids).Group("delivery_id").Scan(&numbers).Error
	for _, n := range numbers {
		if row := byID[n.DeliveryID]; row != nil {
			row.Attempts = n.Number
		}
	}
	return byID, err
}

// attempt returns the row of an attempt. The answer may be about the person, so it is kept only while the delivery is.
func (r *lockedRow) attempt(workspace int64, o outcome) models.DeliveryAttempt {
	r.Attempts++
	a := models.DeliveryAttempt{WorkspaceID: workspace, DeliveryID: r.ID, Number: r.Attempts, At: o.at, Status: o.Status, Error: string(o.Code), DurationUs: o.Duration.Microseconds()}
	if r.State == models.DeliveryPending && !r.Erased {
		a.Answer = Pack(o.Answer)
	}
	return a
}

// change returns what an attempt changes in a delivery, and sets its new state. It returns nil if the delivery has ended in between: it
// stays as it is, even if the attempt arrived.
func (r *lockedRow) change(o outcome, plan planner, now time.Time) map[string]any {
	if r.State != models.DeliveryPending {
		return nil
	}
	r.Tries++
	next, again := plan(r.Tries, o.Result, now)
	switch {
	case r.Erased:
		r.State = models.DeliveryDropped
		return map[string]any{"state": r.State, "tries": r.Tries, "ended_at": now, "reason": reasonErased}
	case o.Code == CodeNone:
		r.State = models.DeliveryArrived
		return map[string]any{"state": r.State}
	case again:
		return map[string]any{"tries": r.Tries, "next_at": models.Instant(next)}
	}
	r.State = models.DeliveryDead
	return map[string]any{"state": r.State, "tries": r.Tries, "ended_at": now, "reason": fmt.Sprintf("%s failed.", countOf(r.Tries))}
}

func countOf(tries int) string {
	if tries == 1 {
		return "The only attempt"
	}
	return fmt.Sprintf("All %d attempts", tries)
}

// recordHealth notes at the destinations whether they take deliveries. It locks them in the order of their ids.
func recordHealth(tx *gorm.DB, workspace int64, group []outcome) error {
	byDestination := map[int64][]outcome{}
	for _, o := range group {
		byDestination[o.delivery.DestinationID] = append(byDestination[o.delivery.DestinationID], o)
	}
	var rows []models.Destination
	err := store.ForNoKeyUpdate(tx).Where("workspace_id = ? AND id IN ?", workspace, sortedKeys(byDestination)).Order("id").Find(&rows).Error
	if err != nil {
		return err
	}
	for _, d := range rows {
		all, changes := byDestination[d.ID], false
		slices.SortStableFunc(all, func(a, b outcome) int {
			return cmp.Compare(a.at.Add(a.Duration).UnixNano(), b.at.Add(b.Duration).UnixNano())
		})
		for _, o := range all {
			var changed bool
			d, changed = after(d, o)
			changes = changes || changed
		}
		if !changes {
			continue
		}
		err := tx.Model(&models.Destination{}).Where("workspace_id = ? AND id = ?", workspace, d.ID).UpdateColumns(map[string]any{
			"enabled": d.Enabled, "off_reason": d.OffReason, "failing_since": d.FailingSince, "failures": d.Failures, "arrived_at": d.ArrivedAt}).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// nextSQL makes the next version about contacts due when the one before it has ended. It also writes one that is due already: if another
// sender has just locked that one to let it wait for the version before it, this waits for the lock and has the last word.
const nextSQL = `UPDATE deliveries AS v SET next_at = @now
	WHERE v.workspace_id = @ws AND v.destination_id = @to AND v.state = 'pending' AND v.contact_id IN @contacts AND v.tries = 0
		AND NOT EXISTS (SELECT 1 FROM deliveries e
			WHERE e.workspace_id = v.workspace_id AND e.destination_id = v.destination_id AND e.state = 'pending' AND e.contact_id = v.contact_id
				AND (e.contact_version, e.id) < (v.contact_version, v.id))`

// letNextPass makes the next deliveries about contacts due, because the ones before them have ended.
func letNextPass(tx *gorm.DB, workspace, destination int64, contacts []int64, now time.Time) error {
	args := map[string]any{"ws": workspace, "to": destination, "contacts": contacts, "now": now}
	return models.In("let the next pass", tx.Exec(nextSQL, args).Error)
}

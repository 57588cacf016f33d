package deliveries

import (
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

	reasonNotAgain    = "It was sent again by hand, and that attempt failed."
	reasonNotSent     = "It was to be sent again, and a person gave that up."
	reasonAskedFailed = "It was tried again by hand, and that attempt failed, too."
	reasonByHand      = "A person gave it up."
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
	if err := sinceRefused(tx, workspace, group); err != nil {
		return nil, models.In("refused before", err)
	}
	if err := recordHealth(tx, workspace, group); err != nil {
		return nil, models.In("destinations", err)
	}
	rows, err := lockRows(tx, workspace, group)
	if err != nil {
		return nil, models.In("lock", err)
	}
	states := make([]models.DeliveryState, len(group))
	var attempts []models.DeliveryAttempt
	var arrived, ended []uuid.UUID
	for i, o := range group {
		row := rows[o.delivery.ID]
		if row == nil { // with its workspace, or too old for the log
			continue
		}
		attempts = append(attempts, row.attempt(workspace, o))
		set := row.change(o, plan, now)
		states[i] = row.State
		if row.State != models.DeliveryPending {
			ended = append(ended, row.ID)
		}
		if set == nil {
			arrived = append(arrived, row.ID)
			continue
		}
		if err := rowsOf(tx, workspace, []uuid.UUID{row.ID}).UpdateColumns(set).Error; err != nil {
			return nil, models.In("failed ones", err)
		}
	}
	if len(arrived) > 0 {
		set := map[string]any{"state": models.DeliveryArrived, "tries": gorm.Expr("tries + 1"), "by_hand": gorm.Expr("by_hand + CASE WHEN asked THEN 1 ELSE 0 END"),
			"arrived_at": gorm.Expr("coalesce(arrived_at, ?)", now), "ended_at": now, "reason": "", "leased_until": nil, "asked": false, "held": false}
		if err := rowsOf(tx, workspace, arrived).UpdateColumns(set).Error; err != nil {
			return nil, models.In("arrived ones", err)
		}
	}
	if err := letNextPass(tx, workspace, ended, now); err != nil || len(attempts) == 0 {
		return states, err
	}
	return states, models.In("attempts", tx.Create(&attempts).Error)
}

// rowsOf selects deliveries by their ids, to change them. The caller has locked them and knows that they are pending: with the state as a
// further condition SQLite reads everything that waits in the workspace.
func rowsOf(tx *gorm.DB, workspace int64, ids []uuid.UUID) *gorm.DB {
	return tx.Model(&models.Delivery{}).Where("workspace_id = ? AND id IN ?", workspace, ids)
}

// lockedRow is a delivery when its attempt is recorded. It may have ended or lost its person since it was taken.
type lockedRow struct {
	ID        uuid.UUID
	State     models.DeliveryState
	Tries     int
	ByHand    int
	Asked     bool
	ResumeAt  *time.Time
	ArrivedAt *time.Time
	Erased    bool
}

// lockRows reads and locks the deliveries of a group.
func lockRows(tx *gorm.DB, workspace int64, group []outcome) (map[uuid.UUID]*lockedRow, error) {
	ids := make([]uuid.UUID, len(group))
	for i, o := range group {
		ids[i] = o.delivery.ID
	}
	slices.SortFunc(ids, models.CompareIDs)
	var rows []*lockedRow
	err := store.ForChange(tx).Table("deliveries").Select("id, state, tries, by_hand, asked, resume_at, arrived_at, body IS NULL AS erased").Where("workspace_id = ? AND id IN ?", workspace, ids).Order("id").Find(&rows).Error
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID]*lockedRow{}
	for _, row := range rows {
		byID[row.ID] = row
	}
	return byID, nil
}

// attempt returns the row of an attempt. The answer may be about the person, so it is kept only while the delivery is.
func (r *lockedRow) attempt(workspace int64, o outcome) models.DeliveryAttempt {
	r.Tries++
	a := models.DeliveryAttempt{WorkspaceID: workspace, DeliveryID: r.ID, Number: r.Tries, At: o.at, Status: o.Status, Error: string(o.Code), DurationUs: o.Duration.Microseconds(),
		ByHand: r.Asked, RetryAfter: int64(o.RetryAfter / time.Second), CutOff: o.CutOff}
	if r.State == models.DeliveryPending && !r.Erased {
		a.Answer = Pack(o.Answer)
	}
	return a
}

// change returns what an attempt changes in a delivery, and sets its new state. A delivery that has ended in between stays ended, even if
// the attempt arrived. It returns nil for one that arrived now.
//
// An attempt that a person asked for does not count in the schedule. One that had arrived before stays arrived if it cannot be sent again.
func (r *lockedRow) change(o outcome, plan planner, now time.Time) map[string]any {
	if r.State == models.DeliveryPending && !r.Erased && o.Code == CodeNone {
		r.State = models.DeliveryArrived
		return nil
	}
	set := map[string]any{"tries": r.Tries, "leased_until": nil, "asked": false}
	if r.State != models.DeliveryPending {
		return set
	}
	asked := r.Asked && (r.ResumeAt == nil || r.ResumeAt.After(now))
	if asked {
		r.ByHand++
		set["by_hand"] = r.ByHand
	}
	next, again := time.Time{}, false
	switch {
	case r.Erased:
	case asked && r.ResumeAt != nil:
		next, again = later(*r.ResumeAt, now.Add(min(o.RetryAfter, maxRetryAfter))), true
	case !asked:
		if !o.Code.Counts() {
			r.ByHand++
			set["by_hand"] = r.ByHand
		}
		next, again = plan(r.Tries-r.ByHand, o.Result, now)
	}
	switch {
	case r.Erased:
		r.State, set["ended_at"], set["reason"] = models.DeliveryDropped, now, reasonErased
	case again:
		set["next_at"] = models.Instant(next)
		return set
	case r.ArrivedAt != nil:
		r.State, set["ended_at"], set["reason"] = models.DeliveryArrived, *r.ArrivedAt, reasonNotAgain
	case asked:
		r.State, set["ended_at"], set["reason"] = models.DeliveryDead, now, reasonAskedFailed
	default:
		r.State, set["ended_at"], set["reason"] = models.DeliveryDead, now, countOf(r.Tries)+" failed."
	}
	set["state"] = r.State
	return set
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func countOf(tries int) string {
	if tries == 1 {
		return "The only attempt"
	}
	return fmt.Sprintf("All %d attempts", tries)
}

// nextSQL lists, for deliveries that have ended, the first one about the same contact that still waits for the same destination.
const nextSQL = `SELECT (SELECT e.id FROM deliveries e
		WHERE e.workspace_id = d.workspace_id AND e.destination_id = d.destination_id AND e.state = 'pending' AND e.contact_id = d.contact_id
		ORDER BY e.contact_version, e.id LIMIT 1)
	FROM deliveries d WHERE d.workspace_id = @ws AND d.id IN @ended AND d.contact_id <> 0`

// letNextPass makes the next deliveries about contacts due, because the ones before them have ended. It also writes those that are due
// already: if another sender has just locked one to let it wait for the version before it, this waits for the lock and has the last word.
// One that waits for its own next attempt goes on waiting.
func letNextPass(tx *gorm.DB, workspace int64, ended []uuid.UUID, now time.Time) error {
	var found []uuid.NullUUID
	if len(ended) == 0 {
		return nil
	}
	if err := tx.Raw(nextSQL, map[string]any{"ws": workspace, "ended": ended}).Find(&found).Error; err != nil {
		return models.In("the next about contacts", err)
	}
	var next []uuid.UUID
	for _, id := range found {
		if id.Valid {
			next = append(next, id.UUID)
		}
	}
	if len(next) == 0 {
		return nil
	}
	return models.In("let the next pass", rowsOf(tx, workspace, next).Where("held OR next_at <= ?", now).UpdateColumns(map[string]any{"next_at": now, "held": false}).Error)
}

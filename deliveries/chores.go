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

// dropStep is how many deliveries one transaction changes.
const dropStep = 500

// DropDeleted drops the deliveries that wait for a deleted destination, in steps. It is a chore.
func (s *Sender) DropDeleted(ctx context.Context, now time.Time) error {
	return s.queue.inSteps(ctx, "deleted_at IS NOT NULL", "", time.Time{}, dropped(now))
}

// dropped is what changes in a delivery whose destination was deleted.
func dropped(now time.Time) map[string]any {
	return map[string]any{"state": models.DeliveryDropped, "ended_at": models.Instant(now), "reason": reasonDeleted}
}

// PullForward makes deliveries due that would wait longer than the schedule ever does. The clock was wrong when they were put off. It is a
// chore.
func (s *Sender) PullForward(ctx context.Context, now time.Time) error {
	now = models.Instant(now)
	longest := max(slices.Max(append(Schedule{s.o.Lease}, s.o.Schedule...))*11/10, maxRetryAfter)
	return s.queue.inSteps(ctx, "deleted_at IS NULL", "(v.next_at > ? OR v.leased_until > ?)", now.Add(longest+time.Minute), map[string]any{"next_at": now, "leased_until": nil, "held": false})
}

// inSteps changes the pending deliveries that match condition and lead to destinations that match which, in steps.
func (q queue) inSteps(ctx context.Context, which, condition string, than time.Time, set map[string]any) error {
	wait := "v.workspace_id = destinations.workspace_id AND v.destination_id = destinations.id AND v.state = 'pending'"
	args := []any{}
	if condition != "" {
		wait, args = wait+" AND "+condition, []any{than, than}
	}
	var all []models.Destination
	err := q.db.Read(ctx).Select("workspace_id, id").Where(which+" AND EXISTS (SELECT 1 FROM deliveries v WHERE "+wait+")", args...).Find(&all).Error
	for _, d := range all {
		for changed := dropStep; err == nil && changed == dropStep; {
			changed, err = q.step(ctx, d, condition, args, set)
		}
	}
	return models.In("deliveries: change those that wait", err)
}

func (q queue) step(ctx context.Context, d models.Destination, condition string, args []any, set map[string]any) (changed int, err error) {
	err = q.db.Write(ctx, func(tx *gorm.DB) error {
		changed, err = changeSome(tx, d, condition, args, set)
		return err
	})
	return changed, err
}

// changeSome changes at most dropStep deliveries that wait for a destination and match condition, "" for all. It returns how many.
func changeSome(tx *gorm.DB, d models.Destination, condition string, args []any, set map[string]any) (int, error) {
	var ids []uuid.UUID
	rows := store.ForChange(tx).Table("deliveries AS v").Where("v.workspace_id = ? AND v.destination_id = ? AND v.state = 'pending'", d.WorkspaceID, d.ID)
	if condition != "" {
		rows = rows.Where(condition, args...)
	}
	if err := rows.Order("id").Limit(dropStep).Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
		return 0, err
	}
	return len(ids), rowsOf(tx, d.WorkspaceID, ids).UpdateColumns(set).Error
}

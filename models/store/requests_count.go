package store

import (
	"context"
	"time"

	"campaignlark/models"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// Counted is how many calls match a filter.
type Counted struct {
	Calls   int64     // at most ExactCount + 1
	Stopped uuid.UUID // the last call that was looked at, if the count did not come to the end of the log; zero if it did
}

// CountRequests counts the calls that match filter, up to ExactCount + 1. Without an index it counts among as many calls as a search for a
// page looks at.
func (d *DB) CountRequests(ctx context.Context, workspaceID int64, filter RequestFilter) (n Counted, err error) {
	if filter.byContent() {
		found, stopped, err := d.NewestRequests(ctx, workspaceID, filter, models.ExactCount+1)
		return Counted{int64(len(found)), stopped}, err
	}
	return d.countRequests(ctx, workspaceID, filter, models.Cursor{})
}

// countRequests is CountRequests from a cursor on, in its direction.
func (d *DB) countRequests(ctx context.Context, workspaceID int64, filter RequestFilter, cursor models.Cursor) (n Counted, err error) {
	few := filter.narrow(d.Read(ctx).Model(&models.WebhookRequest{}).Select("id"), workspaceID, cursor).Limit(models.ExactCount + 1)
	if !filter.indexed() {
		if n.Stopped, err = d.walkEnd(ctx, workspaceID, filter, cursor, walkStep*walkSteps); err != nil {
			return n, err
		}
		condition, values := filter.condition(d.Dialect)
		all := filter.narrow(d.Read(ctx).Model(&models.WebhookRequest{}), workspaceID, cursor).Limit(walkStep * walkSteps)
		few = d.Read(ctx).Table("(?) AS webhook_requests", all).Select("id").Where(condition, values...).Limit(models.ExactCount + 1)
	}
	err = d.Read(ctx).Table("(?) AS few", few).Count(&n.Calls).Error
	return n, err
}

// CallTime is when a call came (the time of its id), and whether it failed or rightly did nothing.
type CallTime struct {
	ID     uuid.UUID
	Failed bool
	Idle   bool
}

// TimeOf returns when a call came and how it ended.
func TimeOf(r models.WebhookRequest) CallTime { return CallTime{r.ID, r.Failed(), r.Idle()} }

// CallTimes returns the newest calls that match filter, at most ExactCount, and how many there are, as CountRequests does. Without an index
// it begins no further step of walkStep calls after timesTime. A search of what was sent finds a page of them.
func (d *DB) CallTimes(ctx context.Context, workspaceID int64, filter RequestFilter) (found []CallTime, n Counted, err error) {
	switch {
	case filter.byContent():
		var rows []models.WebhookRequest
		rows, n.Stopped, err = d.NewestRequests(ctx, workspaceID, filter, RequestPageSize)
		for _, r := range rows {
			found = append(found, TimeOf(r))
		}
		if n.Stopped == uuid.Nil && len(rows) == RequestPageSize {
			n.Stopped = rows[len(rows)-1].ID
		}
	case filter.indexed():
		found, err = timesOf(filter.narrow(d.Read(ctx).Model(&models.WebhookRequest{}), workspaceID, models.Cursor{}), models.ExactCount+1)
	default:
		found, n.Stopped, err = d.walkTimes(ctx, workspaceID, filter)
	}
	n.Calls = int64(len(found))
	return found[:min(len(found), models.ExactCount)], n, err
}

func timesOf(q *gorm.DB, limit int) (found []CallTime, err error) {
	err = q.Select("id, status >= 400 AS failed, status < 400 AND outcome IN ? AS idle", models.NoEffectOutcomes).Limit(limit).Scan(&found).Error
	return found, err
}

// walkTimes is CallTimes without an index. stopped is the last call that it looked at, zero if the log ended.
func (d *DB) walkTimes(ctx context.Context, workspaceID int64, filter RequestFilter) (found []CallTime, stopped uuid.UUID, err error) {
	began, cursor := time.Now(), models.Cursor{}
	condition, values := filter.condition(d.Dialect)
	for step := 0; step < walkSteps && len(found) <= models.ExactCount && (step == 0 || time.Since(began) < timesTime); step++ {
		if stopped, err = d.walkEnd(ctx, workspaceID, filter, cursor, walkStep); err != nil {
			return nil, stopped, err
		}
		calls := filter.narrow(d.Read(ctx).Model(&models.WebhookRequest{}), workspaceID, cursor).Limit(walkStep)
		some, err := timesOf(filter.order(d.Read(ctx).Table("(?) AS webhook_requests", calls).Where(condition, values...), cursor), models.ExactCount+1-len(found))
		if found = append(found, some...); err != nil || stopped == uuid.Nil {
			return found, stopped, err
		}
		cursor = cursor.From(stopped)
	}
	return found, stopped, nil
}

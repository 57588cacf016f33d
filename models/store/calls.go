package store

import (
	"context"
	"sync"
	"time"

	"campaignlark/models"
)

// HourCalls counts the calls of one hour: those that failed, those with an idle outcome, or those that were processed.
type HourCalls struct {
	Hour   time.Time
	Failed bool
	Idle   models.Outcome // one of models.NoEffectOutcomes, else ""
	Calls  int64
}

// CallsByHour reads a workspace's calls from the counters, for the hours that begin at since or later, oldest first.
// webhookID 0 means all webhooks. An hour without calls has no row. While calls of webhooks wait, what was read in the last hoursKept may be
// returned again: many open pages ask for the same hours then.
func (d *DB) CallsByHour(ctx context.Context, workspaceID, webhookID int64, since time.Time) ([]HourCalls, error) {
	if !d.CallsWait() {
		return d.readHours(ctx, workspaceID, webhookID, since)
	}
	key := hoursKey{workspaceID, webhookID, since.UnixMilli()}
	if all, ok := d.hours.get(key, time.Now()); ok {
		return all, nil
	}
	all, err := d.readHours(ctx, workspaceID, webhookID, since)
	if err == nil {
		d.hours.keep(key, all, time.Now())
	}
	return all, err
}

func (d *DB) readHours(ctx context.Context, workspaceID, webhookID int64, since time.Time) ([]HourCalls, error) {
	q := d.Read(ctx).Table("webhook_counts").Select("hour, failed, CASE WHEN NOT failed AND outcome IN ? THEN outcome ELSE '' END AS idle, sum(calls) AS calls", models.NoEffectOutcomes).
		Where("workspace_id = ? AND hour >= ?", workspaceID, since)
	if webhookID != 0 {
		q = q.Where("webhook_id = ?", webhookID)
	}
	var all []HourCalls
	return all, q.Group("1, 2, 3").Order("1, 2, 3").Scan(&all).Error
}

// Limits of the hours that are kept.
const (
	hoursKept = 10 * time.Second
	mostKept  = 64
)

type hoursKey struct {
	workspaceID, webhookID, since int64
}

// keptHours are the last answers of CallsByHour.
type keptHours struct {
	mu  sync.Mutex
	all map[hoursKey]hoursAt
}

type hoursAt struct {
	hours []HourCalls
	at    time.Time
}

func (k *keptHours) get(key hoursKey, now time.Time) ([]HourCalls, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	found, ok := k.all[key]
	return found.hours, ok && now.Sub(found.at).Abs() < hoursKept
}

func (k *keptHours) keep(key hoursKey, hours []HourCalls, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.all) >= mostKept || k.all == nil {
		k.all = map[hoursKey]hoursAt{}
	}
	k.all[key] = hoursAt{hours, now}
}

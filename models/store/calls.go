package store

import (
	"context"
	"slices"
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
// webhookID 0 means all webhooks. An hour without calls has no row. The current hour and the one before are read each time. Earlier hours
// hardly change, so they are kept for hoursKept.
func (d *DB) CallsByHour(ctx context.Context, workspaceID, webhookID int64, since, now time.Time) ([]HourCalls, error) {
	recent := now.Truncate(time.Hour).Add(-time.Hour)
	key := hoursKey{workspaceID, webhookID, since.UnixMilli(), recent.UnixMilli()}
	earlier, kept := d.hours.get(key, now)
	from := since
	if kept && recent.After(since) {
		from = recent
	}
	hours, err := d.readHours(ctx, workspaceID, webhookID, from)
	if err != nil {
		return nil, err
	}
	if kept {
		return slices.Concat(earlier, hours), nil
	}
	first := slices.IndexFunc(hours, func(h HourCalls) bool { return !h.Hour.Before(recent) })
	if first < 0 {
		first = len(hours)
	}
	d.hours.keep(key, slices.Clone(hours[:first]), now)
	return hours, nil
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
	workspaceID, webhookID, since, recent int64
}

// keptHours are the earlier hours that CallsByHour read last.
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

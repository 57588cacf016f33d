package deliveries

import (
	"context"
	"math/rand/v2"
	"time"

	"campaignlark/models"
)

// Invent makes one attempt for each delivery to d that is due at the instant now, without a connection: answer returns what comes out of
// it. It is for an invented past.
func (s Store) Invent(ctx context.Context, d models.Destination, now time.Time, answer func(models.Delivery) Result) error {
	q := queue{s.DB}
	taken, _, err := q.take(ctx, d, firstHeld, nil, now, time.Minute)
	if err != nil {
		return err
	}
	plan := func(tries int, r Result, now time.Time) (time.Time, bool) {
		return StandardSchedule.Next(tries, now, r.RetryAfter, rand.Float64())
	}
	for _, v := range taken {
		o := outcome{Result: answer(v), delivery: v, at: now}
		if _, err := q.record(ctx, []outcome{o}, plan, models.Instant(now.Add(o.Duration))); err != nil {
			return err
		}
	}
	return nil
}

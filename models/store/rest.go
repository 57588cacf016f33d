package store

import (
	"context"
	"runtime"
	"time"
)

// slots limit how many reads of one kind run at a time. They leave one core to calls of webhooks, which would wait behind people who
// search and export.
type slots chan struct{}

func newSlots() slots { return make(slots, max(1, runtime.NumCPU()-1)) }

// enter waits for a slot; call leave afterwards. The error is that of ctx.
func (s slots) enter(ctx context.Context) (leave func(), err error) {
	select {
	case s <- struct{}{}:
		return func() { <-s }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// RestBeside tells the database how to learn how many calls of webhooks are not answered yet. Call it before the database is used.
func (d *DB) RestBeside(waiting func() int64) { d.waiting = waiting }

// maxRest bounds a rest.
const maxRest = 750 * time.Millisecond

// Rest returns how long work that can wait rests after a step that took so long: three times as long while calls of webhooks wait, so
// that they have three quarters of the time, else not at all.
func (d *DB) Rest(took time.Duration) time.Duration {
	if !d.CallsWait() {
		return 0
	}
	return min(3*took, maxRest)
}

// CallsWait reports whether calls of webhooks wait for their answer right now.
func (d *DB) CallsWait() bool { return d.waiting != nil && d.waiting() > 0 }

// enterSearch waits for its turn to search what no index serves; call leave afterwards. The next search begins after a rest.
func (d *DB) enterSearch(ctx context.Context) (leave func(), err error) {
	free, err := d.searches.enter(ctx)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	return func() {
		if rest := d.Rest(time.Since(began)); rest > 0 {
			time.AfterFunc(rest, free)
		} else {
			free()
		}
	}, nil
}

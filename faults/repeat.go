package faults

import (
	"context"
	"time"
)

// Repeat does turns of work until ctx ends. A panic in a turn becomes its error. rest gets the error, and says how long to wait before the
// next turn.
func Repeat(ctx context.Context, turn func() error, rest func(error) time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		timer.Reset(rest(Catch(turn)))
	}
}

package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

func TestHousekeepingGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	turns := map[string]int{}
	list := []chore{
		{"fails", time.Nanosecond, func(context.Context, time.Time) error { turns["fails"]++; return errors.New("disk full") }},
		{"is not due again", time.Hour, func(context.Context, time.Time) error { turns["is not due again"]++; return nil }},
		{"ends it", time.Nanosecond, func(context.Context, time.Time) error {
			if turns["ends it"]++; turns["ends it"] == 2 {
				cancel()
			}
			return nil
		}},
	}
	program{log: slog.New(slog.DiscardHandler)}.keepHouse(ctx, list, time.Now)
	if turns["fails"] != 2 || turns["is not due again"] != 1 || turns["ends it"] != 2 {
		t.Errorf("got the turns %v, want 2, 1 and 2", turns)
	}
}

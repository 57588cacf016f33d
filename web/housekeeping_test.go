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
	tries := 0
	list := []chore{
		{"waits for ever", time.Hour, func(ctx context.Context, _ time.Time) error { <-ctx.Done(); return ctx.Err() }},
		{"fails", time.Millisecond, func(context.Context, time.Time) error {
			if tries++; tries == 3 {
				cancel()
			}
			return errors.New("disk full")
		}},
	}
	program{log: slog.New(slog.DiscardHandler)}.keepHouse(ctx, list, time.Now)
	if tries < 3 {
		t.Errorf("got %d tries, want that it is tried again", tries)
	}
}

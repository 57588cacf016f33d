package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
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

func TestUnknownHashesAreReportedOnce(t *testing.T) {
	t.Parallel()
	var lines strings.Builder
	calls := int64(0)
	report := program{log: slog.New(slog.NewTextHandler(&lines, nil))}.reportUnknown(func() int64 { return calls })
	for _, calls = range []int64{0, 3, 3, 5} {
		if err := report(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(lines.String(), "never existed"); got != 2 || !strings.Contains(lines.String(), "calls=3") || !strings.Contains(lines.String(), "calls=2") {
		t.Errorf("got %q, want one line for 3 calls and one for 2", lines.String())
	}
}

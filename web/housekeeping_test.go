package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"campaignlark/faults"
)

func TestHousekeepingContinuesAfterAFailure(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	tries, panics := 0, 0
	before := faults.Count()
	list := []chore{
		{"waits for ever", time.Hour, func(ctx context.Context, _ time.Time) error { <-ctx.Done(); return ctx.Err() }},
		{"panics", time.Millisecond, func(context.Context, time.Time) error {
			if panics++; panics > 3 {
				<-ctx.Done()
				return nil
			}
			panic("ines@example.com")
		}},
		{"fails", time.Millisecond, func(context.Context, time.Time) error {
			if tries++; tries >= 3 && faults.Count() > before+2 {
				cancel()
			}
			return errors.New("disk full")
		}},
	}
	var log lines
	program{log: slog.New(slog.NewTextHandler(&log, nil))}.keepHouse(ctx, list, time.Now)
	if tries < 3 {
		t.Errorf("got %d tries, want that it is tried again", tries)
	}
	if got := log.String(); !strings.Contains(got, "chore=panics") || !strings.Contains(got, "housekeeping_test.go") || strings.Contains(got, "ines") {
		t.Errorf("got the log %s, want each panic with its stack and without its value", got)
	}
}

// lines is a log that several chores write.
type lines struct {
	mu sync.Mutex
	strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Builder.Write(b)
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

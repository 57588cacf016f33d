package faults_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"campaignlark/faults"
)

// TestRepeatGoesOnAfterAPanic does turns that panic, fail and succeed, and ends with its context.
func TestRepeatGoesOnAfterAPanic(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	turns, wrong := 0, errors.New("wrong")
	var got []error
	faults.Repeat(ctx, func() error {
		switch turns++; turns {
		case 1:
			panic("a fault")
		case 2:
			return wrong
		}
		return nil
	}, func(err error) time.Duration {
		if got = append(got, err); len(got) == 3 {
			stop()
		}
		return 0
	})
	var p *faults.Panic
	if len(got) < 3 || !errors.As(got[0], &p) || got[1] != wrong || got[2] != nil {
		t.Errorf("got %v, want a panic, an error and no error", got)
	}
}

package handlers

import (
	"testing"
	"time"
)

func TestStreamsRestWhileCallsWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		took  time.Duration
		calls int64
		want  time.Duration
	}{
		{10 * time.Millisecond, 0, 0},
		{10 * time.Millisecond, 1, 30 * time.Millisecond},
		{10 * time.Second, 64, 300 * time.Millisecond},
	} {
		if got := restAfter(test.took, test.calls); got != test.want {
			t.Errorf("after %v with %d calls: got %v, want %v", test.took, test.calls, got, test.want)
		}
	}
}

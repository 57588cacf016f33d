package jobs

import (
	"testing"
	"time"
)

// TestAPauseIsShort follows the length of stretches: a program that is slow sends shorter ones, so that a pause takes effect soon.
func TestAPauseIsShort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		parts int
		took  time.Duration
		want  int
	}{
		{1, 10 * time.Millisecond, 2}, {2, 50 * time.Millisecond, 4}, {4, 50 * time.Millisecond, 4},
		{2, 300 * time.Millisecond, 2}, {4, 500 * time.Millisecond, 2}, {2, 2 * time.Second, 1}, {1, 5 * time.Second, 1},
	} {
		if got := nextParts(c.parts, c.took); got != c.want {
			t.Errorf("%d parts took %v: got %d next, want %d", c.parts, c.took, got, c.want)
		}
	}
}

package models

import "testing"

func TestManyFail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failures, calls int64
		want            bool
	}{{4, 4, false}, {5, 25, true}, {5, 26, false}, {80, 100, true}, {9e11, 1e12, true}} {
		if got := ManyFail(c.failures, c.calls); got != c.want {
			t.Errorf("%d of %d failed: got %v, want %v", c.failures, c.calls, got, c.want)
		}
	}
}

package torture

import (
	"os"
	"testing"
	"time"

	"campaignlark/internal/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// patience is the time limit for everything that a test waits for.
const patience = 60 * time.Second

// long reports whether the tests are long: then they also compare times.
func long() bool { return os.Getenv("TORTURE") == "long" }

// lasting returns the first duration in long tests, else the second.
func lasting(inLong, inShort time.Duration) time.Duration {
	if long() {
		return inLong
	}
	return inShort
}

// until waits until reached returns true. It fails the test when the limit has passed.
func until(t *testing.T, what string, limit time.Duration, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !reached(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v, but not: %s", limit, what)
		}
	}
}

// wantTime fails a long test if good is false. A short one only prints what was measured.
func wantTime(t *testing.T, good bool, format string, args ...any) {
	t.Helper()
	if !good && long() {
		t.Errorf(format, args...)
	} else {
		t.Logf(format, args...)
	}
}

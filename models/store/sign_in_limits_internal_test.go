package store

import (
	"net/netip"
	"testing"
	"time"
)

func TestSignInWaitGrowsToItsCeiling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failures int
		want     time.Duration
	}{
		{0, 0}, {1, 0}, {4, 0},
		{5, 30 * time.Second}, {6, time.Minute}, {7, 2 * time.Minute}, {8, 4 * time.Minute}, {9, 8 * time.Minute},
		{10, 15 * time.Minute}, {11, 15 * time.Minute}, {1 << 30, 15 * time.Minute},
	} {
		if got := signInWait(c.failures); got != c.want {
			t.Errorf("%d failures: got %v, want %v", c.failures, got, c.want)
		}
	}
}

func TestFailuresAreForgottenInQuietTime(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		failures int
		blocked  time.Duration // the wait ends this long after start
		quiet    time.Duration // the count is read this long after the wait
		want     int
	}{
		{5, 30 * time.Second, -time.Second, 5},
		{5, 30 * time.Second, 0, 5},
		{5, 30 * time.Second, 14 * time.Minute, 5},
		{5, 30 * time.Second, 15 * time.Minute, 4},
		{10, 15 * time.Minute, 75 * time.Minute, 5},
		{10, 15 * time.Minute, 150 * time.Minute, 0},
		{10, 0, 1000000 * time.Hour, 0},
		{2, 0, 15 * time.Minute, 1},
	} {
		f := signInFailures{Failures: c.failures, BlockedUntil: start.Add(c.blocked)}
		if got := f.at(f.BlockedUntil.Add(c.quiet)).Failures; got != c.want {
			t.Errorf("%d failures, %v after the wait: got %d, want %d", c.failures, c.quiet, got, c.want)
		}
	}
}

func TestTheWaitNeverExceedsItsCeiling(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	f := signInFailures{BlockedUntil: now}
	for range 1000 {
		f = f.failed(now)
		if wait := f.BlockedUntil.Sub(now); wait > longestWait {
			t.Fatalf("got a wait of %v, want at most %v", wait, longestWait)
		}
		now = f.BlockedUntil
	}
}

func TestClientKeyIsTheNetwork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b string }{
		{"192.0.2.7", "::ffff:192.0.2.7"},
		{"2001:db8:0:1::7", "2001:db8:0:1:ffff::8"},
	} {
		if a, b := clientKey(netip.MustParseAddr(c.a)), clientKey(netip.MustParseAddr(c.b)); a != b {
			t.Errorf("got %q and %q, want %s and %s to be one client", a, b, c.a, c.b)
		}
	}
	if a, b := clientKey(netip.MustParseAddr("2001:db8:0:1::7")), clientKey(netip.MustParseAddr("2001:db8:0:2::7")); a == b {
		t.Errorf("got %q for both, want two networks to be two clients", a)
	}
}

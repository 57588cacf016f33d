package store_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"campaignlark/internal/dbtest"
	"campaignlark/models"
	"campaignlark/models/store"
)

var (
	home   = netip.MustParseAddr("192.0.2.1")
	away   = netip.MustParseAddr("198.51.100.1")
	abroad = netip.MustParseAddr("203.0.113.1")
	nine   = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
)

const rightPassword = "rains of castamere"

// door is a program that is set up, for sign-ins.
type door struct {
	*testing.T
	db *store.DB
}

func newDoor(t *testing.T, db *store.DB) door {
	t.Helper()
	_, _, err := db.CreateFirstAdmin(t.Context(), models.FirstAdmin{WorkspaceName: "Rock", TimeZone: "UTC", Email: "tywin@example.com", Password: rightPassword})
	if err != nil {
		t.Fatal(err)
	}
	return door{T: t, db: db}
}

// try signs in and returns the result: "in", "wrong" or "wait".
func (d door) try(email, password string, from netip.Addr, at time.Time) (string, time.Duration) {
	d.Helper()
	_, err := d.db.SignIn(d.Context(), email, password, from, at)
	var tooMany *store.TooManyFailures
	switch {
	case err == nil:
		return "in", 0
	case errors.Is(err, store.ErrWrongPassword):
		return "wrong", 0
	case errors.As(err, &tooMany):
		return "wait", tooMany.Wait
	}
	d.Fatal(err)
	return "", 0
}

func (d door) want(want, email, password string, from netip.Addr, at time.Time) {
	d.Helper()
	if got, _ := d.try(email, password, from, at); got != want {
		d.Errorf("%s from %v at %s: got %q, want %q", email, from, at.Format(time.TimeOnly), got, want)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDoor(t, db)
		d.want("in", "tywin@example.com", rightPassword, home, nine)
		d.want("in", " Tywin@Example.COM ", rightPassword, home, nine)
		d.want("wrong", "tywin@example.com", "rains of Castamere", home, nine)
		d.want("wrong", "nobody@example.com", rightPassword, home, nine)
		d.want("wrong", "no address", rightPassword, home, nine)
	})
}

func TestFiveFailuresAtAnAccountAreFree(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		for _, email := range []string{"tywin@example.com", "nobody@example.com"} { // both must behave the same
			d := door{T: t, db: db}
			if email == "tywin@example.com" {
				d = newDoor(t, db)
			}
			for i := range 5 {
				d.want("wrong", email, "guess", netip.AddrFrom4([4]byte{10, 0, byte(len(email)), byte(i)}), nine)
			}
			if got, wait := d.try(email, rightPassword, away, nine.Add(time.Second)); got != "wait" || wait != 29*time.Second {
				t.Errorf("%s: got %q and %v, want to wait 29s even with the right password", email, got, wait)
			}
		}
		d := door{T: t, db: db}
		d.want("in", "tywin@example.com", rightPassword, away, nine.Add(30*time.Second))
		d.want("wrong", "tywin@example.com", "guess", abroad, nine.Add(30*time.Second)) // the count started again from zero
		d.want("in", "tywin@example.com", rightPassword, abroad, nine.Add(30*time.Second))
	})
}

func TestFiveFailuresFromAnAddressAreFree(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDoor(t, db)
		for _, email := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
			d.want("wrong", email, "guess", away, nine)
		}
		d.want("in", "tywin@example.com", rightPassword, away, nine)
		d.want("wrong", "e@example.com", "guess", away, nine)
		d.want("wait", "f@example.com", "guess", away, nine)
		d.want("wait", "tywin@example.com", rightPassword, away, nine)
		d.want("in", "tywin@example.com", rightPassword, home, nine)
		d.want("wrong", "f@example.com", "guess", away, nine.Add(30*time.Second))
		if got, wait := d.try("f@example.com", "guess", away, nine.Add(31*time.Second)); got != "wait" || wait != 59*time.Second {
			t.Errorf("got %q and %v, want a wait twice as long as the first", got, wait)
		}
	})
}

func TestASignInClearsOwnFailures(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDoor(t, db)
		for range 4 {
			for range 4 {
				d.want("wrong", "tywin@example.com", "guess", home, nine)
			}
			d.want("in", "tywin@example.com", rightPassword, home, nine)
		}
	})
}

func TestStrangersCannotKeepTheOwnerOut(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDoor(t, db)
		d.want("in", "tywin@example.com", rightPassword, home, nine)
		for range 5 {
			d.want("wrong", "tywin@example.com", "guess", away, nine)
		}
		d.want("wait", "tywin@example.com", rightPassword, abroad, nine)
		d.want("in", "tywin@example.com", rightPassword, home, nine)
		d.want("wait", "tywin@example.com", "guess", abroad, nine) // the owner's sign-in does not help strangers
		if err := db.ForgetSignIns(t.Context(), nine.Add(30*24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := db.Read(t.Context()).Raw("SELECT count(*) FROM sign_in_failures").Scan(&left).Error; err != nil || left != 1 {
			t.Errorf("got %d counts left (%v), want only the address that is the owner's own", left, err)
		}
		later := nine.Add(30 * 24 * time.Hour)
		for range 5 {
			d.want("wrong", "tywin@example.com", "guess", away, later)
		}
		d.want("in", "tywin@example.com", rightPassword, home, later) // still known after the sweep
	})
}

func TestConcurrentTriesDoNotPassTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDoor(t, db)
		var wrong, wait atomic.Int64
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				switch got, _ := d.try("tywin@example.com", "guess", away, nine); got {
				case "wrong":
					wrong.Add(1)
				case "wait":
					wait.Add(1)
				}
			})
		}
		all.Wait()
		if wrong.Load() != 5 || wait.Load() != 7 {
			t.Errorf("got %d read and %d refused, want 5 and 7", wrong.Load(), wait.Load())
		}
	})
}

// slowHash is a stored hash that takes about half a second to compare: 32 MiB and 20 passes.
var slowHash = "$argon2id$v=19$m=32768,t=20,p=1$" + strings.Repeat("A", 22) + "$" + strings.Repeat("A", 43)

// TestAFullQueueIsNoWrongPassword makes sign-ins wait for a slot without success, more often than wrong passwords are
// free.
func TestAFullQueueIsNoWrongPassword(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDoor(t, db)
		full, stop := context.WithCancel(t.Context())
		var others sync.WaitGroup
		for range 30 {
			others.Go(func() {
				for full.Err() == nil {
					_, _ = models.CheckPassword(full, slowHash, rightPassword)
				}
			})
		}
		for busy, deadline := 0, time.Now().Add(20*time.Second); busy < 6; {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			_, err := db.SignIn(ctx, "tywin@example.com", rightPassword, home, nine)
			cancel()
			var tooMany *store.TooManyFailures
			if errors.As(err, &tooMany) || time.Now().After(deadline) {
				t.Fatalf("got %v after %d tries that nobody read, want that they count for nothing", err, busy)
			}
			if store.ErrorCode(err) == models.CodeBusy {
				busy++
			}
		}
		stop()
		others.Wait()
		d.want("in", "tywin@example.com", rightPassword, home, nine)
	})
}

package store

import (
	"context"
	"testing"
	"time"
)

func TestWorkRestsWhileCallsWait(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		took    time.Duration
		waiting func() int64
		want    time.Duration
	}{
		{10 * time.Millisecond, nil, 0},
		{10 * time.Millisecond, func() int64 { return 0 }, 0},
		{10 * time.Millisecond, func() int64 { return 1 }, 30 * time.Millisecond},
		{10 * time.Second, func() int64 { return 64 }, maxRest},
	} {
		var d DB
		d.RestBeside(test.waiting)
		if got := d.Rest(test.took); got != test.want {
			t.Errorf("after %v: got %v, want %v", test.took, got, test.want)
		}
	}
}

// TestTheNextSearchBeginsAfterARest enters twice where only one may search at a time.
func TestTheNextSearchBeginsAfterARest(t *testing.T) {
	t.Parallel()
	d := DB{searches: make(slots, 1)}
	d.RestBeside(func() int64 { return 1 })
	leave, err := d.enterSearch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	<-time.After(20 * time.Millisecond) // the search
	took := time.Since(began)
	leave()
	if leave, err = d.enterSearch(t.Context()); err != nil || time.Since(began) < 3*took {
		t.Errorf("the next search began after %v (%v), want a rest after one of %v", time.Since(began), err, took)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.enterSearch(gone); err == nil {
		t.Error("a person who has gone may search, while another does")
	}
	leave()
}

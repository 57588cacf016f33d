package faults_test

import (
	"errors"
	"strings"
	"testing"

	"campaignlark/faults"
)

func TestCatch(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	if err := faults.Catch(func() error { return wrong }); err != wrong {
		t.Errorf("got %v, want the work's own error", err)
	}
	before := faults.Count()
	err := faults.Catch(func() error { panic("ines@example.com") })
	var p *faults.Panic
	if !errors.As(err, &p) || !strings.Contains(p.Stack, "TestCatch") || strings.Contains(err.Error()+p.Kind, "ines") {
		t.Errorf("got %v, want a panic with its stack and without its value", err)
	}
	err = faults.Catch(func() error { var none []int; _ = none[len(none)]; return nil })
	if !errors.As(err, &p) || !strings.Contains(p.Kind, "index out of range") {
		t.Errorf("got %v, want the runtime's words", err)
	}
	if got := faults.Count() - before; got < 2 {
		t.Errorf("got %d panics counted, want 2", got)
	}
}

// TestStackHoldsNoArguments panics below a function that holds an address key.
func TestStackHoldsNoArguments(t *testing.T) {
	t.Parallel()
	err := faults.Catch(func() error { keepKey(0x5ec4e7beef, func() { panic("ines@example.com") }); return nil })
	var p *faults.Panic
	if !errors.As(err, &p) || !strings.Contains(p.Stack, "faults_test.keepKey") || !strings.Contains(p.Stack, "faults_test.go:") {
		t.Fatalf("got %v, want a panic whose stack names the function and the file", err)
	}
	if strings.Contains(p.Stack, "5ec4e7beef") {
		t.Errorf("got the stack %s, want it without the address key", p.Stack)
	}
}

// keepKey holds the key until f returns, so that a stack taken in f has it among the arguments.
//
//go:noinline
func keepKey(key int64, f func()) int64 {
	f()
	return key
}

// Package faults turns a panic, which is always a fault of the program, into an error, so that it stops one piece of work and
// not the process. It must not know the work.
package faults

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
)

// Panic is a recovered panic. It has the panic's place and type but not its value, which may quote input.
type Panic struct {
	Kind  string // the type of the panic's value, and the runtime's message, such as "index out of range"
	Stack string // the goroutine's stack from the panic on: functions, files and lines, without arguments
}

func (p *Panic) Error() string { return "a fault of the program (" + p.Kind + ")" }

// Attrs returns the log attributes for a panic in err's chain: its type and its stack; nil for any other error.
func Attrs(err error) []any {
	var p *Panic
	if !errors.As(err, &p) {
		return nil
	}
	return []any{"panic", p.Kind, "stack", p.Stack}
}

var count atomic.Int64

// Count returns how many panics were recovered since the program started.
func Count() int64 { return count.Load() }

// Catch runs work and returns its error. A panic is counted and becomes a *Panic.
func Catch(work func() error) (err error) {
	defer func() {
		if p := Recovered(recover()); p != nil {
			err = p
		}
	}()
	return work()
}

// Recovered counts and describes the result of recover; nil if there was no panic. Call it in the deferred function.
func Recovered(value any) *Panic {
	if value == nil {
		return nil
	}
	count.Add(1)
	kind := fmt.Sprintf("%T", value)
	if fault, ok := value.(runtime.Error); ok { // these messages come from the runtime and contain no input
		kind += ": " + fault.Error()
	}
	return &Panic{Kind: kind, Stack: stack()}
}

// deepest is how many functions of a stack are logged.
const deepest = 64

// stack lists the active functions, the innermost first. The runtime's own stack text also has each function's arguments as
// numbers: an address key among them would be logged.
func stack() string {
	var callers [deepest]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])]) // without Callers, stack and Recovered
	var text strings.Builder
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		fmt.Fprintf(&text, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
	}
	return text.String()
}

package models

import (
	"errors"
	"strings"
)

// Code is the kind of an error. The HTTP layer maps it to a status and a page in one place.
type Code string

const (
	CodeNotFound    Code = "not_found"   // no such thing in this workspace
	CodeConflict    Code = "conflict"    // it exists already, or it is in use
	CodeInvalid     Code = "invalid"     // the input breaks a rule; Message says what to do
	CodeForbidden   Code = "forbidden"   // the person may not do this
	CodeUnavailable Code = "unavailable" // the database does not answer; trying again later helps
	CodeBusy        Code = "busy"        // a queue of the program is full; trying again in a moment helps
	CodeTimeout     Code = "timeout"     // the program's own deadline for the work has passed; asking for less helps
	CodeInternal    Code = "internal"    // a fault of the program
)

// Error is an error with a code and a sentence for people. Err is the cause and is only for the log.
type Error struct {
	Code    Code
	Message string
	Err     error
}

func (e *Error) Error() string {
	if e.Err != nil {
		return string(e.Code) + ": " + e.Message + ": " + e.Err.Error()
	}
	return string(e.Code) + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// ErrNotFound is the error of every look-up if the thing does not exist or belongs to another workspace.
var ErrNotFound = &Error{Code: CodeNotFound, Message: "This does not exist, or not in this workspace."}

// ErrChanged refuses a change that was made from values that are no longer stored.
var ErrChanged = &Error{Code: CodeConflict, Message: "Somebody else changed this at the same moment."}

// Op is an error with the operation that failed. Ops nest: the outer one is the page or the piece of work, the inner one the
// query.
type Op struct {
	Name string // a constant, such as "contact page: tags"; never a value
	Err  error
}

// In adds the operation in which err happened, for the log; it returns nil for nil. errors.Is, errors.As and the code see
// through it.
func In(operation string, err error) error {
	if err == nil {
		return nil
	}
	return &Op{operation, err}
}

func (o *Op) Error() string { return o.Name + ": " + o.Err.Error() }

func (o *Op) Unwrap() error { return o.Err }

// Chain returns the operations in err, the outermost first: "contact page: tags". It separates the parts of joined errors
// with "; ". It is safe to log: it contains no error text, which may quote values.
func Chain(err error) string {
	var names []string
	for err != nil {
		if o, ok := err.(*Op); ok {
			names = append(names, o.Name)
		}
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok {
			err = errors.Unwrap(err)
			continue
		}
		var parts []string
		for _, part := range joined.Unwrap() {
			if chain := Chain(part); chain != "" {
				parts = append(parts, chain)
			}
		}
		if len(parts) > 0 {
			names = append(names, strings.Join(parts, "; "))
		}
		break
	}
	return strings.Join(names, ": ")
}

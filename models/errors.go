package models

// Code says what kind of trouble an error is. The HTTP layer maps it to a status and a page in one place.
type Code string

const (
	CodeNotFound    Code = "not_found"   // no such thing in this workspace
	CodeConflict    Code = "conflict"    // somebody else has it already, or it is in use
	CodeInvalid     Code = "invalid"     // the input breaks a rule; Message says what to do
	CodeForbidden   Code = "forbidden"   // the person may not do this
	CodeUnavailable Code = "unavailable" // the database is away or overloaded; trying again later helps
	CodeInternal    Code = "internal"    // a fault of the program
)

// Error is an error with a code and a sentence for people. Err is the cause; it is for the log only.
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

// ErrNotFound is what every look-up returns for a thing that is not there or belongs to another workspace.
var ErrNotFound = &Error{Code: CodeNotFound, Message: "This does not exist, or not in this workspace."}

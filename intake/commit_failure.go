package intake

import (
	"context"
	"errors"
	"strconv"

	"campaignlark/models/store"

	"github.com/jackc/pgx/v5/pgconn"
)

// verdict says how to handle a batch that was not committed (DESIGN "Intake", "When something fails").
type verdict int

const (
	verdictUnavailable verdict = iota // the database is away, overloaded or broken: the senders must try again
	verdictReread                     // calls were read again, because the settings of their webhook have changed: run the batch again
	verdictAgain                      // a conflict with another transaction, or a broken connection: run the batch again on fresh reads
	verdictRepeated                   // an earlier try was committed, but the answer to its commit was lost: read the outcomes from the log
	verdictNoDay                      // the request log has no partition for the day: create it
	verdictRefused                    // one of the calls cannot be stored: find it by splitting the batch in halves
)

// logError is an error of the statement that inserts the log rows.
type logError struct{ error }

func (e *logError) Unwrap() error { return e.error }

// refusedError says why a call cannot be stored although the database works: a fault of the program, or stored data that
// cannot be read.
type refusedError struct{ error }

func (e *refusedError) Unwrap() error { return e.error }

// judge returns the verdict on an error. It reads the error's type and code, never its text.
func judge(err error) verdict {
	var inLog *logError
	var refused *refusedError
	var connect *pgconn.ConnectError
	code := store.SQLState(err)
	switch {
	case errors.Is(err, errReread):
		return verdictReread
	case errors.As(err, &refused):
		return verdictRefused
	case errors.As(err, &inLog) && store.IsDuplicate(err):
		return verdictRepeated
	case errors.As(err, &inLog) && code == "23514":
		return verdictNoDay
	case store.IsDuplicate(err), store.IsForeignKey(err), store.IsRetryable(err), code == "0A000": // 0A000: a prepared plan is older than a migration
		return verdictAgain
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &connect), code == "53300":
		return verdictUnavailable
	case isData(code):
		return verdictRefused
	case store.IsAway(err):
		return verdictAgain
	}
	return verdictUnavailable
}

// isData reports whether an error code says that the data were refused. Postgres has classes of codes for data,
// integrity, limits and raised exceptions. SQLite has TOOBIG, CONSTRAINT, MISMATCH and RANGE.
func isData(code string) bool {
	if len(code) == 5 {
		switch code[:2] {
		case "22", "23", "44", "54", "P0":
			return true
		}
		return false
	}
	n, err := strconv.Atoi(code)
	if err != nil {
		return false
	}
	switch n & 0xff {
	case 18, 19, 20, 25:
		return true
	}
	return false
}

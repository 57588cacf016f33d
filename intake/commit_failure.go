package intake

import (
	"context"
	"errors"
	"strconv"

	"campaignlark/models/store"

	"github.com/jackc/pgx/v5/pgconn"
)

// verdict is what to do about a batch that was not committed (DESIGN "Intake", "When something fails").
type verdict int

const (
	verdictUnavailable verdict = iota // the database is away, overloaded or broken: the senders come again
	verdictAgain                      // another transaction was in the way, or the connection broke: run it again on fresh reads
	verdictRepeated                   // an earlier try was committed and its answer lost: read the outcomes back
	verdictNoDay                      // the request log has no partition for the day
	verdictRefused                    // one of the calls cannot be stored: find it by halving
)

// logError is an error of the statement that inserts the log rows.
type logError struct{ error }

func (e *logError) Unwrap() error { return e.error }

// refusedError is something other than the database that stands in the way of one call: a fault of the program, a
// stored contact that cannot be read.
type refusedError struct{ error }

func (e *refusedError) Unwrap() error { return e.error }

// judge reads the code of an error, never its text.
func judge(err error) verdict {
	var inLog *logError
	var refused *refusedError
	var connect *pgconn.ConnectError
	code := store.SQLState(err)
	switch {
	case errors.As(err, &refused):
		return verdictRefused
	case errors.As(err, &inLog) && store.IsDuplicate(err):
		return verdictRepeated
	case errors.As(err, &inLog) && code == "23514":
		return verdictNoDay
	case store.IsDuplicate(err), store.IsForeignKey(err), store.IsRetryable(err), code == "0A000": // 0A000: a plan from before a migration
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

// isData reports whether a code speaks of the rows: Postgres' classes for data, integrity, limits and raised exceptions,
// SQLite's TOOBIG, CONSTRAINT, MISMATCH and RANGE.
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

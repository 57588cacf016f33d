package store

import (
	"errors"
	"fmt"
	"log/slog"

	"campaignlark/faults"
	"campaignlark/models"
)

// ErrorAttr returns what the log may hold of err: "operation", the chain of operations; "code"; the database's own
// "database_code"; "kind", the Go type of the cause; for a panic its text and stack. It never includes the error's text,
// which may quote input.
func ErrorAttr(err error) slog.Attr {
	attrs := []any{"code", string(ErrorCode(err)), "kind", kindOf(err)}
	if chain := models.Chain(err); chain != "" {
		attrs = append([]any{"operation", chain}, attrs...)
	}
	if code := SQLState(err); code != "" {
		attrs = append(attrs, "database_code", code)
	}
	return slog.Group("", append(attrs, faults.Attrs(err)...)...)
}

// kindOf names the Go type of the cause of err. For joined errors it follows the first.
func kindOf(err error) string {
	for {
		next := errors.Unwrap(err)
		if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 0 {
			next = joined.Unwrap()[0]
		}
		if next == nil {
			return fmt.Sprintf("%T", err)
		}
		err = next
	}
}

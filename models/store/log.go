package store

import (
	"errors"
	"fmt"
	"log/slog"

	"campaignlark/faults"
	"campaignlark/models"
)

// ErrorAttr is what the log gets of err, as attributes of the line itself: "operation", the chain of operations; "code"; the
// database's own "database_code"; "kind", the Go type of the cause; of a panic its words and its stack. The text of an error may
// quote what somebody sent, so none of it is among them.
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

// kindOf names the Go type of the cause of err; of joined errors, that of the first.
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

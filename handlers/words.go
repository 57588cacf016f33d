package handlers

import (
	"strings"
	"time"
)

// timeOrZero is the zero time for nil: never.
func timeOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func joined(parts []string) string { return strings.Join(parts, ", ") }

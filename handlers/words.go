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

func plural(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func joined(parts []string) string { return strings.Join(parts, ", ") }

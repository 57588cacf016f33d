package handlers

import (
	"strings"
	"time"
)

// timeOrZero returns the zero time, which means never, for nil.
func timeOrZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func joined(parts []string) string { return strings.Join(parts, ", ") }

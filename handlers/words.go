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

// countsAs says which day an instant is in a workspace with that time zone.
func countsAs(day, timeZone string) string {
	return "This counts as " + day + ", the day in this workspace (" + timeZone + ")."
}

func joined(parts []string) string { return strings.Join(parts, ", ") }

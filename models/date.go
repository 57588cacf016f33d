package models

import (
	"regexp"
	"strings"
	"time"
)

// The patterns reject what package time accepts: single digits, a fraction after a comma, offsets of a day or more.
var (
	dayShape     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	instantShape = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)
)

// readDate reads a day, 2026-11-23, or an RFC 3339 instant, which is stored in UTC. CONTRACT "Stored forms".
func readDate(text string) (string, *ValueError) {
	wrong := &ValueError{"not_a_date", "Not a date. Dates look like 1990-12-31."}
	if dayShape.MatchString(text) {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "", &ValueError{"no_such_day", "There is no such day. Dates look like 1990-12-31."}
		}
		return text, nil
	}
	text = strings.ToUpper(text) // RFC 3339 allows t and z
	if !instantShape.MatchString(text) {
		return "", wrong
	}
	instant, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "", wrong
	}
	instant = instant.UTC()
	if instant.Year() < 0 || instant.Year() > 9999 {
		return "", wrong
	}
	return instant.Format(time.RFC3339Nano), nil
}

// showDate formats a stored date for people: a day, or an instant in the time zone where.
func showDate(stored string, where *time.Location) string {
	if day, err := time.Parse(time.DateOnly, stored); err == nil {
		return day.Format("2 January 2006")
	}
	instant, err := time.Parse(time.RFC3339, stored)
	if err != nil {
		return stored
	}
	return instant.In(where).Format("2 January 2006, 15:04")
}

// Instant returns t as both databases store it: UTC, in whole microseconds.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

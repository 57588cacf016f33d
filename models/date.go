package models

import (
	"regexp"
	"strings"
	"time"
)

// dayShape and instantShape reject what package time accepts: single digits, a fraction after a comma, offsets of a day or more.
// instantShape finds the day, hour and minute, ":" and second, fraction, and zone.
var (
	dayShape     = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	instantShape = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]+)?(Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?$`)
)

const datesLookLike = " Dates look like 1990-12-31."

// dateFaults are texts that are almost dates, in lower case, with what is missing or wrong. The first that fits counts.
var dateFaults = []struct {
	shape *regexp.Regexp
	says  string
}{
	{regexp.MustCompile(`^[0-9]{4}$`), "The month and the day are missing." + datesLookLike},
	{regexp.MustCompile(`^[0-9]{4}-[0-9]{2}$`), "The day is missing." + datesLookLike},
	{regexp.MustCompile(`^[0-9]{2}:[0-9]{2}(:[0-9]{2})?`), "The day is missing before the time." + datesLookLike},
	{regexp.MustCompile(`^[0-9]{8}(t|$)`), "The hyphens are missing." + datesLookLike},
	{regexp.MustCompile(`^[0-9]{4}-([0-9]|[0-9]-[0-9]{1,2}|[0-9]{2}-[0-9])($|t| )`), "A zero is missing before a single digit." + datesLookLike},
	{regexp.MustCompile(`^([0-9]{1,2}[./-](1[3-9]|[2-9][0-9])|(1[3-9]|[2-9][0-9])[./-][0-9]{1,2})[./-][0-9]{2,4}($|[t ])`), "The year has to come first, in four digits, then the month, then the day." + datesLookLike},
	{regexp.MustCompile(`^[0-9]{1,2}([./-])[0-9]{1,2}[./-][0-9]{2,4}($|[t ])`), "It is not clear which of these is the day and which is the month." + datesLookLike},
	{regexp.MustCompile(`^[0-9-]{10}[t ][0-9]:`), "A zero is missing before the hour. Times look like 1990-12-31T04:30."},
	{regexp.MustCompile(`^([0-9]{10}|[0-9]{13})$`), "This looks like a count of seconds." + datesLookLike},
	{regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}t$`), "The time is missing after the T. Times look like 1990-12-31T14:30."},
	{regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[t ][0-9]{2}(z|[+-][0-9:]*)?$`), "The minutes are missing. Times look like 1990-12-31T14:30."},
	{regexp.MustCompile(`^[0-9-]{10}[t ][0-9:]{5,8}(\.[0-9]+)? [0-9]{2}:?([0-9]{2})?$`), "The sign of the time zone is missing. In a form or in an address, a + must be sent as %2B."},
	{regexp.MustCompile(`^[0-9-]{10}[t ][0-9:]{5,8}(\.[0-9]+)? (z|utc|gmt|[+-][0-9:]+)$`), "The time zone must follow the time without a blank, as in 1990-12-31T14:30Z or 1990-12-31T14:30+01:00."},
	{regexp.MustCompile(`^[0-9-]{10}[t ][0-9:]{5,8}(\.[0-9]+)? ?[a-z/_]+$`), "The time zone is not a number. It can be Z or an offset such as +01:00, or nothing for the time zone of the workspace."},
}

// readDate reads a day, 2026-11-23, or an instant, which is stored in UTC: RFC 3339, also with a blank for T, without seconds, with
// the offsets +0100 and +01, or without one. Then it is a time in the zone where; nil is UTC. CONTRACT "Stored forms".
func readDate(text string, where *time.Location) (string, *ValueError) {
	if dayShape.MatchString(text) {
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return "", noSuchDay
		}
		return text, nil
	}
	text = strings.ToUpper(text) // RFC 3339 allows t and z
	parts := instantShape.FindStringSubmatch(text)
	if parts == nil || parts[3] == "" && parts[4] != "" {
		return "", notADate(text)
	}
	day, clock, second, fraction, zone := parts[1], parts[2], parts[3], parts[4], parts[5]
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return "", noSuchDay
	}
	if second == "" {
		second = ":00"
	}
	instant, err := time.Parse(time.RFC3339, day+"T"+clock+second+fraction+fullOffset(zone))
	if err != nil {
		return "", &ValueError{"no_such_time", "There is no such time of day. Times go from 00:00 to 23:59:59."}
	}
	if zone == "" && where != nil {
		instant = wallTime(instant, where)
	}
	instant = instant.UTC()
	if instant.Year() < 0 || instant.Year() > 9999 {
		return "", noSuchDay
	}
	return instant.Format(time.RFC3339Nano), nil
}

var noSuchDay = &ValueError{"no_such_day", "There is no such day." + datesLookLike}

// notADate returns the error that a text is not a date, with what is missing in it.
func notADate(text string) *ValueError {
	for _, fault := range dateFaults {
		if fault.shape.MatchString(strings.ToLower(text)) {
			return &ValueError{"not_a_date", "Not a date. " + fault.says}
		}
	}
	return &ValueError{"not_a_date", "Not a date." + datesLookLike}
}

// fullOffset returns an offset as RFC 3339 has it: +01:00 for +01 and +0100, and Z for none.
func fullOffset(zone string) string {
	switch {
	case zone == "":
		return "Z"
	case len(zone) == len("+01"):
		return zone + ":00"
	case len(zone) == len("+0100"):
		return zone[:3] + ":" + zone[3:]
	}
	return zone
}

// wallTime returns the instant at which clocks in a zone show what wall shows in UTC. If they show it twice, because they are set
// back, it is the first time. If they skip it, it is read with the offset before the change: at 02:30 clocks that go from 02:00
// to 03:00 show 03:30. RFC 5545 and ClockAt have the same rule.
func wallTime(wall time.Time, zone *time.Location) time.Time {
	year, month, day := wall.Date()
	at := time.Date(year, month, day, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), zone)
	_, offset := at.Zone()
	switch shown := at.UTC().Add(time.Duration(offset) * time.Second); {
	case shown.After(wall): // skipped, and read with the offset before
		return at
	case shown.Before(wall): // skipped, and read with the offset after
		return wall.Add(-time.Duration(offset) * time.Second)
	}
	start, _ := at.ZoneBounds()
	if start.IsZero() {
		return at
	}
	_, earlier := start.Add(-time.Second).Zone()
	if first := wall.Add(-time.Duration(earlier) * time.Second); first.Before(start) {
		return first.In(zone)
	}
	return at
}

// NamesNoZone reports whether text is an instant without a time zone, so that it is read in the workspace's.
func NamesNoZone(text string) bool {
	parts := instantShape.FindStringSubmatch(strings.ToUpper(TrimBlanks(text)))
	return parts != nil && parts[5] == ""
}

// DayOf returns the day, for people, that a stored instant is in a time zone; false for any other value.
func (m MergeTag) DayOf(stored string, where *time.Location) (day string, ok bool) {
	instant, err := time.Parse(time.RFC3339, stored)
	if m.Type != MergeTagDate || err != nil {
		return "", false
	}
	return instant.In(where).Format(dayWords), true
}

const dayWords = "2 January 2006"

// showDate formats a stored date for people: a day, or an instant in the time zone where.
func showDate(stored string, where *time.Location) string {
	if day, err := time.Parse(time.DateOnly, stored); err == nil {
		return day.Format(dayWords)
	}
	instant, err := time.Parse(time.RFC3339, stored)
	if err != nil {
		return stored
	}
	return instant.In(where).Format(dayWords + ", 15:04")
}

// Instant returns t as both databases store it: UTC, in whole microseconds.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

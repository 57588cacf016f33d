package models

import "time"

// ContactDay is how many contacts of each status a workspace had at the end of a day.
type ContactDay struct {
	WorkspaceID int64  `gorm:"primaryKey"`
	Day         string `gorm:"primaryKey"` // in the workspace's time zone, such as 2026-11-24
	StatusCounts
}

// StatusCounts counts contacts by status.
type StatusCounts struct{ Subscribed, Unconfirmed, Unsubscribed int64 }

// Of returns the count of one status.
func (c StatusCounts) Of(s Status) int64 {
	return map[Status]int64{StatusSubscribed: c.Subscribed, StatusUnconfirmed: c.Unconfirmed, StatusUnsubscribed: c.Unsubscribed}[s]
}

func (c *StatusCounts) Add(s Status, n int64) {
	switch s {
	case StatusSubscribed:
		c.Subscribed += n
	case StatusUnconfirmed:
		c.Unconfirmed += n
	case StatusUnsubscribed:
		c.Unsubscribed += n
	}
}

// GrowthDays is how many days before today the dashboard's growth chart covers.
const GrowthDays = 30

// dayLayout is the format of a ContactDay's day.
const dayLayout = "2006-01-02"

// DayName returns the day of t in the format of ContactDay.
func DayName(t time.Time, zone *time.Location) string { return t.In(zone).Format(dayLayout) }

// DaysFrom lists the days from the day of first up to but not including end.
func DaysFrom(first time.Time, zone *time.Location, end string) (days []string) {
	first = first.In(zone)
	for i := 0; ; i++ {
		day := time.Date(first.Year(), first.Month(), first.Day()+i, 12, 0, 0, 0, zone).Format(dayLayout)
		if day >= end {
			return days
		}
		days = append(days, day)
	}
}

// DayBegin returns the instant at which the day of at begins in zone.
func DayBegin(at time.Time, zone *time.Location) time.Time {
	at = at.In(zone)
	return ClockAt(time.Date(at.Year(), at.Month(), at.Day(), 12, 0, 0, 0, zone), 0)
}

// DayEnd returns the instant at which a day from DaysFrom ends.
func DayEnd(day string, zone *time.Location) time.Time {
	t, err := time.ParseInLocation(dayLayout+" 15", day+" 12", zone)
	if err != nil {
		panic("models: no day: " + day) // only DaysFrom and DayName write days
	}
	return ClockAt(t.AddDate(0, 0, 1), 0)
}

// ClockAt returns the instant of the hour on the day of noon, or of the next full hour if the clock skips that hour. A time
// zone that changes its clock at midnight skips midnight.
func ClockAt(noon time.Time, hour int) time.Time {
	at := time.Date(noon.Year(), noon.Month(), noon.Day(), hour, 0, 0, 0, noon.Location())
	if at.Day() != noon.Day() {
		at = at.Add(time.Hour) // the standard library returns the hour before
	}
	return at
}

// StatusBefore returns the contact's status before an instant, as far as its times tell; "" before it was created. A
// contact keeps only the last time of each status, so the result is a guess for one that had a status twice: its
// earliest known status. Contacts erased since are missing.
func (c *Contact) StatusBefore(end time.Time) Status {
	if !c.CreatedAt.Before(end) {
		return ""
	}
	var on, first Status
	var since, earliest time.Time
	for _, s := range Statuses {
		at := c.cameTo(s)
		if at == nil {
			continue
		}
		if first == "" || at.Before(earliest) {
			first, earliest = s, *at
		}
		if at.Before(end) && (on == "" || !at.Before(since)) {
			on, since = s, *at
		}
	}
	switch {
	case on != "":
		return on
	case first == "":
		return c.Status
	case first == StatusUnsubscribed:
		return StatusSubscribed // a contact must be subscribed before it can unsubscribe
	}
	return first
}

// cameTo returns when the contact last got a status, nil for never.
func (c *Contact) cameTo(s Status) *time.Time {
	switch s {
	case StatusSubscribed:
		return c.SubscribedAt
	case StatusUnconfirmed:
		return c.UnconfirmedAt
	}
	return c.UnsubscribedAt
}

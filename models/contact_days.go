package models

import "time"

// ContactDay is how many contacts of each status a workspace had at the end of a day.
type ContactDay struct {
	WorkspaceID int64  `gorm:"primaryKey"`
	Day         string `gorm:"primaryKey"` // by the workspace's clock, such as 2026-11-24
	StatusCounts
}

// StatusCounts is how many contacts there are of each status.
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

// GrowthDays is over how many days before today the dashboard tells how the audience grew.
const GrowthDays = 30

// dayLayout is how a ContactDay writes its day.
const dayLayout = "2006-01-02"

// DayName is the day of t as ContactDay writes it.
func DayName(t time.Time, zone *time.Location) string { return t.In(zone).Format(dayLayout) }

// DaysFrom names the days from the one of first on, up to and without the day end.
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

// DayEnd is the instant at which a day that DaysFrom named is over.
func DayEnd(day string, zone *time.Location) time.Time {
	t, err := time.ParseInLocation(dayLayout+" 15", day+" 12", zone)
	if err != nil {
		panic("models: no day: " + day) // DaysFrom and DayName write them
	}
	return ClockAt(t.AddDate(0, 0, 1), 0)
}

// ClockAt is the instant at which the clock shows the hour on the day of noon, or the next full hour if the clock leaves the
// hour out that day. A time zone that changes its clock at midnight leaves midnight out.
func ClockAt(noon time.Time, hour int) time.Time {
	at := time.Date(noon.Year(), noon.Month(), noon.Day(), hour, 0, 0, 0, noon.Location())
	if at.Day() != noon.Day() {
		at = at.Add(time.Hour) // the standard library takes the hour before
	}
	return at
}

// StatusBefore is the status that the contact had before an instant, as far as its times tell; "" before it was there.
// A contact keeps only the last time that it came to each status. So one that came to the same status twice counts in
// the time between with what it was first known to be, and people who were erased since are missing.
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
		return StatusSubscribed // nobody leaves who was not there
	}
	return first
}

// cameTo is when the contact last came to a status, nil for never.
func (c *Contact) cameTo(s Status) *time.Time {
	switch s {
	case StatusSubscribed:
		return c.SubscribedAt
	case StatusUnconfirmed:
		return c.UnconfirmedAt
	}
	return c.UnsubscribedAt
}

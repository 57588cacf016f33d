package views

import (
	"strconv"
	"time"
)

const (
	dateLayout    = "2 Jan 2006"
	exactLayout   = "Mon 2 January 2006, 15:04:05"
	dayLayout     = "Monday 2 January"
	oldDayLayout  = "Monday 2 January 2006"
	clockLayout   = "15:04:05"
	momentLayout  = "2 Jan 2006, 15:04"
	machineLayout = time.RFC3339
)

// exact is an instant to the second with its zone, for the title of a shorter text.
func (p Page) exact(t time.Time) string {
	t = p.in(t)
	text := t.Format(exactLayout) + " (" + t.Location().String() + ")"
	if other := p.beside(t, clockLayout); other != "" {
		text += ", " + other
	}
	return text
}

// besides is the page with another zone beside its own.
func (p Page) besides(zone *time.Location) Page {
	p.Beside = zone
	return p
}

// beside is the time of t in the zone Beside, with the date if it is another one, and the zone's name; "" without such a zone.
func (p Page) beside(t time.Time, clock string) string {
	if p.Beside == nil {
		return ""
	}
	there := t.In(p.Beside)
	if !sameDay(there, p.in(t)) {
		clock = "2 Jan, " + clock
	}
	return there.Format(clock) + " in " + p.Beside.String()
}

// ago is how long ago t was, short; from a week on it is the date. An instant in the future is a date with its time.
func (p Page) ago(t time.Time) string {
	d := p.Now.Sub(t)
	switch {
	case d < -time.Minute:
		return p.in(t).Format(momentLayout)
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min ago"
	case d < 24*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h ago"
	case d < 7*24*time.Hour:
		return strconv.Itoa(int(d/(24*time.Hour))) + " d ago"
	}
	return p.in(t).Format(dateLayout)
}

// DayName is the day of t as a heading: "Today, Tuesday 24 November", "Yesterday, …", "Monday 3 August 2026".
func DayName(t time.Time, p Page) string {
	day, today := p.in(t), p.in(p.Now)
	switch {
	case sameDay(day, today):
		return "Today, " + day.Format(dayLayout)
	case sameDay(day, today.AddDate(0, 0, -1)):
		return "Yesterday, " + day.Format(dayLayout)
	case day.Year() == today.Year():
		return day.Format(dayLayout)
	}
	return day.Format(oldDayLayout)
}

// DayClock is a day and a time in the middle of a sentence: "today, 03:10", "yesterday, 03:10", "3 Aug 2026, 03:10".
func DayClock(t time.Time, p Page) string {
	day, today := p.in(t), p.in(p.Now)
	switch {
	case sameDay(day, today):
		return "today, " + day.Format("15:04")
	case sameDay(day, today.AddDate(0, 0, -1)):
		return "yesterday, " + day.Format("15:04")
	}
	return day.Format(momentLayout)
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// zone names the time zone in which the page writes times.
func (p Page) zone() string { return p.in(p.Now).Location().String() }

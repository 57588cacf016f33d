package rule

import (
	"time"

	"campaignlark/segments/calendar"
)

// Moment is the instant at which rules are evaluated, with its day in the workspace's time zone.
type Moment struct {
	now   time.Time
	today int64
}

// At returns the moment of an instant.
func (s Schema) At(now time.Time) Moment { return Moment{now, s.zone.Day(now.Unix())} }

// window compares a day with today: it holds while today is from first to last days after the day.
type window struct{ first, last int64 }

// passing is a condition that compares a day with today, so that passing time changes its result.
type passing interface {
	// holds reports whether the condition is true for the day when today is today.
	holds(day, today int64) bool
	// turn returns the first day after today with another result; false if there is none.
	turn(day, today int64) (int64, bool)
}

func (w window) holds(day, today int64) bool {
	passed := today - day
	return w.first <= passed && passed <= w.last
}

func (w window) turn(day, today int64) (int64, bool) {
	switch passed := today - day; {
	case passed < w.first:
		return day + w.first, true
	case passed <= w.last && w.last != calendar.Never:
		return day + w.last + 1, true
	}
	return 0, false
}

// celebrated holds if an anniversary of a day is today or within days from today.
type celebrated struct{ days int64 }

func (c celebrated) holds(day, today int64) bool {
	return calendar.Anniversary(day, today) <= today+c.days
}

func (c celebrated) turn(day, today int64) (int64, bool) {
	next := calendar.Anniversary(day, today)
	if next > today+c.days {
		return next - c.days, true
	}
	// If the windows of consecutive anniversaries touch, the answer stays true over several years. Look ten years ahead: leap
	// years are at most eight apart.
	for range 10 {
		following := calendar.Anniversary(day, next+1)
		if following > next+1+c.days {
			return next + 1, true
		}
		next = following
	}
	return 0, false
}

// windowOf returns the comparison of an operator that counts days; nil for other operators.
func windowOf(o Operator, days int64) passing {
	switch o {
	case InLastDays:
		return window{0, days}
	case InNextDays:
		return window{-days, 0}
	case MoreThanDaysAgo:
		return window{days + 1, calendar.Never}
	case AnniversaryWithinDays:
		return celebrated{days}
	}
	return nil
}

// nextChange returns the instant at which passing time changes the result for a day in the zone, zero if never.
func nextChange(z *calendar.Zone, p passing, day int64, at Moment) time.Time {
	now, next := at.now.Unix(), int64(calendar.Never)
	if turn, ok := p.turn(day, at.today); ok {
		next = z.Reach(turn, now)
	}
	if again, today := z.Reversal(now); again < next && p.holds(day, today) != p.holds(day, at.today) {
		next = again
	}
	if next == calendar.Never {
		return time.Time{}
	}
	return foreseen(time.Unix(next, 0))
}

// foreseen returns a future instant in UTC, or zero if it is after the year 9999, which not every database can store.
func foreseen(t time.Time) time.Time {
	if t = t.UTC(); t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// hours holds for an instant within this duration before now, including now.
type hours time.Duration

func (h hours) holds(t, now time.Time) bool {
	return !t.After(now) && t.After(now.Add(-time.Duration(h)))
}

func (h hours) next(t, now time.Time) time.Time {
	if t.After(now) {
		return foreseen(t)
	}
	if end := t.Add(time.Duration(h)); end.After(now) {
		return foreseen(end)
	}
	return time.Time{}
}

// Sooner returns the earlier of two instants; zero means never.
func Sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

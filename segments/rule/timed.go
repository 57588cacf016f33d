package rule

import (
	"time"

	"campaignlark/segments/calendar"
)

// Moment is an instant at which rules are evaluated, with the day that it falls on in the workspace's time zone.
type Moment struct {
	now   time.Time
	today int64
}

// At is the moment of an instant.
func (s Schema) At(now time.Time) Moment { return Moment{now, s.zone.Day(now.Unix())} }

// window is a condition that compares a day with today: it holds while today is from first to last days after the day.
type window struct{ first, last int64 }

// passing is a condition that compares a day with today and whose answer changes as time passes.
type passing interface {
	// holds reports whether the condition is true of the day today.
	holds(day, today int64) bool
	// turn is the first day after today on which the answer is another; false when there is none.
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

// celebrated is the condition that an anniversary of a day is today or within so many days.
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

// windowOf is what a condition of so many days compares; nil for an operator that is none.
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

// nextChange is the instant at which passing time changes the answer for a day in the zone, zero if it never does.
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

// foreseen is an instant to come, or zero when that is after the year 9999, which not every database can keep.
func foreseen(t time.Time) time.Time {
	if t = t.UTC(); t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// hours is the condition that an instant lies within so long before now, now included.
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

// Sooner is the earlier of two instants; zero means never.
func Sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

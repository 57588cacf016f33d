package views

import (
	"sort"
	"time"

	"campaignlark/models"
)

// Slot is a piece of a chart's time, up to where the next one begins. Tick is its label at the axis, or "".
type Slot struct {
	From       time.Time
	Name, Tick string
	Href       string // the list of what happened then; "" for none
}

// SlotOf returns the index of the slot that contains t, or -1 if t is before the first one.
func SlotOf(slots []Slot, t time.Time) int {
	return sort.Search(len(slots), func(i int) bool { return slots[i].From.After(t) }) - 1
}

// HourSlots returns the last n hours, with the current one as the last. They are real hours, so a day of the change to or from
// summer time has 23 or 25. They begin with the hours of the counters; in a zone that is half an hour off, at half past.
func (p Page) HourSlots(n int) []Slot {
	last := p.Now.UTC().Truncate(time.Hour)
	slots := make([]Slot, n)
	for i := range slots {
		slots[i].From = last.Add(time.Duration(i+1-n) * time.Hour)
	}
	every := 6 // hours between two labels
	for every*5 < n {
		every *= 2
	}
	for i, s := range slots {
		at := p.in(s.From)
		slots[i].Name = at.Format("Mon 2 Jan, 15:04")
		if p.clockTwice(s.From) {
			slots[i].Name += at.Format(" MST")
		}
		if at.Hour()%every == 0 {
			slots[i].Tick = at.Format("15:04")
			if at.Hour() == 0 {
				slots[i].Tick = at.Format("Mon 15:04")
			}
		}
	}
	return endAt(slots, "now")
}

// MinuteSlots returns the last n pieces of this many minutes, with the current one as the last.
func (p Page) MinuteSlots(n, minutes int) []Slot {
	length := time.Duration(minutes) * time.Minute
	last := p.Now.UTC().Truncate(length)
	slots := make([]Slot, n)
	for i := range slots {
		slots[i].From = last.Add(time.Duration(i+1-n) * length)
		at := p.in(slots[i].From)
		if slots[i].Name = at.Format("Mon 2 Jan, 15:04"); at.Minute()%(3*minutes) == 0 {
			slots[i].Tick = at.Format("15:04")
		}
	}
	return endAt(slots, "now")
}

// MinutesUntil is the longest time that SlotsBetween cuts into pieces of minutes.
const MinutesUntil = 3 * time.Hour

// SlotsBetween returns some dozens of pieces of the time between two instants: of five minutes, an hour, six hours or a day, as its length
// allows.
func (p Page) SlotsBetween(from, to time.Time) []Slot {
	p.Now = to.Add(-time.Nanosecond)
	days := func() int {
		first, last := p.in(from), p.in(p.Now)
		noon := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, time.UTC) }
		return int(noon(last).Sub(noon(first))/(24*time.Hour)) + 1
	}
	var slots []Slot
	switch span := to.Sub(from); {
	case span <= MinutesUntil:
		slots = p.MinuteSlots(int(p.Now.Truncate(5*time.Minute).Sub(from.Truncate(5*time.Minute))/(5*time.Minute))+1, 5)
	case span <= 72*time.Hour:
		slots = p.HourSlots(int(p.Now.Truncate(time.Hour).Sub(from.Truncate(time.Hour))/time.Hour) + 1)
	case span <= 10*24*time.Hour:
		slots = p.DaySlots(days(), 6)
	default:
		slots = p.DaySlots(days(), 24)
	}
	slots[len(slots)-1].Tick = ""
	return slots
}

// clockTwice reports whether the clock shows the same time an hour before or after t.
func (p Page) clockTwice(t time.Time) bool {
	hour := p.in(t).Hour()
	return p.in(t.Add(time.Hour)).Hour() == hour || p.in(t.Add(-time.Hour)).Hour() == hour
}

// DaySlots returns the last n days with today, cut into pieces of this many hours by the clock of the page's time
// zone: 24 for whole days. A piece that holds a change to or from summer time is an hour shorter or longer.
func (p Page) DaySlots(n, hours int) []Slot {
	now := p.in(p.Now)
	var slots []Slot
	for back := n - 1; back >= 0; back-- {
		noon := time.Date(now.Year(), now.Month(), now.Day()-back, 12, 0, 0, 0, now.Location())
		for hour := 0; hour < 24; hour += hours {
			at := models.ClockAt(noon, hour)
			if at.After(now) && len(slots) > 0 {
				break
			}
			slot := Slot{From: at, Name: at.Format("Mon 2 Jan")}
			if hours < 24 {
				slot.Name += at.Format(", 15:04")
			}
			if hour == 0 && dayHasLabel(at, n) {
				slot.Tick = at.Format("2 Jan")
			}
			slots = append(slots, slot)
		}
	}
	if hours < 24 {
		return endAt(slots, "now")
	}
	return endAt(slots, "today")
}

// dayHasLabel reports whether a day among n days has a label at the axis. About half a dozen days have one.
func dayHasLabel(day time.Time, n int) bool {
	switch {
	case n <= 7:
		return true
	case n <= 45:
		return day.Weekday() == time.Monday
	case n <= 120:
		return day.Day() == 1 || day.Day() == 15
	}
	return day.Day() == 1 && day.Month()%2 == 1
}

// endAt labels the last slot and removes the labels that would overlap it.
func endAt(slots []Slot, word string) []Slot {
	for i := range slots {
		if (len(slots)-1-i)*8 < len(slots) {
			slots[i].Tick = ""
		}
	}
	slots[len(slots)-1].Tick = word
	return slots
}

package demo

import (
	"sort"
	"time"
)

// calendar says when things happen in a shop: by day, not at night, on Saturdays more than on Mondays, before Christmas
// more than in July, and more towards the end than at the beginning.
type calendar struct {
	from, to time.Time
	sums     []float64 // what has happened up to the end of each hour
}

// newCalendar covers the time from from to to. loc is the shop's time zone.
func newCalendar(from, to time.Time, loc *time.Location) calendar {
	c := calendar{from: from, to: to}
	hours := int(to.Sub(from)/time.Hour) + 1
	sum := 0.0
	for h := range hours {
		at := from.Add(time.Duration(h) * time.Hour)
		share := min(1, float64(to.Sub(at))/float64(time.Hour)) // the last hour is not over yet
		sum += share * busy(at.In(loc)) * (0.5 + 1.5*float64(h)/float64(hours))
		c.sums = append(c.sums, sum)
	}
	return c
}

// busy is how much happens in an hour, relative to other hours.
func busy(at time.Time) float64 {
	hours := [24]float64{0.3, 0.1, 0.1, 0.1, 0.1, 0.2, 0.6, 1.2, 2, 3, 3.6, 3.4, 3, 2.6, 2.8, 3, 3.2, 3.4, 3, 2.8, 3, 2.6, 1.6, 0.8}
	days := [7]float64{0.7, 0.8, 0.9, 1, 1.05, 1.25, 1.5} // from Sunday
	months := [12]float64{0.9, 0.85, 0.95, 1, 1, 0.9, 0.75, 0.8, 1.05, 1.2, 1.35, 1.6}
	b := hours[at.Hour()] * days[at.Weekday()] * months[at.Month()-1]
	if at.YearDay()%73 < 3 { // the shop is in the newspaper
		b *= 2.2
	}
	return b
}

// at returns when the given share of everything has happened; share is from 0 to below 1. A larger share is never
// earlier.
func (c calendar) at(share float64) time.Time {
	goal := share * c.sums[len(c.sums)-1]
	h := sort.Search(len(c.sums)-1, func(i int) bool { return c.sums[i] > goal })
	before := 0.0
	if h > 0 {
		before = c.sums[h-1]
	}
	begin := c.from.Add(time.Duration(h) * time.Hour)
	length := min(time.Hour, c.to.Sub(begin))
	if width := c.sums[h] - before; width > 0 {
		begin = begin.Add(time.Duration(float64(length) * (goal - before) / width))
	}
	return begin
}

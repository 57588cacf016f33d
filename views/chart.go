package views

import (
	"math"
	"strconv"
	"strings"
)

// Chart shows counts over time: as bars, the first series nearest to zero, or as lines.
type Chart struct {
	Title   string // what it shows: "Calls each hour in the last 48 hours"
	Summary string // the content in words, for screen readers
	Unit    string // the unit of a slot, as a column's heading: "Hour"
	Empty   string // the text if there is nothing to draw
	Note    string // says what the chart leaves out; "" for nothing
	Slots   []Slot
	Series  []Series
	Lines   bool
	Short   bool // a small one, above a list
}

// Series is one count over time. Values has one for each slot, none negative. Tone is "ok", "bad", "warn" or "idle".
type Series struct {
	Name, Tone string
	Values     []int64
	Down       bool // its bars are drawn below zero
}

// A drawing is as wide as its slots and plotHeight high; the page stretches it.
const (
	slotWidth  = 10
	barWidth   = 7.6
	plotHeight = 100
)

// role is the drawing's role: a picture, or a group of links.
func (c Chart) role() string {
	if len(c.Slots) > 0 && c.Slots[0].Href != "" {
		return "group"
	}
	return "img"
}

// none reports whether there is nothing to draw.
func (c Chart) none() bool { return len(c.Slots) == 0 || c.most() == 0 && c.least() == 0 }

// top returns the height of a slot: the sum of its bars above zero, or the highest of its lines.
func (c Chart) top(slot int) (top int64) {
	for _, s := range c.Series {
		switch {
		case c.Lines:
			top = max(top, s.Values[slot])
		case !s.Down:
			top += s.Values[slot]
		}
	}
	return top
}

// below returns the sum of a slot's bars below zero, which is not negative.
func (c Chart) below(slot int) (sum int64) {
	for _, s := range c.Series {
		if s.Down {
			sum += s.Values[slot]
		}
	}
	return sum
}

func (c Chart) most() (most int64) {
	for i := range c.Slots {
		most = max(most, c.top(i))
	}
	return most
}

// least returns the value down to which the axis must reach. For bars it is zero or less, because they are filled.
func (c Chart) least() (least int64) {
	if !c.Lines {
		for i := range c.Slots {
			least = min(least, -c.below(i))
		}
		return least
	}
	least = c.most()
	for _, s := range c.Series {
		for _, v := range s.Values {
			least = min(least, v)
		}
	}
	return least
}

// axis returns the numbers beside a chart, from bottom to top: round numbers in equal steps that enclose every value. It begins
// at zero unless all values lie close together far above it, and then shows at least a hundredth of them, so that a small change does not
// look like a leap.
func (c Chart) axis() []float64 { return axis(float64(c.least()), float64(c.most())) }

func axis(least, most float64) []float64 {
	if least > 0 && least < most/2 {
		least = 0
	}
	if span := max(4, most/100); least > 0 && most-least < span {
		around := (span - (most - least)) / 2
		least, most = max(least-around, 0), most+around
	}
	step := roundStep(max(most-least, 1) / 4)
	bottom := math.Floor(least/step) * step
	numbers := []float64{bottom}
	for n := 1; numbers[len(numbers)-1] < most || n == 1; n++ {
		numbers = append(numbers, bottom+float64(n)*step)
	}
	return numbers
}

// roundStep returns the smallest of 1, 2, 5, 10, 20, 50 … that is not below least. Counts are whole numbers.
func roundStep(least float64) float64 {
	for power := 1.0; ; power *= 10 {
		for _, digit := range []float64{1, 2, 5} {
			if step := digit * power; step >= least {
				return step
			}
		}
	}
}

// axisLabels writes the numbers of an axis: "200", "1,500", "46k", "2.5M".
func axisLabels(numbers []float64) []string {
	unit, suffix := 1.0, ""
	if max(numbers[len(numbers)-1], -numbers[0]) >= 10_000 {
		step, least := numbers[1]-numbers[0], max(numbers[0], numbers[1]-numbers[0])
		for i, s := range []string{"k", "M", "bn", "tn"} {
			if size := math.Pow(1000, float64(i+1)); least >= size && math.Mod(step*10, size) == 0 {
				unit, suffix = size, s
			}
		}
	}
	labels := make([]string, len(numbers))
	for i, n := range numbers {
		labels[i] = "0"
		if n != 0 {
			whole, tenths := math.Modf(math.Round(math.Abs(n)/unit*10) / 10)
			labels[i] = Count(int64(whole))
			if n < 0 {
				labels[i] = "−" + labels[i]
			}
			if tenths > 0 {
				labels[i] += "." + strconv.Itoa(int(math.Round(tenths*10)))
			}
			labels[i] += suffix
		}
	}
	return labels
}

// scale places values on an axis, in the drawing's units from its top.
type scale struct{ bottom, top float64 }

func (c Chart) scale() scale {
	numbers := c.axis()
	return scale{numbers[0], numbers[len(numbers)-1]}
}

func (s scale) y(value float64) float64 {
	return plotHeight * (s.top - value) / (s.top - s.bottom)
}

// bar is a rectangle of the drawing.
type bar struct{ tone, x, y, width, height string }

// bars returns the bars of a slot. Every value above zero stays visible, however small.
func (c Chart) bars(slot int) (all []bar) {
	s, above, below := c.scale(), int64(0), int64(0)
	for _, series := range c.Series {
		value := series.Values[slot]
		if value == 0 {
			continue
		}
		var upper, lower float64
		if series.Down {
			upper, lower = s.y(float64(-below)), s.y(float64(-below-value))
			lower, below = max(lower, upper+1), below+value
		} else {
			upper, lower = s.y(float64(above+value)), s.y(float64(above))
			upper, above = min(upper, lower-1), above+value
		}
		all = append(all, bar{series.Tone, short(float64(slot)*slotWidth + (slotWidth-barWidth)/2), short(upper), short(barWidth), short(lower - upper)})
	}
	return all
}

// points are the corners of a line, for a polyline.
func (c Chart) points(series Series) string {
	s := c.scale()
	var b strings.Builder
	for i, value := range series.Values {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(short(c.middle(i)) + "," + short(s.y(float64(value))))
	}
	return b.String()
}

// middle returns the x coordinate of a slot's value. Lines reach from edge to edge.
func (c Chart) middle(slot int) float64 {
	if !c.Lines {
		return (float64(slot) + .5) * slotWidth
	}
	if len(c.Slots) == 1 {
		return slotWidth / 2
	}
	return float64(slot) * c.width() / float64(len(c.Slots)-1)
}

func (c Chart) width() float64 { return float64(max(len(c.Slots), 1) * slotWidth) }

func (c Chart) viewBox() string { return "0 0 " + short(c.width()) + " " + strconv.Itoa(plotHeight) }

// at returns the x position of a slot's label, as a percentage of the drawing's width. The last label is at the right edge.
func (c Chart) at(slot int) string {
	if c.anchor(slot) == "end" {
		return "100%"
	}
	return short(100*c.middle(slot)/c.width()) + "%"
}

// tickToSpare reports whether small screens leave out a slot's label: every second one, counted from the end, if there are many.
func (c Chart) tickToSpare(slot int) bool {
	all, later := 0, 0
	for i, s := range c.Slots {
		if s.Tick != "" {
			all++
			if i > slot {
				later++
			}
		}
	}
	return all > 4 && later%2 == 1
}

// anchor returns the text-anchor of a slot's label, so that no label goes beyond the drawing.
func (c Chart) anchor(slot int) string {
	switch {
	case slot == len(c.Slots)-1 && slot > 0:
		return "end"
	case c.middle(slot) < c.width()*.06:
		return "start"
	}
	return "middle"
}

// says describes a slot in words: "Sun 22 Nov, 15:00: 268 processed, 1 failed".
func (c Chart) says(slot int) string {
	parts := make([]string, len(c.Series))
	for i, s := range c.Series {
		parts[i] = Count(s.Values[slot]) + " " + strings.ToLower(s.Name)
	}
	return c.Slots[slot].Name + ": " + strings.Join(parts, ", ")
}

// short writes a number of the drawing with at most two digits after the point.
func short(n float64) string {
	return strconv.FormatFloat(math.Round(n*100)/100, 'f', -1, 64)
}

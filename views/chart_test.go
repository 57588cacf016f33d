package views

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAxisIsRoundAndHoldsEveryValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		least, most int64
		want        string
	}{
		{0, 0, "0 1"},
		{0, 1, "0 1"},
		{0, 3, "0 1 2 3"},
		{0, 7, "0 2 4 6 8"},
		{0, 289, "0 100 200 300"},
		{0, 400, "0 100 200 300 400"},
		{0, 1_999, "0 500 1,000 1,500 2,000"},
		{0, 45_000, "0 20k 40k 60k"},
		{46_377, 48_296, "46k 46.5k 47k 47.5k 48k 48.5k"},
		{50_001, 50_042, "49.6k 49.8k 50k 50.2k 50.4k"},
		{767, 768, "762 764 766 768 770 772"},
		{-3, 12, "−5 0 5 10 15"},
		{-40_000, 0, "−40k −30k −20k −10k 0"},
		{2_207, 41_890, "0 20k 40k 60k"},
		{7, 7, "5 6 7 8 9"},
		{0, 2_400_000, "0 1M 2M 3M"},
		{0, 7_000_000_000, "0 2bn 4bn 6bn 8bn"},
		{0, math.MaxInt64, "0 5,000,000tn 10,000,000tn"},
	} {
		numbers := axis(float64(c.least), float64(c.most))
		if got := strings.Join(axisLabels(numbers), " "); got != c.want {
			t.Errorf("axis(%d, %d): got %q, want %q", c.least, c.most, got, c.want)
		}
		if numbers[0] > float64(c.least) || numbers[len(numbers)-1] < float64(c.most) {
			t.Errorf("axis(%d, %d): got %v, which leaves a value out", c.least, c.most, numbers)
		}
	}
}

func at(zone, local string) Page {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	now, err := time.ParseInLocation("2006-01-02 15:04", local, loc)
	if err != nil {
		panic(err)
	}
	return Page{Loc: loc, Now: now}
}

func ticks(slots []Slot) string {
	var all []string
	for _, s := range slots {
		if s.Tick != "" {
			all = append(all, s.Tick)
		}
	}
	return strings.Join(all, " | ")
}

func TestHourSlots(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		page               Page
		n                  int
		first, last, ticks string
	}{
		{at("Europe/Vienna", "2026-11-24 14:31"), 24, "Mon 23 Nov, 15:00", "Tue 24 Nov, 14:00", "18:00 | Tue 00:00 | 06:00 | now"},
		{at("Europe/Vienna", "2026-11-24 14:31"), 48, "Sun 22 Nov, 15:00", "Tue 24 Nov, 14:00", "Mon 00:00 | 12:00 | Tue 00:00 | now"},
		{at("UTC", "2026-11-24 14:00"), 24, "Mon 23 Nov, 15:00", "Tue 24 Nov, 14:00", "18:00 | Tue 00:00 | 06:00 | now"},
		{at("Asia/Kolkata", "2026-11-24 14:31"), 24, "Mon 23 Nov, 15:30", "Tue 24 Nov, 14:30", "18:30 | Tue 00:30 | 06:30 | now"},
		{at("America/New_York", "2026-03-08 12:00"), 24, "Sat 7 Mar, 12:00", "Sun 8 Mar, 12:00", "12:00 | 18:00 | Sun 00:00 | 06:00 | now"},
	} {
		slots := c.page.HourSlots(c.n)
		got := []string{slots[0].Name, slots[len(slots)-1].Name, ticks(slots)}
		if want := []string{c.first, c.last, c.ticks}; !slices.Equal(got, want) || len(slots) != c.n {
			t.Errorf("%v: got %d slots %q, want %d %q", c.page.Now, len(slots), got, c.n, want)
		}
	}
}

func TestHoursOfTheClockChange(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range at("Europe/Vienna", "2026-10-25 05:10").HourSlots(6) {
		names = append(names, s.Name)
	}
	want := []string{"Sun 25 Oct, 01:00", "Sun 25 Oct, 02:00 CEST", "Sun 25 Oct, 02:00 CET", "Sun 25 Oct, 03:00", "Sun 25 Oct, 04:00", "Sun 25 Oct, 05:00"}
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestDaySlots(t *testing.T) {
	t.Parallel()
	days := at("Europe/Vienna", "2026-11-24 14:31").DaySlots(30, 24)
	if got, want := ticks(days), "26 Oct | 2 Nov | 9 Nov | 16 Nov | today"; got != want || len(days) != 30 || days[29].Name != "Tue 24 Nov" {
		t.Errorf("got %d slots %q up to %q, want 30 %q up to Tue 24 Nov", len(days), got, days[29].Name, want)
	}
	week := at("Europe/Vienna", "2026-11-24 14:31").DaySlots(7, 6)
	if got, want := ticks(week), "18 Nov | 19 Nov | 20 Nov | 21 Nov | 22 Nov | 23 Nov | now"; got != want || len(week) != 27 || week[26].Name != "Tue 24 Nov, 12:00" {
		t.Errorf("got %d slots %q up to %q, want 27 %q up to Tue 24 Nov, 12:00", len(week), got, week[26].Name, want)
	}
	for n, want := range map[int]string{91: "1 Sep | 15 Sep | 1 Oct | 15 Oct | 1 Nov | today", 366: "1 Jan | 1 Mar | 1 May | 1 Jul | 1 Sep | today"} {
		if got := ticks(at("Europe/Vienna", "2026-11-24 14:31").DaySlots(n, 24)); got != want {
			t.Errorf("got %q for %d days, want %q", got, n, want)
		}
	}
	if one := at("UTC", "2026-11-24 00:00").DaySlots(1, 6); len(one) != 1 {
		t.Errorf("got %d slots at midnight, want 1", len(one))
	}
}

// TestEveryHourFallsIntoItsDay expects that each hour of a day is in the slot of that day, also if the clock changes and the day has 23 or 25 hours.
func TestEveryHourFallsIntoItsDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, day string
		hours     int
	}{
		{"Europe/Vienna", "2026-03-29 12:00", 23},
		{"Europe/Vienna", "2026-10-25 12:00", 25},
		{"Europe/Vienna", "2026-11-24 12:00", 24},
		{"America/Havana", "2026-03-08 12:00", 23},      // there is no midnight
		{"Australia/Lord_Howe", "2026-04-05 12:00", 25}, // the day is half an hour longer
	} {
		p := at(c.zone, c.day)
		day := p.Now.Format("2006-01-02")
		p.Now = p.Now.AddDate(0, 0, 1)
		slots, n := p.DaySlots(3, 24), 0
		for h := slots[0].From.Add(-time.Hour).Truncate(time.Hour); h.Before(p.Now); h = h.Add(time.Hour) {
			at := SlotOf(slots, h)
			if at < 0 {
				continue
			}
			if name := p.in(h).Format("Mon 2 Jan"); slots[at].Name != name {
				t.Errorf("%s: the hour %v is counted as %s", c.zone, p.in(h), slots[at].Name)
			}
			if p.in(h).Format("2006-01-02") == day {
				n++
			}
		}
		if n != c.hours {
			t.Errorf("%s on %s: got %d hours, want %d", c.zone, day, n, c.hours)
		}
	}
}

// barChart returns a chart of failed and processed calls, one slot for each hour.
func barChart(failed, processed []int64) Chart {
	p := at("Europe/Vienna", "2026-11-24 14:31")
	return Chart{Title: "Calls", Summary: "in short", Unit: "Hour", Empty: "No calls yet.", Slots: p.HourSlots(len(failed)),
		Series: []Series{{Name: "Failed", Tone: "bad", Values: failed}, {Name: "Processed", Tone: "ok", Values: processed}}}
}

func TestChartWithoutData(t *testing.T) {
	t.Parallel()
	for _, c := range []Chart{{Empty: "No calls yet."}, barChart([]int64{0, 0}, []int64{0, 0})} {
		page := draw(t, c)
		if !strings.Contains(page, "No calls yet.") || strings.Contains(page, "<svg") || strings.Contains(page, "<table") {
			t.Errorf("got %s, want only the sentence", page)
		}
	}
}

func TestChartOfBars(t *testing.T) {
	t.Parallel()
	page := draw(t, barChart([]int64{0, 1}, []int64{1_000_000, 0}))
	for _, want := range []string{
		`aria-label="Calls. in short"`, `<title>Tue 24 Nov, 13:00: 0 failed, 1,000,000 processed</title>`,
		`<rect class="bar-ok" x="1.2" y="0" width="7.6" height="100">`, `<rect class="bar-bad" x="11.2" y="99" width="7.6" height="1">`, // one in a million is still visible
		`<th scope="row">Tue 24 Nov, 14:00</th><td class="r">1</td><td class="r">0</td>`, "Show as a table", `<span>500k</span>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the chart lacks %s; it is %s", want, page)
		}
	}
	if strings.Contains(page, "style=") || strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
		t.Errorf("got %s, want no inline style and only numbers", page)
	}
}

func TestChartAroundZero(t *testing.T) {
	t.Parallel()
	p := at("Europe/Vienna", "2026-11-24 14:31")
	c := Chart{Title: "Contacts that came and left", Summary: "in short", Unit: "Day", Slots: p.DaySlots(3, 24),
		Series: []Series{{Name: "New", Tone: "ok", Values: []int64{10, 0, 0}}, {Name: "Left", Tone: "idle", Values: []int64{0, 10, 0}, Down: true}}}
	page := draw(t, c)
	for _, want := range []string{
		`<rect class="bar-ok" x="1.2" y="0" width="7.6" height="50">`, `<rect class="bar-idle" x="11.2" y="50" width="7.6" height="50">`,
		`<line class="grid zero" x1="0" x2="30" y1="50" y2="50">`, `<span>−10</span>`, "0 new, 10 left",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the chart lacks %s; it is %s", want, page)
		}
	}
	c.Series[0].Values[0] = 0
	if page := draw(t, c); !strings.Contains(page, "<svg") {
		t.Error("a chart of people who left alone is not drawn")
	}
}

func TestChartOfLines(t *testing.T) {
	t.Parallel()
	p := at("Europe/Vienna", "2026-11-24 14:31")
	c := Chart{Lines: true, Title: "Contacts", Unit: "Day", Slots: p.DaySlots(3, 24), Series: []Series{{Name: "Subscribed", Tone: "ok", Values: []int64{0, 5, 10}}, {Name: "Unconfirmed", Tone: "warn", Values: []int64{2, 2, 2}}}}
	page := draw(t, c)
	for _, want := range []string{`<polyline class="line line-ok" points="0,100 15,50 30,0">`, `<polyline class="line line-warn" points="0,80 15,80 30,80">`} {
		if !strings.Contains(page, want) {
			t.Errorf("the chart lacks %s; it is %s", want, page)
		}
	}
	if strings.Contains(page, `"bar-`) {
		t.Error("a line must not be filled")
	}
}

func TestChartOfOnePoint(t *testing.T) {
	t.Parallel()
	p := at("Europe/Vienna", "2026-11-24 14:31")
	page := draw(t, Chart{Lines: true, Slots: p.DaySlots(1, 24), Series: []Series{{Name: "Subscribed", Tone: "ok", Values: []int64{7}}}})
	if !strings.Contains(page, `d="M5,50h0"`) || !strings.Contains(page, `text-anchor="middle">today`) {
		t.Errorf("got %s, want a point in the middle", page)
	}
}

func draw(t *testing.T, c Chart) string {
	t.Helper()
	var b strings.Builder
	if err := ChartFigure(c).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

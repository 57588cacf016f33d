package calendar

import (
	"math"
	"sort"
	"time"
)

// A day is the number of days since 1 January 1970 in the proleptic Gregorian calendar.

const (
	DaySeconds = 24 * 60 * 60
	Never      = math.MaxInt64
	Ever       = math.MinInt64
)

// dayNumber returns the day of a date.
func dayNumber(year, month, day int) int64 {
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yearOfEra := y - era*400
	dayOfYear := (153*((m+9)%12)+2)/5 + int64(day) - 1 // from 1 March on
	return era*146_097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719_468
}

// dateOf returns the date of a day.
func dateOf(day int64) (year, month, dayOfMonth int) {
	z := day + 719_468
	era := floorDiv(z, 146_097)
	dayOfEra := z - era*146_097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36_524 - dayOfEra/146_096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*dayOfYear + 2) / 153
	month = int((m+2)%12 + 1)
	year = int(yearOfEra + era*400)
	if month <= 2 {
		year++
	}
	return year, month, int(dayOfYear - (153*m+2)/5 + 1)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// ReadDay reads 2006-01-02; false for any other text. It does not check that the day exists, because stored days do.
func ReadDay(text string) (day int64, ok bool) {
	if len(text) != len(time.DateOnly) || text[4] != '-' || text[7] != '-' {
		return 0, false
	}
	year, ok1 := Digits(text[:4])
	month, ok2 := Digits(text[5:7])
	dayOfMonth, ok3 := Digits(text[8:])
	return dayNumber(year, month, dayOfMonth), ok1 && ok2 && ok3
}

// readInstant reads a stored instant, 2006-01-02T15:04:05.999Z, to the second.
func readInstant(text string) (unix int64, ok bool) {
	const shortest = len("2006-01-02T15:04:05Z")
	if len(text) < shortest || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[len(text)-1] != 'Z' {
		return 0, false
	}
	day, ok := ReadDay(text[:10])
	hour, ok1 := Digits(text[11:13])
	minute, ok2 := Digits(text[14:16])
	second, ok3 := Digits(text[17:19])
	return day*DaySeconds + int64(hour*3600+minute*60+second), ok && ok1 && ok2 && ok3
}

func Digits(text string) (n int, ok bool) {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return 0, false
		}
		n = n*10 + int(text[i]-'0')
	}
	return n, true
}

// Zone knows the days of a time zone. It keeps a table of the most important times, because package time recalculates
// those after its own table on every call. A nil zone is UTC.
type Zone struct {
	location  *time.Location
	periods   []period // consecutive, up to the one that contains zoneTableEnd
	reversals []int64  // the seconds at which a day begins again after it had ended
}

// period is a time with one offset: unix seconds from start up to but not including end.
type period struct{ start, end, offset int64 }

// zoneTableEnd is the second after which a zone's table may end.
var zoneTableEnd = dayNumber(2050, 1, 1) * DaySeconds

func New(location *time.Location) *Zone {
	z := &Zone{location: location}
	start := int64(Ever)
	for at := dayNumber(-1, 1, 1) * DaySeconds; at < zoneTableEnd; {
		p := z.periodFrom(at)
		at, p.start, start = p.end, start, p.end
		n := len(z.periods) - 1
		switch {
		case n >= 0 && z.periods[n].offset == p.offset:
			z.periods[n].end = p.end
			continue
		case n >= 0 && localDay(p.start, p.offset) < localDay(p.start-1, z.periods[n].offset):
			z.reversals = append(z.reversals, p.start)
		}
		z.periods = append(z.periods, p)
	}
	return z
}

// periodFrom returns the period from an instant on, from package time.
func (z *Zone) periodFrom(unix int64) period {
	t := time.Unix(unix, 0).In(z.location)
	_, offset := t.Zone()
	_, end := t.ZoneBounds()
	p := period{unix, Never, int64(offset)}
	if !end.IsZero() {
		// On the last day of a leap year ZoneBounds may return an end in the past.
		if p.end = end.Unix(); p.end <= unix {
			p.end = (floorDiv(unix, DaySeconds) + 1) * DaySeconds
		}
	}
	return p
}

func localDay(unix, offset int64) int64 { return floorDiv(unix+offset, DaySeconds) }

// at returns the period of an instant.
func (z *Zone) at(unix int64) period {
	if z == nil {
		return period{Ever, Never, 0}
	}
	i, j := 0, len(z.periods)
	for i < j {
		if middle := int(uint(i+j) >> 1); z.periods[middle].end <= unix {
			i = middle + 1
		} else {
			j = middle
		}
	}
	if i < len(z.periods) {
		return z.periods[i]
	}
	return z.periodFrom(unix)
}

// Day returns the day of an instant.
func (z *Zone) Day(unix int64) int64 { return localDay(unix, z.at(unix).offset) }

// DayOf returns the day of a stored date or instant; false for any other text.
func (z *Zone) DayOf(stored string) (day int64, ok bool) {
	if day, ok = ReadDay(stored); ok {
		return day, true
	}
	unix, ok := readInstant(stored)
	switch {
	case stored == "":
		return 0, false
	case !ok:
		instant, err := time.Parse(time.RFC3339, stored)
		if err != nil {
			return 0, false
		}
		unix = instant.Unix()
	}
	return z.Day(unix), true
}

// Reach returns the first second at or after from that belongs to day or a later day. Some days do not exist, and some
// have no midnight or two.
func (z *Zone) Reach(day, from int64) int64 {
	from = max(from, (day-2)*DaySeconds) // no offset reaches two days
	for {
		p := z.at(from)
		if first := max(from, day*DaySeconds-p.offset); first < p.end {
			return first
		}
		from = p.end
	}
}

// Reversal returns the first second after the given one at which an earlier day begins again, and that day. It returns
// Never if there is none.
func (z *Zone) Reversal(after int64) (at, day int64) {
	if z == nil || len(z.reversals) == 0 {
		return Never, 0
	}
	i := sort.Search(len(z.reversals), func(i int) bool { return z.reversals[i] > after })
	if i == len(z.reversals) {
		return Never, 0
	}
	return z.reversals[i], z.Day(z.reversals[i])
}

// Anniversary returns the first anniversary of a day on or after today; the day itself counts. For 29 February it is 28
// February in a common year.
func Anniversary(day, today int64) int64 {
	if today <= day {
		return day
	}
	_, month, dayOfMonth := dateOf(day)
	year, _, _ := dateOf(today)
	if in := inYear(year, month, dayOfMonth); in >= today {
		return in
	}
	return inYear(year+1, month, dayOfMonth)
}

func inYear(year, month, dayOfMonth int) int64 {
	if month == 2 && dayOfMonth == 29 && !(year%4 == 0 && (year%100 != 0 || year%400 == 0)) {
		dayOfMonth = 28
	}
	return dayNumber(year, month, dayOfMonth)
}

// DayText formats a day as 2006-01-02; false if its year does not fit.
func DayText(day int64) (string, bool) {
	year, month, dayOfMonth := dateOf(day)
	if year < 0 || year > 9999 {
		return "", false
	}
	return time.Date(year, time.Month(month), dayOfMonth, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), true
}

package segments

import (
	"strconv"
	"time"

	"campaignlark/models"
)

// compileField compiles the comparison of a merge tag's value. A contact without one is in none of them.
func (s Schema) compileField(kind Kind, c Condition) (condition, error) {
	m := s.fields[c.FieldID]
	field := condition{saw: s.fieldSeen(m)}
	key := m.Key
	if kind == kindDate && c.Operator != IsSet {
		days, err := s.dayTest(c)
		if err != nil {
			return field, err
		}
		day := func(s *Subject) (int64, bool) { return days.zone.dayOf(s.Fields[key]) }
		field.test, field.next = days.test(day), days.next(day)
		return field, nil
	}
	test := valueTest(kind, c)
	if test == nil {
		return field, errUnknown
	}
	field.test = func(s *Subject, _ Moment) bool {
		stored := s.Fields[key]
		return stored != "" && test(stored)
	}
	return field, nil
}

// valueTest returns the test of a stored value, which is never empty, or nil for an operator or a value that the kind does
// not have.
func valueTest(kind Kind, c Condition) func(stored string) bool {
	switch {
	case c.Operator == IsSet:
		return func(string) bool { return true }
	case kind == kindNumber:
		return numberTest(c)
	case kind == kindMultiple:
		if test, ok := newChoiceTest(c.Operator, c.Value.Texts); ok {
			return test.match
		}
	default:
		if test, ok := newTextTest(c.Operator, c.Value.Texts); ok {
			return test.match
		}
	}
	return nil
}

func numberTest(c Condition) func(stored string) bool {
	least := readDecimal(c.Value.Texts[0])
	most := readDecimal(c.Value.Last())
	switch c.Operator {
	case Is:
		return func(stored string) bool { return readDecimal(stored) == least }
	case More:
		return func(stored string) bool { return readDecimal(stored).compare(least) > 0 }
	case AtLeast:
		return func(stored string) bool { return readDecimal(stored).compare(least) >= 0 }
	case Less:
		return func(stored string) bool { return readDecimal(stored).compare(least) < 0 }
	case AtMost:
		return func(stored string) bool { return readDecimal(stored).compare(least) <= 0 }
	case Between:
		return func(stored string) bool {
			d := readDecimal(stored)
			return d.compare(least) >= 0 && d.compare(most) <= 0
		}
	}
	return nil
}

// dayTest compares days: with two fixed ones, or with today.
type dayTest struct {
	zone     *zone
	from, to int64 // both included
	passing  passing
}

// dayTest reads the values of a condition about days; the error says that it is none.
func (s Schema) dayTest(c Condition) (dayTest, error) {
	t := dayTest{zone: s.zone, from: ever, to: never}
	if KindInstant.Value(c.Operator) == ValueDays {
		days, err := strconv.ParseInt(c.Value.Last(), 10, 32)
		t.passing = windowOf(c.Operator, days)
		if err != nil || days < 0 || t.passing == nil {
			return t, errUnknown
		}
		return t, nil
	}
	first, ok1 := s.zone.dayOf(c.Value.Texts[0])
	last, ok2 := s.zone.dayOf(c.Value.Last())
	if !ok1 || !ok2 {
		return t, errUnknown
	}
	switch c.Operator {
	case On, Between:
		t.from, t.to = first, last
	case Before:
		t.to = first - 1
	case AtMost:
		t.to = first
	case After:
		t.from = first + 1
	case AtLeast:
		t.from = first
	default:
		return t, errUnknown
	}
	return t, nil
}

// test returns the test of the contact's day that the function finds.
func (t dayTest) test(day func(*Subject) (int64, bool)) func(*Subject, Moment) bool {
	if t.passing == nil {
		return func(s *Subject, _ Moment) bool {
			d, ok := day(s)
			return ok && t.from <= d && d <= t.to
		}
	}
	return func(s *Subject, at Moment) bool {
		d, ok := day(s)
		return ok && t.passing.holds(d, at.today)
	}
}

// next is nil when time does not matter.
func (t dayTest) next(day func(*Subject) (int64, bool)) func(*Subject, Moment) time.Time {
	if t.passing == nil {
		return nil
	}
	return func(s *Subject, at Moment) time.Time {
		d, ok := day(s)
		if !ok {
			return time.Time{}
		}
		return t.zone.next(t.passing, d, at)
	}
}

// instantOf returns what reads the instant that a condition of KindInstant looks at, which may be zero.
func instantOf(t Type) func(*Subject) time.Time {
	switch t {
	case TypeCreatedAt:
		return func(s *Subject) time.Time { return s.CreatedAt }
	case TypeChangedAt:
		return func(s *Subject) time.Time { return s.ChangedAt }
	}
	return func(s *Subject) time.Time { return s.SubscribedAt }
}

func (s Schema) compileInstant(c Condition) (condition, error) {
	instant := instantOf(c.Type)
	at := condition{saw: func(subject *Subject) string { return s.showInstant(instant(subject)) }}
	switch c.Operator {
	case IsSet:
		at.test = func(s *Subject, _ Moment) bool { return !instant(s).IsZero() }
		return at, nil
	case InLastHours:
		return compileHours(at, instant, c)
	}
	days, err := s.dayTest(c)
	if err != nil {
		return at, err
	}
	day := func(s *Subject) (int64, bool) {
		t := instant(s)
		return days.zone.day(t.Unix()), !t.IsZero()
	}
	at.test, at.next = days.test(day), days.next(day)
	return at, nil
}

func compileHours(at condition, instant func(*Subject) time.Time, c Condition) (condition, error) {
	n, err := strconv.Atoi(c.Value.Last())
	if err != nil || n < 1 || n > maxHours {
		return at, errUnknown
	}
	within := hours(time.Duration(n) * time.Hour)
	at.test = func(s *Subject, at Moment) bool {
		t := instant(s)
		return !t.IsZero() && within.holds(t, at.now)
	}
	at.next = func(s *Subject, at Moment) time.Time {
		t := instant(s)
		if t.IsZero() {
			return time.Time{}
		}
		return within.next(t, at.now)
	}
	return at, nil
}

// showInstant is an instant as people read it in the workspace's time zone, "" for none.
func (s Schema) showInstant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return models.MergeTag{Type: models.MergeTagDate}.Show(t.UTC().Format(time.RFC3339Nano), s.Location)
}

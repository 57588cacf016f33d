package rule

import (
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/segments/calendar"
)

// compileField compiles a condition on a merge tag's value. No positive operator matches a contact without a value.
func (s Schema) compileField(kind Kind, c Condition) (condition, error) {
	m := s.fields[c.FieldID]
	field, err := compileValue(s, m.Key, kind, c)
	field.saw = s.fieldSeen(m)
	return field, err
}

func compileValue(s Schema, key string, kind Kind, c Condition) (condition, error) {
	if kind == kindDate && c.Operator != IsSet {
		days, err := s.dayTest(c)
		if err != nil {
			return condition{}, err
		}
		return newValueCondition(key, days.holdsOf, days.nextOf()), nil
	}
	test := valueTest(kind, c)
	if test == nil {
		return condition{}, ErrUnknown
	}
	return newValueCondition(key, func(stored string, _ Moment) bool { return test(stored) }, nil), nil
}

// valueTest returns the test of a stored value, which is never empty, or nil if the kind does not have the operator or
// value.
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

// dayTest compares a day with two fixed days, or with today.
type dayTest struct {
	zone     *calendar.Zone
	from, to int64 // both included
	passing  passing
}

// dayTest reads the values of a condition about days, or returns ErrUnknown.
func (s Schema) dayTest(c Condition) (dayTest, error) {
	t := dayTest{zone: s.zone, from: calendar.Ever, to: calendar.Never}
	if KindInstant.Value(c.Operator) == ValueDays {
		days, err := strconv.ParseInt(c.Value.Last(), 10, 32)
		t.passing = windowOf(c.Operator, days)
		if err != nil || days < 0 || t.passing == nil {
			return t, ErrUnknown
		}
		return t, nil
	}
	first, ok1 := s.zone.DayOf(c.Value.Texts[0])
	last, ok2 := s.zone.DayOf(c.Value.Last())
	if !ok1 || !ok2 {
		return t, ErrUnknown
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
		return t, ErrUnknown
	}
	return t, nil
}

// holds reports whether the condition is true for a day.
func (t *dayTest) holds(day int64, at Moment) bool {
	if t.passing != nil {
		return t.passing.holds(day, at.today)
	}
	return t.from <= day && day <= t.to
}

// holdsOf is holds for a stored date.
func (t *dayTest) holdsOf(stored string, at Moment) bool {
	day, ok := t.zone.DayOf(stored)
	return ok && t.holds(day, at)
}

// nextOf returns a function that finds when passing time changes the result for a stored date; nil if time does not
// matter.
func (t *dayTest) nextOf() func(stored string, at Moment) time.Time {
	if t.passing == nil {
		return nil
	}
	return func(stored string, at Moment) time.Time {
		day, ok := t.zone.DayOf(stored)
		if !ok {
			return time.Time{}
		}
		return nextChange(t.zone, t.passing, day, at)
	}
}

// instantOf returns a function that reads the time that a condition of KindInstant checks; the time may be zero.
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
	at.test = func(s *Subject, at Moment) bool {
		t := instant(s)
		return !t.IsZero() && days.holds(days.zone.Day(t.Unix()), at)
	}
	if days.passing != nil {
		at.next = func(s *Subject, at Moment) time.Time {
			t := instant(s)
			if t.IsZero() {
				return time.Time{}
			}
			return nextChange(days.zone, days.passing, days.zone.Day(t.Unix()), at)
		}
	}
	return at, nil
}

func compileHours(at condition, instant func(*Subject) time.Time, c Condition) (condition, error) {
	n, err := strconv.Atoi(c.Value.Last())
	if err != nil || n < 1 || n > maxHours {
		return at, ErrUnknown
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

// showInstant formats a time for people in the workspace's time zone, "" for the zero time.
func (s Schema) showInstant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return models.MergeTag{Type: models.MergeTagDate}.Show(t.UTC().Format(time.RFC3339Nano), s.Location)
}

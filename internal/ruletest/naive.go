package ruletest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/segments/rule"
)

// Naive is a second evaluator of rules, independent of package rule. It is written from the text of the design and works on
// the rule's JSON. The two evaluators share only how package models reads and folds values. Naive is simple and slow on
// purpose: it looks for anniversaries day by day.
type Naive struct {
	fields map[int64]models.MergeTag
	zone   *time.Location
}

// Written is the JSON of a rule: a group, which has filters, or a condition, which has a type.
type Written struct {
	Join     string    `json:"condition,omitempty"`
	Filters  []Written `json:"filters"`
	Type     string    `json:"type,omitempty"`
	FieldID  int64     `json:"field_id,omitempty"`
	Operator string    `json:"operator,omitempty"`
	Value    any       `json:"value,omitempty"`
	Days     *int      `json:"days,omitempty"`
}

// MarshalJSON leaves the filters out of a condition and keeps an empty list of them in a group.
func (w Written) MarshalJSON() ([]byte, error) {
	if w.Join != "" {
		if w.Filters == nil {
			w.Filters = []Written{}
		}
		return json.Marshal(map[string]any{"condition": w.Join, "filters": w.Filters})
	}
	condition := map[string]any{"type": w.Type, "operator": w.Operator}
	if w.FieldID != 0 {
		condition["field_id"] = w.FieldID
	}
	if w.Value != nil {
		condition["value"] = w.Value
	}
	if w.Days != nil {
		condition["days"] = *w.Days
	}
	return json.Marshal(condition)
}

// ReadWritten reads the JSON of a rule. It panics if the JSON is invalid.
func ReadWritten(rule string) (w Written) {
	decoder := json.NewDecoder(bytes.NewBufferString(rule))
	decoder.UseNumber()
	if err := decoder.Decode(&w); err != nil {
		panic(err)
	}
	return w
}

// Texts returns the value as a list of texts, also if it is a single value or a number.
func (w Written) Texts() []string {
	list, ok := w.Value.([]any)
	if !ok {
		list = []any{w.Value}
	}
	var texts []string
	for _, item := range list {
		texts = append(texts, fmt.Sprint(item))
	}
	return texts
}

// Number returns the value as a whole number.
func (w Written) Number() int {
	n, err := strconv.Atoi(w.Texts()[0])
	if err != nil {
		panic(err)
	}
	return n
}

// Opposites names the positive operator of each negative one.
var Opposites = map[string]string{"ne": "eq", "not_in": "in", "not_contains": "contains", "is_not_set": "is_set",
	"has_none": "has_any", "not_in_last_days": "in_last_days"}

// Matches reports whether the contact matches the rule at the time now.
func (n Naive) Matches(w Written, s rule.Subject, now time.Time) bool {
	if w.Join == "" {
		if positive, negative := Opposites[w.Operator]; negative {
			w.Operator = positive
			return !n.condition(w, s, now)
		}
		return n.condition(w, s, now)
	}
	matched := 0
	for _, filter := range w.Filters {
		if n.Matches(filter, s, now) {
			matched++
		}
	}
	if w.Join == "OR" {
		return matched > 0
	}
	return matched > 0 && matched == len(w.Filters)
}

// condition reports whether the contact matches a condition with a positive operator.
func (n Naive) condition(w Written, s rule.Subject, now time.Time) bool {
	switch w.Type {
	case "status":
		return slices.Contains(w.Texts(), string(s.Status))
	case "tags":
		return naiveSet(w, func() map[string]bool {
			set := map[string]bool{}
			for _, tag := range s.Tags {
				set[strconv.FormatInt(tag, 10)] = true
			}
			return set
		}())
	case "segment":
		return s.In != nil && s.In(int64(w.Number()))
	case "created_by":
		return n.webhook(w, s.CreatedBy, s.CreatedAt, now)
	case "touched_by":
		return n.webhook(w, s.TouchedBy, s.TouchedAt, now)
	case "created_at":
		return n.instant(w, s.CreatedAt, now)
	case "changed_at":
		return n.instant(w, s.ChangedAt, now)
	case "subscribed_at":
		return n.instant(w, s.SubscribedAt, now)
	case "email":
		return naiveEmail(w, s.Email)
	case "field":
		m, ok := n.fields[w.FieldID]
		stored := s.Fields[m.Key]
		return ok && stored != "" && (w.Operator == "is_set" || n.field(m, w, stored, now))
	}
	panic("unknown condition type " + w.Type)
}

func naiveSet(w Written, has map[string]bool) bool {
	switch w.Operator {
	case "is_set":
		return len(has) > 0
	case "has_any":
		return slices.ContainsFunc(w.Texts(), func(id string) bool { return has[id] })
	case "has_all":
		return !slices.ContainsFunc(w.Texts(), func(id string) bool { return !has[id] })
	}
	panic("unknown operator " + w.Operator)
}

func (n Naive) webhook(w Written, webhook int64, at, now time.Time) bool {
	if w.Operator == "is_set" || webhook == 0 {
		return webhook != 0
	}
	if w.Days != nil {
		recently := Written{Operator: "in_last_days", Value: *w.Days}
		if !n.day(recently, dayIn(at, n.zone), now) {
			return false
		}
	}
	return webhook == int64(w.Number())
}

func (n Naive) instant(w Written, at, now time.Time) bool {
	switch {
	case at.IsZero():
		return false
	case w.Operator == "is_set":
		return true
	case w.Operator == "in_last_hours":
		return at.After(now.Add(-time.Duration(w.Number())*time.Hour)) && !at.After(now)
	}
	return n.day(w, dayIn(at, n.zone), now)
}

// DayLayout is the format of a day.
const DayLayout = "2006-01-02"

// dayIn returns the day of an instant in a zone. A day is represented by its midnight in UTC, where every day has 24 hours.
func dayIn(at time.Time, zone *time.Location) time.Time {
	year, month, day := at.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// dayOf returns the day that a text names: a day, or the day of an instant in the zone.
func (n Naive) dayOf(text string) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return dayIn(at, n.zone)
	}
	day, err := time.Parse(DayLayout, text)
	if err != nil {
		panic(err)
	}
	return day
}

// day reports whether a day matches a condition with an operator for dates.
func (n Naive) day(w Written, day, now time.Time) bool {
	today, value := dayIn(now, n.zone), w.Texts()
	switch w.Operator {
	case "on", "eq":
		return day.Equal(n.dayOf(value[0]))
	case "before", "lt":
		return day.Before(n.dayOf(value[0]))
	case "after", "gt":
		return day.After(n.dayOf(value[0]))
	case "lte":
		return !day.After(n.dayOf(value[0]))
	case "gte":
		return !day.Before(n.dayOf(value[0]))
	case "between":
		return !day.Before(n.dayOf(value[0])) && !day.After(n.dayOf(value[1]))
	case "in_last_days":
		return !day.Before(today.AddDate(0, 0, -w.Number())) && !day.After(today)
	case "more_than_days_ago":
		return day.Before(today.AddDate(0, 0, -w.Number()))
	case "in_next_days":
		return !day.Before(today) && !day.After(today.AddDate(0, 0, w.Number()))
	case "anniversary_within_days":
		for i := range w.Number() + 1 {
			if isAnniversary(day, today.AddDate(0, 0, i)) {
				return true
			}
		}
		return false
	}
	panic("unknown operator " + w.Operator)
}

// isAnniversary reports whether other is an anniversary of day. In a common year the anniversary of 29 February is 28 February.
// There is none before day.
func isAnniversary(day, other time.Time) bool {
	if other.Before(day) {
		return false
	}
	if leapDay := "02-29"; day.Format("01-02") == leapDay && other.Format("01-02") == "02-28" {
		return other.AddDate(0, 0, 1).Format("01-02") != leapDay
	}
	return other.Format("01-02") == day.Format("01-02")
}

// IsTimed reports whether the answer of the rule can change as time passes.
func (w Written) IsTimed() bool {
	return w.Days != nil || slices.Contains(relative, w.Operator) || slices.ContainsFunc(w.Filters, Written.IsTimed)
}

// Next returns the first instant at which passing time changes whether the contact matches. It tries every possible instant of
// the next 13 months. It returns zero if there is none.
func (n Naive) Next(w Written, s rule.Subject, now time.Time) time.Time {
	if !w.IsTimed() {
		return time.Time{}
	}
	instants := n.hours(w, s)
	for day := range 400 {
		instants = append(instants, dayStart(dayIn(now, n.zone).AddDate(0, 0, day+1), n.zone))
	}
	slices.SortFunc(instants, time.Time.Compare)
	is := n.Matches(w, s, now)
	for _, at := range instants {
		if at.After(now) && n.Matches(w, s, at) != is {
			return at
		}
	}
	return time.Time{}
}

// hours returns the instants at which conditions with in_last_hours can start or stop to match.
func (n Naive) hours(w Written, s rule.Subject) (instants []time.Time) {
	for _, filter := range w.Filters {
		instants = append(instants, n.hours(filter, s)...)
	}
	if w.Operator == "in_last_hours" {
		for _, at := range []time.Time{s.CreatedAt, s.ChangedAt, s.SubscribedAt} {
			instants = append(instants, at, at.Add(time.Duration(w.Number())*time.Hour))
		}
	}
	return instants
}

// Any reports whether f is true for the rule or for any group or condition in it.
func (w Written) Any(f func(Written) bool) bool {
	return f(w) || slices.ContainsFunc(w.Filters, func(inner Written) bool { return inner.Any(f) })
}

package segments_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"campaignlark/models"
	"campaignlark/segments"
)

// naive decides a second time who is in a segment. It is written from the words of the design alone, reads the rule's JSON
// as it was given, and shares nothing with the evaluator but how models reads and folds values. It is slow on purpose:
// anniversaries are looked for day by day.
type naive struct {
	fields map[int64]models.MergeTag
	zone   *time.Location
}

// written is a rule's JSON: a group has filters, a condition a type.
type written struct {
	Join     string    `json:"condition,omitempty"`
	Filters  []written `json:"filters"`
	Type     string    `json:"type,omitempty"`
	FieldID  int64     `json:"field_id,omitempty"`
	Operator string    `json:"operator,omitempty"`
	Value    any       `json:"value,omitempty"`
	Days     *int      `json:"days,omitempty"`
}

// MarshalJSON leaves the filters out of a condition and keeps an empty list of them in a group.
func (w written) MarshalJSON() ([]byte, error) {
	if w.Join != "" {
		if w.Filters == nil {
			w.Filters = []written{}
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

func readWritten(rule string) (w written) {
	decoder := json.NewDecoder(bytes.NewBufferString(rule))
	decoder.UseNumber()
	if err := decoder.Decode(&w); err != nil {
		panic(err)
	}
	return w
}

// texts returns the value as a list of texts, whatever it was.
func (w written) texts() []string {
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

func (w written) number() int {
	n, err := strconv.Atoi(w.texts()[0])
	if err != nil {
		panic(err)
	}
	return n
}

// opposites names the positive operator of each negative one.
var opposites = map[string]string{"ne": "eq", "not_in": "in", "not_contains": "contains", "is_not_set": "is_set",
	"has_none": "has_any", "not_in_last_days": "in_last_days"}

func (n naive) matches(w written, s segments.Subject, now time.Time) bool {
	if w.Join == "" {
		if positive, negative := opposites[w.Operator]; negative {
			w.Operator = positive
			return !n.condition(w, s, now)
		}
		return n.condition(w, s, now)
	}
	matched := 0
	for _, filter := range w.Filters {
		if n.matches(filter, s, now) {
			matched++
		}
	}
	if w.Join == "OR" {
		return matched > 0
	}
	return matched > 0 && matched == len(w.Filters)
}

// condition decides a condition whose operator is a positive one.
func (n naive) condition(w written, s segments.Subject, now time.Time) bool {
	switch w.Type {
	case "status":
		return slices.Contains(w.texts(), string(s.Status))
	case "tags":
		return naiveSet(w, func() map[string]bool {
			set := map[string]bool{}
			for _, tag := range s.Tags {
				set[strconv.FormatInt(tag, 10)] = true
			}
			return set
		}())
	case "segment":
		return s.In != nil && s.In(int64(w.number()))
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
	panic("what is " + w.Type + "?")
}

func naiveSet(w written, has map[string]bool) bool {
	switch w.Operator {
	case "is_set":
		return len(has) > 0
	case "has_any":
		return slices.ContainsFunc(w.texts(), func(id string) bool { return has[id] })
	case "has_all":
		return !slices.ContainsFunc(w.texts(), func(id string) bool { return !has[id] })
	}
	panic("what is " + w.Operator + "?")
}

func (n naive) webhook(w written, webhook int64, at, now time.Time) bool {
	if w.Operator == "is_set" || webhook == 0 {
		return webhook != 0
	}
	if w.Days != nil {
		recently := written{Operator: "in_last_days", Value: *w.Days}
		if !n.day(recently, dayIn(at, n.zone), now) {
			return false
		}
	}
	return webhook == int64(w.number())
}

func (n naive) instant(w written, at, now time.Time) bool {
	switch {
	case at.IsZero():
		return false
	case w.Operator == "is_set":
		return true
	case w.Operator == "in_last_hours":
		return at.After(now.Add(-time.Duration(w.number())*time.Hour)) && !at.After(now)
	}
	return n.day(w, dayIn(at, n.zone), now)
}

const dayLayout = "2006-01-02"

// dayIn is the day of an instant in a zone. A day is written as midnight in UTC, where every day has 24 hours.
func dayIn(at time.Time, zone *time.Location) time.Time {
	year, month, day := at.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// dayOf returns the day that a text names: itself, or where the instant falls.
func (n naive) dayOf(text string) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return dayIn(at, n.zone)
	}
	day, err := time.Parse(dayLayout, text)
	if err != nil {
		panic(err)
	}
	return day
}

// day decides an operator of dates.
func (n naive) day(w written, day, now time.Time) bool {
	today, value := dayIn(now, n.zone), w.texts()
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
		return !day.Before(today.AddDate(0, 0, -w.number())) && !day.After(today)
	case "more_than_days_ago":
		return day.Before(today.AddDate(0, 0, -w.number()))
	case "in_next_days":
		return !day.Before(today) && !day.After(today.AddDate(0, 0, w.number()))
	case "anniversary_within_days":
		for i := range w.number() + 1 {
			if isAnniversary(day, today.AddDate(0, 0, i)) {
				return true
			}
		}
		return false
	}
	panic("what is " + w.Operator + "?")
}

// isAnniversary says whether something that happened on day is remembered on another: 29 February is 28 February in a
// common year, and there is none before it happened.
func isAnniversary(day, other time.Time) bool {
	if other.Before(day) {
		return false
	}
	if leapDay := "02-29"; day.Format("01-02") == leapDay && other.Format("01-02") == "02-28" {
		return other.AddDate(0, 0, 1).Format("01-02") != leapDay
	}
	return other.Format("01-02") == day.Format("01-02")
}

package rule

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"campaignlark/models"
)

// Compile turns a rule from Check into a Matcher. The error is a sentence that says why the rule cannot be evaluated,
// for example because a field it uses was deleted.
func Compile(g Group, s Schema) (Matcher, error) {
	var m Matcher
	var err error
	m.root, err = s.compileGroup(g, &m.needs)
	return m, err
}

func (s Schema) compileGroup(g Group, needs *Needs) (*node, error) {
	n := &node{join: g.Join}
	for _, f := range g.Filters {
		var inner *node
		var err error
		if f.Group != nil {
			inner, err = s.compileGroup(*f.Group, needs)
		} else {
			inner, err = s.compileCondition(*f.Condition)
			*needs = needs.Merge(s.needs(*f.Condition))
		}
		if err != nil {
			return nil, err
		}
		n.nodes, n.timed = append(n.nodes, inner), n.timed || inner.timed
	}
	return n, nil
}

// ErrUnknown is the error for a rule that a newer version of the program has stored.
var ErrUnknown = errors.New("This rule uses something that this version of the program does not know.")

var (
	errFieldGone   = errors.New("A field that this rule uses does not exist any more.")
	errTagGone     = errors.New("A tag that this rule uses does not exist any more.")
	errSegmentGone = errors.New("A segment that this rule uses does not exist any more.")
	errWebhookGone = errors.New("A webhook that this rule uses does not exist any more.")
)

// compileCondition compiles the positive form of a condition and negates it for a negative operator, so that each is
// the exact complement of the other.
func (s Schema) compileCondition(c Condition) (*node, error) {
	kind, ok := s.Kind(c)
	if !ok && c.Type == TypeField {
		return nil, errFieldGone
	}
	var n node
	n.words = s.conditionWords(c)
	if c.Operator, ok = kind.canonical(c.Operator); !ok || kind.Takes(c.Operator) != TakesNothing && len(c.Value.Texts) == 0 {
		return nil, ErrUnknown
	}
	positive, negative := complements[c.Operator]
	if negative {
		c.Operator, _ = kind.canonical(positive) // for dates, the positive form of "is not" is "on"
	}
	compiled, err := s.compilePositive(kind, c)
	if err != nil {
		return nil, err
	}
	n.test, n.next, n.saw, n.segment, n.timed, n.negative = compiled.test, compiled.next, compiled.saw, compiled.segment, compiled.next != nil, negative
	return &n, nil
}

func (s Schema) compilePositive(kind Kind, c Condition) (condition, error) {
	switch kind {
	case KindStatus:
		return compileStatus(c)
	case KindTags:
		return s.compileTags(c)
	case KindEmail:
		return compileEmail(c)
	case KindSegment:
		return s.compileSegment(c)
	case KindSource:
		return s.compileSource(c)
	case KindInstant:
		return s.compileInstant(c)
	}
	return s.compileField(kind, c)
}

func compileStatus(c Condition) (condition, error) {
	want := make([]models.Status, len(c.Value.Texts))
	for i, text := range c.Value.Texts {
		if want[i] = models.Status(text); !want[i].Valid() {
			return condition{}, ErrUnknown
		}
	}
	return condition{
		test: func(s *Subject, _ Moment) bool { return slices.Contains(want, s.Status) },
		saw:  func(s *Subject) string { return s.Status.Name() },
	}, nil
}

func (s Schema) compileTags(c Condition) (condition, error) {
	ids, ok := c.IDs()
	if !ok {
		return condition{}, ErrUnknown
	}
	for _, id := range ids {
		if _, ok := s.tags[id]; !ok {
			return condition{}, errTagGone
		}
	}
	has := condition{saw: s.tagsSeen(c)}
	switch c.Operator {
	case IsSet:
		has.test = func(s *Subject, _ Moment) bool { return len(s.Tags) > 0 }
	case HasAll:
		has.test = func(s *Subject, _ Moment) bool {
			for _, id := range ids {
				if !slices.Contains(s.Tags, id) {
					return false
				}
			}
			return true
		}
	default:
		has.test = func(s *Subject, _ Moment) bool {
			for _, tag := range s.Tags {
				if slices.Contains(ids, tag) {
					return true
				}
			}
			return false
		}
	}
	return has, nil
}

// compileEmail compares the stored address. Operators for a part of the address also match the address as pages show
// it, with the domain in its own script.
func compileEmail(c Condition) (condition, error) {
	email := condition{saw: func(s *Subject) string { return models.ShowEmail(s.Email) }}
	want := make(map[string]bool, len(c.Value.Texts))
	for _, text := range c.Value.Texts {
		want[text] = true
	}
	switch c.Operator {
	case IsSet:
		email.test = func(s *Subject, _ Moment) bool { return s.Email != "" }
	case Is, In:
		email.test = func(s *Subject, _ Moment) bool { return want[s.Email] }
	case DomainIs, DomainIn:
		email.test = func(s *Subject, _ Moment) bool { return want[s.Email[strings.LastIndexByte(s.Email, '@')+1:]] }
	default:
		test, ok := newTextTest(c.Operator, c.Value.Texts)
		if !ok {
			return email, ErrUnknown
		}
		email.test = func(s *Subject, _ Moment) bool {
			return test.match(s.Email) || strings.Contains(s.Email, "xn--") && test.match(models.ShowEmail(s.Email))
		}
	}
	return email, nil
}

func (s Schema) compileSegment(c Condition) (condition, error) {
	id, err := strconv.ParseInt(c.Value.Last(), 10, 64)
	if err != nil {
		return condition{}, ErrUnknown
	}
	if _, ok := s.segments[id]; !ok {
		return condition{}, errSegmentGone
	}
	in := func(s *Subject) bool { return s.In != nil && s.In(id) }
	return condition{
		segment: id,
		test:    func(s *Subject, _ Moment) bool { return in(s) },
		saw: func(s *Subject) string {
			if in(s) {
				return "in it"
			}
			return "not in it"
		},
	}, nil
}

// source returns the webhook that a condition of KindSource checks, 0 for none, and its time.
func (c Condition) source(s *Subject) (webhook int64, at time.Time) {
	if c.Type == TypeCreatedBy {
		return s.CreatedBy, s.CreatedAt
	}
	return s.TouchedBy, s.TouchedAt
}

func (s Schema) compileSource(c Condition) (condition, error) {
	by := condition{saw: s.sourceSeen(c)}
	if c.Operator == IsSet {
		by.test = func(s *Subject, _ Moment) bool { webhook, _ := c.source(s); return webhook != 0 }
		return by, nil
	}
	id, err := strconv.ParseInt(c.Value.Last(), 10, 64)
	if err != nil {
		return by, ErrUnknown
	}
	if w, ok := s.webhooks[id]; !ok || w.DeletedAt != nil {
		return by, errWebhookGone
	}
	if c.Days == nil {
		by.test = func(s *Subject, _ Moment) bool { webhook, _ := c.source(s); return webhook == id }
		return by, nil
	}
	within, zone := windowOf(InLastDays, int64(*c.Days)), s.zone
	by.test = func(s *Subject, at Moment) bool {
		webhook, t := c.source(s)
		return webhook == id && within.holds(zone.Day(t.Unix()), at.today)
	}
	by.next = func(s *Subject, at Moment) time.Time {
		webhook, t := c.source(s)
		if webhook != id {
			return time.Time{}
		}
		return nextChange(zone, within, zone.Day(t.Unix()), at)
	}
	return by, nil
}

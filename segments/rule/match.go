package rule

import (
	"time"

	"campaignlark/models"
)

// Subject holds the properties of one contact that rules can read.
type Subject struct {
	ID           int64
	Email        string // as stored
	Status       models.Status
	Fields       map[string]string // by merge tag key, in their stored forms
	Tags         []int64
	CreatedAt    time.Time
	ChangedAt    time.Time
	SubscribedAt time.Time // zero if never subscribed
	CreatedBy    int64     // the webhook that created it, 0 if created by hand
	TouchedBy    int64     // the webhook of the last processed call, 0 for none
	TouchedAt    time.Time
	In           func(segment int64) bool // whether the contact is in a segment; nil: in none

	Cache *FieldCache // holds the field values, instead of Fields, when many contacts are read
}

// SubjectOf returns the Subject for a contact with these tag ids; the caller sets In.
func SubjectOf(c models.Contact, tags []int64) Subject {
	s := Subject{ID: c.ID, Email: c.Email, Status: c.Status, Fields: c.Fields, Tags: tags, CreatedAt: c.CreatedAt, ChangedAt: c.UpdatedAt}
	if c.SubscribedAt != nil {
		s.SubscribedAt = *c.SubscribedAt
	}
	if c.SourceWebhookID != nil {
		s.CreatedBy = *c.SourceWebhookID
	}
	if c.TouchedWebhookID != nil && c.TouchedAt != nil {
		s.TouchedBy, s.TouchedAt = *c.TouchedWebhookID, *c.TouchedAt
	}
	return s
}

// Matcher is a compiled rule. Several goroutines may use it at the same time.
type Matcher struct {
	root  *node
	needs Needs
}

// node is a group, or a condition if it has a test.
type node struct {
	join  Join
	nodes []*node
	timed bool // time changes the result of the condition, or of one in the group

	negative bool // the condition is the complement of its test
	condition
}

// condition is how one condition of a rule evaluates a contact.
type condition struct {
	words []Part
	test  func(*Subject, Moment) bool
	next  func(*Subject, Moment) time.Time // see Matcher.Next; nil if time does not matter
	saw   func(*Subject) string

	segment int64 // the segment it refers to, 0 for none
}

// Match reports whether the contact matches at the moment.
func (m Matcher) Match(s *Subject, at Moment) bool { return m.root.match(s, at) }

func (n *node) match(s *Subject, at Moment) bool {
	n = n.alone()
	if n.test != nil {
		return n.test(s, at) != n.negative
	}
	for _, inner := range n.nodes {
		if inner.match(s, at) == (n.join == Any) {
			return n.join == Any
		}
	}
	return n.join == All && len(n.nodes) > 0
}

// alone returns the only filter of the group, repeatedly: it has the same result.
func (n *node) alone() *node {
	for len(n.nodes) == 1 {
		n = n.nodes[0]
	}
	return n
}

// Timed reports whether passing time alone can change the result for any contact.
func (m Matcher) Timed() bool { return m.root.timed }

// Next returns an instant after at. Before it, passing time alone does not change the contact's result; zero means
// never. For a single condition it is exactly when the result changes. It assumes that memberships in other segments
// stay as they are.
func (m Matcher) Next(s *Subject, at Moment) time.Time {
	_, next := m.MatchUntil(s, at)
	return next
}

// MatchUntil is Match and Next in one.
func (m Matcher) MatchUntil(s *Subject, at Moment) (matched bool, next time.Time) {
	return m.root.matchUntil(s, at)
}

// matchUntil is match, with the instant until which the result stays. One filter decides a group: a false one in an AND
// group, a true one in an OR group. The result stays while any deciding filter stays.
func (n *node) matchUntil(s *Subject, at Moment) (matched bool, next time.Time) {
	n = n.alone()
	switch {
	case !n.timed:
		return n.match(s, at), time.Time{}
	case n.test != nil:
		return n.test(s, at) != n.negative, n.next(s, at)
	}
	decisive, decided := n.join == Any, false
	var soonest, last time.Time
	for _, inner := range n.nodes {
		matched, next := inner.matchUntil(s, at)
		switch {
		case matched != decisive:
			soonest = Sooner(soonest, next)
		case next.IsZero():
			return decisive, time.Time{}
		case !decided || next.After(last):
			decided, last = true, next
		}
	}
	if decided {
		return decisive, last
	}
	return !decisive, soonest
}

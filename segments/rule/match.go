package rule

import (
	"time"

	"campaignlark/models"
)

// Subject is what rules look at of one contact.
type Subject struct {
	ID           int64
	Email        string // as it is stored
	Status       models.Status
	Fields       map[string]string // by merge tag key, in their stored forms
	Tags         []int64
	CreatedAt    time.Time
	ChangedAt    time.Time
	SubscribedAt time.Time // zero when it never was
	CreatedBy    int64     // the webhook that made it, 0 when it was made by hand
	TouchedBy    int64     // the webhook of the last processed call, 0 when there was none
	TouchedAt    time.Time
	In           func(segment int64) bool // who is in the segments that the rule speaks of; nil: in none

	Cache *FieldCache // where the values of fields are, instead of in Fields, when many contacts are read
}

// SubjectOf is a contact with the ids of its tags as rules look at it; In is left for the caller to give.
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

// node is a group, or a condition when it has a test.
type node struct {
	join  Join
	nodes []*node
	timed bool // time changes the answer of the condition, or of one in the group

	negative bool // the condition is the complement of what is tested
	condition
}

// condition is how one condition of a rule looks at a contact.
type condition struct {
	words []Part
	test  func(*Subject, Moment) bool
	next  func(*Subject, Moment) time.Time // see Matcher.Next; nil when time does not matter
	saw   func(*Subject) string

	segment int64 // that it looks at, 0 for none
}

// Match reports whether the contact is in at the moment.
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

// alone is the only filter of the group, or of the one that is, and so on: it has the same answer.
func (n *node) alone() *node {
	for len(n.nodes) == 1 {
		n = n.nodes[0]
	}
	return n
}

// Timed reports whether passing time alone can change the answer for anybody.
func (m Matcher) Timed() bool { return m.root.timed }

// Next is an instant after the moment, before which passing time alone does not change the answer for the contact; it is
// zero when time never does. Of a single condition it is the very instant of the change. What the rule says of other
// segments counts as it is at the moment.
func (m Matcher) Next(s *Subject, at Moment) time.Time {
	_, next := m.MatchUntil(s, at)
	return next
}

// MatchUntil is Match and Next in one.
func (m Matcher) MatchUntil(s *Subject, at Moment) (matched bool, next time.Time) {
	return m.root.matchUntil(s, at)
}

// matchUntil is match, with the instant until which the answer stays. A group's answer is decided by any one of the
// filters that say "no" to all or "yes" to any, and stays as long as one of those does.
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

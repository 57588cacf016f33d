package segments

import (
	"errors"
	"slices"
	"strings"
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

// Matcher is a compiled rule. It may be used by several goroutines at once.
type Matcher struct {
	root  node
	needs Needs
}

// Needs is what a rule reads of a contact beside its id and status.
type Needs struct {
	Fields  []string // the keys of merge tags, each once, sorted
	Email   bool
	Tags    bool
	Times   bool // CreatedAt, ChangedAt, SubscribedAt
	Sources bool // CreatedBy, TouchedBy, TouchedAt
}

// Merge is what both read together.
func (n Needs) Merge(other Needs) Needs {
	fields := slices.Concat(n.Fields, other.Fields)
	slices.Sort(fields)
	return Needs{Fields: slices.Compact(fields), Email: n.Email || other.Email, Tags: n.Tags || other.Tags,
		Times: n.Times || other.Times, Sources: n.Sources || other.Sources}
}

// Needs is what the rule reads.
func (m Matcher) Needs() Needs { return m.needs }

// Timed says whether passing time alone can change the answer for anybody.
func (m Matcher) Timed() bool { return false }

// Next is the next instant after the moment at which passing time alone can change the answer for the contact, zero when
// there is none.
func (m Matcher) Next(s *Subject, at Moment) time.Time { return time.Time{} }

// node is a group, or a condition when it has a test.
type node struct {
	join  Join
	nodes []node
	test  func(*Subject) bool
	saw   func(*Subject) string
	words []Part
}

// Compile turns a rule, as Check returned it, into a Matcher. The error is a sentence for people that says why the rule
// cannot be evaluated: what it speaks of is gone.
func Compile(g Group, s Schema) (Matcher, error) {
	root, err := s.compileGroup(g)
	return Matcher{root: root}, err
}

// Match says whether the contact is in at the moment.
func (m Matcher) Match(s *Subject, at Moment) bool { return m.root.match(s) }

func (n node) match(s *Subject) bool {
	if n.test != nil {
		return n.test(s)
	}
	for _, inner := range n.nodes {
		if inner.match(s) == (n.join == Any) {
			return n.join == Any
		}
	}
	return n.join == All && len(n.nodes) > 0
}

func (s Schema) compileGroup(g Group) (node, error) {
	n := node{join: g.Join}
	for _, f := range g.Filters {
		var inner node
		var err error
		if f.Group != nil {
			inner, err = s.compileGroup(*f.Group)
		} else {
			inner, err = s.compileCondition(*f.Condition)
		}
		if err != nil {
			return n, err
		}
		n.nodes = append(n.nodes, inner)
	}
	return n, nil
}

// errUnknown can only come from a rule that a newer version of the program has stored.
var errUnknown = errors.New("This rule uses something that this version of the program does not know.")

// compileCondition compiles the positive form of the condition and turns it round for a negative operator, which makes
// each the exact complement of the other.
func (s Schema) compileCondition(c Condition) (node, error) {
	n := node{words: s.conditionWords(c)}
	positive, negative := complements[c.Operator]
	if negative {
		c.Operator = positive
	}
	var err error
	switch c.Type {
	case TypeStatus:
		n.test, err = statusTest(c)
		n.saw = func(s *Subject) string { return s.Status.Name() }
	case TypeTags:
		n.test, err = s.tagsTest(c)
		n.saw = s.tagsSeen(c)
	case TypeField:
		n.test, err = s.fieldTest(c)
		n.saw = s.fieldSeen(c)
	default:
		err = errUnknown
	}
	if err == nil && negative {
		test := n.test
		n.test = func(s *Subject) bool { return !test(s) }
	}
	return n, err
}

func statusTest(c Condition) (func(*Subject) bool, error) {
	want := models.Status(c.Value.Last())
	if c.Operator != Is || !want.Valid() {
		return nil, errUnknown
	}
	return func(s *Subject) bool { return s.Status == want }, nil
}

func (s Schema) tagsTest(c Condition) (func(*Subject) bool, error) {
	ids, ok := c.IDs()
	if c.Operator != HasAny || !ok {
		return nil, errUnknown
	}
	for _, id := range ids {
		if _, ok := s.tags[id]; !ok {
			return nil, errors.New("A tag that this rule uses does not exist any more.")
		}
	}
	return func(s *Subject) bool {
		return slices.ContainsFunc(s.Tags, func(tag int64) bool { return slices.Contains(ids, tag) })
	}, nil
}

func (s Schema) fieldTest(c Condition) (func(*Subject) bool, error) {
	m, ok := s.fields[c.FieldID]
	if !ok {
		return nil, errors.New("A field that this rule uses does not exist any more.")
	}
	test := s.valueTest(KindOf(m), c)
	if test == nil {
		return nil, errUnknown
	}
	return func(s *Subject) bool {
		stored := s.Fields[m.Key]
		return stored != "" && test(stored)
	}, nil
}

// valueTest returns the test of a stored value, which is never empty, or nil for an operator that the kind does not
// have.
func (s Schema) valueTest(k Kind, c Condition) func(stored string) bool {
	stored, ok := k.canonical(c.Operator)
	if !ok || k.Takes(stored) != TakesNothing && c.Value.Last() == "" {
		return nil
	}
	switch stored {
	case IsSet:
		return func(string) bool { return true }
	case Is, On:
		form := s.comparable(k)
		want := form(strings.Join(c.Value.Texts, "\n"))
		return func(stored string) bool { return form(stored) == want }
	case HasAll:
		return hasChoices(c.Value.Texts)
	case Contains:
		want := models.Fold(c.Value.Last())
		return func(stored string) bool { return strings.Contains(models.Fold(stored), want) }
	}
	return nil
}

// hasChoices tests whether all the wanted options are among those of a stored multiple choice.
func hasChoices(want []string) func(stored string) bool {
	wanted := folded(want)
	return func(stored string) bool {
		have := folded(choices(stored))
		return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(have, w) })
	}
}

// comparable returns the function that gives two stored values of a kind the same text exactly when they are equal:
// text without case and without blanks at its ends, 1.50 like 1.5, an instant by its day in the workspace's time zone,
// choices in any order.
func (s Schema) comparable(k Kind) func(stored string) string {
	switch k {
	case Kind(models.MergeTagNumber):
		return plainDecimal
	case Kind(models.MergeTagDate):
		return func(stored string) string { return dayOf(stored, s.Location) }
	case Kind(models.MergeTagMultiple):
		return func(stored string) string {
			names := folded(choices(stored))
			slices.Sort(names)
			return strings.Join(slices.Compact(names), "\n")
		}
	}
	return func(stored string) string { return models.Fold(models.TrimBlanks(stored)) }
}

func folded(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = models.Fold(models.TrimBlanks(text))
	}
	return out
}

// plainDecimal returns a stored number without the zeros that do not count. No float is involved: 30 digits survive.
func plainDecimal(stored string) string {
	unsigned := strings.TrimPrefix(stored, "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	switch {
	case whole == "" && fraction == "":
		return "0"
	case whole == "":
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return stored[:len(stored)-len(unsigned)] + whole
}

// dayOf returns the day of a stored date, which for an instant is the one that its moment falls on at location.
func dayOf(stored string, location *time.Location) string {
	if len(stored) == len(time.DateOnly) {
		return stored
	}
	instant, err := time.Parse(time.RFC3339, stored)
	if err != nil {
		return stored
	}
	return instant.In(location).Format(time.DateOnly)
}

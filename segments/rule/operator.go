package rule

import (
	"slices"

	"campaignlark/models"
)

// Operator is how a condition compares, by its name in a rule's JSON.
type Operator string

const (
	Is                    Operator = "eq"
	IsNot                 Operator = "ne"
	In                    Operator = "in" // for a segment: its members
	NotIn                 Operator = "not_in"
	Contains              Operator = "contains"
	NotContains           Operator = "not_contains"
	StartsWith            Operator = "starts_with"
	EndsWith              Operator = "ends_with"
	DomainIs              Operator = "domain_eq"
	DomainIn              Operator = "domain_in"
	More                  Operator = "gt"
	Less                  Operator = "lt"
	AtLeast               Operator = "gte" // for dates: on or after
	AtMost                Operator = "lte" // for dates: on or before
	Between               Operator = "between"
	HasAny                Operator = "has_any"
	HasAll                Operator = "has_all"
	HasNone               Operator = "has_none"
	On                    Operator = "on"
	Before                Operator = "before"
	After                 Operator = "after"
	InLastDays            Operator = "in_last_days"
	NotInLastDays         Operator = "not_in_last_days"
	InNextDays            Operator = "in_next_days"
	MoreThanDaysAgo       Operator = "more_than_days_ago"
	AnniversaryWithinDays Operator = "anniversary_within_days"
	InLastHours           Operator = "in_last_hours"
	IsSet                 Operator = "is_set"
	IsNotSet              Operator = "is_not_set"
)

// Kind says what a condition compares: the type of the merge tag, or one of these.
type Kind string

const (
	KindEmail   Kind = "email"
	KindStatus  Kind = "status"
	KindTags    Kind = "tags"
	KindSegment Kind = "segment"
	KindSource  Kind = "source"  // TypeCreatedBy and TypeTouchedBy
	KindInstant Kind = "instant" // TypeCreatedAt, TypeChangedAt and TypeSubscribedAt

	kindText     = Kind(models.MergeTagText)
	kindNumber   = Kind(models.MergeTagNumber)
	kindBoolean  = Kind(models.MergeTagBoolean)
	kindDate     = Kind(models.MergeTagDate)
	kindSingle   = Kind(models.MergeTagSingle)
	kindMultiple = Kind(models.MergeTagMultiple)
	kindCountry  = Kind(models.MergeTagCountry)
)

// KindOf returns the kind of a merge tag's values.
func KindOf(m models.MergeTag) Kind { return Kind(m.Type) }

// Kind returns the kind of what the condition compares; false if that does not exist.
func (s Schema) Kind(c Condition) (Kind, bool) {
	if c.Type == TypeField {
		m, ok := s.fields[c.FieldID]
		return KindOf(m), ok
	}
	k, ok := typeKinds[c.Type]
	return k, ok
}

var typeKinds = map[Type]Kind{
	TypeEmail: KindEmail, TypeStatus: KindStatus, TypeTags: KindTags, TypeSegment: KindSegment,
	TypeCreatedBy: KindSource, TypeTouchedBy: KindSource,
	TypeCreatedAt: KindInstant, TypeChangedAt: KindInstant, TypeSubscribedAt: KindInstant,
}

// The operators of each kind, in the order of the menus. The builder's page and Check read this table; match.go and its
// neighbours evaluate them.
var operators = map[Kind][]Operator{
	kindText:     {Is, IsNot, In, NotIn, Contains, NotContains, StartsWith, EndsWith, IsSet, IsNotSet},
	KindEmail:    {Is, IsNot, In, NotIn, Contains, NotContains, StartsWith, EndsWith, DomainIs, DomainIn, IsSet, IsNotSet},
	kindNumber:   {Is, IsNot, More, AtLeast, Less, AtMost, Between, IsSet, IsNotSet},
	kindBoolean:  {Is, IsSet, IsNotSet},
	kindSingle:   {Is, IsNot, In, NotIn, IsSet, IsNotSet},
	kindCountry:  {Is, IsNot, In, NotIn, IsSet, IsNotSet},
	kindMultiple: {HasAny, HasAll, HasNone, IsSet, IsNotSet},
	kindDate: {On, IsNot, Before, After, AtMost, AtLeast, Between,
		InLastDays, NotInLastDays, InNextDays, MoreThanDaysAgo, AnniversaryWithinDays, IsSet, IsNotSet},
	KindInstant: {On, IsNot, Before, After, AtMost, AtLeast, Between,
		InLastDays, NotInLastDays, InNextDays, MoreThanDaysAgo, AnniversaryWithinDays, InLastHours, IsSet, IsNotSet},
	KindStatus:  {Is, IsNot, In, NotIn},
	KindTags:    {HasAny, HasAll, HasNone, IsSet, IsNotSet},
	KindSegment: {In, NotIn},
	KindSource:  {Is, IsNot, IsSet, IsNotSet},
}

// accepted maps aliases to the stored operator. Older rules and rules written by hand use them.
var accepted = map[Kind]map[Operator]Operator{
	kindBoolean:  {IsNot: IsNot},
	kindMultiple: {Is: Is, IsNot: IsNot, Contains: HasAll}, // Is: exactly these
	kindDate:     {Is: On, Less: Before, More: After},
	KindInstant:  {Is: On, Less: Before, More: After},
}

// complements maps each negative operator to its exact opposite (DESIGN "Segments"): a contact without a value matches
// "is not".
var complements = map[Operator]Operator{
	IsNot: Is, NotIn: In, NotContains: Contains, HasNone: HasAny, NotInLastDays: InLastDays, IsNotSet: IsSet,
}

// Operators lists the operators of a kind.
func Operators(k Kind) []Operator { return slices.Clone(operators[k]) }

// canonical returns the stored form of an operator for the kind; false if it does not fit.
func (k Kind) canonical(o Operator) (Operator, bool) {
	if slices.Contains(operators[k], o) {
		return o, true
	}
	stored, ok := accepted[k][o]
	return stored, ok
}

var operatorLabels = map[Operator]string{
	Is: "is", IsNot: "is not", In: "is any of", NotIn: "is none of",
	Contains: "contains", NotContains: "does not contain", StartsWith: "starts with", EndsWith: "ends with",
	DomainIs: "domain is", DomainIn: "domain is any of",
	More: "is more than", AtLeast: "is at least", Less: "is less than", AtMost: "is at most", Between: "is between",
	HasAny: "has any of", HasAll: "has all of", HasNone: "has none of",
	On: "is on", Before: "is before", After: "is after",
	InLastDays: "is in the last", NotInLastDays: "is not in the last", InNextDays: "is in the next",
	MoreThanDaysAgo: "is longer ago than", AnniversaryWithinDays: "has its anniversary within",
	InLastHours: "is in the last", IsSet: "is set", IsNotSet: "is not set",
}

var dateLabels = map[Operator]string{Is: "is on", IsNot: "is not on", AtMost: "is on or before", AtLeast: "is on or after"}

// kindLabels has the labels of a kind that differ from operatorLabels.
var kindLabels = map[Kind]map[Operator]string{
	kindDate: dateLabels,
	KindInstant: {On: "on", Is: "on", IsNot: "not on", Before: "before", After: "after", AtMost: "on or before", AtLeast: "on or after", Between: "between",
		InLastDays: "in the last", NotInLastDays: "not in the last", InNextDays: "in the next", MoreThanDaysAgo: "longer ago than",
		AnniversaryWithinDays: "anniversary within", InLastHours: "in the last"},
	KindTags:    {IsSet: "has tags", IsNotSet: "has no tags"},
	KindSegment: {In: "is in", NotIn: "is not in"},
	KindSource:  {Is: "webhook is", IsNot: "webhook is not", IsSet: "any webhook", IsNotSet: "no webhook"},
}

// Label returns the operator as pages show it before its value: "is more than", "is in the last".
func (k Kind) Label(o Operator) string {
	if label, ok := kindLabels[k][o]; ok {
		return label
	}
	return operatorLabels[o]
}

// Takes says how many values an operator takes.
type Takes int

const (
	TakesNothing Takes = iota
	TakesOne
	TakesSeveral // a list of at least one
	TakesTwo     // from and to, both included
)

// ValueKind is the kind of a condition's values.
type ValueKind string

const (
	ValueText    ValueKind = "text"
	ValueEmail   ValueKind = "email"
	ValueDomain  ValueKind = "domain"
	ValueNumber  ValueKind = "number"
	ValueDate    ValueKind = "date" // 2006-01-02
	ValueBoolean ValueKind = "boolean"
	ValueChoice  ValueKind = "choice"  // one of the merge tag's options
	ValueCountry ValueKind = "country" // ISO 3166-1 alpha-2
	ValueStatus  ValueKind = "status"
	ValueTag     ValueKind = "tag"     // an id, like the next two
	ValueSegment ValueKind = "segment" // not the rule's own segment
	ValueWebhook ValueKind = "webhook"
	ValueDays    ValueKind = "days"  // a whole number
	ValueHours   ValueKind = "hours" // a whole number
)

// Takes returns how many values a condition of the kind takes with the operator.
func (k Kind) Takes(o Operator) Takes {
	switch o {
	case IsSet, IsNotSet:
		return TakesNothing
	case Between:
		return TakesTwo
	case HasAny, HasAll, HasNone, DomainIn:
		return TakesSeveral
	case In, NotIn:
		if k != KindSegment {
			return TakesSeveral
		}
	case Is, IsNot, Contains:
		if k == kindMultiple {
			return TakesSeveral
		}
	}
	return TakesOne
}

// TakesDays reports whether a condition of the kind may have a number of days (Condition.Days) with the operator.
func (k Kind) TakesDays(o Operator) bool { return k == KindSource && (o == Is || o == IsNot) }

var valueKinds = map[Kind]ValueKind{
	kindText: ValueText, KindEmail: ValueText, kindNumber: ValueNumber, kindBoolean: ValueBoolean, kindDate: ValueDate, KindInstant: ValueDate,
	kindSingle: ValueChoice, kindMultiple: ValueChoice, kindCountry: ValueCountry,
	KindStatus: ValueStatus, KindTags: ValueTag, KindSegment: ValueSegment, KindSource: ValueWebhook,
}

// Value returns the kind of the values of a condition with the operator.
func (k Kind) Value(o Operator) ValueKind {
	switch o {
	case InLastDays, NotInLastDays, InNextDays, MoreThanDaysAgo, AnniversaryWithinDays:
		return ValueDays
	case InLastHours:
		return ValueHours
	case DomainIs, DomainIn:
		return ValueDomain
	case Is, IsNot, In, NotIn:
		if k == KindEmail {
			return ValueEmail
		}
	}
	return valueKinds[k]
}

// isID reports whether values are ids, which are numbers in a rule's JSON.
func (v ValueKind) isID() bool { return v == ValueTag || v == ValueSegment || v == ValueWebhook }

// isTyped reports whether people type or paste values, a line each in a list, instead of choosing them.
func (v ValueKind) isTyped() bool { return v == ValueText || v == ValueEmail || v == ValueDomain }

// isCount reports whether values are whole numbers of days or hours.
func (v ValueKind) isCount() bool { return v == ValueDays || v == ValueHours }

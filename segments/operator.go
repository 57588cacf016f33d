package segments

import (
	"slices"

	"campaignlark/models"
)

// Operator is how a condition compares.
type Operator string

const (
	Is       Operator = "eq"
	IsNot    Operator = "ne"
	Contains Operator = "contains"
	IsSet    Operator = "is_set"
	IsNotSet Operator = "is_not_set"
	HasAny   Operator = "has_any"
	HasNone  Operator = "has_none"
)

// Kind is what a condition compares: "status", "tags", or the type of the merge tag.
type Kind string

const (
	KindStatus Kind = "status"
	KindTags   Kind = "tags"
)

// KindOf is the kind of a merge tag's values.
func KindOf(m models.MergeTag) Kind { return Kind(m.Type) }

// The operators of each kind, in the order in which people choose. The builder's page and Check read this table; the
// evaluator knows how each works (match.go).
var operators = map[Kind][]Operator{
	KindStatus:                    {Is, IsNot},
	KindTags:                      {HasAny, HasNone},
	Kind(models.MergeTagText):     {Is, IsNot, Contains, IsSet, IsNotSet},
	Kind(models.MergeTagNumber):   {Is, IsNot, IsSet, IsNotSet},
	Kind(models.MergeTagBoolean):  {Is, IsNot, IsSet, IsNotSet},
	Kind(models.MergeTagDate):     {Is, IsNot, IsSet, IsNotSet},
	Kind(models.MergeTagSingle):   {Is, IsNot, IsSet, IsNotSet},
	Kind(models.MergeTagMultiple): {Contains, Is, IsNot, IsSet, IsNotSet},
	Kind(models.MergeTagCountry):  {Is, IsNot, IsSet, IsNotSet},
}

// complements names for each negative operator the one whose exact opposite it is (DESIGN "Segments"): a contact
// without a value is in "is not".
var complements = map[Operator]Operator{IsNot: Is, IsNotSet: IsSet, HasNone: HasAny}

var operatorLabels = map[Operator]string{
	Is: "is", IsNot: "is not", Contains: "contains", IsSet: "is set", IsNotSet: "is not set",
	HasAny: "has any of", HasNone: "has none of",
}

// Operators lists the operators that fit a kind.
func Operators(k Kind) []Operator { return slices.Clone(operators[k]) }

// Label is the operator as people read it.
func (o Operator) Label() string { return operatorLabels[o] }

// TakesValue says whether a condition with the operator needs a value.
func (o Operator) TakesValue() bool { return o != IsSet && o != IsNotSet }

package ruletest

import (
	"strings"

	"campaignlark/models"
)

// fieldType is a merge tag with the operators and random values for its type.
type fieldType struct {
	mergeTag  models.MergeTag
	operators []string // of the design; older rules may have others, which are still accepted
	// given returns a random value as somebody might send it. It may be blank or not fit, but must fit sometimes.
	given func(g *Generator, m models.MergeTag) string
}

// fieldTypes has a merge tag of every type. naive_value.go evaluates the operators of the types.
var fieldTypes = []fieldType{
	{models.MergeTag{Key: "city", Type: models.MergeTagText}, textOperators,
		func(g *Generator, _ models.MergeTag) string { return Pick(g.Rand, g.texts) }},
	{models.MergeTag{Key: "points", Type: models.MergeTagNumber}, []string{"eq", "ne", "gt", "gte", "lt", "lte", "between", "is_set", "is_not_set"},
		func(g *Generator, _ models.MergeTag) string { return Pick(g.Rand, g.numbers) }},
	{models.MergeTag{Key: "vip", Type: models.MergeTagBoolean}, []string{"eq", "ne", "is_set", "is_not_set"}, oneOf("", "true", "False", "yes", "0", "maybe")},
	{models.MergeTag{Key: "birthday", Type: models.MergeTagDate}, append([]string{"eq", "lt", "gt"}, dateOperators...),
		func(g *Generator, _ models.MergeTag) string {
			return Pick(g.Rand, []string{"", g.date(), g.date(), g.date(), g.date()})
		}},
	{models.MergeTag{Key: "size", Type: models.MergeTagSingle, Options: []string{"Small", "Large"}}, choiceOperators,
		func(g *Generator, m models.MergeTag) string { return Pick(g.Rand, append(m.Options, "", "sMALL")) }},
	{models.MergeTag{Key: "likes", Type: models.MergeTagMultiple, Options: []string{"Tea", "Coffee", "Straße"}},
		append([]string{"contains", "eq", "ne"}, severalOperators...), (*Generator).choices},
	{models.MergeTag{Key: "country", Type: models.MergeTagCountry}, choiceOperators, oneOf("", "AT", "austria", "de", "US", "null")},
}

func oneOf(values ...string) func(*Generator, models.MergeTag) string {
	return func(g *Generator, _ models.MergeTag) string { return Pick(g.Rand, values) }
}

// FieldTypes has a merge tag of every type. FieldOperators has the operators that the design gives to each type.
var (
	FieldTypes     []models.MergeTag
	FieldOperators = map[models.MergeTagType][]string{}
)

func init() {
	for _, f := range fieldTypes {
		FieldTypes = append(FieldTypes, f.mergeTag)
		FieldOperators[f.mergeTag.Type] = f.operators
	}
}

// given returns a random value of the merge tag as somebody might send it. It may be blank or not fit.
func (g *Generator) given(m models.MergeTag) string {
	for _, f := range fieldTypes {
		if f.mergeTag.Type == m.Type {
			return f.given(g, m)
		}
	}
	panic("no values for the type " + string(m.Type))
}

func (g *Generator) choices(m models.MergeTag) string {
	var chosen []string
	for _, option := range m.Options {
		if g.IntN(2) == 0 {
			chosen = append(chosen, Pick(g.Rand, []string{option, strings.ToUpper(option)}))
		}
	}
	return strings.Join(chosen, ", ")
}

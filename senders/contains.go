package senders

import (
	"slices"
	"strings"

	"campaignlark/models"
)

// Contains reports whether the payload has a value whose name, or the name of an object that holds it, is field, and whose text contains
// value. Case does not count. An empty field is any name, an empty value any value.
func (t *Tree) Contains(field, value string) bool {
	field, value = models.Fold(field), models.Fold(value)
	for at, above := range t.leaves() {
		named := field == "" || slices.ContainsFunc(t.namesOf(above, at), func(name string) bool { return models.Fold(name) == field })
		if named && (value == "" || slices.ContainsFunc(t.Given(at).Texts, func(text string) bool { return strings.Contains(models.Fold(text), value) })) {
			return true
		}
	}
	return false
}

// HoldsText reports whether a text of the payload is one for which holds is true.
func (t *Tree) HoldsText(holds func(text string) bool) bool {
	for at := range t.leaves() {
		if slices.ContainsFunc(t.Given(at).Texts, holds) {
			return true
		}
	}
	return false
}

package models

import "slices"

// Shape is the form of a value before it was reduced to plain texts.
type Shape int

const (
	Plain  Shape = iota // one plain value, or a form key that came several times: Texts in the order given
	List                // a JSON array of plain values: Texts in the order given
	Nested              // an object, or an array that contains an object or an array; it has no Texts
	Null                // JSON null: as if the key was not sent
	File                // a file of a multipart form; it has no Texts, and what it holds is not read
)

// Given is a value as it was sent, independent of its encoding: JSON, a query string, a form, an import. Numbers are
// their literal text, booleans "true" and "false" (CONTRACT "Payload").
type Given struct {
	Texts []string
	Shape Shape
	Bare  bool // a plain value that JSON writes without quotes: a number, true or false
}

// Text returns a Given with one plain value.
func Text(s string) Given { return Given{Texts: []string{s}} }

// Empty reports whether nothing was given that could be read: null or a file.
func (g Given) Empty() bool { return g.Shape == Null || g.Shape == File }

// OneOfList reports whether the value is a list of exactly one plain value, which reads as that value. CONTRACT "Payload".
func (g Given) OneOfList() bool { return g.Shape == List && len(g.Texts) == 1 }

// IsBlank reports whether nothing was given: null, or nothing but blanks.
func (g Given) IsBlank() bool {
	return g.Shape == Null || g.Shape != Nested && !slices.ContainsFunc(g.Texts, func(text string) bool { return !IsBlank(text) })
}

// Last returns the value that counts if only one can: the last one. It is "" for a value without texts.
func (g Given) Last() string {
	if len(g.Texts) == 0 {
		return ""
	}
	return g.Texts[len(g.Texts)-1]
}

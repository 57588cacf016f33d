package models

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// emptyWords are what programs write for a value that is not there. The case counts: Null and Nan are names of people.
var emptyWords = []string{
	"null", "NULL", "(null)", "<null>", "undefined", "NaN", "nan", "None", "nil", "<nil>", `\N`,
	"#N/A", "#REF!", "#VALUE!", "#NAME?", "#NULL!", "#DIV/0!",
}

// marks open and close a placeholder anywhere in a text.
var marks = []struct{ open, shut string }{{"{{", "}}"}, {"*|", "|*"}, {"{%", "%}"}, {"<%", "%>"}, {"${", "}"}, {"#{", "}"}, {"{!", "}"}, {"[[", "]]"}}

// maxPlaceholder is how many bytes there may be between two marks.
const maxPlaceholder = 100

// wholePlaceholder matches a text that is a placeholder as a whole. Within a longer text these marks mean other things. Braces
// with a quotation mark are JSON.
var wholePlaceholder = regexp.MustCompile(`^(?:\{\$?[\pL\d][^{}"]*\}|%%?[\pL_][\pL\d_.-]+%%?|\[[\pL]+[_-][\pL\d_-]*\]|@@[\pL\d_.-]+@@)$`)

// LooksUnfilled reports whether a value looks as if its sender did not fill it in: a placeholder such as {{first_name}} or
// *|FNAME|*, or what a program writes for a missing value, such as null or [object Object]. It is a guess: such a value is
// stored like any other.
func LooksUnfilled(text string) bool {
	text = TrimBlanks(text)
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	empty := func(word string) bool { return slices.Contains(emptyWords, word) }
	switch {
	case text == "":
		return false
	case !slices.ContainsFunc(words, func(word string) bool { return !empty(word) }):
		return len(words) > 0 // "undefined undefined" too: two names joined
	case strings.Contains(text, "[object Object]"), strings.Contains(text, "<test lead: dummy data"), text == "Array":
		return true
	}
	return slices.ContainsFunc(marks, func(m struct{ open, shut string }) bool { return holdsPlaceholder(text, m.open, m.shut) }) ||
		len(text) <= maxPlaceholder && wholePlaceholder.MatchString(text)
}

// holdsPlaceholder reports whether text has something with a letter or digit between open and shut.
func holdsPlaceholder(text, open, shut string) bool {
	for {
		_, rest, found := strings.Cut(text, open)
		if !found {
			return false
		}
		inside, _, found := strings.Cut(rest[:min(len(rest), maxPlaceholder+len(shut))], shut)
		if found && strings.ContainsFunc(inside, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			return true
		}
		text = rest
	}
}

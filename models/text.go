package models

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// IsBlank reports whether s is empty or only blanks: Unicode White_Space, including no-break and ideographic spaces and
// line ends. CONTRACT: a blank counts as not given.
func IsBlank(s string) bool { return TrimBlanks(s) == "" }

// TrimBlanks removes blanks, as in IsBlank, from the ends of s.
func TrimBlanks(s string) string { return strings.TrimFunc(s, unicode.IsSpace) }

// ValidText returns s as both databases accept it: invalid bytes become U+FFFD, and NUL is removed (CONTRACT
// "Payload").
func ValidText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// MediaType returns the type of a Content-Type in lower case and without its parameters, whatever separates them from it: a
// semicolon, a comma, or by mistake a blank.
func MediaType(contentType string) string {
	kind := strings.TrimLeft(contentType, " \t")
	if i := strings.IndexAny(kind, ";, \t"); i >= 0 {
		kind = kind[:i]
	}
	return strings.ToLower(kind)
}

// Shorten returns at most n code points of s, with an ellipsis if something was cut off.
func Shorten(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return s[:i] + "…"
		}
		count++
	}
	return s
}

// Capital returns a text with a capital letter at its beginning.
func Capital(s string) string {
	if s == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// Fold returns the same text for two texts that differ only in case or in the encoding of their accents.
func Fold(s string) string {
	ascii, lower := true, true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
		lower = lower && (s[i] < 'A' || s[i] > 'Z')
	}
	switch {
	case ascii && lower:
		return s // most are
	case ascii:
		return LowerASCII(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(s)))
}

// isInvisible reports whether r is a letter or mark that shows nothing, such as the Hangul filler or a variation
// selector. With it, two different texts can look the same.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func isASCIILetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

func IsASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// LowerASCII lower-cases A to Z and nothing else, so that two different letters never become the same.
func LowerASCII(s string) string { return strings.Map(lowerRune, s) }

func lowerRune(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// OneLineEnd returns text with every line end in its one stored form, a line feed, whatever wrote it: a sender, a browser or a file.
func OneLineEnd(text string) string { return lineEnds.Replace(text) }

// SortKey returns a text by which names are put in alphabetical order: without regard to case and accents.
func SortKey(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(Fold(s)))
}

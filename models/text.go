package models

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// IsBlank reports whether s is empty or holds nothing but blanks: Unicode White_Space, no-break and ideographic spaces
// and line ends included. CONTRACT: a blank counts as not given.
func IsBlank(s string) bool { return TrimBlanks(s) == "" }

// TrimBlanks returns s without the blanks at its ends, in the sense of IsBlank.
func TrimBlanks(s string) string { return strings.TrimFunc(s, unicode.IsSpace) }

// ValidText returns s as both databases accept it: bytes that are not valid text become U+FFFD and NUL is dropped
// (CONTRACT "Payload").
func ValidText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// Shorten returns at most n code points of s, with a sign where something was cut off.
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

// Fold returns the form in which two texts are equal when they differ in case or in how their accents are encoded only.
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
// selector: with it two texts look the same and are not.
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

// LowerASCII lower-cases the letters A to Z and leaves everything else alone, so that no two different letters meet.
func LowerASCII(s string) string { return strings.Map(lowerRune, s) }

func lowerRune(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

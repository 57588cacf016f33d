package models

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

const (
	MaxName      = 64
	maxNameBytes = 2400 // one character may have any number of code points: 64 emoji of two people take 2,240
	maxSlugBytes = 40
)

// CountCharacters counts as a person does: a letter with its accents, a flag, or an emoji with its parts is one
// character.
func CountCharacters(s string) int { return uniseg.GraphemeClusterCount(s) }

// CleanName returns a name as it is stored: in NFC, line ends and tabs as spaces, without other control characters,
// without characters that change the text direction, and without blanks at its ends.
func CleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) && unicode.IsSpace(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
			return -1
		}
		return r
	}, ValidText(s))
	return TrimBlanks(norm.NFC.String(s))
}

// ValidateName returns one sentence about what is wrong with the name of a webhook, a tag, a segment or a workspace, or
// "". It expects the result of CleanName.
func ValidateName(s string) string { return validateLength("name", s) }

// validateLength is ValidateName for another word, such as label.
func validateLength(what, s string) string {
	if !strings.ContainsFunc(s, isVisible) {
		return "Please give it a " + what + "."
	}
	if n := CountCharacters(s); n > MaxName {
		return fmt.Sprintf("Please make the %s %d characters or shorter. It has %s.", what, MaxName, groupThousands(fmt.Sprint(n)))
	}
	if len(s) > maxNameBytes {
		return "Please make the " + what + " simpler. Its characters have too many parts."
	}
	return ""
}

func isVisible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.IsMark(r) && !isInvisible(r)
}

// latinLetters are the Latin letters that do not decompose into a plain letter and accents.
var latinLetters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ħ", "h", "ŧ", "t", "ı", "i", "ŋ", "n")

// Slug returns a name for a URL: its Latin letters in lower case without accents and its digits, in words joined by
// hyphens, at most 40 bytes. It is "" for a name without any of these; the caller then chooses one.
func Slug(name string) string {
	if len(name) > maxNameBytes {
		name = strings.ToValidUTF8(name[:maxNameBytes], "")
	}
	var b strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(latinLetters.Replace(strings.ToLower(name))) {
		switch {
		case isASCIILetterOrDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(lowerRune(r))
		case !unicode.IsMark(r) && r != '\'' && r != '’':
			gap = true
		}
	}
	slug := b.String()
	return strings.TrimRight(slug[:min(len(slug), maxSlugBytes)], "-")
}

// ValidateSlug returns one sentence about what is wrong with a slug that a person chose, or "". An empty one is made from the name.
func ValidateSlug(slug string) string {
	if slug != Slug(slug) {
		return "Please use small letters from a to z, digits and single hyphens between them, at most 40."
	}
	return ""
}

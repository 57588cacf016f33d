package models

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// lookAlikes are small letters of other scripts that look like Latin ones.
var lookAlikes = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'о': 'o', 'р': 'p', 'ԛ': 'q', 'ѕ': 's', 'т': 't', 'у': 'y', 'х': 'x', 'ԝ': 'w',
	'α': 'a', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x',
	'ı': 'i', 'ɑ': 'a', 'ɡ': 'g',
}

// LookLatin returns text in small letters, with Latin letters for the letters of other scripts that look like them. Texts that look
// the same become the same.
func LookLatin(text string) string {
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if latin := lookAlikes[r]; latin != 0 {
			return latin
		}
		return r
	}, width.Narrow.String(text))
}

// SayLookAlike names the first letter of text that looks like a Latin one: "the а is a Cyrillic letter". It is "" if there is none.
func SayLookAlike(text string) string {
	for _, r := range text {
		small := unicode.ToLower(r)
		switch {
		case width.Narrow.String(string(r)) != string(r) && width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			return "the " + string(r) + " is a fullwidth character"
		case lookAlikes[small] == 0:
		case unicode.Is(unicode.Cyrillic, r):
			return "the " + string(r) + " is a Cyrillic letter"
		case unicode.Is(unicode.Greek, r):
			return "the " + string(r) + " is a Greek letter"
		default:
			return "the " + string(r) + " is another letter than the Latin " + string(lookAlikes[small])
		}
	}
	return ""
}

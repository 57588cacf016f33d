package models

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// LooksMisread reports whether a text looks as if it was UTF-8 once and a program read it as Windows-1252: "ZoÃ«" for "Zoë". It
// is a guess: such a value is stored like any other.
func LooksMisread(text string) bool {
	if IsASCII(text) {
		return false
	}
	read, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil || !utf8.ValidString(read) {
		return false
	}
	for _, c := range read {
		latin, punctuation := 0xa0 <= c && c <= 0x17f, 0x2010 <= c && c <= 0x20ac
		if c >= utf8.RuneSelf && !latin && !punctuation {
			return false
		}
	}
	return true
}

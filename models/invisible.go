package models

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// invisibleNames names characters that people cannot see. Others have their number as their name.
var invisibleNames = map[rune]string{
	' ': "blank", '\t': "tab", '\n': "line end", '\r': "carriage return", '\u00a0': "no-break space", '\u00ad': "soft hyphen", '\u061c': "Arabic letter mark",
	'\u2002': "en space", '\u2003': "em space", '\u2007': "figure space", '\u2009': "thin space", '\u200a': "hair space", '\u200b': "zero-width space",
	'\u200c': "zero-width non-joiner", '\u200d': "zero-width joiner", '\u200e': "left-to-right mark", '\u200f': "right-to-left mark", '\u2028': "line separator",
	'\u2029': "paragraph separator", '\u202a': "left-to-right embedding", '\u202b': "right-to-left embedding", '\u202c': "end of embedding",
	'\u202d': "left-to-right override", '\u202e': "right-to-left override", '\u202f': "narrow no-break space", '\u2060': "word joiner",
	'\u2066': "left-to-right isolate", '\u2067': "right-to-left isolate", '\u2068': "first strong isolate", '\u2069': "end of isolate", '\u2800': "empty Braille cell",
	'\u3000': "ideographic space", '\u3164': "Hangul filler", '\ufeff': "byte-order mark",
}

// NameInvisible returns text with the name of each character that people cannot see in its place: "email_address‹blank›". A
// single blank inside stays as it is, and so do the joiners inside of emoji and of words that need them. It is for a text
// that a sentence quotes; see also NameInvisibleInBlock.
func NameInvisible(text string) string { return nameRuns(text, invisibleRuns(text, true)) }

// NameInvisibleInBlock is NameInvisible for a text that stands by itself: blanks, tabs and line ends stay.
func NameInvisibleInBlock(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return nameRuns(text, invisibleRuns(text, false))
}

// invisibleRun is one or more times the same character at a place of a text.
type invisibleRun struct {
	from, to int
	name     string // "" for the first half of a line end of two characters
}

func nameRuns(text string, runs []invisibleRun) string {
	if len(runs) == 0 {
		return text
	}
	var b strings.Builder
	from := 0
	for _, run := range runs {
		b.WriteString(text[from:run.from])
		if from = run.to; run.name != "" {
			b.WriteString("‹" + run.name + "›")
		}
	}
	return b.String() + text[from:]
}

// invisibleRuns finds what is named in text; blanks, tabs and line ends too if it is quoted.
func invisibleRuns(text string, quoted bool) (runs []invisibleRun) {
	before := rune(-1)
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		end := at + size
		for r != utf8.RuneError && strings.HasPrefix(text[end:], text[at:at+size]) {
			end += size
		}
		after, _ := utf8.DecodeRuneInString(text[end:])
		n := (end - at) / size
		switch {
		case quoted && r == '\r' && n == 1 && after == '\n':
			runs = append(runs, invisibleRun{at, end, ""})
		case isNamed(r, n, before, after, at == 0 || end == len(text), quoted):
			runs = append(runs, invisibleRun{at, end, invisibleName(r, n)})
		}
		at, before = end, r
	}
	return runs
}

// isNamed reports whether n times the character r is named, between the characters before and after, at an end of the text or not.
func isNamed(r rune, n int, before, after rune, atEnd, quoted bool) bool {
	switch {
	case r == ' ':
		return quoted && (atEnd || n > 1)
	case r == '\t' || r == '\n':
		return quoted
	case !isUnseen(r):
		return false
	case r == '\u3000' || r == '\u200c' || r == '\u200d': // of a word or an emoji
		return n > 1 || atEnd || before < utf8.RuneSelf || after < utf8.RuneSelf
	case unicode.Is(unicode.Variation_Selector, r): // of the emoji before it, such as a heart or the keycap 1
		return n > 1 || before < utf8.RuneSelf && !unicode.IsDigit(before) && before != '#' && before != '*'
	}
	return true
}

// isUnseen reports whether r shows nothing, or only a gap: blanks, control characters, and marks that change how others are
// written.
func isUnseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || isInvisible(r) || r == '\u2800' ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// invisibleName names n times the character r: "blank", "3 blanks", "U+0007".
func invisibleName(r rune, n int) string {
	name := invisibleNames[r]
	if name == "" {
		name = fmt.Sprintf("%U", r)
	}
	switch {
	case n == 1:
		return name
	case invisibleNames[r] == "":
		return fmt.Sprintf("%d × %s", n, name)
	case strings.HasPrefix(name, "end of "):
		return fmt.Sprintf("%d ends%s", n, name[3:])
	}
	return fmt.Sprintf("%d %ss", n, name)
}

// TrimInvisible removes the characters that people cannot see from the ends of text.
func TrimInvisible(text string) string { return strings.TrimFunc(text, isUnseen) }

// SayInvisible says in words where text has characters that people cannot see: "followed by a blank". It is "" for a text that
// has none, or nothing else.
func SayInvisible(text string) string {
	seen := TrimInvisible(text)
	start := strings.Index(text, seen)
	if seen == "" {
		return ""
	}
	var before, inside, behind []string
	for _, run := range invisibleRuns(text, true) {
		name := run.name
		switch {
		case name == "":
			continue
		case !unicode.IsDigit(rune(name[0])):
			name = article(name) + " " + name
		}
		switch {
		case run.from < start:
			before = append(before, name)
		case run.from < start+len(seen):
			inside = append(inside, name)
		default:
			behind = append(behind, name)
		}
	}
	var parts []string
	for _, part := range []struct {
		before string
		names  []string
		behind string
	}{{"preceded by ", before, ""}, {"with ", inside, " inside"}, {"followed by ", behind, ""}} {
		const most = 3
		if more := len(part.names) - most; more > 0 {
			part.names = append(part.names[:most], fmt.Sprintf("%d more", more))
		}
		if len(part.names) > 0 {
			parts = append(parts, part.before+strings.Join(part.names, " and ")+part.behind)
		}
	}
	return strings.Join(parts, ", ")
}

func article(name string) string {
	if strings.ContainsRune("aeiAEI", rune(name[0])) {
		return "an"
	}
	return "a"
}

package models

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNameInvisible(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, quoted, block, words string }{
		{"", "", "", ""},
		{"plain, é and 漢字", "plain, é and 漢字", "plain, é and 漢字", ""},
		{"email_address ", "email_address‹blank›", "email_address ", "followed by a blank"},
		{"  email_address", "‹2 blanks›email_address", "  email_address", "preceded by 2 blanks"},
		{"first  name", "first‹2 blanks›name", "first  name", "with 2 blanks inside"},
		{" ", "‹blank›", " ", ""},
		{"\ufeffemail_address", "‹byte-order mark›email_address", "‹byte-order mark›email_address", "preceded by a byte-order mark"},
		{"jo@example.test\u200b", "jo@example.test‹zero-width space›", "jo@example.test‹zero-width space›", "followed by a zero-width space"},
		{"jo\u00ad@example.test", "jo‹soft hyphen›@example.test", "jo‹soft hyphen›@example.test", "with a soft hyphen inside"},
		{"\u00a0jo\u200b\u200b@x\t", "‹no-break space›jo‹2 zero-width spaces›@x‹tab›", "‹no-break space›jo‹2 zero-width spaces›@x\t",
			"preceded by a no-break space, with 2 zero-width spaces inside, followed by a tab"},
		{"a\u202etxt.exe", "a‹right-to-left override›txt.exe", "a‹right-to-left override›txt.exe", "with a right-to-left override inside"},
		{"\u2066x\u2069\u200f", "‹left-to-right isolate›x‹end of isolate›‹right-to-left mark›", "‹left-to-right isolate›x‹end of isolate›‹right-to-left mark›",
			"preceded by a left-to-right isolate, followed by an end of isolate and a right-to-left mark"},
		{"a\r\nb\n\rc\r", "a‹line end›b‹line end›‹carriage return›c‹carriage return›", "a\nb\n‹carriage return›c‹carriage return›",
			"with a line end and a line end and a carriage return inside, followed by a carriage return"},
		{"\x00\x1b[31m\u0085", "‹U+0000›‹U+001B›[31m‹U+0085›", "‹U+0000›‹U+001B›[31m‹U+0085›", "preceded by a U+0000 and a U+001B, followed by a U+0085"},
		{"\x07\x07a", "‹2 × U+0007›a", "‹2 × U+0007›a", "preceded by 2 × U+0007"},
		{"a\u2028b\u3164", "a‹line separator›b‹Hangul filler›", "a‹line separator›b‹Hangul filler›", "with a line separator inside, followed by a Hangul filler"},
		{"a\U000e0041", "a‹U+E0041›", "a‹U+E0041›", "followed by a U+E0041"},
		{"山田\u3000太郎", "山田\u3000太郎", "山田\u3000太郎", ""},
		{"山田\u3000", "山田‹ideographic space›", "山田‹ideographic space›", "followed by an ideographic space"},
		{"👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f⃣", "👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f⃣", "👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f⃣", ""},
		{"می\u200cخواهم", "می\u200cخواهم", "می\u200cخواهم", ""},
		{"jo\u200dhn\ufe0f", "jo‹zero-width joiner›hn‹U+FE0F›", "jo‹zero-width joiner›hn‹U+FE0F›", "with a zero-width joiner inside, followed by a U+FE0F"},
		{"a‹b", "a‹b", "a‹b", ""},
		{"a\xffb", "a\xffb", "a\xffb", ""},
		{"\xe2\u202e", "\xe2‹right-to-left override›", "\xe2‹right-to-left override›", "followed by a right-to-left override"},
		{"-\a\b\v\f-", "-‹U+0007›‹U+0008›‹U+000B›‹U+000C›-", "-‹U+0007›‹U+0008›‹U+000B›‹U+000C›-", "with a U+0007 and a U+0008 and a U+000B and 1 more inside"},
	} {
		if got := NameInvisible(c.text); got != c.quoted {
			t.Errorf("%q quoted: got %q, want %q", c.text, got, c.quoted)
		}
		if got := NameInvisibleInBlock(c.text); got != c.block {
			t.Errorf("%q in a block: got %q, want %q", c.text, got, c.block)
		}
		if got := SayInvisible(c.text); got != c.words {
			t.Errorf("%q in words: got %q, want %q", c.text, got, c.words)
		}
	}
}

// FuzzNameInvisible checks that no text keeps a character that changes the direction of others, and that a named text stays so.
func FuzzNameInvisible(f *testing.F) {
	for _, seed := range []string{" a\u202e ", "‹", "\r\n\r", "👨\u200d👩", "a\u200bb\ufe0f", "\xff \xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		quoted := NameInvisible(text)
		if strings.ContainsAny(quoted, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\t\r\n\u200b\ufeff") || quoted != NameInvisible(quoted) {
			t.Errorf("%q: got %q", text, quoted)
		}
		if utf8.ValidString(text) && !utf8.ValidString(quoted) {
			t.Errorf("%q: got %q, which is not valid text", text, quoted)
		}
		if words := SayInvisible(text); words != "" && quoted == text || len(words) > 500 {
			t.Errorf("%q: got %q in words", text, SayInvisible(text))
		}
	})
}

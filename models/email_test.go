package models

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// x returns n times "x".
func x(n int) string { return strings.Repeat("x", n) }

func TestReadEmail(t *testing.T) {
	t.Parallel()
	long := x(63) + "." + x(63) + "." + x(61) // 189 bytes: a local part of 64 and the @ make it 254
	tests := []struct{ name, raw, want string }{
		// Ordinary ones.
		{"plain", "tywin@example.com", "tywin@example.com"},
		{"ASCII capitals", "Tywin.LANNISTER@Example.COM", "tywin.lannister@example.com"},
		{"plus", "a+b@x.com", "a+b@x.com"},
		{"every atom character", "!#$%&'*+-/=?^_`{|}~@x.com", "!#$%&'*+-/=?^_`{|}~@x.com"},
		{"one letter each", "a@b.c", "a@b.c"},
		{"digits before the @", "123@x.com", "123@x.com"},
		{"hyphen at the local part's ends", "-a-@x.com", "-a-@x.com"},
		{"many labels", "a@b.c.d.e.f.co.uk", "a@b.c.d.e.f.co.uk"},
		{"digits in labels", "a@1.2a", "a@1.2a"},
		{"digit label, named top", "a@163.com", "a@163.com"},

		// Blanks around it.
		{"spaces around", "  a@x.com  ", "a@x.com"},
		{"line end and tab around", "\ta@x.com\r\n", "a@x.com"},
		{"no-break and ideographic space around", "\u00a0a@x.com\u3000", "a@x.com"},
		{"space inside the local part", "a b@x.com", ""},
		{"space before the @", "a @x.com", ""},
		{"space after the @", "a@ x.com", ""},
		{"no-break space inside", "a\u00a0b@x.com", ""},
		{"line feed inside", "a@x.com\nBcc: b@x.com", ""},
		{"zero-width space in front", "\u200ba@x.com", ""},
		{"byte-order mark in front", "\ufeffa@x.com", ""},
		{"4,096 blanks around", strings.Repeat(" ", 2000) + "a@x.com" + strings.Repeat(" ", 2000), "a@x.com"},

		// Not one address.
		{"no @", "example.com", ""},
		{"only an @", "@", ""},
		{"no local part", "@x.com", ""},
		{"no domain", "a@", ""},
		{"two @", "a@b@x.com", ""},
		{"two addresses", "a@x.com,b@x.com", ""},
		{"semicolon", "a@x.com;", ""},
		{"display name", "Ann <a@x.com>", ""},
		{"angle brackets", "<a@x.com>", ""},
		{"mailto", "mailto:a@x.com", ""},
		{"comment", "a(comment)@x.com", ""},
		{"quoted string", `"a"@x.com`, ""},
		{"quoted string with a space", `"a b"@x.com`, ""},
		{"backslash", `a\b@x.com`, ""},
		{"full-width @", "a＠x.com", ""},
		{"percent escape", "a%40x.com", ""},

		// Dots.
		{"leading dot", ".a@x.com", ""},
		{"trailing dot in the local part", "a.@x.com", ""},
		{"double dot in the local part", "a..b@x.com", ""},
		{"dot alone", ".@x.com", ""},
		{"trailing dot of the domain", "a@x.com.", ""},
		{"leading dot of the domain", "a@.x.com", ""},
		{"double dot in the domain", "a@x..com", ""},

		// Domains.
		{"one label", "a@localhost", ""},
		{"top of digits", "a@x.123", ""},
		{"IP address", "a@127.0.0.1", ""},
		{"IP literal", "a@[127.0.0.1]", ""},
		{"IPv6 literal", "a@[IPv6:::1]", ""},
		{"IP address in full-width digits", "a@１２７.０.０.１", ""},
		{"IP address in Arabic digits", "a@١٢٧.٠.٠.١", ""},
		{"underscore", "a@x_y.com", ""},
		{"hyphen first", "a@-x.com", ""},
		{"hyphen last", "a@x-.com", ""},
		{"two hyphens", "a@x--y.com", "a@x--y.com"},
		{"hyphens in third and fourth place", "a@ab--cd.com", "a@ab--cd.com"},
		{"such a label of Google", "a@r3---sn.example.com", "a@r3---sn.example.com"},
		{"ASCII form of a domain", "a@XN--MLLER-KVA.de", "a@xn--mller-kva.de"},
		{"ASCII form of nothing", "a@xn--a.com", "a@xn--a.com"},
		{"port", "a@x.com:25", ""},
		{"path", "a@x.com/b", ""},
		{"percent", "a@x%2ecom", ""},
		{"label of 63", "a@" + x(63) + ".com", "a@" + x(63) + ".com"},
		{"label of 64", "a@" + x(64) + ".com", ""},

		// Domains in other letters.
		{"umlaut", "a@müller.de", "a@xn--mller-kva.de"},
		{"umlaut, capital", "a@MÜLLER.de", "a@xn--mller-kva.de"},
		{"umlaut, decomposed", "a@mu\u0308ller.de", "a@xn--mller-kva.de"},
		{"sharp s is not ss", "a@straße.de", "a@xn--strae-oqa.de"},
		{"Cyrillic throughout", "a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"},
		{"Japanese", "a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"},
		{"ideographic full stop", "a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"},
		{"full-width letters", "a@ｅｘａｍｐｌｅ.com", "a@example.com"},
		{"İ in the domain", "a@İ.com", "a@xn--i-9bb.com"},
		{"Kelvin sign in the domain", "a@\u212a.com", "a@k.com"},
		{"Catalan middle dot", "a@paral·lel.cat", "a@xn--parallel-koa.cat"},
		{"Persian joiner", "a@نامه\u200cای.com", "a@xn--mgba3gch31f060k.com"},
		{"right to left, well mixed", "a@א1.com", "a@xn--1-zhc.com"},
		{"right to left, badly mixed", "a@1א.com", ""},
		{"soft hyphen", "a@exam\u00adple.com", ""},
		{"zero-width space", "a@exam\u200bple.com", ""},
		{"zero-width joiner out of place", "a@exam\u200dple.com", ""},
		{"right-to-left override", "a@\u202emoc.x", ""},
		{"symbol", "a@i❤.ws", ""},
		{"emoji", "a@💩.la", ""},
		{"fraction", "a@½.com", ""},
		{"account-of sign", "a@℀.com", ""},
		{"underscore beside umlaut", "a@_ü.com", ""},
		{"trailing dot beside umlaut", "a@müller.de.", ""},
		{"hyphen last beside umlaut", "a@müller-.de", ""},
		{"one label in other letters", "a@müller", ""},
		{"too long as ASCII", "a@" + strings.Repeat("ü", 63) + ".de", ""},
		{"bad ASCII form beside umlaut", "a@xn--a.müller.de", ""},

		// Local parts in other letters.
		{"umlaut before the @", "müller@x.com", "müller@x.com"},
		{"capital umlaut stays", "Müller.Ü@x.com", "müller.Ü@x.com"},
		{"decomposed becomes one", "mu\u0308ller@x.com", "müller@x.com"},
		{"mark with no composed form", "q\u0301@x.com", "q\u0301@x.com"},
		{"mark without a letter", "\u0301a@x.com", ""},
		{"mark on a sign", "=\u0338@x.com", ""},
		{"mark on a digit", "1\u20e3@x.com", ""},
		{"İ stays itself", "İ@x.com", "İ@x.com"},
		{"I and a dot is İ", "I\u0307@x.com", "İ@x.com"},
		{"dotless i stays itself", "ı@x.com", "ı@x.com"},
		{"Kelvin sign", "\u212a@x.com", ""},
		{"Greek varia is no grave accent", "a\u1fef@x.com", ""},
		{"Angstrom sign is Å", "\u212b@x.com", "Å@x.com"},
		{"long s stays itself", "ſ@x.com", "ſ@x.com"},
		{"full-width letters before the @", "ａ@x.com", "ａ@x.com"},
		{"Hindi with its signs", "संपर्क@डाटामेल.भारत", "संपर्क@xn--c2bd4bq1db8d.xn--h2brj9c"},
		{"Arabic", "علي@x.com", "علي@x.com"},
		{"Chinese", "用户@x.com", "用户@x.com"},
		{"Hangul filler", "a\u3164@x.com", ""},
		{"variation selector", "a\ufe0f@x.com", ""},
		{"zero-width joiner", "a\u200db@x.com", ""},
		{"soft hyphen before the @", "a\u00adb@x.com", ""},
		{"right-to-left override before the @", "a\u202eb@x.com", ""},
		{"emoji before the @", "😀@x.com", ""},
		{"no letter, no atom", "a€@x.com", ""},
		{"full-width full stop", "a．b@x.com", ""},

		// Broken text is never repaired.
		{"NUL", "a\x00@x.com", ""},
		{"NUL at the end", "a@x.com\x00", ""},
		{"escape", "a\x1b@x.com", ""},
		{"delete", "a\x7f@x.com", ""},
		{"control of the second row", "a\u0090@x.com", ""},
		{"invalid UTF-8", "a\xff@x.com", ""},
		{"invalid UTF-8 in the domain", "a@x\xc3.com", ""},
		{"replacement character", "a\ufffd@x.com", ""},
		{"replacement character in the domain", "a@\ufffd.com", ""},
		{"replacement character alone", "\ufffd", ""},

		// Limits, in bytes of the stored form.
		{"local part of 64", x(64) + "@x.com", x(64) + "@x.com"},
		{"local part of 65", x(65) + "@x.com", ""},
		{"local part of 64 in two-byte letters", strings.Repeat("ü", 32) + "@x.com", strings.Repeat("ü", 32) + "@x.com"},
		{"local part of 66 in two-byte letters", strings.Repeat("ü", 33) + "@x.com", ""},
		{"96 bytes that compose to 64", strings.Repeat("u\u0308", 32) + "@x.com", strings.Repeat("ü", 32) + "@x.com"},
		{"254 bytes", x(64) + "@" + long, x(64) + "@" + long},
		{"255 bytes", x(64) + "@" + long + "x", ""},
		{"a megabyte", x(1<<20) + "@x.com", ""},
		{"a megabyte of domain", "a@" + strings.Repeat("ü.", 1<<18) + "com", ""},
	}
	for _, test := range tests {
		got, err := ReadEmail(test.raw)
		wantErr := error(nil)
		if test.want == "" {
			wantErr = ErrEmailInvalid
		}
		if got != test.want || err != wantErr {
			t.Errorf("%s: ReadEmail(%.80q) = %q, %v, want %q, %v", test.name, test.raw, got, err, test.want, wantErr)
		}
	}
}

func TestReadEmailMissing(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", " ", "\t\r\n", "\u00a0\u3000\u2003", strings.Repeat(" ", 5000)} {
		for name, read := range map[string]func(string) (string, error){"ReadEmail": ReadEmail, "ReadFormEmail": ReadFormEmail} {
			if got, err := read(raw); got != "" || err != ErrEmailMissing {
				t.Errorf("%s(%.20q) = %q, %v, want ErrEmailMissing", name, raw, got, err)
			}
		}
	}
}

func TestReadFormEmail(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, want string }{
		{"a@x.com", "a@x.com"},
		{"a+b@x.com", "a+b@x.com"},
		{"a b@x.com", "a+b@x.com"},
		{"  A b@X.com ", "a+b@x.com"},
		{"a.b c.d@müller.de", "a.b+c.d@xn--mller-kva.de"},
		{"a+b c@x.com", "a+b+c@x.com"},
		{" b@x.com", "b@x.com"},
		{"a  b@x.com", ""},
		{"a b c@x.com", ""},
		{"a @x.com", ""},
		{"a b@x .com", ""},
		{"a@x com", ""},
		{"a\u00a0b@x.com", ""},
		{"a\tb@x.com", ""},
		{"a b@x", ""},
		{"a b", ""},
		{" @x.com", ""},
		{"@", ""},
		{"Ann <a@x.com>", ""},
		{x(32) + " " + x(31) + "@x.com", x(32) + "+" + x(31) + "@x.com"},
		{x(32) + " " + x(32) + "@x.com", ""},
	}
	for _, test := range tests {
		got, err := ReadFormEmail(test.raw)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("ReadFormEmail(%q) = %q, %v, want %q", test.raw, got, err, test.want)
		}
	}
}

func TestShowEmail(t *testing.T) {
	t.Parallel()
	tests := []struct{ stored, want string }{
		{"a@x.com", "a@x.com"},
		{"a@xn--mller-kva.de", "a@müller.de"},
		{"a@mail.xn--e1afmkfd.xn--p1ai", "a@mail.пример.рф"},
		{"a@xn--strae-oqa.de", "a@straße.de"},
		{"xn--mller-kva@x.com", "xn--mller-kva@x.com"},
		{"a@xn--a.com", "a@xn--a.com"},       // not a domain in another script
		{"a@xn--i-7iq.ws", "a@xn--i-7iq.ws"}, // a symbol would not read back
		{"a@ab--cd.com", "a@ab--cd.com"},
		{"a@xn--1-0hc.com", "a@xn--1-0hc.com"}, // badly mixed directions
		{"no address xn--", "no address xn--"},
		{"a@xn--mller-kva.xn--a", "a@xn--mller-kva.xn--a"},
	}
	for _, test := range tests {
		if got := ShowEmail(test.stored); got != test.want {
			t.Errorf("ShowEmail(%q) = %q, want %q", test.stored, got, test.want)
		}
	}
}

func FuzzReadEmail(f *testing.F) {
	for _, raw := range []string{"a@x.com", "İ.q\u0301@MÜLLER.de", "a b@例え。テスト", "a@xn--mller-kva.de", "\u212a@ab--cd.com", "=\u0338@x", " a@x.com\x00"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, read := range []func(string) (string, error){ReadEmail, ReadFormEmail} {
			stored, err := read(raw)
			if err != nil {
				if stored != "" || err != ErrEmailInvalid && err != ErrEmailMissing {
					t.Fatalf("got %q, %v for %q", stored, err, raw)
				}
				continue
			}
			if again, err := ReadEmail(stored); again != stored || err != nil {
				t.Errorf("%q is read as %q, and that as %q, %v", raw, stored, again, err)
			}
			if !utf8.ValidString(stored) || len(stored) > 254 || strings.ContainsAny(stored, " \t\r\n\x00\ufffd") || !norm.NFC.IsNormalString(stored) {
				t.Errorf("%q is read as %q, want NFC of at most 254 bytes without blanks", raw, stored)
			}
			if strings.Count(stored, "@") != 1 || strings.ContainsAny(stored, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
				t.Errorf("%q is read as %q, want one @ and no ASCII capital", raw, stored)
			}
			if again, err := ReadEmail(ShowEmail(stored)); again != stored || err != nil {
				t.Errorf("%q is shown as %q, which reads as %q, %v", stored, ShowEmail(stored), again, err)
			}
		}
	})
}

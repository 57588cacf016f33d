package models

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const family = "👨\u200d👩\u200d👧\u200d👦" // one character of seven code points

func TestCountCharacters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want int
	}{
		{"", 0}, {"abc", 3}, {"Größe", 5}, {"Gro\u0308\u00dfe", 5}, {family, 1}, {"🇩🇪🇫🇷", 2}, {"👍🏽", 1}, {"नमस्ते", 4}, {"한국", 2}, {"a\r\nb", 3}, {"\xff\xff", 2},
	}
	for _, test := range tests {
		if got := CountCharacters(test.text); got != test.want {
			t.Errorf("CountCharacters(%q) = %d, want %d", test.text, got, test.want)
		}
	}
}

func TestCleanName(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, want string }{
		{"Shop", "Shop"}, {"  Shop\u00a0\n", "Shop"}, {"My\tshop\nnow", "My shop now"}, {"a\u2028b", "a b"}, {"a\x00b\x07c\u0090", "abc"},
		{"Gro\u0308\u00dfe", "Größe"}, {"a\xffb", "a\ufffdb"}, {"\u202eabc\u202c", "abc"}, {"\u2067abc\u2069", "abc"}, {"می\u200cخواهم", "می\u200cخواهم"}, {family, family},
		{" \x01 ", ""}, {"", ""}, {"<b>&amp;", "<b>&amp;"},
	}
	for _, test := range tests {
		if got := CleanName(test.raw); got != test.want {
			t.Errorf("CleanName(%q) = %q, want %q", test.raw, got, test.want)
		}
	}
}

func TestValidateName(t *testing.T) {
	t.Parallel()
	const missing, complex = "Please give it a name.", "Please make the name simpler. Its characters have too many parts."
	tests := []struct{ name, want string }{
		{"S", ""}, {x(64), ""}, {strings.Repeat("ü", 64), ""}, {strings.Repeat("e\u0323\u0302", 64), ""}, {strings.Repeat(family, 64), ""}, {"🛒", ""},
		{"", missing}, {" ", missing}, {"\u200b", missing}, {"\u3164", missing}, {"\u0301", missing},
		{x(68), "Please make the name 64 characters or shorter. It has 68."},
		{strings.Repeat("ü", 65), "Please make the name 64 characters or shorter. It has 65."},
		{x(1 << 20), "Please make the name 64 characters or shorter. It has 1,048,576."},
		{"a" + strings.Repeat("\u0301", 1500), complex},
	}
	for _, test := range tests {
		if got := ValidateName(test.name); got != test.want {
			t.Errorf("ValidateName(%.40q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, want string }{
		{"My workspace", "my-workspace"}, {"  Käse & Wein GmbH!  ", "kase-wein-gmbh"}, {"Łódź", "lodz"}, {"Straße 7", "strasse-7"}, {"GROẞ", "gross"},
		{"Ærø Þór Œuvre", "aero-thor-oeuvre"}, {"İstanbul ışık", "istanbul-isik"}, {"Tywin's", "tywins"}, {"Tywin’s", "tywins"}, {"a--b__c/d", "a-b-c-d"},
		{"ｆｕｌｌ　ｗｉｄｔｈ", "full-width"}, {"Phở Hà Nội", "pho-ha-noi"}, {"e\u0323\u0302", "e"},
		{"Кафе", ""}, {"株式会社", ""}, {"株式会社 Example", "example"}, {"Кафе 24", "24"}, {"", ""}, {"!?", ""}, {"٣", ""}, {"\xff\x00", ""},
		{x(50), x(40)}, {x(39) + " abc", x(39)}, {x(38) + " abc", x(38) + "-a"}, {strings.Repeat("é", 1<<19), strings.Repeat("e", 40)},
	}
	for _, test := range tests {
		if got := Slug(test.name); got != test.want {
			t.Errorf("Slug(%.40q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func FuzzName(f *testing.F) {
	for _, raw := range []string{"My workspace", "  Gro\u0308\u00dfe\t\x00", family, "\u202eabc", "½ №5 ℃", "\xff"} {
		f.Add(raw)
	}
	slugs := regexp.MustCompile(`^([a-z0-9]+(-[a-z0-9]+)*)?$`)
	f.Fuzz(func(t *testing.T, raw string) {
		name := CleanName(raw)
		if again := CleanName(name); again != name {
			t.Errorf("%q is cleaned to %q, and that to %q", raw, name, again)
		}
		if !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) || strings.ContainsAny(name, "\x00\n\r\t") {
			t.Errorf("%q is cleaned to %q", raw, name)
		}
		if ValidateName(name) == "" && (CountCharacters(name) > 64 || len(name) > 2400 || IsBlank(name)) {
			t.Errorf("%q is allowed as a name", name)
		}
		if slug := Slug(raw); !slugs.MatchString(slug) || len(slug) > 40 || Slug(slug) != slug {
			t.Errorf("%q has the slug %q", raw, slug)
		}
	})
}

package models

import "testing"

func TestIsBlank(t *testing.T) {
	t.Parallel()
	for _, blank := range []string{"", " ", "\t\n\v\f\r", "\u0085\u00a0", "\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"} {
		if !IsBlank(blank) {
			t.Errorf("%q is not blank", blank)
		}
	}
	for _, text := range []string{"a", " a ", "0", "\u200b", "\ufeff", "\x00", "\xff", "\ufffd"} {
		if IsBlank(text) {
			t.Errorf("%q is blank", text)
		}
	}
}

func TestValidText(t *testing.T) {
	t.Parallel()
	tests := []struct{ raw, want string }{
		{"", ""}, {"ü\n\ufffd", "ü\n\ufffd"}, {"a\x00b", "ab"}, {"a\xff\xfeb", "a\ufffdb"}, {"a\xc3", "a\ufffd"}, {"\xed\xa0\x80", "\ufffd"}, {"\xc3\x00\xbc", "\ufffd\ufffd"},
	}
	for _, test := range tests {
		if got := ValidText(test.raw); got != test.want {
			t.Errorf("ValidText(%q) = %q, want %q", test.raw, got, test.want)
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	same := [][2]string{{"VIP", "vip"}, {"Größe", "GRÖSSE"}, {"Gro\u0308\u00dfe", "größe"}, {"ΣΊΣΥΦΟΣ", "σίσυφος"}, {"\u212a", "k"}, {"Ａ", "ａ"}}
	for _, pair := range same {
		if Fold(pair[0]) != Fold(pair[1]) {
			t.Errorf("%q and %q are folded to %q and %q", pair[0], pair[1], Fold(pair[0]), Fold(pair[1]))
		}
	}
	for _, pair := range [][2]string{{"a", "b"}, {"e", "é"}, {"İ", "i"}, {"a ", "a"}, {"Ａ", "A"}} {
		if Fold(pair[0]) == Fold(pair[1]) {
			t.Errorf("%q and %q are folded to the same", pair[0], pair[1])
		}
	}
}

func TestMediaType(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]string{
		"": "", " ": "", "application/json": "application/json", "Application/JSON; charset=utf-8": "application/json", "application/json charset=utf-8": "application/json",
		" text/html\t;x": "text/html", "text/html,text/plain": "text/html", "; x": "", "text / html": "text",
	} {
		if got := MediaType(contentType); got != want {
			t.Errorf("%q: got %q, want %q", contentType, got, want)
		}
	}
}

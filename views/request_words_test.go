package views

import "testing"

func TestVisible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain, é and 漢字": "plain, é and 漢字",
		"line\n\ttab":     "line\n\ttab",
		"a\u202etxt.exe":  "a‹right-to-left override›txt.exe",
		"a\r\nb \u00a0":   "a\nb ‹no-break space›",
	} {
		if got := Visible(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestSentAs(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"GET", "application/json", "GET"},
		{"POST", "Application/JSON; charset=utf-8", "POST JSON"},
		{"POST", "application/vnd.shop+json", "POST JSON"},
		{"POST", "application/x-www-form-urlencoded", "POST form"},
		{"POST", "multipart/form-data; boundary=b", "POST multipart"},
		{"POST", "text/plain", "POST"},
		{"POST", "", "POST"},
	} {
		if got := SentAs(c[0], c[1]); got != c[2] {
			t.Errorf("%s %q: got %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

package deliveries

import "testing"

func TestHiddenHeadersComeBack(t *testing.T) {
	t.Parallel()
	stored := "Authorization: Bearer abc\nX-Shop: books\nX-Shop: toys"
	if got, want := HideHeaders(stored), "Authorization: •••••\nX-Shop: •••••\nX-Shop: •••••"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for posted, want := range map[string][2]string{
		HideHeaders(stored): {stored, ""},
		"x-shop: •••••\r\nX-Shop: maps\r\nX-New: 1\r\n": {"X-Shop: books\nX-Shop: maps\nX-New: 1", ""},
		"":                 {"", ""},
		"X-Other: •••••":   {"", "Please type the value of X-Other: none is stored."},
		"X-Shop: new":      {"X-Shop: new", ""},
		"Authorization:\n": {"Authorization: ", ""},
	} {
		text, wrong := restoreHeaders(posted, stored)
		if text != want[0] || wrong != want[1] {
			t.Errorf("%q: got %q and %q, want %q", posted, text, wrong, want)
		}
	}
}

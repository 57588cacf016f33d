package models

import "testing"

func TestNamed(t *testing.T) {
	t.Parallel()
	people := NewAddressKeys(7, AddressKey(7, "anna@example.com"), AddressKey(7, "jö.x@xn--bcher-kva.example"))
	for text, want := range map[string]bool{
		"anna@example.com":               true,
		" Anna@EXAMPLE.com ":             true,
		"Anna <anna@example.com>":        true,
		"(anna@example.com).":            true,
		"write to anna@example.com.":     true,
		"'anna@example.com'":             true,
		"mailto=anna@example.com;x":      true,
		"a@b.example,anna@example.com":   true,
		"Jö.X@bücher.example":            true,
		"jö.x@xn--bcher-kva.example":     true,
		"“jö.x@bücher.example”":          true,
		"hanna@example.com":              false,
		"j.anna@example.com":             false,
		"anna+1@example.com":             false,
		"anna@example.com.au":            false,
		"anna@example.community":         false,
		"anna":                           false,
		"@example.com":                   false,
		"":                               false,
		"\xff@\xff anna@example.com\x00": true,
	} {
		if got := people.Named(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if NewAddressKeys(8, AddressKey(7, "anna@example.com")).Named("anna@example.com") {
		t.Error("somebody of another workspace is named")
	}
}

func TestWithoutAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"E-mail is anna@example.com":    "E-mail is …@",
		"“a.b@x.example”, c@y.example.": "“…@”, …@.",
		"ends with @example.com":        "ends with @example.com",
		"starts with anna@":             "starts with anna@",
		"x=jö@bücher.example!":          "…@!",
		"a@b@c.example":                 "…@",
		"nobody":                        "nobody",
		"":                              "",
	} {
		if got := WithoutAddresses(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

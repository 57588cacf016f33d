package intake

import (
	"strings"
	"testing"
)

func TestLooksLike(t *testing.T) {
	t.Parallel()
	seen := map[BodyKind]bool{}
	for body, want := range map[string]BodyKind{
		"": BodyEmpty, " \r\n": BodyEmpty, bom: BodyEmpty,
		`{"a":1}`: BodyJSON, "[1]": BodyJSON, bom + " {": BodyJSON, `"text"`: BodyText, "null": BodyText, "17": BodyText,
		"a=1&b=2": BodyForm, "email_address=ada%40example.com": BodyForm, "a=": BodyForm, "=a": BodyText, "first name=1": BodyText,
		"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--": BodyMultipart, "--=_x\r\ncontent-disposition: form-data": BodyMultipart,
		"--b": BodyMultipart, "--a=1": BodyForm,
		`<?xml version="1.0"?><a/>`: BodyXML, "<html>": BodyXML, "<!DOCTYPE html>": BodyXML, "<3": BodyText,
		"\x1f\x8b\x08\x00": BodyGzip, "\x1f\uFFFD\x08\uFFFD": BodyGzip, "\x1f\u2039\x08": BodyGzip,
		"(21 bytes that are not text)": BodyUnknown, "(79 bytes of parts, not taken apart)": BodyUnknown, "(79 bytes of gzip data)": BodyGzip, "(79 bytes)": BodyText,
		"ada@example.com": BodyText, "Hello, this is a text.": BodyText, strings.Repeat("a", 5000) + "=1": BodyText,
	} {
		if got := LooksLike(body); got != want {
			t.Errorf("%.60q: got %s, want %s", body, got, want)
		}
		seen[want] = true
	}
	for _, kind := range BodyKinds {
		if !seen[kind] || kind.Name() == "" {
			t.Errorf("%s has no case here, or no name", kind)
		}
	}
}

// A GET has its fields in the query. The query of a POST is read only to find an address that is in the wrong place.
func TestDecodeFindsAnAddressInTheQueryOfAPost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, query, body, want string }{
		{"POST", "email_address=ada%40example.com", "", "email_address"},
		{"POST", "first_name=Ada&mail=ada+x%40example.com", "first_name=Ada", "mail"},
		{"POST", "email_address=ada%40example.com", "email_address=eve@example.com", ""},
		{"POST", "email_address=ada%40example.com", "email_address=nobody", ""},
		{"POST", "email_address=ada%40example.com", "email_address=", "email_address"},
		{"POST", "key=secret&user=ada", "", ""},
		{"GET", "mail=ada%40example.com", "", ""},
	} {
		s := Decode(Request{Method: c.method, Query: c.query, Body: []byte(c.body)})
		if s.QueryKey != c.want || strings.Contains(s.Payload, "secret") {
			t.Errorf("%s ?%s with %q: got %q, want %q", c.method, c.query, c.body, s.QueryKey, c.want)
		}
	}
}

package intake

import (
	"fmt"
	"strings"
	"testing"
)

func TestDecodeQueryOddities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, want string }{
		{"", "query"},
		{"&&", "query"},
		{"a", "query\na = "},
		{"a=", "query\na = "},
		{"=a", "query\n = a"},
		{"a=b=c", "query\na = b=c"},
		{"a=1;b=2", "query\na = 1;b=2"},
		{"a;b=1", "query\na;b = 1"},
		{"a=x+y%2Bz%20w", "query\na = x y+z w"},
		{"first+name=Ada", "query\nfirst name = Ada"},
		{"rate=100%", "query\nrate = 100%"},
		{"a=%", "query\na = %"},
		{"a=%4", "query\na = %4"},
		{"a=%zz%4g%%41", "query\na = %zz%4g%A"},
		{"a%3Db=1%262", "query\na=b = 1&2"},
		{"%65mail_address=x", "query\n@email_address = x"},
		{"a=%C3%A9&b=%c3%a9&c=é", "query\na = é\nb = é\nc = é"},
		{"a=%C3&b=%FF%FE", "query\na = \uFFFD\nb = \uFFFD\uFFFD"},
		{"a=x%00y&b%00=1", "query\na = xy\nb = 1"},
		{"a=1&b=2&a=3&A=4", "query\nb = 2\na = [\"1\" \"3\"]\nA = 4"},
		{"email_address=a@example.com&email_address=b@example.com", "query\n@email_address = [\"a@example.com\" \"b@example.com\"]"},
		{"\uFEFFemail_address=x", "query\n@email_address = x"},
		{"%EF%BB%BFemail_address=x", "query\n@email_address = x"},
		{"&%EF%BB%BFa=x&%EF%BB%BFb=y", "query\na = x\n\uFEFFb = y"},
		{"a=1?b=2#c", "query\na = 1?b=2#c"},
		{"a[]=1&a[]=2&b[x]=3", "query\na[] = [\"1\" \"2\"]\nb[x] = 3"},
		{"<script>=\"'", "query\n<script> = \"'"},
	} {
		checkSaid(t, Request{Method: "GET", Query: c.query}, c.want)
	}
}

func TestDecodeFormCharsets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ params, body, want string }{
		{"; charset=ISO-8859-1", "a=%E9", "é"},
		{"; charset=ISO-8859-1", "a=\xe9", "é"},
		{";charset=iso-8859-15", "a=%A4", "€"},
		{"; charset=windows-1252", "a=%80", "€"},
		{`; charset="Windows-1252"`, "a=%80", "€"},
		{"; charset='latin1'", "a=%E9", "é"},
		{"; charset=Shift_JIS", "a=%82%A0", "あ"},
		{"; charset=utf-16le", "a\x00=\x00%\x00C\x003\x00%\x00A\x009\x00", "é"},
		{"", "\xfe\xff\x00a\x00=\x01\x78", "Ÿ"},
		{"; charset=UTF-8", "a=%C3%A9", "é"},
		{"; charset=utf8; charset=latin1", "a=%C3%A9", "é"},
		{"; charset=", "a=%C3%A9", "é"},
		{"; foo; charset = utf-8 ;", "a=%C3%A9", "é"},
		{", application/json", "a=%C3%A9", "é"},
		{"; charset=ISO-8859-1", "\xef\xbb\xbfa=%E9", "é"},
	} {
		checkSaid(t, Request{Method: "POST", ContentType: "application/x-www-form-urlencoded" + c.params, Body: []byte(c.body)},
			"urlencoded\na = "+c.want)
	}
	for _, ct := range []string{"application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"} {
		for _, name := range []string{"utf-7", "UNICODE-1-1-UTF-7", "replacement", "iso-2022-kr"} { // bytes that are UTF-8, and mean something else
			s := Decode(Request{Method: "POST", ContentType: ct + "; charset=" + name, Body: []byte(onePart("{}"))})
			want := fmt.Sprintf("The charset %q is not known. Please send the text in UTF-8.", name)
			if s.Err == nil || s.Err.Error() != want {
				t.Errorf("%s in %s: got %v, want %s", ct, name, s.Err, want)
			}
		}
	}
	for _, c := range []struct{ contentType, body, want string }{
		{"application/json; charset=klingon", `{"a":"é"}`, "json\na = é"},
		{"application/json; charset=klingon", "{\"a\":\"\xe9\"}", `json error: The charset "klingon" is not known. Please send the text in UTF-8.`},
		{"application/json; charset=utf8mb4", `{"a":"é"}`, "json\na = é"},
		{"application/json; charset=klingon", "\xfe\xff\x00{\x00}", "json"},
		{"application/json; charset=us-ascii", `{"a":"é"}`, "json\na = é"},
		{"application/json; charset=US-ASCII", "{\"a\":\"\xe9\"}", "json\na = é"},
		{"application/json; charset=ANSI_X3.4-1968", `{"a":"é"}`, "json\na = é"},
		{"application/json; charset=iso-8859-1", `{"a":"é"}`, "json\na = Ã©"}, // a name that is known is believed
		{"application/x-www-form-urlencoded; charset=none", "a=%C3%A9&b=é", "urlencoded\na = é\nb = é"},
		{"application/x-www-form-urlencoded; charset=none", "a=%C3&b=%A9", `urlencoded error: The charset "none" is not known. Please send the text in UTF-8.`},
		{"application/x-www-form-urlencoded; charset=none", "a=%E9", `urlencoded error: The charset "none" is not known. Please send the text in UTF-8.`},
		{"application/x-www-form-urlencoded; charset=ascii", "a=%C3%A9", "urlencoded\na = é"},
		{"application/x-www-form-urlencoded; charset=ascii", "a=%C3%A9&b=%E9", "urlencoded\na = Ã©\nb = é"}, // all of it is in one charset
		{"multipart/form-data; boundary=b; charset=none", onePart("é"), "multipart\na = é"},
		{"multipart/form-data; boundary=b; charset=none", onePart("\xe9"), `multipart error: The charset "none" is not known. Please send the text in UTF-8.`},
		{"multipart/form-data; boundary=b; charset=us-ascii", onePart("é"), "multipart\na = é"},
		{"multipart/form-data; boundary=b; charset=us-ascii", onePart("\xe9"), "multipart\na = é"},
		// The semicolon before the first parameter is missing.
		{"application/json charset=utf-8", `{"a":"é"}`, "json\na = é"},
		{"application/json charset=iso-8859-1", "{\"a\":\"\xe9\"}", "json\na = é"},
		{"application/vnd.shop+json\tcharset=utf-8", `{"a":"é"}`, "json\na = é"},
		{" application/json utf-8", `{"a":"é"}`, "json\na = é"},
		{"application/json charset=utf-8; charset=iso-8859-1", `{"a":"é"}`, "json\na = é"},
		{"application/x-www-form-urlencoded charset=iso-8859-1", "a=%E9", "urlencoded\na = é"},
		{"multipart/form-data boundary=b", onePart("é"), "multipart\na = é"},
		{"multipart/form-data charset=iso-8859-1; boundary=b", onePart("\xe9"), "multipart\na = é"},
		{"text plain", "a=1", ` error: The content type "text plain" is not accepted. Please send application/json, application/x-www-form-urlencoded or multipart/form-data.`},
	} {
		checkSaid(t, Request{Method: "POST", ContentType: c.contentType, Body: []byte(c.body)}, c.want)
	}
	checkSaid(t, Request{Method: "POST", ContentType: "application/json; charset=iso-8859-1", Body: []byte("{\"a\":\"\xe9\"}")}, "json\na = é")
	checkSaid(t, Request{Method: "POST", ContentType: "application/json; charset=utf-16", Body: []byte("\xfe\xff\x00{\x00}")}, "json")
}

// onePart is a multipart body with the field a, its boundary being b.
func onePart(text string) string {
	return lines("--b", `Content-Disposition: form-data; name="a"`, "", text, "--b--")
}

// TestDecodeReadsAndSizesManyKeys decodes a body with as many keys as fit into it, and checks the estimate of its memory.
func TestDecodeReadsAndSizesManyKeys(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	n := 0
	for ; b.Len() < MaxBody-40; n++ {
		fmt.Fprintf(&b, "%x&", n)
	}
	b.WriteString("email_address=a@example.com")
	s := Decode(Request{Method: "POST", Body: []byte(b.String())})
	if s.Err != nil || len(s.Fields) != n || s.Email.Value.Last() != "a@example.com" {
		t.Fatalf("got %d fields, address %q, error %v; want %d fields", len(s.Fields), s.Email.Value.Last(), s.Err, n)
	}
	if s.Size() < 64*n || s.Size() > 32*MaxBody {
		t.Errorf("got a size of %d for %d fields", s.Size(), n)
	}
	if small := Decode(Request{Method: "GET", Query: "email_address=a@example.com"}); small.Size() > 500 {
		t.Errorf("got a size of %d for a small call", small.Size())
	}
	s = Decode(Request{Method: "POST", Body: []byte(strings.Repeat("a&", MaxBody/2))})
	if len(s.Fields) != 1 || len(s.Fields[0].Value.Texts) != MaxBody/2 {
		t.Errorf("got %d fields, want one with all its values", len(s.Fields))
	}
}

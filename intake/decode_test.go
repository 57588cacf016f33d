package intake

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"campaignlark/models"
)

func TestDecodeContentEncoding(t *testing.T) {
	t.Parallel()
	const doc = `{"a":1}`
	zip := gzipped(t, doc)
	const damaged = " error: The gzip data of the body is damaged: it is cut off, its checksum is wrong, or something follows it. Please compress it again."
	for _, c := range []struct{ encoding, body, want string }{
		{"", doc, "json\na = 1"},
		{"identity", doc, "json\na = 1"},
		{"gzip", zip, "json\na = 1"},
		{" GZIP ", zip, "json\na = 1"},
		{"x-gzip", zip, "json\na = 1"},
		{"gzip, identity", zip, "json\na = 1"},
		{"gzip", gzipped(t, `{"a"`) + gzipped(t, ``) + gzipped(t, `:1}`), "json\na = 1"},
		{"gzip", doc, " error: The Content-Encoding says gzip, but the body is not gzip data. Please compress it, or leave that header out."},
		{"gzip", "", " error: The Content-Encoding says gzip, but the body is not gzip data. Please compress it, or leave that header out."},
		{"gzip", zip[:len(zip)-9], damaged},
		{"gzip", zip[:5], damaged},
		{"gzip", zip[:len(zip)-1], damaged},
		{"gzip", zip[:len(zip)-8] + "\x00\x00\x00\x00" + zip[len(zip)-4:], damaged},
		{"gzip", zip + "rubbish", damaged},
		{"gzip", zip + "\x00\x00", damaged},
		{"br", doc, ` error: The Content-Encoding "br" is not accepted. Please send the body as it is, or compressed once with gzip.`},
		{"gzip, gzip", gzipped(t, zip), ` error: The Content-Encoding "gzip, gzip" is not accepted. Please send the body as it is, or compressed once with gzip.`},
		{strings.Repeat("\x01", 99), doc, ` error: The Content-Encoding "‹40 × U+0001›…" is not accepted. Please send the body as it is, or compressed once with gzip.`},
	} {
		checkSaid(t, Request{Method: "POST", ContentType: "application/json", ContentEncoding: c.encoding, Body: []byte(c.body)}, c.want)
	}
	s := Decode(Request{Method: "POST", ContentEncoding: "gzip", Body: []byte(zip + "rubbish")})
	if s.Payload != doc {
		t.Errorf("got payload %q of a damaged body, want what could be read, %q", s.Payload, doc)
	}
	checkSaid(t, Request{Method: "POST", ContentEncoding: "gzip", Body: []byte(gzipped(t, "a=1"))}, "urlencoded\na = 1")
}

// CONTRACT "Route and verbs": a body over 1 MiB, also after decompression, is a 413 for every type. It is logged without
// its payload.
func TestDecodeTooLarge(t *testing.T) {
	t.Parallel()
	most := "a=" + strings.Repeat("x", MaxBody-2)
	for _, c := range []struct {
		contentType, encoding, body string
		want                        error
	}{
		{"", "", most, nil},
		{"", "gzip", gzipped(t, most), nil},
		{"", "", most + "x", ErrTooLarge},
		{"", "gzip", gzipped(t, most+"x"), ErrTooLarge},
		{"", "gzip", gzipped(t, strings.Repeat(most, 4)), ErrTooLarge},
		{"", "gzip", most + "x", ErrTooLarge},
		{"image/png", "", most + "x", ErrTooLarge},
		{"application/json", "", most + "x", ErrTooLarge},
		{"multipart/form-data", "", most + "x", ErrTooLarge},
	} {
		s := Decode(Request{Method: "POST", ContentType: c.contentType, ContentEncoding: c.encoding, Body: []byte(c.body)})
		if !errors.Is(s.Err, c.want) || (c.want != nil && s.Payload != "") {
			t.Errorf("%s %s, %d bytes: got error %v, payload of %d bytes, want error %v", c.contentType, c.encoding, len(c.body), s.Err, len(s.Payload), c.want)
		}
	}
	if s := Decode(Request{Method: "GET", Query: most + "x"}); !errors.Is(s.Err, ErrTooLarge) {
		t.Errorf("query of %d bytes: got error %v, want %v", len(most)+1, s.Err, ErrTooLarge)
	}
}

func TestDecodeKeepsThePayloadForTheLog(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    Request
		want string
	}{
		{Request{Method: "GET", Query: "a=%00b%FF&c=\xff\x00d"}, "a=%00b%FF&c=\uFFFDd"},
		{Request{Method: "POST", ContentType: "application/json; charset=latin1", Body: []byte("{\"a\":\"\xe9\"}")}, `{"a":"é"}`},
		{Request{Method: "POST", ContentType: "application/json", Body: []byte("\uFEFF{\x00\xff")}, "{\uFFFD"},
		{Request{Method: "POST", ContentType: "text/plain", Body: []byte("ada@example.com")}, "ada@example.com"},
		{Request{Method: "POST", ContentType: "image/png", Body: []byte("\x89PNG\r\n\x1a\n")}, "(8 bytes that are not text)"},
		{Request{Method: "POST", ContentType: "application/json; charset=x", Body: []byte("{}")}, "{}"},
		{Request{Method: "POST", ContentEncoding: "br", Body: []byte("\x0b\x02\x80")}, "(3 bytes that are not text)"},
		{Request{Method: "POST", ContentEncoding: "gzip", Body: []byte("{}")}, "{}"},
		{Request{Method: "POST", ContentType: "multipart/mixed", Body: []byte("secret")}, "(6 bytes of parts, not taken apart)"},
		{Request{Method: "POST", ContentType: "multipart/form-data; boundary=b", ContentEncoding: "br", Body: []byte("secret")}, "(6 bytes of parts, not taken apart)"},
	} {
		s := Decode(c.r)
		if s.Payload != c.want || s.Truncated {
			t.Errorf("%s %q: got payload %q (truncated %v), want %q", c.r.ContentType, c.r.Body, s.Payload, s.Truncated, c.want)
		}
	}
	for _, ct := range []string{"", "text/plain", "application/json"} {
		s := Decode(Request{Method: "POST", ContentType: ct, Body: []byte("a" + strings.Repeat("é", MaxPayload/2))})
		if len(s.Payload) != MaxPayload-1 || !s.Truncated || !utf8.ValidString(s.Payload) {
			t.Errorf("%q: got %d bytes, truncated %v, want %d whole characters", ct, len(s.Payload), s.Truncated, MaxPayload-1)
		}
	}
}

// TestDecodeDamagedAddressIsInvalid expects models.ReadFormEmail to refuse the addresses that Decode marks as damaged.
func TestDecodeDamagedAddressIsInvalid(t *testing.T) {
	t.Parallel()
	for _, q := range []string{"email_address=ada@example.com%00", "email_address=%FFada@example.com", "email_address=ada@exam%00ple.com", "email_address=ada@exam%C3ple.com"} {
		s := Decode(Request{Method: "GET", Query: q})
		if stored, err := models.ReadFormEmail(s.Email.Value.Last()); err == nil {
			t.Errorf("%s: got the address %q, want it refused", q, stored)
		}
	}
}

// Of the addresses under one key the last counts; of the others a bounded number is noted, without blanks and repetitions.
func TestDecodeNotesUnusedAddresses(t *testing.T) {
	t.Parallel()
	form, json := strings.Repeat("email_address=a@x.test&", 50)+"email_address=b@x.test", `{`+strings.Repeat(`"email_address":"a@x.test",`, 50)+`"email_address":"b@x.test"}`
	for _, c := range []struct {
		contentType, body string
		want              int
	}{
		{"application/x-www-form-urlencoded", form, maxUnused}, {"application/json", json, maxUnused},
		{"application/x-www-form-urlencoded", "email_address=a@x.test&email_address=&email_address=B@x.test&email_address=b@x.test", 1},
		{"application/json", `{"email_address":"a@x.test","email_address":null,"email_address":"b@x.test"}`, 1},
		{"application/json", `{"email_address":["a@x.test","b@x.test"]}`, 0}, {"application/json", `{"email_address":"b@x.test"}`, 0},
	} {
		email := Decode(Request{Method: "POST", ContentType: c.contentType, Body: []byte(c.body)}).Email
		if len(email.Unused) != c.want || c.want > 0 && (email.Unused[0] != "a@x.test" || email.Value.Last() != "b@x.test") {
			t.Errorf("%.80s: got %q, then %q, want %d unused", c.body, email.Unused, email.Value.Last(), c.want)
		}
	}
}

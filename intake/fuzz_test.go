package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"campaignlark/models"
	"campaignlark/senders"
)

// checkSound tests the properties that every Submission must have, whatever was sent.
func checkSound(t *testing.T, r Request) Submission {
	t.Helper()
	before := bytes.Clone(r.Body)
	s := Decode(r)
	if again := Decode(r); !reflect.DeepEqual(s, again) {
		t.Errorf("got %+v the first time and %+v the second", s, again)
	}
	if !bytes.Equal(before, r.Body) {
		t.Error("the body was changed")
	}
	texts := append([]string{s.Payload, s.Email.Key}, s.Email.Value.Texts...)
	seen := map[string]bool{s.Email.Key: s.Email.Present && !joinedKeys(s)}
	for _, f := range s.Fields {
		if seen[f.Key] {
			t.Errorf("key %q is there twice", f.Key)
		}
		seen[f.Key] = true
		texts = append(append(texts, f.Key), f.Value.Texts...)
	}
	total := 0
	for _, text := range texts {
		total += len(text)
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			t.Errorf("got %q, which a database may refuse", text)
		}
	}
	if len(s.Payload) > MaxPayload || total > MaxPayload+3*MaxBody {
		t.Errorf("got %d bytes of payload, %d in all", len(s.Payload), total)
	}
	if r.ContentEncoding == "" && s.Size() > 1000+100*(len(r.Body)+len(r.Query)) {
		t.Errorf("got a size of %d for %d bytes", s.Size(), len(r.Body)+len(r.Query))
	}
	if s.Err != nil {
		checkRefusal(t, s)
	}
	return s
}

// checkRefusal tests that an error is a sentence that can be sent to the sender.
func checkRefusal(t *testing.T, s Submission) {
	t.Helper()
	var e *DecodeError
	if !errors.As(s.Err, &e) || e.Sentence == "" || len(e.Sentence) > 400 || !utf8.ValidString(e.Sentence) {
		t.Errorf("got error %q, want a short sentence", s.Err)
	}
	if strings.ContainsFunc(s.Err.Error(), func(r rune) bool { return r < ' ' }) {
		t.Errorf("got control characters in %q", s.Err)
	}
	if s.Email.Present || len(s.Fields) > 0 {
		t.Errorf("got an address or fields with the error %q", s.Err)
	}
}

// joinedKeys reports whether the address came under several keys with brackets, such as email_address[0] and email_address[1].
func joinedKeys(s Submission) bool { return strings.HasSuffix(s.Email.Key, ManyKeys) }

// all returns everything that was given, by key.
func all(s Submission) map[string]models.Given {
	m := map[string]models.Given{}
	for _, f := range s.Fields {
		m[f.Key] = f.Value
	}
	if s.Email.Present {
		m[s.Email.Key] = s.Email.Value
	}
	return m
}

func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{
		`{"email_address":"ada@example.com","a":1.50,"b":[1,"x",null],"c":{"d":[{}]},"e":true,"f":null}`, `{"a":"\ud83d\ude00\ud800\u0000"}`,
		"\uFEFF{}", "{\"a\":\"\xff\"}", `{"a":1,"a":[[]],"\u0061":2}`, `{"a":-0.1e+5} x`, `[`, `{"a":"\x"}`, `{"Email_Address":"a","EMAIL_ADDRESS":"b"}`,
		`{"email_address[1]":"a","email_address[0]":["b",null],"a[]":[1],"a[0]":{}}`, `{"email_address":" ","email_address[]":7}`,
		strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := checkSound(t, Request{Method: "POST", ContentType: "application/json", Body: body})
		text := []byte(charset{}.wholeText(body))
		if len(body) > MaxBody {
			return
		}
		if want := isShallowObject(text); (s.Err == nil) != want {
			t.Fatalf("got error %v, want accepted %v", s.Err, want)
		}
		if s.Err == nil && !joinedKeys(s) && !bytes.Contains(text, []byte(`\u0000`)) { // the table tests cover NUL
			checkAgainstReference(t, s, text)
		}
	})
}

// isShallowObject reports whether text is an object that is not nested too deep, read with encoding/json.
func isShallowObject(text []byte) bool {
	if !json.Valid(text) || !bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{")) {
		return false
	}
	depth := 0
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if err != nil {
			return err == io.EOF
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > senders.MaxDepth {
			return false
		}
	}
}

// checkAgainstReference compares the values with those that encoding/json reads.
func checkAgainstReference(t *testing.T, s Submission, text []byte) {
	t.Helper()
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	got := all(s)
	for key, value := range raw {
		if want := referenceValue(t, value); !reflect.DeepEqual(got[key], want) {
			t.Errorf("%q: got %+v, want %+v", key, got[key], want)
		}
	}
	if len(got) != len(raw) {
		t.Errorf("got %d keys, want %d", len(got), len(raw))
	}
}

func referenceValue(t *testing.T, raw json.RawMessage) models.Given {
	t.Helper()
	switch raw[0] {
	case '{':
		return models.Given{Shape: models.Nested}
	case 'n':
		return models.Given{Shape: models.Null}
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			t.Fatal(err)
		}
		return models.Text(text)
	case '[':
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil {
			t.Fatal(err)
		}
		list := models.Given{Shape: models.List}
		for _, e := range elements {
			switch v := referenceValue(t, e); v.Shape {
			case models.List, models.Nested:
				return models.Given{Shape: models.Nested}
			case models.Plain:
				list.Texts = append(list.Texts, v.Texts[0])
			}
		}
		return list
	}
	return models.Given{Texts: []string{string(raw)}, Bare: true}
}

func FuzzDecodeForm(f *testing.F) {
	for _, s := range []string{
		"email_address=a+b%40example.com&a=1&b=2&a=3", "a=%zz&b=%4&%", "a;b=1;2", "%EF%BB%BFa=%00%ff&=&&x", "Pr%E9nom=Zo\xeb", "\uFEFFa[]=1&a[]=2", "email_address[2]=+a@example.com&email_address[]=b&a[1]=x&a[0]=y&a=", "email_address=+jo%40example.com",
	} {
		f.Add(s, "")
		f.Add(s, "iso-8859-1")
	}
	f.Add("a\x00=\x001\x00", "utf-16le")
	f.Add("a=%1b$B%24%22", "iso-2022-jp")
	f.Add("a=%C3%A9&b=%C3", "none")
	f.Add("a=%C3%A9&b=%E9", "us-ascii")
	f.Fuzz(func(t *testing.T, raw, charsetName string) {
		checkSound(t, Request{Method: "POST", ContentType: "application/x-www-form-urlencoded; charset=" + charsetName, Body: []byte(raw)})
		s := checkSound(t, Request{Method: "GET", Query: raw})
		values, err := url.ParseQuery(raw)
		if len(raw) > MaxBody || err != nil || joinedKeys(s) || !utf8.ValidString(raw) || strings.Contains(raw, "\x00") || strings.Contains(raw, "%00") {
			return
		}
		want := map[string]models.Given{}
		for key, texts := range values {
			if !utf8.ValidString(key) || strings.Contains(key, bom) {
				return // after decoding it may equal another key
			}
			for i, text := range texts {
				texts[i] = string([]rune(text))
			}
			want[key] = models.Given{Texts: texts}
		}
		if got := all(s); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

func FuzzDecodeMultipart(f *testing.F) {
	head := "--b\r\nContent-Disposition: form-data; name="
	f.Add([]byte(head+"email_address\r\n\r\na@example.com\r\n--b--"), "boundary=b", "key", "value")
	f.Add([]byte(head+"\"f\"; filename=\"x\"\r\nContent-Type: text/plain; charset=latin1\r\n\r\n\xe9\r\n--b--"), "boundary=\"b\"; charset=utf-8", "answers[]", "\r\n--b\r\n")
	f.Add([]byte(head+"a\r\nContent-Transfer-Encoding: base64\r\n\r\nw6k=\r\n--b\r\n"), "boundary=b", "a\"b\\", "")
	f.Add([]byte("--b\n\nx\n--b--"), "boundary=b;charset=utf-16", "Prénom", "\xff\x00")
	f.Fuzz(func(t *testing.T, body []byte, params, key, value string) {
		checkSound(t, Request{Method: "POST", ContentType: "multipart/form-data; " + params, Body: body})
		checkWritten(t, key, value)
	})
}

// checkWritten tests that Decode reads a part that the standard library has written.
func checkWritten(t *testing.T, key, value string) {
	t.Helper()
	control := func(r rune) bool { return r < ' ' || r == 0x7f } // a header cannot hold these
	if len(key)+len(value) > MaxBody/8 || strings.ContainsFunc(key, control) || strings.Contains(value, "\x00") {
		return
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := errors.Join(w.WriteField(key, value), w.WriteField("last", "1"), w.Close()); err != nil {
		t.Fatal(err)
	}
	s := checkSound(t, Request{Method: "POST", ContentType: w.FormDataContentType(), Body: b.Bytes()})
	key = strings.TrimPrefix(string([]rune(key)), bom)
	want := string([]rune(value))
	if got := all(s)[key].Texts; s.Err != nil || !slices.Contains(got, want) {
		t.Errorf("key %q: got %q, error %v, want %q", key, got, s.Err, want)
	}
}

func FuzzDecodeAny(f *testing.F) {
	f.Add("POST", "application/json; charset=utf-16", "gzip", "a=1", []byte("\x1f\x8b\x08\x00"))
	f.Add("GET", "", "", "email_address=a+b@example.com", []byte(nil))
	f.Add("POST", "", "identity", "", []byte(" {\"a\":1}"))
	f.Add("POST", "text/plain", "br", "", []byte("x"))
	f.Add("POST", "application/json charset=none", "", "", []byte("{\"a\":\"é\"}"))
	f.Add("POST", "multipart/form-data charset=ascii boundary=b", "", "", []byte("--b--"))
	f.Add("POST", "multipart/form-data; boundary=\"b", "", "", []byte("--b--"))
	f.Add("POST", "application/x-www-form-urlencoded;charset='shift_jis',a/b", "", "", []byte("%82%A0=%82"))
	f.Fuzz(func(t *testing.T, method, contentType, contentEncoding, query string, body []byte) {
		checkSound(t, Request{Method: method, ContentType: contentType, ContentEncoding: contentEncoding, Query: query, Body: body})
	})
}

package intake

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"campaignlark/models"
)

// said returns a submission as text, with one line for each key and the address first.
func said(s Submission) string {
	if s.Err != nil {
		return s.Encoding + " error: " + s.Err.Error()
	}
	var b strings.Builder
	b.WriteString(s.Encoding)
	if s.Email.Present {
		fmt.Fprintf(&b, "\n@%s%s", s.Email.Key, shown(s.Email.Value))
	}
	for _, f := range s.Fields {
		fmt.Fprintf(&b, "\n%s%s", f.Key, shown(f.Value))
	}
	return b.String()
}

func shown(g models.Given) string {
	switch g.Shape {
	case models.List:
		return fmt.Sprintf(" = list %q", g.Texts)
	case models.Nested:
		return " = nested"
	case models.Null:
		return " = null"
	case models.File:
		return " = file"
	}
	if len(g.Texts) == 1 {
		return " = " + g.Texts[0]
	}
	return fmt.Sprintf(" = %q", g.Texts)
}

func checkSaid(t *testing.T, r Request, want string) Submission {
	t.Helper()
	s := Decode(r)
	if got := said(s); got != want {
		t.Errorf("%s %s %s\n%.300s\n got: %s\nwant: %s", r.Method, r.ContentType, r.Query, r.Body, got, want)
	}
	return s
}

// lines joins what an HTTP client separates by CR LF.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n" }

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestDecodeRealSenders decodes requests as browsers, curl, form services and shops send them.
func TestDecodeRealSenders(t *testing.T) {
	t.Parallel()
	const urlencoded, jsonType = "application/x-www-form-urlencoded", "application/json"
	browserForm := lines(
		"------WebKitFormBoundary7MA4YWxkTrZu0gW", `Content-Disposition: form-data; name="email_address"`, "", "ada@example.com",
		"------WebKitFormBoundary7MA4YWxkTrZu0gW", `Content-Disposition: form-data; name="first_name"`, "", "Zoë",
		"------WebKitFormBoundary7MA4YWxkTrZu0gW", `Content-Disposition: form-data; name="photo"; filename="me.png"`,
		"Content-Type: image/png", "", "\x89PNG\r\n\x1a\n\x00\x00",
		"------WebKitFormBoundary7MA4YWxkTrZu0gW", `Content-Disposition: form-data; name="attachment"; filename=""`,
		"Content-Type: application/octet-stream", "", "",
		"------WebKitFormBoundary7MA4YWxkTrZu0gW--")
	formService := lines(
		"--------------------------d74496d66958873e",
		`Content-Disposition: form-data; name="formID"`, "", "230911",
		"--------------------------d74496d66958873e",
		`Content-Disposition: form-data; name="rawRequest"`, "Content-Type: text/plain; charset=utf-8", "",
		`{"q3_email":"ada@example.com"}`,
		"--------------------------d74496d66958873e",
		`Content-Disposition: form-data; name="email_address"`, "", "ada@example.com",
		"--------------------------d74496d66958873e",
		`Content-Disposition: form-data; name="interests[]"`, "", "poetry",
		"--------------------------d74496d66958873e",
		`Content-Disposition: form-data; name="interests[]"`, "", "engines",
		"--------------------------d74496d66958873e--")
	shop := `{"id":706405506930370084,"email_address":"bob@example.com","accepts_marketing":true,"orders_count":0,` +
		`"total_spent":"1.50","last_order":null,"tags":["vip","book club"],"addresses":[{"city":"Bonn","default":true}],` +
		`"default_address":{"zip":"53111","country":{"code":"DE"}},"rate":1.50}`
	for name, c := range map[string]struct {
		r    Request
		want string
	}{
		"curl -d": {Request{Method: "POST", ContentType: urlencoded, Body: []byte("email_address=ada@example.com&first_name=Ada Lovelace")},
			"urlencoded\n@email_address = ada@example.com\nfirst_name = Ada Lovelace"},
		"curl -G --data-urlencode": {Request{Method: "GET", Query: "email_address=ada%2Bnews%40example.com&first_name=Ada%20Lovelace"},
			"query\n@email_address = ada+news@example.com\nfirst_name = Ada Lovelace"},
		"curl -d with JSON and its default type": {Request{Method: "POST", ContentType: urlencoded, Body: []byte(`{"email_address":"ada@example.com"}`)},
			"urlencoded\n{\"email_address\":\"ada@example.com\"} = "},
		"browser form": {Request{Method: "POST", ContentType: urlencoded, Body: []byte("email_address=a%2Bb%40example.com&full_name=Zo%C3%AB+B%26B&news=on&about=one%0D%0Atwo")},
			"urlencoded\n@email_address = a+b@example.com\nfull_name = Zoë B&B\nnews = on\nabout = one\r\ntwo"},
		"browser form with a file": {Request{Method: "POST", ContentType: "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", Body: []byte(browserForm)},
			"multipart\n@email_address = ada@example.com\nfirst_name = Zoë\nphoto = file"},
		"fetch with JSON": {Request{Method: "POST", ContentType: jsonType, Body: []byte(`{"email_address":"ada@example.com","age":36,"vip":true,"note":"a\nb \ud83d\ude00"}`)},
			"json\n@email_address = ada@example.com\nage = 36\nvip = true\nnote = a\nb 😀"},
		"fetch with a string and no type": {Request{Method: "POST", ContentType: "text/plain;charset=UTF-8", Body: []byte(`{"email_address":"ada@example.com"}`)},
			` error: The content type "text/plain" is not accepted. Please send application/json, application/x-www-form-urlencoded or multipart/form-data.`},
		"form whose keys are labels": {Request{Method: "POST", ContentType: urlencoded, Body: []byte("Pr%C3%A9nom=Zo%C3%A9&Date+de+naissance=1990-12-31&Email_Address=zoe%40example.fr&answers%5B%5D=1&answers[]=2")},
			"urlencoded\n@Email_Address = zoe@example.fr\nPrénom = Zoé\nDate de naissance = 1990-12-31\nanswers[] = [\"1\" \"2\"]"},
		"form service": {Request{Method: "POST", ContentType: "multipart/form-data; boundary=------------------------d74496d66958873e", Body: []byte(formService)},
			"multipart\n@email_address = ada@example.com\nformID = 230911\nrawRequest = {\"q3_email\":\"ada@example.com\"}\ninterests[] = [\"poetry\" \"engines\"]"},
		"shop": {Request{Method: "POST", ContentType: "application/json; charset=utf-8", Body: []byte(shop)},
			"json\n@email_address = bob@example.com\nid = 706405506930370084\naccepts_marketing = true\norders_count = 0\n" +
				"total_spent = 1.50\nlast_order = null\ntags = list [\"vip\" \"book club\"]\naddresses = nested\ndefault_address = nested\nrate = 1.50"},
		"gzip'd JSON": {Request{Method: "POST", ContentType: jsonType, ContentEncoding: "gzip", Body: []byte(gzipped(t, `{"email_address":"ada@example.com"}`))},
			"json\n@email_address = ada@example.com"},
		"ISO-8859-1 form": {Request{Method: "POST", ContentType: urlencoded + "; charset=ISO-8859-1", Body: []byte("email_address=zoe%40example.fr&pr%E9nom=Zo%EB&ville=Orl\xe9ans")},
			"urlencoded\n@email_address = zoe@example.fr\nprénom = Zoë\nville = Orléans"},
		"PowerShell's JSON file": {Request{Method: "POST", ContentType: jsonType, Body: []byte("\xff\xfe{\x00\"\x00a\x00\"\x00:\x001\x00}\x00")},
			"json\na = 1"},
		"API with +json": {Request{Method: "POST", ContentType: "Application/VND.shop+JSON;charset=UTF-8", Body: []byte(`{"a":1}`)},
			"json\na = 1"},
		"no content type, JSON": {Request{Method: "POST", Body: []byte("\uFEFF\r\n {\"email_address\":\"ada@example.com\"}")},
			"json\n@email_address = ada@example.com"},
		"no content type, form": {Request{Method: "POST", Body: []byte("email_address=ada@example.com")},
			"urlencoded\n@email_address = ada@example.com"},
		"no content type, nothing":   {Request{Method: "POST"}, "urlencoded"},
		"GET with a body and a type": {Request{Method: "GET", ContentType: jsonType, ContentEncoding: "br", Query: "a=1", Body: []byte(`{"b":2}`)}, "query\na = 1"},
		"POST with a query":          {Request{Method: "POST", ContentType: urlencoded, Query: "a=1", Body: []byte("b=2")}, "urlencoded\nb = 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkSaid(t, c.r, c.want)
		})
	}
}

// CONTRACT "Payload": only a query string or a urlencoded form turns an unescaped + into a space.
func TestDecodeMarksAddressesFromForms(t *testing.T) {
	t.Parallel()
	part := lines("--b", `Content-Disposition: form-data; name="email_address"`, "", "a b@example.com", "--b--")
	for _, c := range []struct {
		r    Request
		want bool
	}{
		{Request{Method: "GET", Query: "email_address=a+b@example.com"}, true},
		{Request{Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte("email_address=a+b@example.com")}, true},
		{Request{Method: "POST", Body: []byte("email_address=a+b@example.com")}, true},
		{Request{Method: "POST", ContentType: "application/json", Body: []byte(`{"email_address":"a b@example.com"}`)}, false},
		{Request{Method: "POST", ContentType: "multipart/form-data; boundary=b", Body: []byte(part)}, false},
	} {
		s := Decode(c.r)
		if s.Email.Value.Last() != "a b@example.com" || s.Email.FromForm != c.want {
			t.Errorf("%s %s: got %q, FromForm %v, want %v", c.r.Method, c.r.ContentType, s.Email.Value.Last(), s.Email.FromForm, c.want)
		}
	}
}

func TestDecodeFindsTheAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{`{"EMAIL_ADDRESS":"1","email_address":"2","Email_Address":"3"}`, "json\n@email_address = 2\nEMAIL_ADDRESS = 1\nEmail_Address = 3"},
		{`{"EMAIL_ADDRESS":"1","Email_Address":"3"}`, "json\n@Email_Address = 3\nEMAIL_ADDRESS = 1"},
		{`{"Email_Address":"1","EMAIL_ADDRESS":"2","Email_Address":"3"}`, "json\n@Email_Address = 3\nEMAIL_ADDRESS = 2"},
		{`{"Email_Address":"1","email_address":null}`, "json\n@Email_Address = 1\nemail_address = null"},
		{`{"email_address":""}`, "json\n@email_address = "},
		{`{"email_address":null}`, "json\n@email_address = null"},
		{`{"email_address":["a@example.com"]}`, `json` + "\n" + `@email_address = list ["a@example.com"]`},
		{`{"email_address":{"a":1}}`, "json\n@email_address = nested"},
		{`{"email_address":12}`, "json\n@email_address = 12"},
		{`{"email":"a@example.com"," email_address":"b","email_addre\u017fs":"c"}`, "json\nemail = a@example.com\n email_address = b\nemail_addreſs = c"},
	} {
		checkSaid(t, Request{Method: "POST", ContentType: "application/json", Body: []byte(c.body)}, c.want)
	}
	s := Decode(Request{Method: "POST", Body: []byte(`{"a":1,"b":2,"email_address":"x","c":3}`)})
	if s.Email.At != 2 {
		t.Errorf("got the address after %d fields, want 2", s.Email.At)
	}
}

// CONTRACT "Payload": bytes in email_address that are not text make the address invalid; it is never repaired.
func TestDecodeNeverRepairsTheAddress(t *testing.T) {
	t.Parallel()
	for _, r := range []Request{
		{Method: "GET", Query: "email_address=a%00da@example.com&name=a%00da"},
		{Method: "GET", Query: "email_address=a%FFda@example.com&name=a%00da"},
		{Method: "POST", ContentType: "application/json", Body: []byte(`{"email_address":"a\u0000da@example.com","name":"a\u0000da"}`)},
		{Method: "POST", ContentType: "application/json", Body: []byte(`{"email_address":"a\ud800da@example.com","name":"a\u0000da"}`)},
	} {
		mark := NULMark
		if strings.Contains(r.Query, "%FF") || strings.Contains(string(r.Body), "d800") {
			mark = "\uFFFD"
		}
		checkSaid(t, r, said(Submission{Encoding: Decode(r).Encoding, Email: Email{Key: "email_address", Present: true,
			Value: models.Text("a" + mark + "da@example.com")}, Fields: []Field{{Key: "name", Value: models.Text("ada")}}}))
	}
}

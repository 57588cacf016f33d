package intake

import (
	"strings"
	"testing"
)

func postParts(contentType string, l ...string) Request {
	return Request{Method: "POST", ContentType: contentType, Body: []byte(lines(l...))}
}

func TestDecodeMultipart(t *testing.T) {
	t.Parallel()
	const ct = "multipart/form-data; boundary=b"
	const a = `Content-Disposition: form-data; name="a"`
	const says = "The Content-Type says multipart/form-data, but the body is "
	const cutOff = "multipart error: The multipart body cannot be read to its end: a boundary or the head of a part is missing or broken. " +
		"Please let your form library write both the body and the Content-Type header."
	for name, c := range map[string]struct {
		r    Request
		want string
	}{
		"two values":         {postParts(ct, "--b", a, "", "1", "--b", a, "", "2", "--b--"), "multipart\na = [\"1\" \"2\"]"},
		"value of lines":     {postParts(ct, "--b", a, "", "one", "two", "", "--b--"), "multipart\na = one\r\ntwo\r\n"},
		"empty value":        {postParts(ct, "--b", a, "", "", "--b--"), "multipart\na = "},
		"no parts":           {postParts(ct, "--b--"), "multipart"},
		"quoted boundary":    {postParts(`multipart/form-data; charset=utf-8; boundary="b c"`, "--b c", a, "", "1", "--b c--"), "multipart\na = 1"},
		"preamble, epilogue": {postParts(ct, "hello", "--b", a, "", "1", "--b--", "bye"), "multipart\na = 1"},
		"byte-order mark":    {postParts(ct, "\uFEFF--b", a, "", "1", "--b--"), "multipart\na = 1"},
		"bare line feeds":    {Request{Method: "POST", ContentType: ct, Body: []byte("--b\n" + a + "\n\n1\n--b--\n")}, "multipart\na = 1"},
		"name unquoted":      {postParts(ct, "--b", "content-disposition: form-data; name=a[]", "", "1", "--b--"), "multipart\na[] = 1"},
		"name with escapes":  {postParts(ct, "--b", `Content-Disposition: form-data; name="a\"b\\c"`, "", "1", "--b--"), "multipart\na\"b\\c = 1"},
		"name not ASCII":     {postParts(ct, "--b", `Content-Disposition: form-data; name="Prénom"`, "", "Zoé", "--b--"), "multipart\nPrénom = Zoé"},
		"bad bytes":          {postParts(ct, "--b", "Content-Disposition: form-data; name=\"a\xff\"", "", "x\xff\x00y", "--b--"), "multipart\na\uFFFD = x\uFFFDy"},
		"no name":            {postParts(ct, "--b", "Content-Disposition: form-data", "", "x", "--b", "", "y", "--b", a, "", "1", "--b--"), "multipart\na = 1"},
		"file star":          {postParts(ct, "--b", a+"; filename*=UTF-8''x.txt", "", "x", "--b--"), "multipart\na = file"},
		"file as address":    {postParts(ct, "--b", `Content-Disposition: form-data; name="email_address"; filename="x"`, "", "a@example.com", "--b--"), "multipart\n@email_address = file"},
		"file, then text":    {postParts(ct, "--b", a+`; filename="x"`, "", "x", "--b", a, "", "1", "--b--"), "multipart\na = 1"},
		"text, then file":    {postParts(ct, "--b", a, "", "1", "--b", a+`; filename="x"`, "", "x", "--b--"), "multipart\na = 1"},
		"no file chosen":     {postParts(ct, "--b", a+`; filename=""`, "", "", "--b--"), "multipart"},
		"file without name":  {postParts(ct, "--b", `Content-Disposition: form-data; filename="x"`, "", "x", "--b--"), "multipart"},
		"JSON body":          {Request{Method: "POST", ContentType: ct, Body: []byte(`{"a":1}`)}, "multipart error: " + says + "JSON. Please send the Content-Type application/json."},
		"form body":          {Request{Method: "POST", ContentType: ct, Body: []byte("a=1")}, "multipart error: " + says + "a form (name=value). Please send the Content-Type application/x-www-form-urlencoded."},
		"XML body":           {Request{Method: "POST", ContentType: "multipart/form-data", Body: []byte("<a/>")}, "multipart error: " + says + "XML. Please send JSON or a form."},
		"text body":          {Request{Method: "POST", ContentType: ct, Body: []byte("a@example.com")}, "multipart error: " + says + "plain text. Please send JSON or a form."},
		"gzip body":          {Request{Method: "POST", ContentType: ct, Body: []byte("\x1f\x8b\x08\x00")}, "multipart error: The body is compressed with gzip, but no header says so. Please send Content-Encoding: gzip with it."},
		"JSON part":          {postParts(ct, "--b", a, "Content-Type: application/json", "", `{"x":1}`, "--b--"), "multipart\na = {\"x\":1}"},
		"charset of part":    {postParts(ct, "--b", a, "Content-Type: text/plain; charset=iso-8859-1", "", "\xe9", "--b--"), "multipart\na = é"},
		"charset of body":    {postParts(ct+"; charset=iso-8859-1", "--b", "Content-Disposition: form-data; name=\"\xe9\"", "", "\xe9", "--b--"), "multipart\né = é"},
		"unknown charset":    {postParts(ct, "--b", a, "Content-Type: text/plain; charset=x", "", "\xe9", "--b--"), `multipart error: The charset "x" is not known. Please send the text in UTF-8.`},
		"base64":             {postParts(ct, "--b", a, "Content-Transfer-Encoding: base64", "", "w6k=", "--b--"), "multipart\na = é"},
		"broken base64":      {postParts(ct, "--b", a, "Content-Transfer-Encoding: base64", "", "!!!!", "--b--"), "multipart error: A part of the multipart body says that it is base64, but it is not. Please send it as it is."},
		"quoted-printable":   {postParts(ct, "--b", a, "Content-Transfer-Encoding: quoted-printable", "", "=C3=A9", "--b--"), "multipart\na = é"},
		"no boundary": {postParts("multipart/form-data", "--b", a, "", "1", "--b--"),
			"multipart error: The Content-Type says multipart/form-data but names no boundary. Please let your form library set that header instead of writing it yourself."},
		"other boundary": {postParts("multipart/form-data; boundary=c", "--b", a, "", "1", "--b--"), cutOff},
		"cut in value":   {Request{Method: "POST", ContentType: ct, Body: []byte(strings.Join([]string{"--b", a, "", "1"}, "\r\n"))}, cutOff},
		"cut in head":    {Request{Method: "POST", ContentType: ct, Body: []byte("--b\r\nContent-Dis")}, cutOff},
		"no end":         {postParts(ct, "--b", a, "", "1", "--b"), cutOff},
		"broken head":    {postParts(ct, "--b", "no colon", "", "1", "--b--"), cutOff},
		"empty":          {Request{Method: "POST", ContentType: ct}, cutOff},
		"mixed": {postParts("multipart/mixed; boundary=b", "--b--"),
			` error: The content type "multipart/mixed" is not accepted. Please send application/json, application/x-www-form-urlencoded or multipart/form-data.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkSaid(t, c.r, c.want)
		})
	}
}

func TestDecodeMultipartLimitsParts(t *testing.T) {
	t.Parallel()
	body := func(n int) string {
		return strings.Repeat("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n", n) + "--b--\r\n"
	}
	s := Decode(postParts("multipart/form-data; boundary=b", body(MaxParts)))
	if s.Err != nil || len(s.Fields) != 1 || len(s.Fields[0].Value.Texts) != MaxParts {
		t.Errorf("got %d fields, error %v, want all %d values", len(s.Fields), s.Err, MaxParts)
	}
	checkSaid(t, postParts("multipart/form-data; boundary=b", body(MaxParts+1)),
		"multipart error: The multipart body has more than 1000 parts. Please send fewer.")
}

// DESIGN "Request log": the payload is kept without file contents.
func TestDecodeMultipartKeepsNoFileContents(t *testing.T) {
	t.Parallel()
	s := Decode(postParts("multipart/form-data; boundary=b",
		"--b", `Content-Disposition: form-data; name="email_address"`, "", "ada@example.com",
		"--b", `Content-Disposition: form-data; name="photo"; filename="me <&> ☺.png"`, "", "secret",
		"--b", "Content-Disposition: form-data", "", "xyz",
		"--b--"))
	want := "email_address = ada@example.com\nphoto = (file \"me <&> ☺.png\", 6 bytes, not kept)\n(a part without a name, 3 bytes)\n"
	if s.Payload != want {
		t.Errorf("got %q, want %q", s.Payload, want)
	}
	for _, ct := range []string{"multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=b; charset=utf-7"} {
		s := Decode(postParts(ct, "--b", `Content-Disposition: form-data; name="f"; filename="f"`, "", "secret", "--b--"))
		if s.Err == nil || strings.Contains(s.Payload, "secret") {
			t.Errorf("%s: got error %v and payload %q, want an error and no file contents", ct, s.Err, s.Payload)
		}
	}
}

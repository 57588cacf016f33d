package intake

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/senders"
)

// asLogged returns the row and the body that the log keeps of a request.
func asLogged(r Request) (models.WebhookRequest, LogBody) {
	s := Decode(r)
	return models.WebhookRequest{Method: r.Method, ContentType: r.ContentType}, LogBody{Payload: s.Payload, Truncated: s.Truncated, Encoding: s.Encoding}
}

// partsOf writes a multipart form of names and values.
func partsOf(t *testing.T, pairs ...string) Request {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(pairs); i += 2 {
		if err := form.WriteField(pairs[i], pairs[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	file, err := form.CreateFormFile("photo", "me.png")
	if err != nil {
		t.Fatal(err)
	}
	file.Write([]byte("12345"))
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return Request{Method: "POST", ContentType: form.FormDataContentType(), Body: body.Bytes()}
}

// TestALoggedCallIsReadAsItArrived reads calls of every encoding from the log: the tree is that of the request, and a mapping finds the
// same in both.
func TestALoggedCallIsReadAsItArrived(t *testing.T) {
	t.Parallel()
	mapping, err := senders.ParseMapping(`{"address":["person.mail"],"fields":{"city":[{"path":"person.town"}],"note":[{"path":"note"}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	settings := senders.Settings{Sender: senders.Own, Mapping: &mapping}
	for name, r := range map[string]Request{
		"JSON":            {Method: "POST", ContentType: "application/json; charset=iso-8859-1", Body: []byte("{\"person\":{\"mail\":\"jo@example.com\",\"town\":\"Z\xfcrich\"},\"note\":\"a\"}")},
		"a query":         {Method: "GET", Query: "person[mail]=jo%40example.com&person[town]=Z%C3%BCrich&note=a+b%26c"},
		"a form":          {Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte("person[mail]=jo%40example.com&person[town]=Z%C3%BCrich&note=a%0Ab")},
		"a form, raw":     {Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte("person[mail]=jo@example.com&person[town]=Zürich&note=100%25")},
		"multipart":       partsOf(t, "person[mail]", "jo@example.com", "person[town]", "Zürich", "note", "one\ntwo\n\nthree"),
		"multipart, JSON": partsOf(t, "person", `{"mail":"jo@example.com","town":"Zürich"}`, "note", "x = y"),
	} {
		row, body := asLogged(r)
		want, err := TreeOf(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := LoggedTree(row, body)
		if err != nil || treeText(got) != treeText(want) {
			t.Errorf("%s: got %s (%v), want %s", name, treeText(got), err, treeText(want))
		}
		for source, s := range map[string]Submission{"request": Read(r, settings, nil), "log": ReadLogged(row, body, settings)} {
			if address, err := s.Address(); err != nil || address != "jo@example.com" || len(s.Fields) < 2 || s.Fields[0].Value.Last() != "Zürich" || s.Mapped.Sender != senders.Own {
				t.Errorf("%s, from the %s: got %s (%v) and %+v", name, source, address, err, s.Fields)
			}
		}
	}
}

// treeText writes a tree with the kinds of its values.
func treeText(t *senders.Tree) string {
	if t == nil {
		return "nothing"
	}
	var b strings.Builder
	for at := range t.Len() {
		place := senders.Place(at)
		b.WriteString(t.Kind(place).String() + " " + t.Name(place) + " " + t.Text(place) + "\n")
	}
	return b.String()
}

func TestALoggedCallThatCannotBeRead(t *testing.T) {
	t.Parallel()
	long := `{"person":{"mail":"jo@example.com"},"note":"` + strings.Repeat("x", MaxPayload) + `"}`
	for name, r := range map[string]Request{
		"cut off":      {Method: "POST", ContentType: "application/json", Body: []byte(long)},
		"broken":       {Method: "POST", ContentType: "application/json", Body: []byte("{")},
		"another type": {Method: "POST", ContentType: "text/plain", Body: []byte("jo@example.com")},
	} {
		row, body := asLogged(r)
		if tree, err := LoggedTree(row, body); err == nil {
			t.Errorf("%s: got %s, want an error", name, treeText(tree))
		}
	}
}

func FuzzLoggedParts(f *testing.F) {
	f.Add("a = b\nc\n(a part without a name, 3 bytes)\nphoto = (file \"x\", 5 bytes, not kept)\n")
	f.Add(" = \n = (file \"\", 0 bytes, not kept)\n\r\n")
	f.Fuzz(func(t *testing.T, payload string) {
		ReadLogged(models.WebhookRequest{}, LogBody{Payload: payload, Encoding: EncodingMultipart}, senders.Settings{Mapping: &senders.Mapping{AlsoKeys: true}})
	})
}

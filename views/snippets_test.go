package views_test

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/views"

	"golang.org/x/net/html"
)

const address = "https://lark.example/v1/inbound-webhooks/q7Rk2mXv9TzLw4bNfY8cHd3JpS6gAeUo"

// awkward holds characters that have a meaning in shells, pages and scripts.
const awkward = "It's \"50 %\" & </script><b> $(id) `id` \\ \\n {a,b} [0-9] \u00e9 \U0001f600 #+;="

func mergeTags() []models.MergeTag {
	return []models.MergeTag{
		{Key: "first_name", Label: "First name", Type: models.MergeTagText},
		{Key: "note", Label: awkward, Type: models.MergeTagText},
		{Key: "age", Label: "Age", Type: models.MergeTagNumber},
		{Key: "vip", Label: "VIP", Type: models.MergeTagBoolean},
		{Key: "birthday", Label: "Birthday", Type: models.MergeTagDate},
		{Key: "genre", Label: "Genre", Type: models.MergeTagSingle, Options: []string{awkward, "Fiction"}},
		{Key: "branches", Label: "Branches", Type: models.MergeTagMultiple, Options: []string{"Graz, old town", awkward, "Wien"}},
		{Key: "country", Label: "Country", Type: models.MergeTagCountry},
	}
}

func snippet(t *testing.T, kind models.WebhookType, key string) string {
	t.Helper()
	for _, s := range views.Snippets(address, kind, mergeTags(), "") {
		if s.Key == key {
			return s.Text
		}
	}
	t.Fatalf("there is no snippet %s", key)
	return ""
}

// wantAllKept fails unless the call has a valid value for every merge tag.
func wantAllKept(t *testing.T, r intake.Request) {
	t.Helper()
	s := intake.Decode(r)
	if s.Err != nil || s.Email.Value.Last() != "tywin@example.com" {
		t.Fatalf("got address %q, error %v from %s %s", s.Email.Value.Last(), s.Err, r.Query, r.Body)
	}
	var given []string
	for _, f := range s.Fields {
		given = append(given, f.Key)
		i := slices.IndexFunc(mergeTags(), func(m models.MergeTag) bool { return m.Key == f.Key })
		if i < 0 {
			t.Errorf("%s is ignored: there is no such merge tag", f.Key)
			continue
		}
		if stored, err := mergeTags()[i].Read(f.Value, nil); err != nil || stored == "" {
			t.Errorf("%s: %q is not stored: %v", f.Key, f.Value.Texts, err)
		}
	}
	if len(given) != len(mergeTags()) {
		t.Errorf("got fields %v, want every merge tag", given)
	}
}

// run runs a snippet in a shell in which curl only prints its arguments, and returns them.
func run(t *testing.T, text string) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "curl"), []byte("#!/bin/sh\nprintf '%s\\000' \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", text)
	cmd.Env = []string{"PATH=" + dir}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v running %s", err, text)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestCurlJSONSnippetInAShell(t *testing.T) {
	t.Parallel()
	got := run(t, snippet(t, models.TypeSubscribed, "json"))
	if want := []string{"-X", "POST", address, "-H", "Content-Type: application/json", "-d"}; len(got) != 7 || !slices.Equal(got[:6], want) {
		t.Fatalf("got %q, want %q and a body", got, want)
	}
	wantAllKept(t, intake.Request{Method: "POST", ContentType: "application/json", Body: []byte(got[6])})
}

func TestCurlGETSnippetInAShell(t *testing.T) {
	t.Parallel()
	got := run(t, snippet(t, models.TypeUnconfirmed, "get"))
	at, query, _ := strings.Cut(got[0], "?")
	if len(got) != 1 || at != address || strings.ContainsAny(query, "[]{} ") {
		t.Fatalf("got %q, want one address that curl takes as it is", got)
	}
	wantAllKept(t, intake.Request{Method: "GET", Query: query})
}

func TestJavaScriptSnippet(t *testing.T) {
	t.Parallel()
	text := snippet(t, models.TypeSubscribed, "fetch")
	if strings.Contains(text, "</") {
		t.Errorf("the script could end its element: %s", text)
	}
	if !strings.HasPrefix(text, `fetch("`+address+`"`) {
		t.Errorf("the script does not call %s: %s", address, text)
	}
	_, body, _ := strings.Cut(text, "JSON.stringify(")
	body, _, _ = strings.Cut(body, ")\n})")
	if !json.Valid([]byte(body)) {
		t.Fatalf("got %s, want an object", body)
	}
	wantAllKept(t, intake.Request{Method: "POST", ContentType: "application/json", Body: []byte(body)})
}

func TestHTMLFormSnippetFilledIn(t *testing.T) {
	t.Parallel()
	page, err := html.Parse(strings.NewReader(snippet(t, models.TypeSubscribed, "form")))
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{}
	fill(page, form)
	if got := form["branches"]; !slices.Equal(got, []string{"Graz, old town", awkward, "Wien"}) {
		t.Errorf("got the choices %q, want the three of the merge tag", got)
	}
	if text := textOf(page); !strings.Contains(text, awkward) {
		t.Errorf("the label %q is not read in %q", awkward, text)
	}
	wantAllKept(t, intake.Request{Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte(form.Encode())})
}

// phpArray turns a PHP array of strings, numbers and lists into JSON.
func phpArray(text string) []byte {
	var b, word strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\': // PHP knows \\ and \' here
			i++
			word.WriteByte(text[i])
		case c == '\'' && quoted:
			said, _ := json.Marshal(word.String())
			b.Write(said)
			quoted = false
		case c == '\'':
			word.Reset()
			quoted = true
		case quoted:
			word.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	fields := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(b.String(), "["), "]"), " =>", ":")
	return []byte("{" + strings.TrimSuffix(strings.TrimSpace(fields), ",") + "}")
}

func TestPHPSnippet(t *testing.T) {
	t.Parallel()
	text := snippet(t, models.TypeSubscribed, "php")
	array, rest, _ := strings.Cut(strings.TrimPrefix(text, "$data = "), ";\n$context")
	if !strings.Contains(rest, "file_get_contents('"+address+"', false, $context);") {
		t.Errorf("the script does not call %s: %s", address, text)
	}
	wantAllKept(t, intake.Request{Method: "POST", ContentType: "application/json", Body: phpArray(array)})
}

func TestPythonSnippet(t *testing.T) {
	t.Parallel()
	text := snippet(t, models.TypeSubscribed, "python")
	_, dict, _ := strings.Cut(text, "data = ")
	dict, rest, _ := strings.Cut(dict, "\ncall = ")
	if !strings.Contains(rest, `"`+address+`",`) || !strings.Contains(dict, `"vip": True,`) {
		t.Errorf("the script does not send what Python can: %s", text)
	}
	body := strings.ReplaceAll(strings.ReplaceAll(dict, "True", "true"), ",\n}", "\n}")
	wantAllKept(t, intake.Request{Method: "POST", ContentType: "application/json", Body: []byte(body)})
}

func TestInstructionsToShare(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind     models.WebhookType
		has, not []string
	}{
		{models.TypeSubscribed, []string{"Each call will subscribe the contact.", "Address: " + address, "- email_address: the person's e-mail address. Required.", "- first_name: First name. ",
			": Graz, old town | ", `"birthday": "1990-12-31"`, "except in a form or script"}, []string{"nobody has"}},
		{models.TypeDelete, []string{"Each call will delete the contact.", "nobody has this e-mail address", "Please do not publish it."}, []string{"first_name", "script"}},
	}
	for _, tt := range tests {
		text := snippet(t, tt.kind, views.ShareSnippet)
		for _, has := range tt.has {
			if !strings.Contains(text, has) {
				t.Errorf("%s: %q is not in %s", tt.kind, has, text)
			}
		}
		for _, not := range tt.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: %q is in %s", tt.kind, not, text)
			}
		}
	}
}

// fill fills in all controls below n, as a person would.
func fill(n *html.Node, form url.Values) {
	at := map[string]string{}
	for _, a := range n.Attr {
		at[a.Key] = a.Val
	}
	typed := map[string]string{"email": "tywin@example.com", "number": "42", "date": "1990-12-31", "": "Germany"}
	switch {
	case n.Data == "form" && (at["action"] != address || at["method"] != "post"):
		form.Set("wrong", at["action"])
	case n.Data == "input" && at["type"] == "checkbox":
		form.Add(at["name"], at["value"])
	case n.Data == "input":
		form.Add(at["name"], typed[at["type"]])
	case n.Data == "select":
		form.Add(at["name"], at["value"])
		for o := range n.Descendants() {
			if o.Data == "option" && form.Get(at["name"]) == "" {
				form.Set(at["name"], o.Attr[0].Val)
			}
		}
	}
	for c := range n.ChildNodes() {
		fill(c, form)
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func TestSnippetsByType(t *testing.T) {
	t.Parallel()
	many := slices.Repeat(mergeTags(), 4)
	tests := []struct {
		kind      models.WebhookType
		mergeTags []models.MergeTag
		keys      string
		get       string
	}{
		{models.TypeSubscribed, nil, "json get form fetch php python share", "curl '" + address + "?email_address=tywin%40example.com'"},
		{models.TypeUnconfirmed, mergeTags()[:1], "json get form fetch php python share", "curl '" + address + "?email_address=tywin%40example.com&first_name=Tywin'"},
		{models.TypeUnsubscribed, mergeTags(), "json get php python share", "curl '" + address + "?email_address=tywin%40example.com'"},
		{models.TypeDelete, mergeTags(), "json get php python share", "curl '" + address + "?email_address=tywin%40example.com'"},
		{models.TypeSubscribed, many, "json get form fetch php python share", ""},
	}
	for _, tt := range tests {
		var keys []string
		for _, s := range views.Snippets(address, tt.kind, tt.mergeTags, "") {
			keys = append(keys, s.Key)
			if s.Key == "get" && tt.get != "" && s.Text != tt.get {
				t.Errorf("%s: got %s, want %s", tt.kind, s.Text, tt.get)
			}
			if s.Key == "json" && strings.Count(s.Text, "\n") > views.MaxSnippetFields+5 {
				t.Errorf("%s: a snippet of %d merge tags is longer than an example", tt.kind, len(tt.mergeTags))
			}
		}
		if got := strings.Join(keys, " "); got != tt.keys {
			t.Errorf("%s: got %s, want %s", tt.kind, got, tt.keys)
		}
	}
}

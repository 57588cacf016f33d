package senders_test

import (
	"fmt"
	"strings"
	"testing"

	"campaignlark/senders"
)

func path(t testing.TB, text string) senders.Path {
	t.Helper()
	p, err := senders.ParsePath(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestParsePath checks how paths are printed; each prints as itself unless want says otherwise.
func TestParsePath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"email", ""}, {"customer.email", ""}, {"a-b_c.9", ""}, {"größe.имя.名前", ""}, {`payload.data."E-Mail Adresse"`, ""}, {`"1.3"`, ""}, {`""`, ""}, {`a."".b`, ""},
		{"a[0]", ""}, {"a[-1].b", ""}, {"a[*]", ""}, {"a[*].b[*].c", ""}, {"[0].a", ""}, {"a[type=INPUT_EMAIL].value", ""}, {`a[label="Your town"]`, ""}, {"a[field.ref=x]", ""},
		{`a["my field".ref=x]`, ""}, {"a[*][field.ref=x].b", ""}, {"a[*][x=1][y=2]", ""}, {`a[t=""]`, ""}, {"a[1=2]", ""},
		{`"q\"\\\n\t\rx"`, ""}, {` customer."email" `, "customer.email"}, {`a[type="x"]`, "a[type=x]"}, {"a[007]", "a[7]"}, {"a[-0]", "a[0]"}, {"\"a\tb\"", `"a\tb"`},
	} {
		if c.want == "" {
			c.want = c.text
		}
		if got := path(t, c.text).String(); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestParsePathRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "The place is empty. Please write where the value is, such as customer.email."},
		{"  ", "The place is empty."},
		{"a.", "The place ‹a.› ends too early: a name is missing."},
		{".a", `The place begins with ".", where a name is missing.`},
		{"a..b", `After ‹a.› in the place comes ".", where a name is missing.`},
		{"First name", `After ‹First› in the place comes " ", where a dot or an opening [ is missing. A name or text with blanks or signs needs quotation marks, such as "First name".`},
		{"a$b", `needs quotation marks`},
		{`"a`, "a closing quotation mark is missing"},
		{`"a\x"`, "after the backslash is missing"},
		{`"a"b`, "a dot or an opening [ is missing"},
		{"a[", "a number, * or a name with = and its text is missing"},
		{"a[]", "a number, * or a name with = and its text is missing"},
		{"a[0", "an = and a text is missing"},
		{"a[*", "a closing ] is missing"},
		{"a[x]", "an = and a text is missing"},
		{"a[x=]", "a text is missing"},
		{"a[x=y z]", "a closing ] is missing"},
		{"a[1234567890]", "an = and a text is missing"},
		{"a[0]b", "a dot or an opening [ is missing"},
		{"a\x00", "not text"}, {"a\xff", "not text"},
		{strings.Repeat("a", 501), "at most 500 bytes; this has 501"},
		{"\"" + strings.Repeat("\t", 300) + "\"", "at most 500 bytes; this has 602"},
		{strings.Repeat("a.", 32) + "a", "at most 32"},
		{"a[*].b[*].c[*]", "[*] more than 2 times"},
		{"a[*][x=1].b[*].c[*]", "[*] more than 2 times"},
		{strings.Repeat("a[b=c].", 5) + "d", "more than 4 times"},
	} {
		if p, err := senders.ParsePath(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.60q: got %s, %v, want %q", c.text, p, err, c.want)
		}
	}
}

const order = `{"customer":{"email":"ada@example.com","tags":["vip","new"]},"id":7,"email":null,"email":"top@example.com",
 "lines":[{"sku":"A","qty":1,"meta":{"ref":"first"}},{"sku":"B","qty":2,"meta":{"ref":"second"},"notes":["x","y"]},{"sku":"B","qty":3}],
 "raw":"{\"q3_email\":\"raw@example.com\",\"q\":[{\"k\":1},{\"k\":2}]}","grid":[[1,2],[3]],"byID":{"5":{"type":"email","value":"v"},"6":{"type":"text"}}}`

// found shows what a path finds.
func found(tree *senders.Tree, p senders.Path) string {
	var all []string
	for _, at := range tree.Find(p) {
		all = append(all, shownAt(tree, at))
	}
	return strings.Join(all, " ")
}

func TestFind(t *testing.T) {
	t.Parallel()
	tree := parse(t, order)
	for _, c := range []struct{ path, want string }{
		{"customer.email", `"ada@example.com"`}, {"email", `"top@example.com"`}, {"id", "7"}, {"customer.tags", `["vip","new"]`}, {"customer.tags[1]", `"new"`},
		{"customer.tags[-1]", `"new"`}, {"customer.tags[2]", ""}, {"customer.tags[-3]", ""}, {"customer.tags[*]", `"vip" "new"`}, {"customer.tags.x", ""}, {"customer[0]", ""}, {"customer[-1]", ""}, {"id.x", ""}, {"id[0]", ""}, {"id[*]", ""}, {"nowhere.email", ""},
		{"lines[sku=B].qty", "2"}, {"lines[*][sku=B].qty", "2 3"}, {"lines[qty=3].sku", `"B"`}, {"lines[meta.ref=second].sku", `"B"`}, {"lines[meta.ref=none].sku", ""}, {"lines[meta=x]", ""}, {"lines[*].notes[*]", `"x" "y"`}, {"lines[*].sku", `"A" "B" "B"`},
		{"lines[*][sku=B][0]", ""}, {"raw.q3_email", `"raw@example.com"`}, {"raw.q[k=2].k", "2"}, {"raw.q[*].k", "1 2"}, {"raw", `text{q3_email:"raw@example.com",q:[{k:1},{k:2}]}`},
		{"grid[*]", "[1,2] [3]"}, {"grid[*][*]", "1 2 3"}, {"grid[0][-1]", "2"}, {"byID[5].value", `"v"`}, {"byID.5.value", `"v"`}, {"byID[type=email].value", `"v"`}, {"byID[*].type", `"email" "text"`},
	} {
		if got := found(tree, path(t, c.path)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.path, got, c.want)
		}
	}
	if got := tree.Find(senders.Path{}); got != nil {
		t.Errorf("got %v of no path", got)
	}
	form := senders.FromPairs(pairs(`a=1&fields[3]=x&fields[7]=y&a=2&c[]=p&c[]=q&raw={"a":1,"a":2,"l":["m","n"]}`))
	for _, c := range []struct{ path, want string }{
		{"a", `"1" "2"`}, {"fields[7]", `"y"`}, {"fields[0]", ""}, {"fields[-1]", `"y"`}, {"fields[*]", `"x" "y"`}, {"c[0]", `"p"`}, {"raw.l[1]", `"n"`},
	} {
		if got := found(form, path(t, c.path)); got != c.want {
			t.Errorf("%s in a form: got %s, want %s", c.path, got, c.want)
		}
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, value, want string }{
		{order, "ada@example.com", "customer.email"}, {order, "raw@example.com", "raw.q3_email"}, {order, "A", "lines[meta.ref=first].sku"}, {order, "second", "lines[1].meta.ref"}, {order, "v", "byID.5.value"},
		{`{"answers":[{"type":"text","text":"Ada","field":{"id":"x1","ref":"first name"}},{"type":"choice","choice":{"id":"c9","label":"Crime","ref":"r9"},"field":{"id":"x2","ref":"genre"}}]}`, "Crime", "answers[field.ref=genre].choice.label"},
		{`{"answers":[{"type":"text","text":"Ada","field":{"id":"x1","ref":"first name"}},{"type":"email","email":"a@b.example"}]}`, "Ada", `answers[field.ref="first name"].text`},
		{`{"fields":[{"key":"q_1","label":"Town","type":"INPUT_TEXT","value":"Kraków"},{"key":"q_2","label":"Town","value":"x"}]}`, "Kraków", "fields[key=q_1].value"},
		{`{"questions":[{"question":"Your town?","answer":"Lagos"},{"question":"Age?","answer":"7"}]}`, "Lagos", `questions[question="Your town?"].answer`},
		{`{"a":[{"type":"x","v":1},{"type":"x","v":2}]}`, "2", "a[1].v"}, {`{"a":[{"label":" ","v":1}]}`, "1", "a[0].v"}, {`{"a":["x","y"]}`, "y", "a[1]"}, {`{"E-Mail Adresse":{"1.3":"z"}}`, "z", `"E-Mail Adresse"."1.3"`},
		{`{"a":"first","a":"second"}`, "first", ""}, {`{"a":"first","a":"second"}`, "second", "a"}, {`{"` + strings.Repeat("n", 501) + `":"z"}`, "z", ""},
		{`{"a":[{"label":"` + strings.Repeat("é", 61) + `","v":"z"}]}`, "z", "a[0].v"},
	} {
		tree := parse(t, c.body)
		for at := range senders.Place(tree.Len()) {
			if tree.Text(at) != c.value {
				continue
			}
			if p, ok := tree.Suggest(at); p.String() != c.want || ok != (c.want != "") {
				t.Errorf("%.80s: got %s for %s, want %s", c.body, p, c.value, c.want)
			}
			break
		}
	}
	form := senders.FromPairs(pairs("fields[email][value]=v&list[4]=w&list[9]=x&a=1&a=2"))
	for value, want := range map[string]string{"v": "fields.email.value", "x": "list[9]", "2": "a"} {
		for at := range senders.Place(form.Len()) {
			if p, _ := form.Suggest(at); form.Text(at) == value && p.String() != want {
				t.Errorf("got %s for %s in a form, want %s", p, value, want)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	tree := parse(t, `{"Customer":{"E-Mail":"a@b.example","emial":"c","name":"x","emailAddress":"d"},"list":[{"email":"e"}],"phone":"1","raw":"{\"mail\":\"f\"}"}`)
	for _, c := range []struct {
		path, want string
		most       int
	}{
		{"customer.email", `Customer.E-Mail list[0].email Customer.emial raw.mail Customer.emailAddress`, 5},
		{"contact.phone_number", "phone", 3}, {"zzz", "", 3}, {"list[0]", "", 3}, {"[0]", "", 3},
		{"fone", "phone", 1},
	} {
		var got []string
		for _, p := range tree.Nearest(path(t, c.path), c.most) {
			got = append(got, p.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %s, want %s", c.path, strings.Join(got, " "), c.want)
		}
	}
}

func TestTextsThatAreAddresses(t *testing.T) {
	t.Parallel()
	tree := parse(t, `{"a":"x@example.com","b":"@","c":{"d":"no address: x@example.com"},"l":[{"e":"y@example.org"},7],"z":"z@example.net"}`)
	var got []string
	for _, at := range tree.Addresses(2) {
		got = append(got, tree.Text(at))
	}
	if strings.Join(got, " ") != "x@example.com y@example.org" {
		t.Errorf("got %q", got)
	}
	if got := tree.Addresses(9); len(got) != 3 {
		t.Errorf("got %d addresses, want 3", len(got))
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"a.b[0][-1][*]", `a["x y".z="\"\\\n"].c`, "a[*][b=c].d", `"1.3"`, "[0]", "größe[ü=ß]", "a[", `"`, "a[1=2]"} {
		f.Add(s, order)
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		p, err := senders.ParsePath(text)
		if err != nil {
			if len(err.Error()) > 600 {
				t.Errorf("got an error of %d bytes", len(err.Error()))
			}
			return
		}
		again, err := senders.ParsePath(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("%q is %s, which reads as %s (%v)", text, p, again, err)
		}
		if tree, err := senders.ParseJSON(strings.ToValidUTF8(body, "")); err == nil {
			seen := map[senders.Place]bool{}
			for _, at := range tree.Find(p) {
				if seen[at] {
					t.Errorf("%s finds the value %d twice", p, at)
				}
				seen[at] = true
			}
			_ = fmt.Sprint(tree.Nearest(p, 3))
		}
	})
}

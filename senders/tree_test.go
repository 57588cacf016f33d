package senders_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"campaignlark/models"
	"campaignlark/senders"
)

// shown returns a tree as text: like JSON, with (n) after the name of a file.
func shown(t *senders.Tree) string { return shownAt(t, senders.Root) }

func shownAt(t *senders.Tree, at senders.Place) string {
	switch t.Kind(at) {
	case senders.Object, senders.List:
		return shownInside(t, at)
	case senders.Text:
		if t.Opened(at) {
			return fmt.Sprintf("text%s", shownInside(t, at))
		}
		return fmt.Sprintf("%q", t.Text(at))
	case senders.File:
		return fmt.Sprintf("file %s(%d)", t.Text(at), t.Size(at))
	case senders.Null:
		return "null"
	}
	return t.Text(at)
}

func shownInside(t *senders.Tree, at senders.Place) string {
	var parts []string
	names := false
	for child := range t.Children(at) {
		part := shownAt(t, child)
		if t.Name(child) != "" {
			part, names = t.Name(child)+":"+part, true
		}
		parts = append(parts, part)
	}
	inside := strings.Join(parts, ",")
	if names || t.Kind(at) == senders.Object || t.Kind(at) == senders.Text && strings.HasPrefix(strings.TrimSpace(t.Text(at)), "{") {
		if t.Kind(at) == senders.List {
			return "[" + inside + "]"
		}
		return "{" + inside + "}"
	}
	return "[" + inside + "]"
}

func parse(t testing.TB, body string) *senders.Tree {
	t.Helper()
	tree, err := senders.ParseJSON(body)
	if err != nil {
		t.Fatalf("%.200s: %v", body, err)
	}
	return tree
}

func TestParseJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{`{}`, `{}`},
		{` {"b":1.50,"a":[true,null,{"x":"é"}],"c":{}} `, `{b:1.50,a:[true,null,{x:"é"}],c:{}}`},
		{`{"a":1,"a":2}`, `{a:1,a:2}`},
		{`{"a\u0000b":"x\u0000y"}`, `{ab:"x\x00y"}`},
		{`{"id":12345678901234567890,"f":1E+400}`, `{id:12345678901234567890,f:1E+400}`},
		{`{"raw":"{\"q\":{\"a\":[1]}}"}`, `{raw:text{q:{a:[1]}}}`},
		{`{"raw":" [1, \"x\"]\n"}`, `{raw:text[1,"x"]}`},
		{`{"raw":"{broken}","b":"[]","c":"{\"a\":1}x","d":"["}`, `{raw:"{broken}",b:text[],c:"{\"a\":1}x",d:"["}`},
		{`{"a":"{\"b\":\"{\\\"c\\\":\\\"{\\\\\\\"d\\\\\\\":1}\\\"}\"}"}`, `{a:text{b:text{c:"{\"d\":1}"}}}`}, // opened twice
	} {
		if got := shown(parse(t, c.body)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.body, got, c.want)
		}
	}
}

func TestParseJSONRefusals(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33)
	for _, c := range []struct{ body, want string }{
		{"", "The body is empty."}, {"[1]", "The body is a JSON array."}, {`"x"`, "The body is only a text."}, {"7", "The body is only a number."},
		{"false", "The body is the JSON value false."}, {`"{\"a\":1}"`, "JSON was encoded twice"}, {`{"a":1,}`, "line 1, character 8 should be a key in double quotes"},
		{`{"a":1} x`, "should be the end of the body"}, {deep, "The JSON is nested over 32 levels deep"},
	} {
		for name, read := range map[string]func(string) (*senders.Tree, error){"whole": senders.ParseJSON, "flat": senders.ParseFlat} {
			if _, err := read(c.body); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %.40s: got %v, want %q", name, c.body, err, c.want)
			}
		}
	}
	inText := `{"a":` + string(must(json.Marshal(strings.Repeat("[", 32)+strings.Repeat("]", 32)))) + `}`
	if tree := parse(t, inText); tree.Opened(1) {
		t.Error("a text was opened that is nested too deep together with what holds it")
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The documented format reads plain values and lists of them; nothing else is kept.
func TestParseFlat(t *testing.T) {
	t.Parallel()
	tree := must(senders.ParseFlat(`{"a":"{\"x\":1}","b":{"c":[1,{"d":2}]},"e":[1,null,"x"],"f":[1,[2],3],"g":[{"h":1}],"i":7}`))
	if got, want := shown(tree), `{a:"{\"x\":1}",b:{},e:[1,null,"x"],f:[{}],g:[{}],i:7}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestGiven(t *testing.T) {
	t.Parallel()
	tree := parse(t, `{"text":"x","number":1.50,"yes":true,"null":null,"list":[1,null,"x",false],"none":[],"nested":[1,[2]],"object":{}}`)
	want := map[string]models.Given{
		"text": models.Text("x"), "number": {Texts: []string{"1.50"}, Bare: true}, "yes": {Texts: []string{"true"}, Bare: true}, "null": {Shape: models.Null},
		"list": {Shape: models.List, Texts: []string{"1", "x", "false"}}, "none": {Shape: models.List}, "nested": {Shape: models.Nested}, "object": {Shape: models.Nested},
	}
	for at := range tree.Children(senders.Root) {
		if got := tree.Given(at); !reflect.DeepEqual(got, want[tree.Name(at)]) {
			t.Errorf("%s: got %+v, want %+v", tree.Name(at), got, want[tree.Name(at)])
		}
	}
}

// pairs makes pairs of name=text, joined by &. A name that begins with @ is a file.
func pairs(form string) (all []senders.Pair) {
	for pair := range strings.SplitSeq(form, "&") {
		name, text, _ := strings.Cut(pair, "=")
		name, file := strings.CutPrefix(name, "@")
		p := senders.Pair{Name: name, Text: text, File: file}
		if file {
			p.Size = int64(len(text))
		}
		all = append(all, p)
	}
	return all
}

func TestFromPairs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ form, want string }{
		{"a=1&b=2&a=3", `{a:"1",b:"2",a:"3"}`},
		{"fields[email][value]=x&form[id]=f1&fields[email][type]=email", `{fields:{email:{value:"x",type:"email"}},form:{id:"f1"}}`},
		{"a[]=x&a[]=y", `{a:[0:"x",1:"y"]}`},
		{"a[1]=y&a[0]=x", `{a:[0:"x",1:"y"]}`},
		{"a[3]=x&a[7]=y&a[]=z", `{a:[3:"x",7:"y",8:"z"]}`},
		{"a[0][n]=x&a[1][n]=y&a[0][v]=z", `{a:[0:{n:"x",v:"z"},1:{n:"y"}]}`},
		{"a[0]=x&a[b]=y&a[]=z", `{a:{0:"x",b:"y",1:"z"}}`},
		{"a=1&a[b]=2", `{a:"1",a:{b:"2"}}`},
		{"a[b=1&[b]=2&a]=3&a[b]c=4&a[b[c]]=5&a[[b]]=6&[]=7", `{a[b:"1",[b]:"2",a]:"3",a[b]c:"4",a[b[c]]:"5",a[[b]]:"6",[]:"7"}`},
		{"a[1234567890]=x", `{a:{1234567890:"x"}}`},
		{`raw={"q3":{"x":1}}&n[r]=[1]&b={`, `{raw:text{q3:{x:1}},n:{r:text[1]},b:"{"}`},
		{"@photo=me.png&d[@x]=1", `{photo:file me.png(6),d:{@x:"1"}}`},
		{"a[" + strings.Repeat("b][", 40) + "c]=1", `{a[` + strings.Repeat("b][", 40) + `c]:"1"}`},
		{"a\x00[b\x00]=1\x00", `{a:{b:"1\x00"}}`},
		{"=x", `{"x"}`},
	} {
		if got := shown(senders.FromPairs(pairs(c.form))); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.form, got, c.want)
		}
	}
	if got := shown(senders.FromPairs(nil)); got != "{}" {
		t.Errorf("got %s of no pairs", got)
	}
}

// checkTree tests what is true of every tree: each value is inside exactly one other, and every path that is suggested finds it.
func checkTree(t *testing.T, tree *senders.Tree) {
	t.Helper()
	seen := 1
	var visit func(at senders.Place, depth int)
	visit = func(at senders.Place, depth int) {
		if depth > 2*senders.MaxDepth {
			t.Fatalf("the tree is %d deep", depth)
		}
		if tree.Opened(at) {
			seen++ // the object or list in the text
		}
		for child := range tree.Children(at) {
			seen++
			visit(child, depth+1)
		}
	}
	visit(senders.Root, 1)
	if seen != tree.Len() {
		t.Errorf("got %d values by their holders, the tree has %d", seen, tree.Len())
	}
	looked := 0
	for at := range tree.Leaves() {
		if looked++; looked > 50 {
			break
		}
		p, ok := tree.Suggest(at)
		if !ok {
			continue
		}
		found := false
		for _, place := range tree.Find(p) {
			found = found || place == at
		}
		if again, err := senders.ParsePath(p.String()); err != nil || !again.Equal(p) || !found {
			t.Errorf("the value %d: the path %s finds it: %v; read again it is %s (%v)", at, p, found, again, err)
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"{\"c\":[true]}"}],"a":null}`, `{"answers":[{"field":{"ref":"x"},"email":"a"},{"field":{"ref":"y y"}}]}`, `{"a":"[[1],\"x\"]"}`, `{"":{"":[]}}`, `{"a":`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !utf8.ValidString(body) {
			return
		}
		tree, err := senders.ParseJSON(body)
		flat, flatErr := senders.ParseFlat(body)
		if (err == nil) != (flatErr == nil) || err != nil && err.Error() != flatErr.Error() {
			t.Fatalf("got error %v of the whole, %v of the flat", err, flatErr)
		}
		if err != nil {
			return
		}
		checkTree(t, tree)
		var whole, top []models.Given
		for at := range tree.Children(senders.Root) {
			whole = append(whole, tree.Given(at))
		}
		for at := range flat.Children(senders.Root) {
			top = append(top, flat.Given(at))
		}
		if !reflect.DeepEqual(whole, top) {
			t.Errorf("got %+v of the whole, %+v of the flat", whole, top)
		}
	})
}

func FuzzFromPairs(f *testing.F) {
	for _, s := range []string{"fields[email][value]=x&fields[name][value]=y&form[id]=1", "a[]=1&a[0]=2&a[5]=3&a[x]=4&a=5", `raw={"a":[1]}&@f=x`, "a[][b]=1&a[][b]=2&[a]=3&a[=4&a]=5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, form string) {
		if !utf8.ValidString(form) {
			return
		}
		all := pairs(form)
		tree := senders.FromPairs(all)
		checkTree(t, tree)
		texts := 0
		for at := range senders.Place(tree.Len()) {
			if k := tree.Kind(at); k == senders.Text || k == senders.File {
				texts++
			}
		}
		if texts < len(all) {
			t.Errorf("got %d texts of %d pairs", texts, len(all))
		}
	})
}

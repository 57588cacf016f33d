package senders_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"campaignlark/models"
	"campaignlark/senders"
)

func mapping(t testing.TB, text string) senders.Mapping {
	t.Helper()
	m, err := senders.ParseMapping(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const fullMapping = `{"address":["a[type=email].email","hidden.email"],"fields":{"city":[{"path":"c"}],"since":[{"path":"s","as":"unix"},{"path":"t","as":"dmy"}]},` +
	`"only_when":[{"path":"type","in":["x","<y>"]},{"path":"z","set":true}],"also_keys":true,"delivery_id":{"header":"X-Id"}}`

func TestMappingRoundTrip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{fullMapping, fullMapping},
		{`{}`, `{"address":[],"fields":{},"only_when":[],"also_keys":false}`},
		{` {"delivery_id":{"path":" event_id "},"fields":{"a":[]},"address":null} `, `{"address":[],"fields":{"a":[]},"only_when":[],"also_keys":false,"delivery_id":{"path":"event_id"}}`},
	} {
		m := mapping(t, c.text)
		if got := m.String(); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
		if again := mapping(t, m.String()); again.String() != m.String() {
			t.Errorf("got %s, read again %s", m, again)
		}
	}
}

func TestParseMappingRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "The mapping cannot be read. It is empty."}, {"[1]", "The mapping cannot be read. It is a JSON array. Please write an object in braces, such as {\"address\": [\"customer.email\"]}."},
		{"null", "It is the JSON value null. Please write a JSON object such as {\"address\": [\"customer.email\"]}."}, {"[]", "Please write an object in braces"}, {`{"address":`, "It is not valid JSON: line 1, character 12 should be a value"},
		{`{"adress":[]}`, "the mapping has no part ‹adress›. It can have address, also_keys, delivery_id, fields, only_when, skip_without_address."},
		{`{"address":[],"address":[]}`, "has ‹address› twice"}, {`{"address":"email"}`, "address must be a list in brackets, such as […]; it is a text."}, {`{"address":[1]}`, "a place of address must be a text in quotation marks; it is a number."},
		{`{"address":["a b"]}`, "In the mapping, a place of address is wrong. After ‹a› in the place comes"},
		{`{"fields":[]}`, "fields must be an object in braces"}, {`{"fields":{"a":{"path":"x"}}}`, "the field ‹a› must be a list"}, {`{"fields":{"a":[{"path":"x"}],"a":[]}}`, "fields has ‹a› twice"}, {`{"fields":{"a":["x"]}}`, "a place of the field ‹a› must be an object"},
		{`{"fields":{"a":[{"as":"unix"}]}}`, `a place of the field ‹a› has no path. Please write it as {"path": "customer.city"}.`}, {`{"fields":{"a":[{"path":"x","as":"date"}]}}`, "is read as ‹date›, which is not known. It can be unix, unix_ms,"},
		{`{"only_when":[{"path":"x"}]}`, "the condition on ‹x› must have either values"}, {`{"only_when":[{"path":"x","set":true,"in":["y"]}]}`, "must have either values"}, {`{"only_when":[{"path":"x","set":false}]}`, "must have either values"}, {`{"only_when":[{"in":["x"]}]}`, "has no path"},
		{`{"only_when":[{"path":"x","in":"y"}]}`, "in of a condition of only_when must be a list"}, {`{"only_when":[{"path":"x","set":1}]}`, "must be true or false; it is a number."},
		{`{"also_keys":"yes"}`, "also_keys must be true or false"}, {`{"delivery_id":{}}`, "delivery_id must name either a header"}, {`{"delivery_id":{"header":"a","path":"b"}}`, "either a header"}, {`{"delivery_id":"x"}`, "delivery_id must be an object"},
		{`{"x":"` + strings.Repeat("x", senders.MaxMappingBytes) + `"}`, "at most 64 KB"},
	} {
		if _, err := senders.ParseMapping(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.100s: got %v, want %q", c.text, err, c.want)
		}
	}
}

func TestValidateMapping(t *testing.T) {
	t.Parallel()
	many := func(n int, item string) string {
		return "[" + strings.TrimSuffix(strings.Repeat(item+",", n), ",") + "]"
	}
	for _, c := range []struct{ text, want string }{
		{`{"address":["a"],"fields":{"city":[{"path":"x"}]},"only_when":[{"path":"x","in":["y"]}],"delivery_id":{"header":"X-Id"}}`, ""},
		{`{}`, "address: Please say where the e-mail address is. Without an address, every call is refused."},
		{`{"address":` + many(11, `"a"`) + `}`, "address: Please name at most 10 places for the e-mail address. There are 11."},
		{`{"address":["a"],"fields":{"town":[{"path":"x"}]}}`, "fields.town: There is no merge tag ‹town›. Please create it first, or do not keep this value."},
		{`{"address":["a"],"fields":{"email_address":[{"path":"x"}]}}`, "fields.email_address: The e-mail address is set above the fields"},
		{`{"address":["a"],"fields":{"city":[]}}`, "fields.city: Please say where the value of ‹city› is"}, {`{"address":["a"],"fields":{"city":` + many(11, `{"path":"x"}`) + `}}`, "fields.city: Please name at most 10 places"},
		{`{"address":["a"],"only_when":` + many(11, `{"path":"x","set":true}`) + `}`, "only_when: Please use at most 10 conditions. There are 11."}, {`{"address":["a"],"only_when":[{"path":"x","in":` + many(51, `"y"`) + `}]}`, "name at most 50; there are 51"},
		{`{"address":["a"],"only_when":[{"path":"x","in":[" "]}]}`, "A value of the condition on ‹x› is empty"}, {`{"address":["a"],"only_when":[{"path":"x","in":["` + strings.Repeat("y", 501) + `"]}]}`, "is too long"},
		{`{"address":["a"],"delivery_id":{"header":"X Id"}}`, "delivery_id: ‹X Id› is not the name of a header."}, {`{"address":["a"],"delivery_id":{"header":"Ünï"}}`, "is not the name of a header"},
	} {
		var got []string
		for _, p := range mapping(t, c.text).Validate(func(key string) bool { return key == "city" }) {
			got = append(got, p.Part+": "+p.Sentence)
		}
		if all := strings.Join(got, "\n"); (all == "") != (c.want == "") || !strings.Contains(all, c.want) {
			t.Errorf("%.100s: got %q, want %q", c.text, all, c.want)
		}
	}
	fields := map[string][]senders.Source{}
	for i := range senders.MaxMappedFields + 1 {
		fields[fmt.Sprint("f", i)] = []senders.Source{{Path: path(t, "x")}}
	}
	if got := (senders.Mapping{Address: []senders.Path{path(t, "a")}, Fields: fields, OnlyWhen: []senders.Condition{{Path: path(t, "x")}}}).Validate(nil); len(got) != 2 || got[0].Part != "fields" || got[1].Part != "only_when" {
		t.Errorf("got %v", got)
	}
}

// TestReadings reads one value with each reading.
func TestReadings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ as, value, want string }{
		{"unix", `1672531200`, "2023-01-01T00:00:00Z"}, {"unix", `"1672531200"`, "2023-01-01T00:00:00Z"}, {"unix", `" 0 "`, "1970-01-01T00:00:00Z"}, {"unix", `-1.5`, "1969-12-31T23:59:58.5Z"}, {"unix", `1672531200.25`, "2023-01-01T00:00:00.25Z"},
		{"unix", `1672531200000`, "! So many seconds after 1970"}, {"unix", `"2023-01-01"`, "! This is not a count of seconds since 1970."}, {"unix", `1e9`, "! This is not a count"}, {"unix", `true`, "! This is not a count"},
		{"unix_ms", `1672531200123`, "2023-01-01T00:00:00.123Z"}, {"unix_ms", `1672531200`, "1970-01-20T08:35:31.2Z"}, {"unix_ms", `-1`, "1969-12-31T23:59:59.999Z"}, {"unix_ms", `"x"`, "! This is not a count of milliseconds"},
		{"dmy", `"31/12/1990"`, "1990-12-31"}, {"dmy", `"1.2.2026"`, "2026-02-01"}, {"dmy", `"01-02-2026 9:05"`, "2026-02-01T09:05:00"}, {"dmy", `"1/2/2026, 12:30:15 AM"`, "2026-02-01T00:30:15"}, {"dmy", `"1/2/2026T23:59"`, "2026-02-01T23:59:00"},
		{"dmy", `"12/31/1990"`, "! There is no such day, read as day, month, year."}, {"dmy", `"29/02/2023"`, "! There is no such day"}, {"dmy", `"0/1/2023"`, "! There is no such day"}, {"dmy", `"1/2/26"`, "! This is not a day, a month and a year of four digits"}, {"dmy", `"1/2-2026"`, "! This is not a day"}, {"dmy", `"2026-01-02"`, "! This is not a day"},
		{"dmy", `"1/2/2026 24:00"`, "! There is no such time of day."}, {"dmy", `"1/2/2026 13:00 pm"`, "! There is no such time of day."}, {"dmy", `"1/2/2026 0:60"`, "! There is no such time"},
		{"mdy", `"12/31/1990"`, "1990-12-31"}, {"mdy", `"1/15/2026 10:30:00 PM"`, "2026-01-15T22:30:00"}, {"mdy", `"31/12/1990"`, "! There is no such day, read as month, day, year."},
		{"decimal_comma", `"1.234,50"`, "1234.50"}, {"decimal_comma", `"12,5"`, "12.5"}, {"decimal_comma", `"-1 234 567"`, "-1234567"}, {"decimal_comma", "\"1\u00A0234,5\"", "1234.5"}, {"decimal_comma", `"1'234"`, "1234"}, {"decimal_comma", `"1.234"`, "1234"}, {"decimal_comma", `7`, "7"}, {"decimal_comma", `"+007,50"`, "7.50"}, {"decimal_comma", `"-0,5"`, "-0.5"}, {"decimal_comma", `"000"`, "0"},
		{"decimal_comma", `"12.5"`, "! This is not a number with a decimal comma"}, {"decimal_comma", `"1,2,3"`, "! This is not"}, {"decimal_comma", `"12 €"`, "! This is not"},
		{"html", `"Tom &amp; Jerry &lt;3 &#8211; caf&eacute;"`, "Tom & Jerry <3 – café"}, {"html", `"a & b"`, "a & b"},
		{"split_semicolon", `"a; b ;;c"`, "a|b|c"}, {"split_semicolon", `"a"`, "a"}, {"split_pipe", `"a|b c"`, "a|b c"}, {"split_pipe", `["a|b","c"]`, "a|b|c"}, {"split_semicolon", `";"`, ""},
		{"unix", `[1672531200,"0"]`, "2023-01-01T00:00:00Z|1970-01-01T00:00:00Z"}, {"unix", `["0","x"]`, "! This is not a count"}, {"unix", `{"a":1}`, ""},
		{"option_text", `"o1"`, "Crime"}, {"option_text", `["o2","o1"]`, "Poetry|Crime"}, {"option_text", `"o9"`, "! None of the options in this call has the id ‹o9›."}, {"option_text", `"o3"`, "! None of the options"},
	} {
		m := mapping(t, `{"address":["a"],"fields":{"f":[{"path":"q.v","as":"`+c.as+`"}]}}`)
		r := m.Apply(parse(t, `{"q":{"v":`+c.value+`,"options":[{"id":"o1","text":"Crime"},{"id":"o2","text":"Poetry"},{"id":"o3"},7]}}`))
		if len(r.Fields) != 1 {
			t.Fatalf("%s of %s: got %d fields", c.as, c.value, len(r.Fields))
		}
		got := strings.Join(r.Fields[0].Value.Texts, "|")
		if r.Fields[0].Wrong != "" {
			got = "! " + r.Fields[0].Wrong
		}
		if got != c.want && !(strings.HasPrefix(c.want, "! ") && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s of %s: got %s, want %s", c.as, c.value, got, c.want)
		}
	}
	r := mapping(t, `{"fields":{"f":[{"path":"v","as":"option_text"}]}}`).Apply(parse(t, `{"v":"x"}`))
	if got := r.Fields[0].Wrong; got != "This call has no list of options beside this value." {
		t.Errorf("got %q without options", got)
	}
	for _, as := range senders.Readings {
		if as.Name() == "" {
			t.Errorf("the reading %q has no name", as)
		}
	}
}

// told shows a result as lines.
func told(tree *senders.Tree, r senders.Result) string {
	var b strings.Builder
	value := func(f senders.Found) string {
		text := fmt.Sprintf("%s = %q (%s)", f.Key, f.Value.Texts, f.Path)
		if f.Value.Shape == models.Nested {
			text += " nested"
		}
		if f.Wrong != "" {
			text += " ! " + f.Wrong
		}
		return text
	}
	for _, c := range r.Conditions {
		fmt.Fprintf(&b, "when %s %v %q\n", c.Path, c.Met, c.Stood)
	}
	if r.Address.IsFound() {
		fmt.Fprintln(&b, value(r.Address))
	}
	for _, f := range r.Fields {
		fmt.Fprintln(&b, value(f))
	}
	if r.DeliveryID != "" {
		fmt.Fprintln(&b, "id", r.DeliveryID)
	}
	for _, m := range r.Missed {
		fmt.Fprintln(&b, "missed", m.Key, m.Path, m.Nearest)
	}
	for _, o := range r.Own {
		fmt.Fprintf(&b, "own %s %q\n", o.Key, o.Value.Texts)
	}
	ignored, _ := r.Ignored()
	for _, i := range ignored {
		fmt.Fprintf(&b, "ignored %s\n", i.Path)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestApply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mapping, body, want string }{
		{`{"address":["customer.email"]}`, `{"customer":{"email":"a@b.example","name":"Ada"},"x":[1,2]}`, "email_address = [\"a@b.example\"] (customer.email)\nignored customer.name\nignored x"},
		{`{"address":["a","b","c"]}`, `{"b":" ","c":"z","d":1}`, "email_address = [\"z\"] (c)\nmissed email_address a []\nignored d"},
		{`{"address":["a","b"]}`, `{"a":"","b":null}`, "email_address = [\"\"] (a)"},
		{`{"address":["customer.email"]}`, `{"customer":{"Email":"x","phone":"y"}}`, "missed email_address customer.email [customer.Email]\nignored customer.Email\nignored customer.phone"},
		{`{"address":["email","mail"]}`, `{"kunde":{"adresse":" mia@example.com "},"mails":["x"],"n":1}`, "missed email_address email [kunde.adresse mails]\nmissed email_address mail [kunde.adresse mails]\nignored kunde.adresse\nignored mails\nignored n"},
		{`{"address":["a"],"fields":{"z":[{"path":"y"}],"b":[{"path":"c"},{"path":"d"}],"n":[{"path":"o"}],"e":[{"path":"f"}]}}`, `{"a":"x","d":"\u0000v","o":{"p":1},"f":null}`,
			"email_address = [\"x\"] (a)\nb = [\"v\"] (d)\ne = [] (f)\nn = [] (o) nested\nmissed b c []\nmissed z y []"},
		{`{"address":["a"],"only_when":[{"path":"t","in":["x","y"]},{"path":"s","set":true},{"path":"l[*]","in":["q"]}]}`, `{"a":"x","t":"y","s":false,"l":["p","q"]}`, "when t true [\"y\"]\nwhen s true [\"false\"]\nwhen l[*] true [\"p\" \"q\"]\nemail_address = [\"x\"] (a)"},
		{`{"address":["a"],"only_when":[{"path":"t","in":["x"]},{"path":"s","set":true},{"path":"n","set":true},{"path":"o","set":true}]}`, `{"a":"x","t":"X","s":" ","o":{"p":1}}`, "when t false [\"X\"]\nwhen s false [\" \"]\nwhen n false []\nwhen o true []\nemail_address = [\"x\"] (a)"},
		{`{"address":["a"],"delivery_id":{"path":"e.id"}}`, `{"a":"x","e":{"id":"ev_1"}}`, "email_address = [\"x\"] (a)\nid ev_1"},
		{`{"address":["a"],"fields":{"c":[{"path":"l"}]},"also_keys":true}`, `{"a":"x","city":"Graz","tags":["p","q"],"o":{"p":1},"l":[1],"l2":[{"x":1}]}`, "email_address = [\"x\"] (a)\nc = [\"1\"] (l)\nown city [\"Graz\"]\nown tags [\"p\" \"q\"]\nignored o.p\nignored l2[0].x"},
		{`{"address":["l[*].a"],"fields":{"b":[{"path":"l[*].b"}],"c":[{"path":"l[*].c"}],"d":[{"path":"l[*].d"}]}}`, `{"l":[{"a":{},"b":null,"c":[],"d":"x"},{"a":null,"b":null,"c":null,"d":{}}]}`,
			"email_address = [] (l[*].a) nested\nb = [] (l[*].b)\nc = [] (l[*].c)\nd = [\"x\"] (l[*].d)"},
		{`{"address":["a"],"also_keys":true}`, `{"a":"x","t":"[1]","u":"{\"v\":2}"}`, "email_address = [\"x\"] (a)\nown t [\"[1]\"]\nown u [\"{\\\"v\\\":2}\"]"},
		{`{"address":["l[*].e"],"fields":{"c":[{"path":"l[*].c"}],"r":[{"path":"r[*]"}]}}`, `{"l":[{"e":"","c":"1"},{"e":"x","c":["2","3"]}],"r":"[\"p\",\"q\"]"}`, "email_address = [\"\" \"x\"] (l[*].e)\nc = [\"1\" \"2\" \"3\"] (l[*].c)\nr = [\"p\" \"q\"] (r[*])"},
	} {
		tree := parse(t, c.body)
		if got := told(tree, mapping(t, c.mapping).Apply(tree)); got != c.want {
			t.Errorf("%s\n%s\ngot:\n%s\nwant:\n%s", c.mapping, c.body, got, c.want)
		}
	}
}

// A field of one value takes the first of several that is not blank. In a form a name given several times has one value, the last.
func TestFoundOne(t *testing.T) {
	t.Parallel()
	m := mapping(t, `{"fields":{"f":[{"path":"a"}]}}`)
	for _, c := range []struct {
		tree      *senders.Tree
		one, many string
	}{
		{parse(t, `{"a":["","x","y"]}`), "x", "|x|y"}, {parse(t, `{"a":"x"}`), "x", "x"}, {parse(t, `{"a":[" "]}`), " ", " "}, {parse(t, `{"a":[]}`), "", ""},
		{senders.FromPairs(pairs("a=0&a=1")), "1", "0|1"}, {senders.FromPairs(pairs("a[]=0&a[]=1")), "0", "0|1"},
	} {
		f := m.Apply(c.tree).Fields[0]
		if one := f.One(); one.Last() != c.one || strings.Join(f.Value.Texts, "|") != c.many {
			t.Errorf("%s: got %q of one, %q of several, want %q and %q", shown(c.tree), one.Last(), f.Value.Texts, c.one, c.many)
		}
	}
}

func TestApplyKeepsABrokenAddressBroken(t *testing.T) {
	t.Parallel()
	r := mapping(t, `{"address":["a"]}`).Apply(parse(t, `{"a":"ada@exam\u0000ple.com"}`))
	if got := r.Address.Value.Last(); !strings.Contains(got, "\x00") {
		t.Errorf("got %q, which may be the address of somebody else", got)
	}
}

func TestApplyNamesAtMost200Ignored(t *testing.T) {
	t.Parallel()
	body := `{"a":"x"`
	for i := range 250 {
		body += fmt.Sprintf(`,"k%d":%d`, i, i)
	}
	r := mapping(t, `{"address":["a"]}`).Apply(parse(t, body+"}"))
	if ignored, more := r.Ignored(); len(ignored) != senders.MaxIgnored || more != 50 || ignored[199].Path.String() != "k199" {
		t.Errorf("got %d named and %d more", len(ignored), more)
	}
}

// checkResult tests what is true of every result.
func checkResult(t *testing.T, tree *senders.Tree, m senders.Mapping) {
	t.Helper()
	r := m.Apply(tree)
	if again := m.Apply(tree); !reflect.DeepEqual(r, again) {
		t.Error("two runs differ")
	}
	if ignored, _ := r.Ignored(); len(r.Conditions) != len(m.OnlyWhen) || len(ignored) > senders.MaxIgnored || len(r.Fields) > len(m.Fields) {
		t.Errorf("got %d conditions, %d ignored, %d fields", len(r.Conditions), len(ignored), len(r.Fields))
	}
	for _, f := range append(slices.Clone(r.Fields), r.Address) {
		for _, text := range f.Value.Texts {
			if !utf8.ValidString(text) {
				t.Errorf("%s: got %q", f.Key, text)
			}
		}
		f.One()
	}
}

func FuzzApply(f *testing.F) {
	for _, body := range []string{order, `{"a":{"t":"x\u0000"},"b":["1","2"]}`, `{"q":{"v":["o1"],"options":[{"id":"o1","text":"T"}]}}`, "not json"} {
		for _, m := range []string{fullMapping, `{"address":["a.t","email"],"fields":{"x":[{"path":"q.v","as":"option_text"},{"path":"lines[*][sku=B].qty","as":"unix_ms"}]},"also_keys":true,"delivery_id":{"path":"id"}}`} {
			f.Add(m, body)
		}
	}
	f.Fuzz(func(t *testing.T, text, body string) {
		m, err := senders.ParseMapping(text)
		if err != nil {
			return
		}
		if again, err := senders.ParseMapping(m.String()); err != nil || again.String() != m.String() {
			t.Fatalf("%s reads as %s (%v)", m, again, err)
		}
		m.Validate(nil)
		body = strings.ToValidUTF8(body, "\uFFFD")
		if tree, err := senders.ParseJSON(body); err == nil {
			checkResult(t, tree, m)
		}
		checkResult(t, senders.FromPairs(pairs(body)), m)
	})
}

// FuzzReadings checks that what a reading makes of a text fits the merge tags that it is for.
func FuzzReadings(f *testing.F) {
	for _, text := range []string{"1672531200", "-62135596801.5", "253402300799999", "31/12/1990", "29.2.2000, 12:05 am", "1-1-0000", "-1.234.567,890", "+00,10", "1 234", "a&amp;b", "x;y|z"} {
		f.Add(text)
	}
	date, number := models.MergeTag{Type: models.MergeTagDate}, models.MergeTag{Type: models.MergeTagNumber}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "")
		tree := senders.FromPairs([]senders.Pair{{Name: "v", Text: text}})
		for _, as := range senders.Readings {
			found := senders.Source{Path: path(t, "v"), As: as}.Read("f", tree)
			if found.Wrong != "" || found.Value.IsBlank() {
				continue
			}
			var err error
			switch as {
			case senders.AsUnix, senders.AsUnixMS, senders.AsDMY, senders.AsMDY:
				_, err = date.Read(found.One(), nil)
			case senders.AsDecimalComma:
				if len(text) <= 30 {
					_, err = number.Read(found.One(), nil)
				}
			case senders.AsSemicolon, senders.AsPipe:
				if slices.ContainsFunc(found.Value.Texts, models.IsBlank) {
					t.Errorf("%q read as %s: got %q", text, as, found.Value.Texts)
				}
			}
			if err != nil {
				t.Errorf("%q read as %s is %q, which does not fit: %v", text, as, found.Value.Texts, err)
			}
		}
	})
}

// Calls without an address do not count if the mapping says so. Any place of the address will do.
func TestCallsWithoutAnAddress(t *testing.T) {
	t.Parallel()
	m, err := senders.ParseMapping(`{"address":["email","billing.email"],"only_when":[{"path":"kind","in":["order"]}],"skip_without_address":true}`)
	if err != nil || !strings.Contains(m.String(), `"skip_without_address":true`) {
		t.Fatalf("got %s (%v)", m, err)
	}
	for body, want := range map[string]struct {
		counts, none bool
		empty        string
	}{
		`{"kind":"order","email":"a@example.com"}`:                   {counts: true},
		`{"kind":"order","email":"","billing":{"email":"a"}}`:        {counts: true},
		`{"kind":"order","email":null,"friend":"b@example.com"}`:     {none: true, empty: "email"},
		`{"kind":"order","billing":{"email":" "}}`:                   {none: true, empty: "billing.email"},
		`{"kind":"order","phone":"1"}`:                               {none: true},
		`{"kind":"order","mail":"b@example.com"}`:                    {},
		`{"kind":"cart","email":"a@example.com"}`:                    {},
		`{"kind":"order","email":[],"billing":{"email":["","a@x"]}}`: {counts: true},
	} {
		tree := parse(t, body)
		empty, none := m.NoAddress(tree)
		if counts := m.Apply(tree).Unmet() == nil; counts != want.counts || none != want.none || empty.String() != want.empty {
			t.Errorf("%s: got counts %t, without an address %t, empty at %q; want %+v", body, counts, none, empty, want)
		}
	}
}

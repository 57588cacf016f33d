package intake

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"campaignlark/models"
)

func TestListKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]string{
		"colors[]": "colors", "colors[0]": "colors", "colors[12]": "colors", "colors[007]": "colors", "colors[…]": "colors", "a b[1]": "a b",
		"colors": "colors", "colors[x]": "colors[x]", "colors[-1]": "colors[-1]", "colors[ ]": "colors[ ]", "colors[][]": "colors[][]", "colors[0][1]": "colors[0][1]",
		"colors[0]x": "colors[0]x", "colors[": "colors[", "colors]": "colors]", "colors[1e3]": "colors[1e3]", "[]": "[]", "[0]": "[0]", "": "", "[": "[",
		"colors[1234567890]": "colors[1234567890]", "form[email]": "form[email]",
	} {
		if got := ListKey(key); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

// inEncodings returns the call that says the same in every encoding: pairs of a key and a text, each key once.
func inEncodings(pairs ...[2]string) map[string]Request {
	var query, parts, members []string
	for _, p := range pairs {
		query = append(query, strings.ReplaceAll(p[0], "&", "%26")+"="+strings.ReplaceAll(strings.ReplaceAll(p[1], "%", "%25"), "&", "%26"))
		parts = append(parts, "--b", `Content-Disposition: form-data; name="`+p[0]+`"`, "", p[1])
		members = append(members, strconv.Quote(p[0])+":"+strconv.Quote(p[1]))
	}
	return map[string]Request{
		"query":      {Method: "GET", Query: strings.Join(query, "&")},
		"urlencoded": {Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte(strings.Join(query, "&"))},
		"multipart":  postParts("multipart/form-data; boundary=b", append(parts, "--b--")...),
		"json":       {Method: "POST", ContentType: "application/json", Body: []byte("{" + strings.Join(members, ",") + "}")},
	}
}

// CONTRACT "Payload": key[] and key[0], key[1] feed key.
func TestDecideLists(t *testing.T) {
	t.Parallel()
	type pair = [2]string
	const email = models.EmailKey
	for name, c := range map[string]struct {
		pairs []pair
		want  map[string]string
	}{
		"one":                       {[]pair{{"name[]", "Ada"}, {"colors[]", "red"}}, map[string]string{"name": "Ada", "colors": "red"}},
		"indexes":                   {[]pair{{"colors[0]", "blue"}, {"colors[1]", "red"}}, map[string]string{"colors": "red\nblue"}},
		"the highest index counts":  {[]pair{{"name[1]", "Bea"}, {"name[0]", "Ada"}}, map[string]string{"name": "Bea"}},
		"ten comes after nine":      {[]pair{{"name[10]", "Bea"}, {"name[9]", "Ada"}}, map[string]string{"name": "Bea"}},
		"empty brackets come last":  {[]pair{{"name[3]", "Ada"}, {"name[]", "Bea"}}, map[string]string{"name": "Bea"}},
		"gaps":                      {[]pair{{"colors[999999999]", "blue"}, {"colors[5]", "red"}}, map[string]string{"colors": "red\nblue"}},
		"without case":              {[]pair{{"Colors[0]", "red"}, {"NAME[]", "Ada"}}, map[string]string{"colors": "red", "name": "Ada"}},
		"the exact case wins":       {[]pair{{"name[]", "Ada"}, {"Name[]", "Bea"}}, map[string]string{"name": "Ada"}},
		"the key itself wins":       {[]pair{{"name", "Ada"}, {"name[]", "Bea"}}, map[string]string{"name": "Ada"}},
		"also in another case":      {[]pair{{"NAME", "Ada"}, {"name[]", "Bea"}}, map[string]string{"name": "Ada"}},
		"but not if it is blank":    {[]pair{{"colors", " "}, {"colors[]", "red"}}, map[string]string{"colors": "red"}},
		"a blank erases nothing":    {[]pair{{"name[]", " "}, {"name", "Ada"}}, map[string]string{"name": "Ada"}},
		"two levels are no list":    {[]pair{{"colors[0][1]", "red"}, {"colors[][]", "red"}}, map[string]string{}},
		"a name is no index":        {[]pair{{"colors[x]", "red"}, {"form[name]", "Ada"}}, map[string]string{}},
		"the address in a list":     {[]pair{{email + "[0]", "b@example.com"}, {"name", "Ada"}}, map[string]string{"": "b@example.com", "name": "Ada"}},
		"its highest index":         {[]pair{{email + "[1]", "c@example.com"}, {email + "[0]", "b@example.com"}}, map[string]string{"": "c@example.com"}},
		"without case either":       {[]pair{{"Email_Address[]", "b@example.com"}}, map[string]string{"": "b@example.com"}},
		"the address itself wins":   {[]pair{{email, "b@example.com"}, {email + "[]", "c@example.com"}}, map[string]string{"": "b@example.com"}},
		"not if that is blank":      {[]pair{{email, ""}, {email + "[]", "c@example.com"}}, map[string]string{"": "c@example.com"}},
		"an invalid one still wins": {[]pair{{email, "b"}, {email + "[]", "c@example.com"}}, nil},
		"nothing in brackets":       {[]pair{{email + "[]", " "}}, nil},
	} {
		for encoding, r := range inEncodings(c.pairs...) {
			s := Decode(r)
			if !s.Email.Present {
				s.Email = Email{Key: email, Value: models.Text("a@example.com"), Present: true}
			}
			want := maps.Clone(c.want)
			if want != nil && want[""] == "" {
				want[""] = "a@example.com"
			}
			got := map[string]string(nil)
			if d := Decide(Question{Webhook: listHook(), Hash: "h", Submission: s, Now: decideNow}); d.Answer.Success() {
				got = maps.Clone(d.Contact.Fields)
				got[""] = d.Contact.Email
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s, %s: got %q, want %q", name, encoding, got, want)
			}
		}
	}
}

func listHook() Webhook {
	return Webhook{Webhook: models.Webhook{Type: models.TypeSubscribed, ID: 3, Hash: "h", Enabled: true}, MergeTags: []models.MergeTag{
		{ID: 1, Key: "name", Label: "Name", Type: models.MergeTagText},
		{ID: 2, Key: "colors", Label: "Colors", Type: models.MergeTagMultiple, Options: []string{"red", "blue", "green"}},
	}}
}

// TestDecideListShapes reads what only one encoding can say.
func TestDecideListShapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ payload, fates string }{
		{`email_address=a@example.com&colors[]=blue&colors[]=red&x[0]=1&x[1]=2`, `colors[] "blue, red" stored, x[…] "1, 2" ignored`},
		{`email_address=a@example.com&colors[1]=blue&name=Ada&colors[0]=red`, `name "Ada" stored, colors[…] "red, blue" stored`},
		{`email_address=a@example.com&colors%5B%5D=red&colors[]=`, `colors[] "red, " stored`},
		{`email_address=a@example.com&name[]=Ada&name[]=Bea`, `name[] "Ada, Bea" stored`},
		{`{"email_address":"a@example.com","colors[]":["red","blue"]}`, `colors[] "red, blue" stored`},
		{`{"email_address":"a@example.com","name[0]":["Ada"]}`, `name[0] "Ada" stored`},
		{`{"email_address":"a@example.com","name[0]":["Ada","Bea"]}`, `name[0] "Ada, Bea" refused`},
		{`{"email_address":"a@example.com","colors[0]":"red","colors[1]":null}`, `colors[…] "red" stored`},
		{`{"email_address":"a@example.com","colors[0]":null,"colors":null}`, `colors[0] "null" ignored: Another field of this call counts for colors., colors "null" left`},
		{`{"email_address":"a@example.com","colors[0]":{"a":1},"colors[1]":"red"}`, `colors[…] "(nested data)" refused`},
		{`{"email_address[]":["a@example.com"],"name":"Ada"}`, `name "Ada" stored`},
		{`{"email_address[0]":null,"email_address":"a@example.com"}`, `email_address[0] "null" ignored: Another field of this call counts as the address.`},
		{`email_address=a@example.com&name=Ada&name[]=Bea`, `name "Ada" stored, name[] "Bea" ignored: Another field of this call counts for name.`},
		{`email_address=a@example.com&email_address[]=b@example.com`, `email_address[] "b@example.com" ignored: Another field of this call counts as the address.`},
	} {
		r := Request{Method: "GET", Query: c.payload}
		if strings.HasPrefix(c.payload, "{") {
			r = Request{Method: "POST", ContentType: "application/json", Body: []byte(c.payload)}
		}
		d := Decide(Question{Webhook: listHook(), Hash: "h", Submission: Decode(r), Now: decideNow})
		var fates []string
		for _, f := range d.Fields {
			fate := fmt.Sprintf("%s %q %s", f.Key, f.Sent, f.Fate)
			if strings.HasPrefix(f.Reason, "Another") {
				fate += ": " + f.Reason
			}
			fates = append(fates, fate)
		}
		if got := strings.Join(fates, ", "); !d.Answer.Success() || d.Contact.Email != "a@example.com" || got != c.fates {
			t.Errorf("%s\n got %v %s\nwant %s", c.payload, d.Answer, got, c.fates)
		}
	}
	for _, payload := range []string{`{"email_address[0]":["a@example.com","b@example.com"]}`, `{"email_address[]":{"a":1}}`} {
		s := Decode(Request{Method: "POST", ContentType: "application/json", Body: []byte(payload)})
		if _, err := s.Address(); err != models.ErrEmailInvalid {
			t.Errorf("%s: got %v, want that it is no address", payload, err)
		}
	}
}

// Lists of very many members, or very many lists, take no longer than other keys.
func TestDecideHugeLists(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"email_address[#]=#@example.com&", "colors[#]=red&", "a#[]&", "colors[]&"} {
		var b strings.Builder
		for i := 0; b.Len() < MaxBody-100; i++ {
			b.WriteString(strings.ReplaceAll(format, "#", strconv.Itoa(i)))
		}
		s := Decode(Request{Method: "POST", Body: []byte(b.String())})
		if !s.Email.Present {
			s.Email = Email{Key: "email_address", Value: models.Text("a@example.com"), Present: true}
		}
		if d := Decide(Question{Webhook: listHook(), Hash: "h", Submission: s, Now: decideNow}); !d.Answer.Success() {
			t.Errorf("%s: got %v", format, d.Answer)
		}
	}
}

// joinLists keeps every value and every other key.
func FuzzJoinLists(f *testing.F) {
	for _, keys := range []string{"a[] a[0] a[1]", "a[1] b a[0]", "a[] a[] a", "a[999999999] a[]", "[] [0] a[", ""} {
		f.Add(keys)
	}
	f.Fuzz(func(t *testing.T, keys string) {
		var c collector
		for i, key := range strings.Fields(keys) {
			c.add(key, strconv.Itoa(i))
		}
		var fields []Field
		texts := 0
		for _, field := range c.fields {
			fields = append(fields, field.Field)
			texts += len(field.Value.Texts)
		}
		var seen []string
		for _, field := range joinLists(fields) {
			texts -= len(field.Value.Texts)
			name := field.feeds
			if name == "" {
				name = "\x00" + field.Key
			}
			if slices.Contains(seen, name) {
				t.Errorf("%q is there twice", name)
			}
			seen = append(seen, name)
		}
		if texts != 0 {
			t.Errorf("%d texts are missing", texts)
		}
	})
}

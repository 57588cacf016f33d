package models

import (
	"strings"
	"testing"
)

func TestLooksUnfilled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{{first_name}}", " {{ contact.first_name }} ", "{{{name}}}", "{{${first_name}}}", "{{1.email}}", "Hello {{name}}!", "{{first_name}} {{last_name}}",
		"*|FNAME|*", "Dear *|FNAME|*", "{first_name}", "{Name (First):1.3}", "{$name}", "{!Contact.FirstName}", "{% name %}", "<%= name %>", "${name}", "#{name}",
		"%FIRSTNAME%", "%%first_name%%", "%recipient.name%", "[[name]]", "[your-name]", "[first_name]", "@@name@@",
		"null", "NULL", "undefined", "undefined undefined", "null, null", "NaN", "nan", "None", "nil", "<nil>", "(null)", `\N`, "#N/A", "#REF!",
		"[object Object]", "[object Object],[object Object]", "Array", "<test lead: dummy data for full_name>", "\u00a0null\u00a0",
		strings.Repeat("{{", 5000) + "a}}",
	} {
		if !LooksUnfilled(text) {
			t.Errorf("%.60q: got false, want true", text)
		}
	}
	for _, text := range []string{
		"", " ", ",", "Ada", "Null", "Nan", "none", "Nullarbor", "null and void", "Undefined Ltd", "N/A", "0", "-", "{", "{}", "{{}}", "{{ }}", "*||*", "}}a{{",
		`{"a":1}`, `{"a":"b"}`, "[1,2]", "[x]", "[a]", "[Berlin]", "50% of 20%", "100%", "%", "%%", "a_b", "$5", "£{", ":-)", "{:-}", "**bold**", "<3", "<b>Ada</b>", "a|b", "Arrays",
		"{{" + strings.Repeat("a", maxPlaceholder+1) + "}}", strings.Repeat("{{", 5000), strings.Repeat("{", 101), "{" + strings.Repeat("a", 200) + "}",
	} {
		if LooksUnfilled(text) {
			t.Errorf("%.60q: got true, want false", text)
		}
	}
}

// FuzzLooksUnfilled checks that blanks at the ends change nothing.
func FuzzLooksUnfilled(f *testing.F) {
	for _, seed := range []string{"{{a}}", "*|A|*", "null null", "[object Object]", "{a}", "%AB%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, padded := LooksUnfilled(text), LooksUnfilled(" "+text+"\n"); got != padded {
			t.Errorf("%q: got %v, with blanks at the ends %v", text, got, padded)
		}
	})
}

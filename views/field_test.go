package views_test

import (
	"strings"
	"testing"

	"campaignlark/views"

	"golang.org/x/net/html"
)

func TestFieldIsExplainedInOrder(t *testing.T) {
	t.Parallel()
	f := views.Field{Name: "name", Label: "Name", Help: "Up to 64 characters.", Error: "Please make the name 64 characters or shorter.", Value: strings.Repeat("é", 65), Max: 64, Required: true}
	for kind, c := range map[string]func(views.Field) (string, *html.Node){
		"input":    func(f views.Field) (string, *html.Node) { return render(t, views.TextInput(f)) },
		"textarea": func(f views.Field) (string, *html.Node) { return render(t, views.TextArea(f)) },
		"select":   func(f views.Field) (string, *html.Node) { return render(t, views.Select(f)) },
	} {
		_, doc := c(f)
		control := byTag(doc, kind)
		if got, want := described(t, doc, control), f.Help+" | "+f.Error+" | 65 of 64"; got != want {
			t.Errorf("%s is described by: got %q, want %q", kind, got, want)
		}
		if attr(control, "aria-invalid") != "true" || attr(byTag(doc, "label"), "for") != attr(control, "id") {
			t.Errorf("%s: got invalid %q and a label for %q", kind, attr(control, "aria-invalid"), attr(byTag(doc, "label"), "for"))
		}
	}
}

func TestFieldWithoutFaultSaysNothing(t *testing.T) {
	t.Parallel()
	out, doc := render(t, views.TextInput(views.Field{Name: "email", Label: "E-mail address"}))
	if strings.Contains(out, "aria-invalid") || strings.Contains(out, "aria-describedby") || strings.Contains(out, "required") {
		t.Errorf("got %s", out)
	}
	if got := attr(byTag(doc, "input"), "type"); got != "text" {
		t.Errorf("type: got %q, want text", got)
	}
}

func TestCountIsInCharactersAsPeopleCount(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "0 of 64", "Prénom": "6 of 64", "e\u0301": "1 of 64", "👨‍👩‍👧": "1 of 64", "🇦🇹🇩🇪": "2 of 64", "  a  ": "1 of 64",
	} {
		_, doc := render(t, views.TextInput(views.Field{Name: "name", Max: 64, Value: value}))
		if got := text(byTag(doc, "output")); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestFieldKeepsHostileAndOddValues(t *testing.T) {
	t.Parallel()
	for _, value := range []string{hostile, "\nfirst line kept", "</textarea><script>", "a\nb"} {
		out, doc := render(t, views.TextArea(views.Field{Name: "options", Value: value}))
		area := byTag(doc, "textarea")
		if area == nil || area.FirstChild == nil || area.FirstChild.Data != value {
			t.Errorf("textarea: want %q, got %s", value, out)
		}
		_, doc = render(t, views.TextInput(views.Field{Name: "x", Value: value}))
		if got := attr(byTag(doc, "input"), "value"); got != value {
			t.Errorf("input: got %q, want %q", got, value)
		}
	}
}

func TestPasswordIsNeverGivenBack(t *testing.T) {
	t.Parallel()
	if out, _ := render(t, views.TextInput(views.Field{Name: "password", Type: "password", Value: "correct horse"})); strings.Contains(out, "horse") {
		t.Errorf("got %s", out)
	}
}

func TestErrorSummaryLeadsToEachField(t *testing.T) {
	t.Parallel()
	if out, _ := render(t, views.ErrorSummary(nil)); out != "" {
		t.Errorf("no errors: got %q, want nothing", out)
	}
	_, doc := render(t, views.ErrorSummary([]views.FieldError{{ID: "name", Text: hostile}, {ID: "type", Text: "Choose one"}}))
	if got := text(byTag(doc, "b")); got != "Not saved. 2 things to check:" {
		t.Errorf("title: got %q", got)
	}
	if link := byTag(doc, "a"); attr(link, "href") != "#name" || text(link) != hostile {
		t.Errorf("first link: got %q %q", attr(link, "href"), text(link))
	}
	_, doc = render(t, views.ErrorSummary([]views.FieldError{{ID: "name", Text: "x"}}))
	if got := text(byTag(doc, "b")); got != "Not saved. One thing to check:" {
		t.Errorf("title of one: got %q", got)
	}
}

func TestTypeChoiceKeepsWhatWasChosen(t *testing.T) {
	t.Parallel()
	_, doc := render(t, views.TypeChoice(views.Field{Name: "type", Label: "What should a call do?", Value: "DELETE", Error: "Only SUBSCRIBED and UNCONFIRMED webhooks can have tags."}))
	chosen := map[string]string{}
	for n := range doc.Descendants() {
		if n.Data == "input" {
			chosen[attr(n, "value")] = attr(n, "data-tags")
			if _, checked := find(n.Parent, func(m *html.Node) bool { return m == n }), hasAttr(n, "checked"); checked != (attr(n, "value") == "DELETE") {
				t.Errorf("%s: got checked %v", attr(n, "value"), checked)
			}
		}
	}
	for kind, tags := range map[string]string{"SUBSCRIBED": "yes", "UNCONFIRMED": "yes", "UNSUBSCRIBED": "no", "DELETE": "no"} {
		if chosen[kind] != tags {
			t.Errorf("%s can have tags: got %q, want %q", kind, chosen[kind], tags)
		}
	}
	group := byID(doc, "type")
	if got := described(t, doc, group); !strings.Contains(got, "can have tags.") {
		t.Errorf("group is described by: got %q, want the error", got)
	}
	if got := text(byID(doc, attr(group, "aria-labelledby"))); got != "What should a call do?" {
		t.Errorf("group is called: got %q", got)
	}
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func TestTagPickerKeepsChoicesAndNewTags(t *testing.T) {
	t.Parallel()
	out, doc := render(t, views.TagPicker(views.TagChoice{
		Field:   views.Field{Name: "tags", Label: "Tags", Options: []views.Option{{Value: "1", Label: hostile, Chosen: true}, {Value: "2", Label: "vip"}}},
		NewName: "new_tags", NewValue: "a, b",
	}))
	var checked []string
	for n := range doc.Descendants() {
		if attr(n, "type") == "checkbox" && hasAttr(n, "checked") {
			checked = append(checked, attr(n, "value"))
		}
	}
	if strings.Join(checked, " ") != "1" {
		t.Errorf("chosen: got %v, want [1]", checked)
	}
	fresh := find(doc, func(n *html.Node) bool { return attr(n, "name") == "new_tags" })
	label := find(doc, func(n *html.Node) bool {
		return n.Data == "label" && attr(n, "for") != "" && attr(n, "for") == attr(fresh, "id")
	})
	if attr(fresh, "value") != "a, b" || label == nil || text(label) != "New tags, separated by commas" {
		t.Errorf("new tags: got %q with the label %v", attr(fresh, "value"), label)
	}
	noScript(t, out, doc)
}

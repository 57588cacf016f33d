package handlers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"campaignlark/models"
	"campaignlark/segments/rule"

	"golang.org/x/net/html"
)

func TestBuilderAddsAndRemovesConditionsWithoutScript(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.post("/w/books/segments", "name", "Half done", "do", "add", "what-0", "status", "operator-0", "ne", "value-0", "UNCONFIRMED")
		a.want(t, 200, "Create segment")
		if !strings.Contains(a.body, `name="what-1"`) || !strings.Contains(a.body, `value="Half done"`) {
			t.Error("the form did not come back with a second condition and the name")
		}
		b := s.post("/w/books/segments", "name", "Half done", "do", "remove-0", "what-0", "status", "operator-0", "ne", "value-0", "UNCONFIRMED", "what-1", "tags", "operator-1", "has_any")
		b.want(t, 200, "There are no tags yet.")
		if strings.Contains(b.body, `name="what-1"`) {
			t.Error("the removed condition is still there")
		}
		s.post("/w/books/segments", "name", "", "do", "save", "what-0", "tags", "operator-0", "has_any").want(t, 422, "Please give it a name.", "Please choose at least one tag.")
		if all, err := s.segments(); err != nil || len(all) != 0 {
			t.Errorf("got %v (%v), want nothing stored", all, err)
		}
	})
}

func TestBuilderNeverReplacesAValue(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.post("/w/books/merge-tags", "key", "plan", "label", "Plan", "type", "dropdown_single", "options", "Basic\nPro").want(t, 303)
		rule := []string{"name", "Professionals", "what-0", "field-1", "operator-0", "eq", "value-0", "Pro", "do", "save"}
		path := s.post("/w/books/segments", rule...).header.Get("Location")
		s.post("/w/books/merge-tags/1", "label", "Plan", "options", "Basic").want(t, 422, "A segment uses a choice that you removed in its rule.", "Professionals")
		s.post("/w/books/merge-tags/1", "label", "Plan", "options", "Basic\nPro\nTeam").want(t, 303)
		gone := append(rule[:6:6], "value-0", "Gone", "do", "save")
		s.post(path, gone...).want(t, 422, "Gone (no longer a choice)")

		a := s.post("/w/books/segments", "name", "x", "do", "update-0", "was-0", "status", "what-0", "field-1", "operator-0", "eq", "value-0", "SUBSCRIBED")
		a.want(t, 200, "Basic", "Team")
		a.wantNot(t, "SUBSCRIBED")
	})
}

// formOf returns the name-value pairs that a browser would send for the builder's form with its button do.
func formOf(t *testing.T, a answer, do string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	fields := browserFields(t, root)
	if fields == nil {
		t.Fatalf("the page has no builder: %s", a.text())
	}
	return append(fields, "do", do)
}

func browserFields(t *testing.T, root *html.Node) []string {
	t.Helper()
	var fields []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" || !has(n, "data-rule") {
			continue
		}
		for c := range n.Descendants() {
			name := attr(c, "name")
			if c.Type != html.ElementNode || name == "" || name == "csrf" || name == "once" {
				continue
			}
			switch c.Data {
			case "input":
				if kind := attr(c, "type"); kind != "checkbox" || has(c, "checked") {
					fields = append(fields, name, inputValue(c))
				}
			case "textarea":
				fields = append(fields, name, strings.ReplaceAll(content(c), "\n", "\r\n"))
			case "select":
				fields = append(fields, name, selected(c))
			}
		}
	}
	return fields
}

// inputValue returns what a browser sends for an input: a day for a date input, one line for others.
func inputValue(n *html.Node) string {
	value := attr(n, "value")
	if kind := attr(n, "type"); kind == "hidden" || kind == "checkbox" {
		return value
	}
	return strings.NewReplacer("\n", "", "\r", "").Replace(value)
}

// selected returns the value of the option that a browser selects.
func selected(n *html.Node) string {
	value, any := "", false
	for o := range n.Descendants() {
		if o.Type == html.ElementNode && o.Data == "option" && (!any || has(o, "selected")) {
			value, any = attr(o, "value"), true
		}
	}
	return value
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func content(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// focused returns the id of the field with autofocus.
func focused(t *testing.T, a answer) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(a.body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && has(n, "autofocus") {
			return attr(n, "id")
		}
	}
	return ""
}

// value returns a field's value in name-value pairs, "" if there is none.
func value(fields []string, name string) string {
	for i := 0; i < len(fields); i += 2 {
		if fields[i] == name {
			return fields[i+1]
		}
	}
	return ""
}

// TestBuilderBuildsNestedGroups presses one button after the other; each time it sends the form of the previous page.
func TestBuilderBuildsNestedGroups(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		page := s.get("/w/books/segments/new")
		for _, step := range []struct{ do, focus string }{
			{"group", "what-1.0"}, {"add-1", "what-1.1"}, {"group-1", "what-1.2.0"}, {"group-1.2", "what-1.2.1.0"}, {"group-1.2.1", "what-1.2.1.1.0"},
			{"group-1.2.1.1", ""}, {"add-1.2.1.1", "what-1.2.1.1.1"}, {"remove-1.0", "what-1.0"}, {"remove-1.0", "join-1.0"}, {"remove-1.0.1", "what-1.0.0"},
			{"remove-1.0.0", "add-1.0"}, {"add-1.0", "what-1.0.0"}, {"add", "what-2"}, {"remove-2", "join-1"}, {"remove-7.3", ""}, {"add-x", ""}, {"update-0", "operator-0"},
		} {
			page = s.post("/w/books/segments", formOf(t, page, step.do)...)
			page.want(t, 200, "Create segment")
			if got := focused(t, page); got != step.focus {
				t.Errorf("after %s the focus is on %q, want %q", step.do, got, step.focus)
			}
		}
		fields := append(formOf(t, page, "save"), "name", "Tree")
		slices.Reverse(fields) // the name filled in last comes first
		for i := 0; i < len(fields); i += 2 {
			fields[i], fields[i+1] = fields[i+1], fields[i]
		}
		s.post("/w/books/segments", fields...).want(t, 303)
		all, err := s.segments()
		if err != nil {
			t.Fatal(err)
		}
		want := `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"},{"condition":"OR","filters":[{"condition":"OR","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}]}]}`
		if got := rule.OfSegment(all[0]).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// TestRuleNeedsACondition sends rules without a condition, from the builder and as JSON, and opens a stored one.
func TestRuleNeedsACondition(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		const rule, group = "A rule needs at least one condition. Please add one.", "This group has no condition. Please add one, or remove the group."
		status := []string{"what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED"}
		for name, c := range map[string]struct {
			fields []string
			says   string
		}{
			"builder": {[]string{"join", "AND"}, rule}, "inner group": {append(status[:6:6], "join-1", "OR"), group},
			"JSON": {[]string{"rule", `{"condition":"AND","filters":[]}`}, rule}, "inner group as JSON": {[]string{"rule", `{"condition":"AND","filters":[{"condition":"OR","filters":[]}]}`}, group},
		} {
			a := s.post("/w/books/segments", append(c.fields[:len(c.fields):len(c.fields)], "name", "Empty "+name, "do", "save")...)
			a.want(t, 422, "One thing to check", c.says)
			if got := value(formOf(t, a, ""), "name"); got != "Empty "+name {
				t.Errorf("%s: got the name %q, want it kept", name, got)
			}
		}
		if all, err := s.segments(); err != nil || len(all) != 0 {
			t.Errorf("got %v (%v), want nothing stored", all, err)
		}
		stored := s.storeSegment("Stored", func(g *models.Segment) { g.Rule = `{"condition":"AND","filters":[]}` })
		path := "/w/books/segments/" + itoa(stored.ID)
		s.get(path).want(t, 200, "Nobody: the rule has no condition yet")
		a := s.get(path + "/edit")
		a.want(t, 200, rule)
		s.post(path, formOf(t, a, "preview")...).want(t, 200, "There is nothing to count yet: the rule has no condition.")
		a = s.post(path, formOf(t, a, "add")...)
		s.post(path, formOf(t, a, "save")...).want(t, 303)
	})
}

func TestBuilderReportsItsLimits(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		one := `{"type":"status","operator":"eq","value":"SUBSCRIBED"}`
		root := `{"condition":"AND","filters":[` + strings.Repeat(one+",", rule.MaxConditions-1) + one + `]}`
		path := s.post("/w/books/segments", "name", "Full", "rule", root).header.Get("Location")
		page := s.get(path + "/edit")
		page.want(t, 200, "at most 100 conditions")
		if strings.Contains(page.body, `value="add"`) || strings.Contains(page.body, `value="group"`) {
			t.Error("a full rule still offers one more condition")
		}
		page = s.post(path, formOf(t, page, "add")...)
		if page.want(t, 200); strings.Contains(page.body, `name="what-100"`) {
			t.Error("a full rule took one more condition")
		}
		more := append(formOf(t, page, "save"), "what-100", "status", "operator-100", "eq", "value-100", "SUBSCRIBED")
		s.post(path, more...).want(t, 422, "Please use at most 100 conditions. There are 101.")

		deep := one
		for range rule.MaxDepth {
			deep = `{"condition":"OR","filters":[` + deep + `]}`
		}
		page = s.get(s.post("/w/books/segments", "name", "Deep", "rule", deep).header.Get("Location") + "/edit")
		page.want(t, 200, "Groups can be nested 5 deep")
		if strings.Contains(page.body, `value="group-0.0.0.0"`) || !strings.Contains(page.body, `value="add-0.0.0.0"`) {
			t.Error("the deepest group should take conditions, but no group")
		}
	})
}

func TestBuilderShowsFaultsAtTheirRows(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		a := s.post("/w/books/segments", "name", "Faulty", "what-0", "status", "operator-0", "eq", "value-0", "SUBSCRIBED",
			"join-1", "OR", "what-1.0", "tags", "operator-1.0", "has_any", "join-1.1", "AND", "what-1.1.0", "status", "operator-1.1.0", "eq", "value-1.1.0", "GONE", "do", "save")
		a.want(t, 422, "2 things to check", "Please choose at least one tag.", "GONE (no longer a choice)", "any")
		for _, want := range []string{`href="#value-1.0"`, `id="value-1.0"`, `id="value-1.0-err"`, `href="#value-1.1.0"`, `id="value-1.1.0-err"`} {
			if !strings.Contains(a.body, want) {
				t.Errorf("the page has no %s", want)
			}
		}
		if got := value(formOf(t, a, ""), "join-1"); got != "OR" {
			t.Errorf("got the group joined by %q, want OR", got)
		}
	})
}

// TestBuilderWithstandsHostileForms sends forms that no browser would send.
func TestBuilderWithstandsHostileForms(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		many := func(n int, format string) []string {
			var fields []string
			for i := range n {
				fields = append(fields, fmt.Sprintf(format, i), "tags")
			}
			return fields
		}
		deep := []string{"do", "remove-" + strings.Repeat("0.", 10_000) + "0"}
		for at, i := "0", 0; i < 200; at, i = at+".0", i+1 {
			deep = append(deep, "join-"+at, "OR")
		}
		values := []string{"do", "update-0", "what-0", "tags", "operator-0", "has_any"}
		for i := range 60_000 {
			values = append(values, "value-0", itoa(int64(i)))
		}
		for name, fields := range map[string][]string{
			"conditions": append(many(10_000, "what-%d"), "do", "add"), "groups": append(many(10_000, "join-%d"), "do", "group"),
			"depth": deep, "values": values, "places": {"do", "add-99999999999999999999.-1", "what-0", "field-99999999999999999999"},
			"binary": {"do", "add-0", "what-0", "\x00\xff", "operator-0", "\x00", "join-1", "\xff"},
		} {
			a := s.post("/w/books/segments", fields...)
			if a.status != 200 {
				t.Errorf("%s: got %d, want 200: %s", name, a.status, a.text())
			}
			if len(a.body) > 8<<20 {
				t.Errorf("%s: got a page of %d bytes", name, len(a.body))
			}
		}
	})
}

// TestBuilderNamesFaultsOfPastedLists pastes a list with a bad line after a blank one, and a list that does not fit in a rule.
func TestBuilderNamesFaultsOfPastedLists(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		paste := func(list string) answer {
			return s.post("/w/books/segments", "name", "Pasted", "what-0", "email", "operator-0", "in", "value-0", list, "do", "save")
		}
		a := paste("a@example.com\r\n\r\nb@exam\u202eple\r\nc@example.com")
		a.want(t, 422, "Line 2, “b@exam‹right-to-left override›ple”: This is not a whole e-mail address")
		if !strings.Contains(a.body, "a@example.com\nb@exam\u202eple\nc@example.com</textarea>") {
			t.Error("the list did not come back with the bad line as its second")
		}
		a = paste(strings.Repeat("somebody@example.com\r\n", 3_000))
		a.want(t, 422, "This list is too long: it has 3,000 values, which take 68 KB, and 64 KB fit in a rule. Please import the people of a long list with a tag")
		if strings.Count(a.body, "somebody@example.com") != 3_000 {
			t.Error("the list did not come back")
		}
	})
}

// TestBuilderOrdersChoicesAndSuggestsValues looks at the first choice of a condition, at the tags, and at a text field.
func TestBuilderOrdersChoicesAndSuggestsValues(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		s.addTag("zebra")
		s.addTag("Élan")
		s.addTag("fox")
		town := s.addMergeTag(models.MergeTag{Key: "town", Label: "Town", Type: models.MergeTagText})
		s.addMergeTag(models.MergeTag{Key: "age", Label: "Age", Type: models.MergeTagNumber})
		for id, value := range []string{"Graz", "Linz", "Graz", strings.Repeat("long ", 40), `"><b>hostile</b>`} {
			s.addContact(int64(id+1), "c"+itoa(int64(id))+"@example.com", func(c *models.Contact) { c.Fields = map[string]string{"town": value} })
		}
		page := s.post("/w/books/segments", "what-0", "tags", "operator-0", "has_any", "what-1", "field-"+itoa(town.ID), "operator-1", "eq", "do", "update-1")
		page.want(t, 200)
		page.inThisOrder(t, "Subscribed", "Age", "Town", "Élan", "fox", "zebra")
		var suggested []string
		doc, _ := html.Parse(strings.NewReader(page.body))
		for n := range doc.Descendants() {
			if n.Data == "option" && n.Parent.Data == "datalist" {
				suggested = append(suggested, n.Attr[0].Val)
			}
		}
		if want := []string{"Graz", `"><b>hostile</b>`, "Linz"}; !slices.Equal(suggested, want) {
			t.Errorf("got the suggestions %q, want %q", suggested, want)
		}
		if strings.Contains(page.body, "<b>hostile") {
			t.Error("a value reached the page as markup")
		}
	})
}

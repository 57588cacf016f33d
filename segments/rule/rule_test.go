package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/segments/rule"
)

// schema has the fields 1 to 7 in the order of fieldTypes and the tags 11, 12 and 13. Its workspace is in Vienna.
func schema(t testing.TB) rule.Schema {
	t.Helper()
	vienna, err := time.LoadLocation("Europe/Vienna")
	if err != nil {
		t.Fatal(err)
	}
	mergeTags := slices.Clone(ruletest.FieldTypes)
	for i := range mergeTags {
		mergeTags[i].ID, mergeTags[i].Label = int64(i+1), "The "+mergeTags[i].Key
	}
	tags := []models.Tag{{ID: 11, Name: "customer"}, {ID: 12, Name: "wholesale"}, {ID: 13, Name: "<b>press</b>"}}
	return rule.NewSchema(rule.Schema{MergeTags: mergeTags, Tags: tags, Location: vienna})
}

func TestRuleIsStoredInOneForm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ given, want string }{
		{`{"type":"status","operator":"eq","value":" subscribed "}`, `{"type":"status","operator":"eq","value":"SUBSCRIBED"}`},
		{`{"type":"status","field_id":1,"operator":"ne","value":["UNCONFIRMED"]}`, `{"type":"status","operator":"ne","value":"UNCONFIRMED"}`},
		{`{"type":"tags","operator":"has_any","value":12}`, `{"type":"tags","operator":"has_any","value":[12]}`},
		{`{"type":"tags","operator":"has_none","value":["12", 11, 12]}`, `{"type":"tags","operator":"has_none","value":[11,12]}`},
		{`{"type":"field","field_id":1,"operator":"contains","value":"100 %_"}`, `{"type":"field","field_id":1,"operator":"contains","value":"100 %_"}`},
		{`{"value":12345678901234567890, "operator":"eq", "field_id":1, "type":"field"}`, `{"type":"field","field_id":1,"operator":"eq","value":"12345678901234567890"}`},
		{`{"type":"field","field_id":2,"operator":"eq","value":1.50e2}`, `{"type":"field","field_id":2,"operator":"eq","value":"150"}`},
		{`{"type":"field","field_id":3,"operator":"eq","value":true}`, `{"type":"field","field_id":3,"operator":"eq","value":"true"}`},
		{`{"type":"field","field_id":3,"operator":"ne","value":"No"}`, `{"type":"field","field_id":3,"operator":"ne","value":"false"}`},
		{`{"type":"field","field_id":4,"operator":"eq","value":"2026-11-23T23:30:00Z"}`, `{"type":"field","field_id":4,"operator":"on","value":"2026-11-24"}`},
		{`{"type":"field","field_id":5,"operator":"eq","value":"sMALL"}`, `{"type":"field","field_id":5,"operator":"eq","value":"Small"}`},
		{`{"type":"field","field_id":6,"operator":"contains","value":"STRASSE, tea"}`, `{"type":"field","field_id":6,"operator":"has_all","value":["Tea","Straße"]}`},
		{`{"type":"field","field_id":7,"operator":"eq","value":"Austria"}`, `{"type":"field","field_id":7,"operator":"eq","value":"AT"}`},
		{`{"type":"field","field_id":7,"operator":"is_set","value":""}`, `{"type":"field","field_id":7,"operator":"is_set"}`},
		{`{"condition":"OR","filters":[{"type":"field","field_id":7,"operator":"is_not_set"}]}`, `{"condition":"OR","filters":[{"type":"field","field_id":7,"operator":"is_not_set"}]}`},
		{`{"type":"field","field_id":1,"operator":"in","value":"x"}`, `{"type":"field","field_id":1,"operator":"in","value":["x"]}`},
		{`{"type":"field","field_id":1,"operator":"not_in","value":["b"," B","a",""]}`, `{"type":"field","field_id":1,"operator":"not_in","value":["b","a"]}`},
		{`{"type":"field","field_id":2,"operator":"between","value":[-1,"2.50"]}`, `{"type":"field","field_id":2,"operator":"between","value":["-1","2.50"]}`},
		{`{"type":"field","field_id":4,"operator":"between","value":["2026-01-01","2026-01-31T23:30:00Z"]}`, `{"type":"field","field_id":4,"operator":"between","value":["2026-01-01","2026-02-01"]}`},
		{`{"type":"field","field_id":4,"operator":"lt","value":"2026-01-01"}`, `{"type":"field","field_id":4,"operator":"before","value":"2026-01-01"}`},
		{`{"type":"field","field_id":4,"operator":"in_last_days","value":"30"}`, `{"type":"field","field_id":4,"operator":"in_last_days","value":30}`},
		{`{"type":"field","field_id":4,"operator":"in_next_days","value":[3.0e1]}`, `{"type":"field","field_id":4,"operator":"in_next_days","value":30}`},
		{`{"type":"field","field_id":5,"operator":"in","value":["large"]}`, `{"type":"field","field_id":5,"operator":"in","value":["Large"]}`},
		{`{"type":"field","field_id":6,"operator":"has_any","value":"tea"}`, `{"type":"field","field_id":6,"operator":"has_any","value":["Tea"]}`},
		{`{"type":"email","operator":"eq","value":"Ana@BÜCHER.example"}`, `{"type":"email","operator":"eq","value":"ana@xn--bcher-kva.example"}`},
		{`{"type":"email","operator":"domain_in","value":"@Example.com"}`, `{"type":"email","operator":"domain_in","value":["example.com"]}`},
		{`{"type":"status","operator":"in","value":["subscribed","SUBSCRIBED","UNCONFIRMED"]}`, `{"type":"status","operator":"in","value":["SUBSCRIBED","UNCONFIRMED"]}`},
		{`{"type":"tags","operator":"is_not_set","value":[11]}`, `{"type":"tags","operator":"is_not_set"}`},
		{`{"type":"segment","operator":"in","value":[21]}`, `{"type":"segment","operator":"in","value":21}`},
		{`{"type":"created_by","operator":"eq","value":"31","days":7}`, `{"type":"created_by","operator":"eq","value":31,"days":7}`},
		{`{"type":"touched_by","operator":"ne","value":32}`, `{"type":"touched_by","operator":"ne","value":32}`},
		{`{"type":"created_at","operator":"in_last_hours","value":12}`, `{"type":"created_at","operator":"in_last_hours","value":12}`},
		{`{"type":"changed_at","operator":"eq","value":"2026-01-01"}`, `{"type":"changed_at","operator":"on","value":"2026-01-01"}`},
		{`{"type":"subscribed_at","operator":"anniversary_within_days","value":0}`, `{"type":"subscribed_at","operator":"anniversary_within_days","value":0}`},
	} {
		g, problems := rule.Parse(`{"condition":"AND","filters":[` + c.given + `]}`)
		if len(problems) == 0 {
			g, problems = g.Check(fullSchema(t, "Europe/Vienna"))
		}
		if got, want := g.String(), `{"condition":"AND","filters":[`+c.want+`]}`; len(problems) > 0 || got != want {
			t.Errorf("%s: got %s (%v), want %s", c.given, got, problems, want)
		}
	}
}

func TestProblemsStandAtTheirCondition(t *testing.T) {
	t.Parallel()
	good := `{"type":"status","operator":"eq","value":"SUBSCRIBED"}`
	for _, c := range []struct{ filter, at, part, says string }{
		{`{"type":"status","operator":"eq"}`, "1", "value", "choose one status"},
		{`{"type":"status","operator":"eq","value":["SUBSCRIBED","UNCONFIRMED"]}`, "1", "value", "choose one status"},
		{`{"type":"status","operator":"contains","value":"S"}`, "1", "operator", "is, is not"},
		{`{"type":"tags","operator":"has_any","value":[]}`, "1", "value", "at least one tag"},
		{`{"type":"tags","operator":"has_any","value":[11,99]}`, "1", "value", "does not exist any more"},
		{`{"type":"tags","operator":"has_any","value":"customer"}`, "1", "value", "at least one tag"},
		{`{"type":"field","field_id":99,"operator":"eq","value":"x"}`, "1", "field", "does not exist any more"},
		{`{"type":"field","operator":"eq","value":"x"}`, "1", "field", "does not exist any more"},
		{`{"type":"shoe","operator":"eq","value":"x"}`, "1", "field", "choose what to look at"},
		{`{}`, "1", "field", "choose what to look at"},
		{`{"type":"field","field_id":1,"operator":"eq","value":"  "}`, "1", "value", "give a value"},
		{`{"type":"field","field_id":1,"operator":"contains"}`, "1", "value", "give a value"},
		{`{"type":"field","field_id":1,"operator":"has_any","value":[1]}`, "1", "operator", "contains"},
		{`{"type":"field","field_id":1,"operator":"eq","value":{"a":1}}`, "1", "value", "Nested"},
		{`{"type":"field","field_id":1,"operator":"eq","value":["a","b"]}`, "1", "value", "list"},
		{`{"type":"field","field_id":1,"operator":"in","value":["", null]}`, "1", "value", "give a value"},
		{`{"type":"field","field_id":2,"operator":"between","value":[1]}`, "1", "value", "two numbers"},
		{`{"type":"field","field_id":2,"operator":"between","value":[1,2,3]}`, "1", "value", "two numbers"},
		{`{"type":"field","field_id":2,"operator":"between","value":[10,9]}`, "1", "value", "smaller number first"},
		{`{"type":"field","field_id":4,"operator":"between","value":"2026-01-01"}`, "1", "value", "two days"},
		{`{"type":"field","field_id":4,"operator":"between","value":["2026-01-02","2026-01-01"]}`, "1", "value", "earlier day first"},
		{`{"type":"field","field_id":4,"operator":"on","value":"9999-12-31T23:30:00Z"}`, "1", "value", "no such day"},
		{`{"type":"field","field_id":4,"operator":"in_last_days"}`, "1", "value", "give a value"},
		{`{"type":"field","field_id":4,"operator":"in_last_days","value":-1}`, "1", "value", "whole number of days from 0 to 36,500"},
		{`{"type":"field","field_id":4,"operator":"in_last_days","value":"1.5"}`, "1", "value", "whole number of days"},
		{`{"type":"field","field_id":4,"operator":"anniversary_within_days","value":367}`, "1", "value", "from 0 to 366"},
		{`{"type":"field","field_id":4,"operator":"in_last_hours","value":1}`, "1", "operator", "is in the last"},
		{`{"type":"created_at","operator":"in_last_hours","value":0}`, "1", "value", "whole number of hours from 1 to 876,000"},
		{`{"type":"email","operator":"eq","value":"ana"}`, "1", "value", "whole e-mail address"},
		{`{"type":"email","operator":"domain_eq","value":"ana@example.com"}`, "1", "value", "not a domain"},
		{`{"type":"email","operator":"is_before","value":"x"}`, "1", "operator", "domain is"},
		{`{"type":"segment","operator":"in"}`, "1", "value", "choose a segment"},
		{`{"type":"segment","operator":"in","value":29}`, "1", "value", "segment does not exist any more"},
		{`{"type":"segment","operator":"in","value":[21,22]}`, "1", "value", "one value only"},
		{`{"type":"created_by","operator":"eq","value":33}`, "1", "value", "The webhook “Old form” was deleted. Please choose another."},
		{`{"type":"created_by","operator":"eq","value":"Shop"}`, "1", "value", "choose a webhook"},
		{`{"type":"created_by","operator":"eq","value":31,"days":-1}`, "1", "days", "from 0 to 36,500"},
		{`{"type":"touched_by","operator":"is_set","days":5}`, "1", "days", "remove the days"},
		{`{"type":"field","field_id":2,"operator":"contains","value":"1"}`, "1", "operator", "is set"},
		{`{"type":"field","field_id":2,"operator":"eq","value":"12 EUR"}`, "1", "value", "Not a number"},
		{`{"type":"field","field_id":4,"operator":"eq","value":"31/12/1990"}`, "1", "value", "1990-12-31"},
		{`{"type":"field","field_id":5,"operator":"eq","value":"Medium"}`, "1", "value", "not one of the choices"},
		{`{"condition":"OR","filters":[` + good + `,{"type":"field","field_id":2,"operator":"eq","value":"x"}]}`, "1.1", "value", "Not a number"},
		{`{"condition":"AND","filters":[]}`, "1", "", "This group has no condition. Please add one, or remove the group."},
		{`{"condition":"OR","filters":[` + good + `,{"condition":"AND","filters":null}]}`, "1.1", "", "This group has no condition"},
		{`{"condition":"and","filters":[]}`, "1", "", "all or any"},
		{`{"filters":[]}`, "1", "", "all or any"},
		{`{"condition":"AND","filters":[],"type":"status"}`, "1", "", "cannot be read"},
		{`{"type":"status","operator":"eq","value":"SUBSCRIBED","days":7}`, "1", "", "cannot be read"},
		{`{"type":"field","field_id":"1","operator":"is_set"}`, "1", "", "cannot be read"},
		{`null`, "1", "", "cannot be read"},
		{`"status"`, "1", "", "cannot be read"},
	} {
		g, problems := rule.Parse(`{"condition":"AND","filters":[` + good + `,` + c.filter + `]}`)
		if len(problems) == 0 {
			_, problems = g.Check(fullSchema(t, "Europe/Vienna"))
		}
		if len(problems) != 1 || problems[0].At != c.at || problems[0].Part != c.part || !strings.Contains(problems[0].Message, c.says) {
			t.Errorf("%s: got %+v, want one at %q, %q, saying %q", c.filter, problems, c.at, c.part, c.says)
		}
	}
}

// TestRuleNamesFaultsOfLists pastes lists that are too long, or have lines that cannot be read.
func TestRuleNamesFaultsOfLists(t *testing.T) {
	t.Parallel()
	many := func(n int, format string) (texts []string) {
		for i := range n {
			texts = append(texts, fmt.Sprintf(format, i))
		}
		return texts
	}
	email := rule.Condition{Type: rule.TypeEmail, Operator: rule.In}
	text := rule.Condition{Type: rule.TypeField, FieldID: 1, Operator: rule.NotIn}
	domain := rule.Condition{Type: rule.TypeEmail, Operator: rule.DomainIn}
	for _, c := range []struct {
		condition rule.Condition
		texts     []string
		says      string
	}{
		{email, many(2_500, "p%04d@example.com"), ""},
		{email, many(5_000, "p%04d@example.com"), "This list is too long: it has 5,000 values, which take 98 KB, and 64 KB fit in a rule. Please import the people of a long list with a tag, and let the rule ask for that tag."},
		{text, append(slices.Repeat([]string{" "}, 70_000), many(40_000, "%05d")...), "it has 40,000 values, which take 313 KB,"},
		{text, many(8, "%d"+strings.Repeat("<", 2_000)), "This rule is too long: it takes 94 KB, and 64 KB fit. Please import"}, // in JSON a < takes six bytes
		{email, []string{"a@example.com", "b@example", "c@example.com"}, "Line 2, “b@example”: This is not a whole e-mail address"},
		{email, []string{"a@example.com", " ", "x", "y", "z"}, "2 more lines cannot be read."},
		{email, []string{"x", "a@example.com", "y"}, "One more line cannot be read."},
		{email, []string{"x"}, "This is not a whole e-mail address"},
		{email, []string{"a@example.com", strings.Repeat("x", 5_000)}, "Line 2, “" + strings.Repeat("x", 60) + "…”: This"},
		{domain, []string{"example.com", "x y"}, "Line 2, “x y”: This is not a domain."},
		{text, []string{"a", strings.Repeat("x", 10_001)}, "Line 2, “" + strings.Repeat("x", 60) + "…”: Too long."},
		{rule.Condition{Type: rule.TypeTags, Operator: rule.HasAny}, []string{"999999", "999998"}, "One of these tags does not exist any more."},
	} {
		c.condition.Value = models.Given{Shape: models.List, Texts: c.texts}
		_, problems := rule.Group{Join: rule.All, Filters: []rule.Filter{rule.Of(c.condition)}}.Check(fullSchema(t, "Europe/Vienna"))
		if said := problems.Error(); !strings.Contains(said, c.says) || c.says == "" && said != "" || len(problems) > 1 {
			t.Errorf("%d values: got %v, want %q", len(c.texts), problems, c.says)
		}
	}
}

func TestRuleHasLimits(t *testing.T) {
	t.Parallel()
	is := `{"type":"field","field_id":1,"operator":"is_set"}`
	many := func(n int) string {
		return `{"condition":"AND","filters":[` + strings.Repeat(is+",", n-1) + is + `]}`
	}
	deep := func(n int) string {
		return strings.Repeat(`{"condition":"AND","filters":[`, n) + is + strings.Repeat(`]}`, n)
	}
	for _, c := range []struct{ name, rule, says string }{
		{"100 conditions", many(100), ""},
		{"101 conditions", many(101), "at most 100 conditions. There are 101."},
		{"five deep", deep(5), ""},
		{"six deep", deep(6), "at most 5 deep"},
		{"very deep", deep(2000), "at most 5 deep"},
		{"too long", many(2000), "This rule is too long: it takes 98 KB, and 64 KB fit. Please import"},
		{"a long value", `{"condition":"AND","filters":[{"type":"field","field_id":1,"operator":"eq","value":"` + strings.Repeat("x", 10_001) + `"}]}`, "Too long"},
		{"long values together", `{"condition":"AND","filters":[` + strings.TrimSuffix(strings.Repeat(`{"type":"field","field_id":1,"operator":"eq","value":"`+strings.Repeat("<", 3_000)+`"},`, 10), ",") + `]}`, "too long"},
		{"no condition", `{"condition":"AND","filters":[]}`, "A rule needs at least one condition."},
		{"nothing", ``, "cannot be read"},
		{"a condition alone", is, "cannot be read"},
		{"a list", `[]`, "cannot be read"},
		{"two rules", deep(1) + deep(1), "cannot be read"},
		{"no end", `{"condition":"AND"`, "cannot be read"},
	} {
		g, problems := rule.Parse(c.rule)
		if len(problems) == 0 {
			_, problems = g.Check(schema(t))
		}
		if said := problems.Error(); !strings.Contains(said, c.says) || c.says == "" && said != "" {
			t.Errorf("%s: got %q, want %q", c.name, said, c.says)
		}
	}
}

// FuzzParse checks that any input is either a rule that parses to itself again, or has problems.
func FuzzParse(f *testing.F) {
	f.Add(`{"condition":"AND","filters":[{"type":"field","field_id":1,"operator":"eq","value":"x"}]}`)
	f.Add(`{"condition":"OR","filters":[{"condition":"AND","filters":[]},{"type":"tags","operator":"has_any","value":[11,"12"]}]}`)
	f.Add(`{"condition":"AND","filters":[{"type":"field","field_id":6,"operator":"contains","value":["Tea",null,1]}]}`)
	f.Add("{\"condition\":\"AND\",\"filters\":[{\"type\":\"field\",\"field_id\":1,\"operator\":\"contains\",\"value\":\"\\u0000\xff\"}]}")
	for _, k := range rule.Types {
		for _, value := range []string{`"2026-01-01"`, `["1","21"]`, `31,"days":3`, `null`} {
			f.Add(fmt.Sprintf(`{"condition":"OR","filters":[{"type":%q,"operator":"eq","value":%s},{"type":%q,"operator":"between","value":%s},{"type":%q,"operator":"in_last_days","value":9}]}`, k, value, k, value, k))
		}
	}
	s := fullSchema(f, "Europe/Vienna")
	subject := rule.Subject{Fields: map[string]string{"birthday": "2026-01-01", "points": "1"}}
	f.Fuzz(func(t *testing.T, text string) {
		g, problems := rule.Parse(text)
		checked, more := g.Check(s)
		rule.PlainText(rule.Sentence(g, s))
		if m, err := rule.Compile(g, s); err == nil { // an unchecked rule may be anything
			m.Match(&subject, s.At(ruletest.Noon))
			m.Next(&subject, s.At(ruletest.Noon))
			m.Explain(&subject, s.At(ruletest.Noon))
		}
		if len(problems)+len(more) > 0 {
			return
		}
		again, problems := rule.Parse(checked.String())
		if len(problems) > 0 {
			t.Fatalf("got %v for its own form %s", problems, checked)
		}
		if again, problems = again.Check(s); len(problems) > 0 || again.String() != checked.String() {
			t.Errorf("got %s (%v), want %s", again, problems, checked)
		}
		if _, err := rule.Compile(checked, s); err != nil {
			t.Errorf("got %v for %s, want it to compile", err, checked)
		}
	})
}

func TestSentence(t *testing.T) {
	t.Parallel()
	status, tags := `{"type":"status","operator":"eq","value":"SUBSCRIBED"}`, `{"type":"tags","operator":"has_any","value":[11,12]}`
	for _, c := range []struct{ join, filters, want string }{
		{"AND", ``, "Nobody: the rule has no condition yet"},
		{"AND", status, "Contacts whose Status is Subscribed"},
		{"AND", status + `,{"type":"field","field_id":2,"operator":"ne","value":"1250"},` + tags, "Contacts whose Status is Subscribed and The points is not 1,250 and who have any of the tags customer, wholesale"},
		{"OR", tags + "," + status, "Contacts who have any of the tags customer, wholesale or whose Status is Subscribed"},
		{"AND", `{"type":"tags","operator":"has_any","value":13}`, "Contacts who have the tag <b>press</b>"},
		{"AND", `{"type":"tags","operator":"has_none","value":11}`, "Contacts who do not have the tag customer"},
		{"AND", `{"type":"tags","operator":"has_none","value":[11,99]}`, "Contacts who have none of the tags customer, a deleted tag"},
		{"AND", `{"type":"field","field_id":99,"operator":"eq","value":"x"}`, "Contacts whose deleted field is x"},
		{"AND", `{"type":"field","field_id":5,"operator":"eq","value":"Gold"},{"type":"field","field_id":5,"operator":"in","value":["Small","Gold"]}`,
			"Contacts whose The size is Gold (no longer a choice) and The size is any of Small, Gold (no longer a choice)"},
		{"AND", `{"type":"field","field_id":6,"operator":"has_any","value":["Gold","Tea"]}`, "Contacts whose The likes has any of Gold (no longer a choice), Tea"},
		{"AND", `{"type":"field","field_id":4,"operator":"eq","value":"1990-12-31"},{"type":"field","field_id":7,"operator":"is_not_set"}`, "Contacts whose The birthday is on 31 December 1990 and The country is not set"},
		{"AND", `{"type":"field","field_id":6,"operator":"contains","value":["Tea","Coffee"]}`, "Contacts whose The likes has all of Tea, Coffee"},
		{"AND", status + `,{"condition":"OR","filters":[` + tags + `,` + status + `]},{"condition":"OR","filters":[]}`,
			"Contacts whose Status is Subscribed and (who have any of the tags customer, wholesale or whose Status is Subscribed) and (nobody)"},
		{"AND", status + `,{"type":"field","field_id":2,"operator":"gt","value":1000},{"condition":"OR","filters":[` + tags + `,{"condition":"AND","filters":[{"type":"created_by","operator":"eq","value":31},{"type":"created_at","operator":"in_last_days","value":90}]}]},{"type":"field","field_id":4,"operator":"before"}`,
			"Contacts whose Status is Subscribed and The points is more than 1,000 and (who have any of the tags customer, wholesale or (were created by webhook Shop: customer created and Created in the last 90 days)) and The birthday is before …"},
		{"AND", `{"type":"field","field_id":4,"operator":"between","value":["2026-01-01","2026-01-31"]},{"type":"field","field_id":4,"operator":"anniversary_within_days","value":1},{"type":"field","field_id":4,"operator":"more_than_days_ago","value":3650}`,
			"Contacts whose The birthday is between 1 January 2026 and 31 January 2026 and The birthday has its anniversary within 1 day and The birthday is more than 3,650 days ago"},
		{"OR", `{"type":"email","operator":"domain_in","value":["xn--bcher-kva.example","example.com"]},{"type":"segment","operator":"not_in","value":22},{"type":"segment","operator":"in","value":99},{"type":"tags","operator":"is_not_set"}`,
			"Contacts whose E-mail address domain is any of bücher.example, example.com or who are not in the segment Lapsed or are in a deleted segment or have no tags"},
		{"OR", `{"type":"touched_by","operator":"ne","value":32,"days":7},{"type":"created_by","operator":"is_not_set"},{"type":"touched_by","operator":"is_not_set"},{"type":"created_by","operator":"eq","value":33}`,
			"Contacts who were not last touched by webhook Till in the last 7 days or were not created by a webhook or were not ever touched by a webhook or were created by webhook Old form (deleted)"},
		{"AND", `{"type":"field","field_id":1,"operator":"in","value":["a","b","c","d","e","f","g","h","i","j","k"]}`, "Contacts whose The city is any of a, b, c, d, e, f, g, h, i and 2 more"},
		{"AND", `{"type":"subscribed_at","operator":"is_not_set"},{"type":"changed_at","operator":"not_in_last_days","value":30},{"type":"created_at","operator":"in_last_hours","value":1},{"type":"created_at","operator":"gte","value":"2026-05-02"},{"type":"created_at","operator":"more_than_days_ago","value":2}`,
			"Contacts never Subscribed and Last changed not in the last 30 days and Created in the last 1 hour and Created on or after 2 May 2026 and Created more than 2 days ago"},
		{"AND", `{"type":"field","field_id":3,"operator":"eq","value":"true"},{"type":"field","field_id":3,"operator":"ne","value":"true"},{"type":"field","field_id":6,"operator":"has_none","value":["Tea"]},{"type":"field","field_id":7,"operator":"in","value":["AT","DE"]}`,
			"Contacts whose The vip is Yes and The vip is not Yes and The likes does not have Tea and The country is any of Austria, Germany"},
	} {
		g, problems := rule.Parse(fmt.Sprintf(`{"condition":%q,"filters":[%s]}`, c.join, c.filters))
		if got := rule.PlainText(rule.Sentence(g, fullSchema(t, "Europe/Vienna"))); len(problems) > 0 || got != c.want {
			t.Errorf("got %q (%v), want %q", got, problems, c.want)
		}
	}
}

// TestSentenceMarksWhatIsGone checks the parts that a page marks as gone.
func TestSentenceMarksWhatIsGone(t *testing.T) {
	t.Parallel()
	g, _ := rule.Parse(`{"condition":"AND","filters":[{"type":"field","field_id":5,"operator":"in","value":["Small","Gold"]},{"type":"tags","operator":"has_any","value":[99]}]}`)
	var got []string
	for _, p := range rule.Sentence(g, fullSchema(t, "Europe/Vienna")) {
		if p.Kind == rule.Gone {
			got = append(got, p.Text)
		}
	}
	if want := []string{"Gold (no longer a choice)", "a deleted tag"}; !slices.Equal(got, want) {
		t.Errorf("got %q marked, want %q", got, want)
	}
}

package rule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/segments/rule"
)

// fullSchema is schema with segments 21 and 22, and webhooks 31, 32 and 33; 33 is deleted.
func fullSchema(t testing.TB, zone string) rule.Schema {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s := schema(t)
	s.Segments = []models.Segment{{ID: 21, Name: "Regulars", Rule: `{"condition":"AND","filters":[]}`}, {ID: 22, Name: "Lapsed", Rule: `{"condition":"AND","filters":[]}`}}
	s.Webhooks = []models.Webhook{{ID: 31, Name: "Shop: customer created"}, {ID: 32, Name: "Till"}, {ID: 33, Name: "Old form", DeletedAt: &ruletest.Noon}}
	s.Location = location
	return rule.NewSchema(s)
}

// compileOne compiles the rule of one condition, and that of its exact complement if there is one.
func compileOne(t *testing.T, s rule.Schema, condition string) rule.Matcher {
	t.Helper()
	g, problems := rule.Parse(`{"condition":"AND","filters":[` + condition + `]}`)
	if len(problems) == 0 {
		g, problems = g.Check(s)
	}
	if len(problems) > 0 {
		t.Fatalf("%s: %v", condition, problems)
	}
	m, err := rule.Compile(g, s)
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	return m
}

func TestFieldOperators(t *testing.T) {
	t.Parallel()
	s := fullSchema(t, "Europe/Vienna")
	for _, c := range []struct {
		field           int64
		operator, value string // the value as JSON
		in, out         []string
	}{
		{1, "in", `["Vienna","Graz"]`, []string{"graz", " VIENNA\t"}, []string{"", "Wien", "Vienna Graz"}},
		{1, "in", `"straße"`, []string{"STRASSE", "Straße "}, []string{"strase"}},
		{1, "not_in", `["Vienna"]`, []string{"", "Graz"}, []string{"vienna"}},
		{1, "not_contains", `"%"`, []string{"", "a_b"}, []string{"100 %"}},
		{1, "starts_with", `"ÉT"`, []string{"été", "e\u0301ta"}, []string{" été", "eta", ""}},
		{1, "starts_with", `"Vi"`, []string{"vienna", "VI"}, []string{"v", " vienna", ""}},
		{1, "ends_with", `"A"`, []string{"Vienna", "a"}, []string{"Vienna ", "b", ""}},
		{1, "contains", `"K"`, []string{"ok", "O\u212A"}, []string{"x"}},
		{1, "contains", `"` + strings.Repeat("x", 200) + `"`, []string{strings.Repeat("X", 201)}, []string{strings.Repeat("x", 199)}},
		{2, "gt", `10`, []string{"10.0000000000000000001", "11", "100"}, []string{"10", "10.00", "9.9", "-11", "2", ""}},
		{2, "gte", `-1.5`, []string{"-1.50", "-1", "0", "0.00"}, []string{"-1.51", "-2", "-10", ""}},
		{2, "lt", `0`, []string{"-0.001", "-5"}, []string{"0", "0.00", "0.1", ""}},
		{2, "lte", `99999999999999999999999999999.9`, []string{"99999999999999999999999999999.9", "-1"}, []string{"100000000000000000000000000000"}},
		{2, "between", `[-5, "5.0"]`, []string{"-5", "0", "5.00", "4.999"}, []string{"-5.01", "5.01", "50", ""}},
		{2, "ne", `1.5`, []string{"", "1.49", "-1.5"}, []string{"1.500"}},
		{3, "eq", `false`, []string{"false"}, []string{"true", ""}},
		{3, "ne", `true`, []string{"false", ""}, []string{"true"}},
		{4, "on", `"2026-11-24"`, []string{"2026-11-24", "2026-11-23T23:00:00Z", "2026-11-24T22:59:59.999Z"}, []string{"2026-11-23", "2026-11-24T23:00:00Z", ""}},
		{4, "ne", `"2026-11-24"`, []string{"", "2026-11-23"}, []string{"2026-11-23T23:00:00Z"}},
		{4, "before", `"2026-11-24"`, []string{"2026-11-23", "2026-11-23T22:59:59Z", "0001-01-01"}, []string{"2026-11-24", "2026-11-23T23:00:00Z", ""}},
		{4, "after", `"2026-11-24"`, []string{"2026-11-25", "2026-11-24T23:00:00Z", "9999-12-31"}, []string{"2026-11-24", ""}},
		{4, "lte", `"2026-11-24"`, []string{"2026-11-24", "2026-11-24T22:59:59Z"}, []string{"2026-11-25", ""}},
		{4, "gte", `"2026-11-24"`, []string{"2026-11-24", "2026-11-23T23:00:00Z"}, []string{"2026-11-23", ""}},
		{4, "between", `["2026-03-29","2026-03-29"]`, []string{"2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"}, []string{"2026-03-29T22:00:00Z", "2026-03-28T22:59:59Z", ""}},
		{4, "lt", `"2026-11-24"`, []string{"2026-11-23"}, []string{"2026-11-24"}},
		// Today is 23 November 2026.
		{4, "in_last_days", `0`, []string{"2026-11-23", "2026-11-22T23:00:00Z"}, []string{"2026-11-22", "2026-11-24", "2026-11-23T23:00:00Z", ""}},
		{4, "in_last_days", `30`, []string{"2026-10-24", "2026-11-23"}, []string{"2026-10-23", "2026-11-24", ""}},
		{4, "not_in_last_days", `30`, []string{"2026-10-23", "2026-11-24", ""}, []string{"2026-10-24"}},
		{4, "in_next_days", `7`, []string{"2026-11-23", "2026-11-30"}, []string{"2026-11-22", "2026-12-01", ""}},
		{4, "more_than_days_ago", `30`, []string{"2026-10-23"}, []string{"2026-10-24", "2026-11-24", ""}},
		{4, "anniversary_within_days", `7`, []string{"1990-11-23", "1990-11-30", "2026-11-23", "2026-11-30"}, []string{"1990-12-01", "1990-11-22", "2027-11-23", ""}},
		{4, "anniversary_within_days", `98`, []string{"1992-02-29", "1990-03-01"}, []string{"1990-03-02"}},
		{4, "anniversary_within_days", `97`, []string{"1992-02-29"}, []string{"1990-03-01"}},
		{5, "in", `["small","LARGE"]`, []string{"Small", "Large"}, []string{"Other", ""}},
		{5, "not_in", `["small"]`, []string{"Large", ""}, []string{"Small"}},
		{6, "has_any", `["tea","strasse"]`, []string{"Tea", "Coffee\nStraße"}, []string{"Coffee", ""}},
		{6, "has_all", `["tea","strasse"]`, []string{"Tea\nCoffee\nStraße"}, []string{"Tea", "Coffee\nStraße", ""}},
		{6, "has_any", `["Coffee"]`, []string{"An option that is gone\nCOFFEE"}, []string{"An option that is gone"}},
		{6, "has_none", `"Tea"`, []string{"", "Coffee"}, []string{"Tea\nCoffee"}},
		{6, "ne", `["Tea"]`, []string{"", "Tea\nCoffee", "Coffee"}, []string{"Tea"}},
		{7, "in", `["Austria","DE"]`, []string{"AT", "DE"}, []string{"US", ""}},
		{7, "is_not_set", `null`, []string{""}, []string{"AT"}},
	} {
		m := compileOne(t, s, fmt.Sprintf(`{"type":"field","field_id":%d,"operator":%q,"value":%s}`, c.field, c.operator, c.value))
		check := func(stored string, want bool) {
			subject := &rule.Subject{Fields: map[string]string{ruletest.FieldTypes[c.field-1].Key: stored}}
			if stored == "" {
				subject.Fields = nil
			}
			if got := m.Match(subject, s.At(ruletest.Noon)); got != want {
				t.Errorf("field %d %s %s on %q: got %v, want %v", c.field, c.operator, c.value, stored, got, want)
			}
		}
		for _, stored := range c.in {
			check(stored, true)
		}
		for _, stored := range c.out {
			check(stored, false)
		}
	}
}

func TestOperatorsBesideFields(t *testing.T) {
	t.Parallel()
	s := fullSchema(t, "Europe/Vienna")
	day := func(d int) time.Time { return ruletest.Noon.AddDate(0, 0, d) }
	in21 := func(id int64) bool { return id == 21 }
	type S = rule.Subject
	for _, c := range []struct {
		condition string
		subject   S
		want      bool
	}{
		{`{"type":"status","operator":"in","value":["UNCONFIRMED","subscribed"]}`, S{Status: models.StatusSubscribed}, true},
		{`{"type":"status","operator":"not_in","value":["UNCONFIRMED"]}`, S{Status: models.StatusUnconfirmed}, false},
		{`{"type":"tags","operator":"has_all","value":[11,12]}`, S{Tags: []int64{12, 13, 11}}, true},
		{`{"type":"tags","operator":"has_all","value":[11,12]}`, S{Tags: []int64{12, 13}}, false},
		{`{"type":"tags","operator":"has_none","value":[11]}`, S{}, true},
		{`{"type":"tags","operator":"is_set"}`, S{Tags: []int64{13}}, true},
		{`{"type":"tags","operator":"is_not_set"}`, S{}, true},
		{`{"type":"segment","operator":"in","value":21}`, S{In: in21}, true},
		{`{"type":"segment","operator":"in","value":22}`, S{In: in21}, false},
		{`{"type":"segment","operator":"in","value":21}`, S{}, false},
		{`{"type":"segment","operator":"not_in","value":"22"}`, S{In: in21}, true},
		{`{"type":"email","operator":"eq","value":" Ana@Bücher.example"}`, S{Email: "ana@xn--bcher-kva.example"}, true},
		{`{"type":"email","operator":"in","value":["bo@example.com","ana@example.com"]}`, S{Email: "ana@example.com"}, true},
		{`{"type":"email","operator":"ne","value":"ana@example.com"}`, S{Email: "ana@example.com"}, false},
		{`{"type":"email","operator":"contains","value":"BÜCHER"}`, S{Email: "ana@xn--bcher-kva.example"}, true},
		{`{"type":"email","operator":"contains","value":"xn--b"}`, S{Email: "ana@xn--bcher-kva.example"}, true},
		{`{"type":"email","operator":"starts_with","value":"ANA@"}`, S{Email: "ana@example.com"}, true},
		{`{"type":"email","operator":"ends_with","value":"bücher.example"}`, S{Email: "ana@xn--bcher-kva.example"}, true},
		{`{"type":"email","operator":"not_contains","value":"_"}`, S{Email: "ana@example.com"}, true},
		{`{"type":"email","operator":"domain_eq","value":"@EXAMPLE.com"}`, S{Email: "ana@example.com"}, true},
		{`{"type":"email","operator":"domain_eq","value":"example.com"}`, S{Email: "ana@mail.example.com"}, false},
		{`{"type":"email","operator":"domain_in","value":["example.org","BÜCHER.example"]}`, S{Email: "ana@xn--bcher-kva.example"}, true},
		{`{"type":"email","operator":"is_set"}`, S{Email: "ana@example.com"}, true},
		{`{"type":"created_by","operator":"eq","value":31}`, S{CreatedBy: 31}, true},
		{`{"type":"created_by","operator":"ne","value":31}`, S{CreatedBy: 31}, false},
		{`{"type":"created_by","operator":"ne","value":31}`, S{}, true},
		{`{"type":"created_by","operator":"eq","value":31,"days":2}`, S{CreatedBy: 31, CreatedAt: day(-2)}, true},
		{`{"type":"created_by","operator":"eq","value":31,"days":2}`, S{CreatedBy: 31, CreatedAt: day(-3)}, false},
		{`{"type":"created_by","operator":"ne","value":31,"days":2}`, S{CreatedBy: 31, CreatedAt: day(-3)}, true},
		{`{"type":"created_by","operator":"is_set"}`, S{CreatedBy: 33}, true},
		{`{"type":"touched_by","operator":"eq","value":32,"days":0}`, S{TouchedBy: 32, TouchedAt: day(0)}, true},
		{`{"type":"touched_by","operator":"eq","value":32,"days":0}`, S{CreatedBy: 32, CreatedAt: day(0)}, false},
		{`{"type":"touched_by","operator":"is_not_set"}`, S{}, true},
		{`{"type":"created_at","operator":"on","value":"2026-11-24"}`, S{CreatedAt: time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)}, true},
		{`{"type":"created_at","operator":"in_last_hours","value":24}`, S{CreatedAt: ruletest.Noon.Add(-24 * time.Hour)}, false},
		{`{"type":"created_at","operator":"in_last_hours","value":24}`, S{CreatedAt: ruletest.Noon.Add(-24*time.Hour + 1)}, true},
		{`{"type":"created_at","operator":"in_last_hours","value":24}`, S{CreatedAt: ruletest.Noon}, true},
		{`{"type":"created_at","operator":"in_last_hours","value":24}`, S{CreatedAt: ruletest.Noon.Add(1)}, false},
		{`{"type":"changed_at","operator":"more_than_days_ago","value":1}`, S{ChangedAt: day(-2)}, true},
		{`{"type":"subscribed_at","operator":"is_not_set"}`, S{}, true},
		{`{"type":"subscribed_at","operator":"before","value":"2026-01-01"}`, S{}, false},
		{`{"type":"subscribed_at","operator":"not_in_last_days","value":5}`, S{}, true},
		{`{"type":"subscribed_at","operator":"ne","value":"2026-11-23"}`, S{SubscribedAt: ruletest.Noon}, false},
	} {
		if got := compileOne(t, s, c.condition).Match(&c.subject, s.At(ruletest.Noon)); got != c.want {
			t.Errorf("%s on %+v: got %v, want %v", c.condition, c.subject, got, c.want)
		}
	}
}

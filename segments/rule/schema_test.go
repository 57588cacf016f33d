package rule_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"campaignlark/internal/ruletest"
	"campaignlark/models"
	"campaignlark/segments/rule"
)

func TestNeedsAreWhatARuleReads(t *testing.T) {
	t.Parallel()
	s := fullSchema(t, "Europe/Vienna")
	var together rule.Needs
	for _, c := range []struct {
		condition string
		want      rule.Needs
		timed     bool
	}{
		{`{"type":"status","operator":"eq","value":"SUBSCRIBED"}`, rule.Needs{}, false},
		{`{"type":"segment","operator":"in","value":21}`, rule.Needs{}, false},
		{`{"type":"field","field_id":4,"operator":"on","value":"2026-01-01"},{"type":"field","field_id":1,"operator":"is_set"}`, rule.Needs{Fields: []string{"birthday", "city"}}, false},
		{`{"condition":"OR","filters":[{"type":"field","field_id":4,"operator":"in_next_days","value":7}]}`, rule.Needs{Fields: []string{"birthday"}}, true},
		{`{"type":"tags","operator":"is_not_set"},{"type":"email","operator":"is_set"}`, rule.Needs{Tags: true, Email: true}, false},
		{`{"type":"created_by","operator":"ne","value":31}`, rule.Needs{Sources: true}, false},
		{`{"type":"created_by","operator":"ne","value":31,"days":7}`, rule.Needs{Sources: true, Times: true}, true},
		{`{"type":"subscribed_at","operator":"is_set"}`, rule.Needs{Times: true}, false},
		{`{"type":"changed_at","operator":"in_last_hours","value":7}`, rule.Needs{Times: true}, true},
	} {
		m := compileOne(t, s, c.condition)
		if got := m.Needs(); !reflect.DeepEqual(got, c.want) && (len(got.Fields)+len(c.want.Fields) > 0 || got.Merge(c.want).Fields != nil) {
			t.Errorf("%s: got %+v, want %+v", c.condition, got, c.want)
		}
		if m.Timed() != c.timed {
			t.Errorf("%s: got timed %v, want %v", c.condition, m.Timed(), c.timed)
		}
		together = together.Merge(m.Needs())
	}
	if want := (rule.Needs{Fields: []string{"birthday", "city"}, Email: true, Tags: true, Times: true, Sources: true}); !reflect.DeepEqual(together, want) {
		t.Errorf("got %+v together, want %+v", together, want)
	}
}

func TestCycleTellsTheWay(t *testing.T) {
	t.Parallel()
	in := func(ids string) string {
		return `{"condition":"OR","filters":[{"condition":"AND","filters":[{"type":"segment","operator":"not_in","value":` + ids + `}]}]}`
	}
	building, other := in("1"), `{"condition":"AND","filters":[{"type":"status","operator":"eq","value":"SUBSCRIBED"}]}`
	s := rule.NewSchema(rule.Schema{Segments: []models.Segment{
		{ID: 1, Name: "A", Rule: in("4")}, {ID: 2, Name: "B", Rule: in("1")}, {ID: 3, Name: "C", Rule: in("2")}, {ID: 4, Name: "D", Rule: in("5")},
		{ID: 5, Name: "E", Rule: other, BuildingRule: &building}, {ID: 6, Name: "F", Rule: in("3"), BuildingRule: &other},
	}})
	const wait = "Please wait: F has a new rule that is still being built. Until then its old rule leads back here: "
	for _, c := range []struct {
		id         int64
		rule, want string
	}{
		{1, in("1"), "A cannot be part of its own rule: A → A."}, {1, in("2"), "A cannot be part of its own rule: A → B → A."},
		{1, in("3"), "A cannot be part of its own rule: A → C → B → A."}, {4, in("3"), "D cannot be part of its own rule: D → C → B → A → D."},
		{5, in("1"), "E cannot be part of its own rule: E → A → D → E."}, {1, in("5"), "A cannot be part of its own rule: A → E → A."},
		{3, in("2"), ""}, {0, in("3"), ""}, {0, in("6"), ""}, {6, in("3"), ""},
		{3, in("6"), wait + "C → F → C. Save again when it is built."}, {1, in("6"), wait + "A → F → C → B → A. Save again when it is built."},
	} {
		g, _ := rule.Parse(c.rule)
		_, problems := g.CheckFor(s, c.id)
		if got := problems.Error(); got != c.want || c.want != "" && (len(problems) != 1 || problems[0].At != "0.0") {
			t.Errorf("segment %d with %s: got %+v, want %q at 0.0", c.id, c.rule, problems, c.want)
		}
	}
	g, _ := rule.Parse(`{"condition":"AND","filters":[{"type":"segment","operator":"in","value":5},{"type":"touched_by","operator":"eq","value":7},` + in("2") + `,{"type":"created_by","operator":"is_set"}]}`)
	if got, hooks := g.Segments(), g.Webhooks(); !reflect.DeepEqual(got, []int64{2, 5}) || !reflect.DeepEqual(hooks, []int64{7}) {
		t.Errorf("got segments %v and webhooks %v, want 2, 5 and 7", got, hooks)
	}
}

func TestExplanationShowsWhatItSaw(t *testing.T) {
	t.Parallel()
	s := fullSchema(t, "Europe/Vienna")
	subject := &rule.Subject{Email: "ana@xn--bcher-kva.example", Tags: []int64{13, 11}, CreatedAt: ruletest.Noon, ChangedAt: ruletest.Noon, CreatedBy: 31, TouchedBy: 33, TouchedAt: ruletest.Noon.Add(time.Hour),
		Fields: map[string]string{"birthday": "2026-05-01T23:30:00Z", "vip": "false", "likes": "Tea\nCoffee"}, In: func(id int64) bool { return id == 21 }}
	for _, c := range []struct{ condition, words, saw string }{
		{`{"type":"email","operator":"contains","value":"x"}`, "E-mail address contains x", "ana@bücher.example"},
		{`{"type":"tags","operator":"has_all","value":[11,12]}`, "has all of the tags customer, wholesale", "customer"},
		{`{"type":"tags","operator":"is_not_set"}`, "has no tags", "<b>press</b>, customer"},
		{`{"type":"segment","operator":"in","value":21}`, "is in the segment Regulars", "in it"},
		{`{"type":"segment","operator":"not_in","value":22}`, "is not in the segment Lapsed", "not in it"},
		{`{"type":"created_by","operator":"eq","value":32,"days":1}`, "was created by webhook Till in the last 1 day", "Shop: customer created on 23 November 2026, 13:00"},
		{`{"type":"touched_by","operator":"is_set"}`, "was last touched by a webhook", "Old form on 23 November 2026, 14:00"},
		{`{"type":"created_at","operator":"in_last_hours","value":24}`, "Created in the last 24 hours", "23 November 2026, 13:00"},
		{`{"type":"subscribed_at","operator":"is_set"}`, "Subscribed is set", ""},
		{`{"type":"field","field_id":4,"operator":"lte","value":"2026-05-02"}`, "The birthday is on or before 2 May 2026", "2 May 2026, 01:30"},
		{`{"type":"field","field_id":3,"operator":"eq","value":"false"}`, "The vip is No", "No"},
		{`{"type":"field","field_id":6,"operator":"has_none","value":["Straße"]}`, "The likes does not have Straße", "Tea, Coffee"},
		{`{"type":"field","field_id":1,"operator":"is_not_set"}`, "The city is not set", ""},
	} {
		e := compileOne(t, s, c.condition).Explain(subject, s.At(ruletest.Noon)).Filters[0]
		if got := rule.PlainText(e.Words); got != c.words || e.Saw != c.saw {
			t.Errorf("%s: got %q, which saw %q, want %q and %q", c.condition, got, e.Saw, c.words, c.saw)
		}
	}
}

func TestRulesOfThingsThatAreGoneAreBroken(t *testing.T) {
	t.Parallel()
	s := fullSchema(t, "Europe/Vienna")
	for _, c := range []struct{ condition, says string }{
		{`{"type":"field","field_id":99,"operator":"is_set"}`, "A field"},
		{`{"type":"tags","operator":"has_none","value":[11,99]}`, "A tag"},
		{`{"type":"segment","operator":"not_in","value":99}`, "A segment"},
		{`{"type":"created_by","operator":"ne","value":33}`, "A webhook"},
		{`{"type":"touched_by","operator":"eq","value":99,"days":1}`, "A webhook"},
		{`{"type":"field","field_id":1,"operator":"sounds_like","value":"x"}`, "does not know"},
		{`{"type":"created_at","operator":"on"}`, "does not know"},
		{`{"type":"mood","operator":"eq","value":"x"}`, "does not know"},
	} {
		g, problems := rule.Parse(`{"condition":"AND","filters":[` + c.condition + `]}`)
		if _, err := rule.Compile(g, s); len(problems) > 0 || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v (%v), want an error that says %q", c.condition, err, problems, c.says)
		}
	}
}

// TestMatchingAllocatesNothing: a build matches millions of times.
func TestMatchingAllocatesNothing(t *testing.T) {
	s := fullSchema(t, "Europe/Vienna")
	subject := &rule.Subject{Status: models.StatusSubscribed, Email: "ana.berg@example.com", Tags: []int64{11}, CreatedAt: ruletest.Noon, CreatedBy: 31,
		Fields: map[string]string{"city": " Vienna", "points": "-1250.50", "vip": "true", "birthday": "1990-12-31", "size": "Large", "likes": "Tea\nCoffee", "country": "AT"}}
	m := compileOne(t, s, `{"type":"status","operator":"in","value":["SUBSCRIBED"]},{"type":"tags","operator":"has_any","value":[11,12]},
		{"type":"field","field_id":1,"operator":"eq","value":"vienna"},{"type":"field","field_id":1,"operator":"in","value":["Graz","Vienna"]},{"type":"field","field_id":1,"operator":"contains","value":"IEN"},
		{"type":"field","field_id":2,"operator":"between","value":[-2000,0]},{"type":"field","field_id":4,"operator":"anniversary_within_days","value":100},
		{"type":"field","field_id":4,"operator":"before","value":"2000-01-01"},{"type":"field","field_id":6,"operator":"has_all","value":["Tea"]},{"type":"field","field_id":5,"operator":"ne","value":"Small"},
		{"type":"email","operator":"ends_with","value":"EXAMPLE.com"},{"type":"email","operator":"domain_in","value":["example.com"]},
		{"type":"created_by","operator":"eq","value":31,"days":7},{"type":"created_at","operator":"in_last_hours","value":1}`)
	at := s.At(ruletest.Noon)
	if !m.Match(subject, at) {
		t.Fatal("got no match, want every condition to be asked")
	}
	if got := testing.AllocsPerRun(100, func() { m.Match(subject, at); m.Next(subject, at) }); got > 0 {
		t.Errorf("got %v allocations for a match, want none", got)
	}
}

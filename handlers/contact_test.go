package handlers

import (
	"testing"

	"campaignlark/segments/rule"
)

func TestSeenAddsWhatTheSentenceDoesNotSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words string
		e     rule.Explanation
		want  string
	}{
		{"Status is Subscribed", rule.Explanation{Saw: "Subscribed", Matched: true}, ""},
		{"Status is Subscribed", rule.Explanation{Saw: "Unsubscribed"}, "has Unsubscribed"},
		{"Points is more than 1,000", rule.Explanation{Saw: "1,250", Matched: true}, "has 1,250"},
		{"Points is more than 1,000", rule.Explanation{}, "has no value"},
		{"Points is not 5", rule.Explanation{Matched: true}, "has no value"},
		{"Birthday is not set", rule.Explanation{Matched: true}, ""},
		{"never Subscribed", rule.Explanation{Matched: true}, ""},
		{"has any of the tags vip, press", rule.Explanation{Saw: "press", Matched: true}, ""},
		{"has any of the tags vip, press", rule.Explanation{Saw: "vip", Matched: true}, "has vip"},
		{"does not have the tag vip", rule.Explanation{Matched: true}, ""},
		{"was created by webhook Shop", rule.Explanation{}, ""},
		{"was created by webhook Shop", rule.Explanation{Saw: "Form on 2 Jan 2026"}, "by Form on 2 Jan 2026"},
		{"is in the segment Loyal", rule.Explanation{Saw: "not in it", Segment: 3}, "is not in it"},
	} {
		c.e.Words = []rule.Part{{Text: c.words}}
		if got := seen(c.e, c.words); got != c.want {
			t.Errorf("%s, saw %q: got %q, want %q", c.words, c.e.Saw, got, c.want)
		}
	}
	if got := seen(rule.Explanation{}, "any of"); got != "" {
		t.Errorf("got %q for a group, want nothing", got)
	}
}

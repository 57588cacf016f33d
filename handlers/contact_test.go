package handlers

import (
	"testing"

	"campaignlark/segments"
)

func TestSeenSaysWhatTheWordsLeaveOpen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words string
		e     segments.Explanation
		want  string
	}{
		{"Status is Subscribed", segments.Explanation{Saw: "Subscribed", Matched: true}, ""},
		{"Status is Subscribed", segments.Explanation{Saw: "Unsubscribed"}, "has Unsubscribed"},
		{"Points is more than 1,000", segments.Explanation{Saw: "1,250", Matched: true}, "has 1,250"},
		{"Points is more than 1,000", segments.Explanation{}, "has no value"},
		{"Points is not 5", segments.Explanation{Matched: true}, "has no value"},
		{"Birthday is not set", segments.Explanation{Matched: true}, ""},
		{"never Subscribed", segments.Explanation{Matched: true}, ""},
		{"has any of the tags vip, press", segments.Explanation{Saw: "press", Matched: true}, ""},
		{"has any of the tags vip, press", segments.Explanation{Saw: "vip", Matched: true}, "has vip"},
		{"does not have the tag vip", segments.Explanation{Matched: true}, ""},
		{"was created by webhook Shop", segments.Explanation{}, ""},
		{"was created by webhook Shop", segments.Explanation{Saw: "Form on 2 Jan 2026"}, "by Form on 2 Jan 2026"},
		{"is in the segment Loyal", segments.Explanation{Saw: "not in it", Segment: 3}, "is not in it"},
	} {
		c.e.Words = []segments.Part{{Text: c.words}}
		if got := seen(c.e, c.words); got != c.want {
			t.Errorf("%s, saw %q: got %q, want %q", c.words, c.e.Saw, got, c.want)
		}
	}
	if got := seen(segments.Explanation{}, "any of"); got != "" {
		t.Errorf("got %q for a group, want nothing", got)
	}
}

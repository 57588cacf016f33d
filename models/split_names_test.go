package models

import (
	"slices"
	"testing"
)

func TestSplitNamesKeepsAQuotedComma(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                         nil,
		" , ,":                     nil,
		"vip,  reading club ,":     {"vip", "reading club"},
		`"Vienna, Austria", vip`:   {"Vienna, Austria", "vip"},
		`vip, "Vienna, Austria"`:   {"vip", "Vienna, Austria"},
		`the "best", 5" disks, "x`: {`the "best"`, `5" disks`, `"x`},
		`"say ""hello"", you"`:     {`say "hello", you`},
	} {
		got := SplitNames(text)
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if again := SplitNames(JoinTags(got)); !slices.Equal(again, got) {
			t.Errorf("%q comes back as %q, want %q", JoinTags(got), again, got)
		}
	}
}

package rule

import (
	"fmt"
	"strings"
	"testing"
)

func TestChoicesFewAndMany(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, fewChoices, fewChoices + 1, 200, maxChoices} {
		var names []string
		for i := range n {
			names = append(names, fmt.Sprintf("Größe %d", i))
		}
		all, others := strings.ToUpper(strings.Join(names, "\n")), "Größe\nGröße -1"
		for _, c := range []struct {
			how    Operator
			stored string
			want   bool
		}{
			{HasAny, names[n-1], true}, {HasAny, others, false}, {HasAny, others + "\n" + names[0], true},
			{HasAll, all, true}, {HasAll, others + "\n" + all, true}, {HasAll, strings.Join(names[1:], "\n") + "\n" + others, false},
			{Is, all, true}, {Is, all + "\n" + all, true}, {Is, all + "\n" + others, false}, {Is, strings.Join(names[1:], "\n"), false},
		} {
			test, ok := newChoiceTest(c.how, names)
			if !ok || test.match(c.stored) != c.want {
				t.Errorf("%d names, %s: got %v (%v) for %.60q, want %v", n, c.how, !c.want, ok, c.stored, c.want)
			}
		}
	}
}

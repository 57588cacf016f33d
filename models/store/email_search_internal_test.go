package store

import (
	"slices"
	"testing"
)

func TestEmailParts(t *testing.T) {
	t.Parallel()
	for search, want := range map[string][]string{
		" ANNA ":              {"anna"},
		"100%_\\":             {`100%_\`},
		"bücher":              {"bücher", "xn--bcher-kva"},
		"Anna@BÜCHER.example": {"anna@bÜcher.example", "anna@xn--bcher-kva.example"},
		"søren@":              {"søren@"},
		"u\u0308":             {"ü", "xn--tda"},
		"a b@ü ü":             {"a b@ü ü"},
	} {
		if got := emailParts(search); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", search, got, want)
		}
	}
}

package models

import "testing"

func TestEmailPatterns(t *testing.T) {
	t.Parallel()
	for search, want := range map[string][2]string{
		" ANNA ":              {"%anna%", "%anna%"},
		"100%_\\":             {`%100\%\_\\%`, `%100\%\_\\%`},
		"bücher":              {"%bücher%", "%xn--bcher-kva%"},
		"Anna@BÜCHER.example": {"%anna@bÜcher.example%", "%anna@xn--bcher-kva.example%"},
		"søren@":              {"%søren@%", "%søren@%"},
		"u\u0308":             {"%ü%", "%xn--tda%"},
		"a b@ü ü":             {"%a b@ü ü%", "%a b@ü ü%"},
	} {
		if got := emailPatterns(search); got != want {
			t.Errorf("%q: got %q, want %q", search, got, want)
		}
	}
}

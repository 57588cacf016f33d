package models_test

import (
	"slices"
	"strings"
	"testing"

	"campaignlark/models"
)

func TestDefuse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                 "",
		"Anna":             "Anna",
		"=1+1":             "'=1+1",
		"+43 1 234":        "'+43 1 234",
		"-5":               "'-5",
		"@SUM(A1)":         "'@SUM(A1)",
		"\t=1":             "'\t=1",
		"\r=1":             "'\r=1",
		"\n=1":             "'\n=1",
		"＝1+1":             "'＝1+1",
		"'tis":             "'tis",
		"'":                "'",
		"''":               "''",
		"'=1":              "''=1",
		"''=1":             "'''=1",
		" =1":              " =1",
		"a=b@example.com":  "a=b@example.com",
		"=cmd@example.com": "'=cmd@example.com",
		"\xff=":            "\xff=",
	} {
		got := models.Defuse(text)
		if got != want {
			t.Errorf("Defuse(%q): got %q, want %q", text, got, want)
		}
		if back := models.Undefuse(got); back != text {
			t.Errorf("Undefuse(%q): got %q, want %q", got, back, text)
		}
	}
	for cell, want := range map[string]string{"'90s": "'90s", "'Anna": "'Anna", "=1": "=1", "-5": "-5"} { // from files of other programs
		if got := models.Undefuse(cell); got != want {
			t.Errorf("Undefuse(%q): got %q, want %q", cell, got, want)
		}
	}
}

func FuzzDefuse(f *testing.F) {
	for _, s := range []string{"", "'", "=1", "''=", "\xff'=", "＝", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cell := models.Defuse(s)
		if back := models.Undefuse(cell); back != s {
			t.Errorf("got %q back from %q, want %q", back, cell, s)
		}
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
			t.Errorf("the cell %q of %q begins like a formula", cell, s)
		}
	})
}

func TestJoinTags(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{
		"":                            nil,
		"vip":                         {"vip"},
		"newsletter, vip":             {"newsletter", "vip"},
		`"Vienna, Austria", vip`:      {"Vienna, Austria", "vip"},
		`"the ""old"" list", "x,"`:    {`the "old" list`, "x,"},
		`"""", ",", """,""", "a"" b"`: {`"`, ",", `","`, `a" b`},
	} {
		got := models.JoinTags(names)
		if got != want {
			t.Errorf("JoinTags(%q): got %s, want %s", names, got, want)
		}
		if back := models.SplitTags(got); !slices.Equal(back, names) {
			t.Errorf("SplitTags(%s): got %q, want %q", got, back, names)
		}
	}
	for cell, want := range map[string][]string{ // as people write them
		" a ,, b,":     {"a", "b"},
		`"a" , b`:      {"a", "b"},
		`"a, b`:        {`"a`, "b"},
		`"a"b, c`:      {`"a"b`, "c"},
		`6" disk, x`:   {`6" disk`, "x"},
		`"", " ", "a"`: {"a"},
		" \t ":         nil,
	} {
		if got := models.SplitTags(cell); !slices.Equal(got, want) {
			t.Errorf("SplitTags(%q): got %q, want %q", cell, got, want)
		}
	}
}

func FuzzJoinTags(f *testing.F) {
	f.Add("vip", `a, "b"`)
	f.Add(`"`, `,`)
	f.Add(`"a"`, `","`)
	f.Fuzz(func(t *testing.T, a, b string) {
		var names []string
		for _, name := range []string{a, b} {
			if name = models.CleanName(name); name != "" {
				names = append(names, name)
			}
		}
		cell := models.JoinTags(names)
		if back := models.SplitTags(cell); !slices.Equal(back, names) {
			t.Errorf("got %q back from %q, want %q", back, cell, names)
		}
		models.SplitTags(a + b) // must not hang on any input
	})
}

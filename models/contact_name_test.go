package models_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"campaignlark/models"
)

func TestNameWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"":                    nil,
		"Hanna":               {"hanna"},
		"WRÓBEL":              {"wrobel"},
		"Zoë O’Brien-Łuczak":  {"luczak", "obrien", "zoe"},
		"Jo\u0308rg Groß":     {"gross", "jorg"},
		"  Anna\tAnna\nMaria": {"anna", "maria"},
		"Søren Æbelø":         {"aebelo", "soren"},
		"Ελένη":               {"ελενη"},
		"Иван Петров":         {"иван", "петров"},
		"山田 太郎":               {"太郎", "山田"},
		"김민수":                 {"김민수"},
		"محمد علي":            {"علي", "محمد"},
		"R2-D2 100%_?":        {"100", "d2", "r2"},
		"'\u200d’":            nil,
		"🦜":                   nil,
		"a b c d e f g h i j": {"a", "b", "c", "d", "e", "f", "g", "h"},
	} {
		if got := models.SearchWords(name); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	long := models.SearchWords(strings.Repeat("ж", 5000))
	if len(long) != 1 || len(long[0]) > 40 || !utf8.ValidString(long[0]) {
		t.Errorf("a long word: got %q", long)
	}
}

func TestNameOfAContact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields map[string]string
		name   string
		words  []string
	}{
		{nil, "", nil},
		{map[string]string{"first_name": " Hanna ", "last_name": "Wróbel\n"}, "Hanna Wróbel", []string{"hanna", "wrobel"}},
		{map[string]string{"last_name": "Wróbel"}, "Wróbel", []string{"wrobel"}},
		{map[string]string{"name": "Hanna Wróbel"}, "Hanna Wróbel", []string{"hanna", "wrobel"}},
		{map[string]string{"first_name": "Hanna", "name": "HW"}, "Hanna", []string{"hanna", "hw"}},
		{map[string]string{"city": "Wien"}, "", nil},
	} {
		if name := models.ContactName(c.fields); name != c.name {
			t.Errorf("%v: got the name %q, want %q", c.fields, name, c.name)
		}
		if words := models.NameWords(c.fields); !slices.Equal(words, c.words) {
			t.Errorf("%v: got the words %q, want %q", c.fields, words, c.words)
		}
	}
}

func TestNameChange(t *testing.T) {
	t.Parallel()
	name := func(first, last string) map[string]string {
		return map[string]string{"first_name": first, "last_name": last}
	}
	for _, c := range []struct {
		before, after map[string]string
		lost, gained  []string
	}{
		{nil, name("Hanna", "Wróbel"), nil, []string{"hanna", "wrobel"}},
		{name("Hanna", "Wróbel"), nil, []string{"hanna", "wrobel"}, nil},
		{name("Hanna", "Wróbel"), name("Hanna", "Nowak"), []string{"wrobel"}, []string{"nowak"}},
		{name("Hanna", "Wróbel"), name("Wrobel", "hanna"), nil, nil},
		{nil, map[string]string{"city": "Wien"}, nil, nil},
	} {
		lost, gained := models.NameChange(c.before, c.after)
		if !slices.Equal(lost, c.lost) || !slices.Equal(gained, c.gained) {
			t.Errorf("%v to %v: got -%q +%q, want -%q +%q", c.before, c.after, lost, gained, c.lost, c.gained)
		}
	}
}

package models

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm/schema"
)

func TestMergeTagTypes(t *testing.T) {
	t.Parallel()
	var names []string
	for _, kind := range MergeTagTypes {
		if !kind.Valid() {
			t.Errorf("%s is not valid", kind)
		}
		names = append(names, kind.Name())
	}
	if got, want := strings.Join(names, ", "), "Text, Number, Yes or no, Date, Single choice, Multiple choice, Country"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, kind := range []MergeTagType{"", "Text", "url"} {
		if kind.Valid() {
			t.Errorf("%q is valid", kind)
		}
	}
}

func TestMergeTagColumns(t *testing.T) {
	t.Parallel()
	parsed, err := schema.Parse(&MergeTag{}, &sync.Map{}, schema.NamingStrategy{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"workspace_id", "id", "key", "label", "type", "options", "default_value", "created_at", "deleted_at"}
	if parsed.Table != "merge_tags" || !slices.Equal(parsed.DBNames, want) {
		t.Errorf("got %s %v, want merge_tags %v", parsed.Table, parsed.DBNames, want)
	}
}

func TestParseOptions(t *testing.T) {
	t.Parallel()
	got := ParseOptions("\r\n Small \r\n\r\nMedium\tcup\n \u00a0 \nGro\u0308\u00dfe, eigene")
	if want := []string{"Small", "Medium cup", "Größe, eigene"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := ParseOptions(" \n"); got == nil || len(got) != 0 {
		t.Errorf("got %#v, want an empty list that is not nil", got)
	}
}

func TestMergeTagClean(t *testing.T) {
	t.Parallel()
	got := MergeTag{Key: " size ", Label: " Shirt\tsize\n", Type: MergeTagMultiple, Options: []string{" Small ", "Large"}, Default: "large, SMALL"}.Clean(nil)
	want := MergeTag{Key: "size", Label: "Shirt size", Type: MergeTagMultiple, Options: []string{"Small", "Large"}, Default: "Small\nLarge"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = MergeTag{Type: MergeTagNumber, Options: []string{"Small"}, Default: "1e3"}.Clean(nil)
	if got.Options == nil || len(got.Options) != 0 || got.Default != "1000" {
		t.Errorf("got %#v, want no options and the default 1000", got)
	}
	if got := (MergeTag{Type: MergeTagNumber, Default: " many "}).Clean(nil).Default; got != " many " {
		t.Errorf("a default that does not fit became %q", got)
	}
}

// many returns n different options.
func many(n int) []string {
	var options []string
	for i := range n {
		options = append(options, fmt.Sprintf("Option %d", i+1))
	}
	return options
}

func TestMergeTagValidate(t *testing.T) {
	t.Parallel()
	good := MergeTag{Key: "size", Label: "Size", Type: MergeTagSingle, Options: []string{"Small", "Large"}}
	with := func(change func(*MergeTag)) MergeTag {
		tag := good
		change(&tag)
		return tag
	}
	key := func(key string) MergeTag { return with(func(m *MergeTag) { m.Key = key }) }
	label := func(label string) MergeTag { return with(func(m *MergeTag) { m.Label = label }) }
	options := func(options ...string) MergeTag { return with(func(m *MergeTag) { m.Options = options }) }
	value := func(kind MergeTagType, value string) MergeTag {
		return with(func(m *MergeTag) { m.Type, m.Default = kind, value })
	}
	const (
		keyRule  = "Please use only small letters, digits and underscores, at most 50, starting with a letter, such as first_name."
		reserved = "email_address is the contact's own address. Please choose another key."
	)
	tests := []struct {
		tag  MergeTag
		want FieldErrors
	}{
		{good, nil},
		{key("a"), nil}, {key("a_1_"), nil}, {key("x" + strings.Repeat("1", 49)), nil}, {key("email"), nil},
		{key(""), FieldErrors{"key": "Please give it a key, such as first_name."}},
		{key("email_address"), FieldErrors{"key": reserved}},
		{key("Size"), FieldErrors{"key": keyRule}}, {key("1size"), FieldErrors{"key": keyRule}}, {key("_size"), FieldErrors{"key": keyRule}},
		{key("größe"), FieldErrors{"key": keyRule}}, {key("shirt size"), FieldErrors{"key": keyRule}}, {key("size\n"), FieldErrors{"key": keyRule}},
		{key("x" + strings.Repeat("1", 50)), FieldErrors{"key": keyRule}},

		{label(x(64)), nil},
		{label(""), FieldErrors{"label": "Please give it a label."}},
		{label(x(65)), FieldErrors{"label": "Please make the label 64 characters or shorter. It has 65."}},

		{with(func(m *MergeTag) { m.Type = "" }), FieldErrors{"type": "Please choose a type."}},
		{with(func(m *MergeTag) { m.Type = "url" }), FieldErrors{"type": "Please choose a type."}},

		{options(many(200)...), nil}, {options(x(100)), nil}, {options("a", "a, b"), nil},
		{options(), FieldErrors{"options": "Please list the choices, one a line."}},
		{options(many(201)...), FieldErrors{"options": "Please list at most 200 choices. There are 201."}},
		{options("a", " "), FieldErrors{"options": "Choice 2 is empty. Please give it a name or take it out."}},
		{options("a", "b\nc"), FieldErrors{"options": "Choice 2 has more than one line. Please write each choice on a line of its own."}},
		{options("a", x(101)), FieldErrors{"options": "Please make choice 2 100 characters or shorter."}},
		{options("a", "Größe", "b", "GRÖSSE"), FieldErrors{"options": "Choices 2 and 4 are the same. Please take one out."}},

		{value(MergeTagNumber, "1.50"), nil}, {value(MergeTagSingle, "small"), nil}, {value(MergeTagMultiple, "Small, Large"), nil}, {value(MergeTagCountry, "Germany"), nil},
		{value(MergeTagNumber, "many"), FieldErrors{"default_value": "This default does not fit. Not a number. Numbers look like 1250 or -3.75, without other signs."}},
		{value(MergeTagSingle, "Huge"), FieldErrors{"default_value": `This default does not fit. "Huge" is not one of the choices. They are: Small, Large.`}},
		{with(func(m *MergeTag) { m.Options, m.Default = nil, "Huge" }), FieldErrors{"options": "Please list the choices, one a line."}},
		{MergeTag{Type: MergeTagText}, FieldErrors{"key": "Please give it a key, such as first_name.", "label": "Please give it a label."}},
	}
	for _, test := range tests {
		if got := test.tag.Validate(); !maps.Equal(got, test.want) {
			t.Errorf("%+v: got %v, want %v", test.tag, got, test.want)
		}
	}
}

// A merge tag with the name of an export's column can no longer be created. One that is there can be changed.
func TestKeysOfExportsAreReserved(t *testing.T) {
	t.Parallel()
	for _, key := range ExportHead(nil) {
		tag := MergeTag{Key: key, Label: "x", Type: MergeTagText}
		want := "Every export of contacts has a column “" + key + "” already. Please choose another key, such as customer_" + key + "."
		if got := tag.ValidateNew()["key"]; got != want {
			t.Errorf("a new %s: got %q, want %q", key, got, want)
		}
		if errs := tag.Validate(); errs.Any() {
			t.Errorf("an old %s: got %v, want it valid", key, errs)
		}
		if errs := (MergeTag{Key: SuggestKey(key), Label: "x", Type: MergeTagText}).ValidateNew(); errs.Any() {
			t.Errorf("the key that replaces %s: got %v, want it valid", key, errs)
		}
	}
}

func TestSuggestKey(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"first_name": "first_name", "First_Name": "first_name", "First name": "first_name", "Prénom": "prenom", "Ваше имя": "", "9 lives": "lives",
		"_x": "x", "a-b__c": "a_b_c", "": "", "<b>": "b", "FNAME[0]": "fname_0",
		"Status": "customer_status", "email": "customer_email", "Created at": "customer_created_at", "tags": "customer_tags", "tag": "tag",
	} {
		if got := SuggestKey(name); got != want {
			t.Errorf("SuggestKey(%q): got %q, want %q", name, got, want)
		}
	}
}

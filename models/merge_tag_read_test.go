package models

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// readCase is a given value and its result: the stored form, or the code of the error.
type readCase struct {
	given      Given
	want, code string
}

func runReadCases(t *testing.T, tag MergeTag, tests []readCase) {
	t.Helper()
	for _, test := range tests {
		got, err := tag.Read(test.given, nil)
		code := ""
		var wrong *ValueError
		if errors.As(err, &wrong) {
			code = wrong.Code
		} else if err != nil {
			t.Errorf("%s: %.60q gives an error of another type: %v", tag.Type, test.given.Texts, err)
		}
		if got != test.want || code != test.code {
			t.Errorf("%s: Read(%.60q) = %.60q, error %q, want %.60q, error %q", tag.Type, test.given.Texts, got, code, test.want, test.code)
		}
		if err == nil && got != "" {
			if again, err := tag.Read(Text(got), nil); again != got || err != nil {
				t.Errorf("%s: the stored %.60q reads as %.60q, %v", tag.Type, got, again, err)
			}
		}
	}
}

// fits and fails return a case with one plain text.
func fits(text, want string) readCase  { return readCase{Text(text), want, ""} }
func fails(text, code string) readCase { return readCase{Text(text), "", code} }

var choices = []string{"Small", "Medium", "Large", "Größe, eigene", "Other"}

func TestReadNotGiven(t *testing.T) {
	t.Parallel()
	blanks := []Given{
		{}, {Shape: Null}, Text(""), Text("   "), Text("\t\r\n"), Text("\u00a0\u3000"), Text("\x00"), Text(strings.Repeat(" ", 20_000)),
		{Texts: []string{"x", ""}}, // a key given twice: the last one
	}
	for _, kind := range MergeTagTypes {
		tag := MergeTag{Type: kind, Options: choices}
		for _, given := range blanks {
			if kind == MergeTagMultiple && len(given.Texts) > 1 {
				continue
			}
			if got, err := tag.Read(given, nil); got != "" || err != nil {
				t.Errorf("%s: Read(%.20q) = %q, %v, want not given", kind, given.Texts, got, err)
			}
		}
	}
	runReadCases(t, MergeTag{Type: MergeTagMultiple, Options: choices}, []readCase{
		{Given{Shape: List}, "", ""}, {Given{Shape: List, Texts: []string{"", " "}}, "", ""}, {Text(" , ,"), "", ""},
	})
}

func TestReadShapes(t *testing.T) {
	t.Parallel()
	for _, kind := range MergeTagTypes {
		tag := MergeTag{Type: kind, Options: choices}
		runReadCases(t, tag, []readCase{{Given{Shape: Nested}, "", "nested"}})
		if kind != MergeTagMultiple {
			runReadCases(t, tag, []readCase{
				{Given{Shape: List, Texts: []string{"1", "2"}}, "", "list"},
				{Given{Shape: List}, "", "list"},
			})
		}
	}
	_, err := MergeTag{Type: MergeTagBoolean}.Read(Given{Shape: List}, nil)
	if got, want := err.Error(), "A list cannot be kept in a yes-or-no field."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAListOfOneIsItsValue holds for every type that takes one value.
func TestAListOfOneIsItsValue(t *testing.T) {
	t.Parallel()
	for kind, text := range map[MergeTagType]string{MergeTagText: "Cersei", MergeTagNumber: "1.50", MergeTagBoolean: "true", MergeTagDate: "2026-11-23", MergeTagCountry: "AT"} {
		if got, err := (MergeTag{Type: kind}).Read(Given{Shape: List, Texts: []string{text}}, nil); got != text || err != nil {
			t.Errorf("%s: got %q (%v), want %q", kind, got, err, text)
		}
	}
}

func TestReadText(t *testing.T) {
	t.Parallel()
	limit := strings.Repeat("ü", 10_000)
	runReadCases(t, MergeTag{Type: MergeTagText}, []readCase{
		fits("Cersei", "Cersei"),
		fits("  two  spaces  ", "  two  spaces  "),
		fits("line\r\nline\rline\nline", "line\nline\nline\nline"),
		fits("\r\n\r\nx\r", "\n\nx\n"),
		fits("1.50", "1.50"),
		fits("null", "null"),
		fits("<script>", "<script>"),
		fits("a\x00b", "ab"),
		fits("a\xffb", "a\ufffdb"),
		{Given{Texts: []string{"first", "last"}}, "last", ""},
		fits(limit, limit),
		fails(limit+"ü", "too_long"),
	})
	_, err := MergeTag{Type: MergeTagText}.Read(Text(limit+limit), nil)
	if got, want := err.Error(), "Too long. At most 10,000 characters can be kept, and this has 20,000."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadNumber(t *testing.T) {
	t.Parallel()
	thirty := "123456789012345678901234567890"
	runReadCases(t, MergeTag{Type: MergeTagNumber}, []readCase{
		fits("0", "0"), fits("7", "7"), fits("-7", "-7"), fits("1.50", "1.50"), fits(" 42\n", "42"),
		fits("12345678901234567890", "12345678901234567890"),
		fits(thirty, thirty), fits("-"+thirty, "-"+thirty), fits("0.12345678901234567890123456789", "0.12345678901234567890123456789"),
		fails(thirty+"1", "too_many_digits"), fails("0."+thirty, "too_many_digits"),

		fits("-0", "0"), fits("-0.00", "0.00"), fits("0e9", "0"), fits("-0.001", "-0.001"),
		fits("1e3", "1000"), fits("1E+3", "1000"), fits("1.50e1", "15.0"), fits("1.50e2", "150"), fits("1.5e-3", "0.0015"),
		fits("-12345e-2", "-123.45"), fits("0.05e1", "0.5"), fits("0.05e2", "5"), fits("1e0", "1"), fits("1e-0", "1"), fits("1e00003", "1000"),
		fits("1e29", "1"+strings.Repeat("0", 29)), fails("1e30", "too_many_digits"), fails("1e400", "too_many_digits"),
		fits("1e-28", "0."+strings.Repeat("0", 27)+"1"), fits("1e-29", "0."+strings.Repeat("0", 28)+"1"), fails("1e-30", "too_many_digits"),
		fails("1e999999999", "too_many_digits"), fails("1e-999999999", "too_many_digits"), fails("1e"+strings.Repeat("9", 9000), "too_many_digits"),
		fails("0."+strings.Repeat("0", 9000), "too_many_digits"),

		fails("+5", "not_a_number"), fails("007", "not_a_number"), fails("-", "not_a_number"), fails(".5", "not_a_number"), fails("5.", "not_a_number"),
		fails("1,000", "not_a_number"), fails("1 000", "not_a_number"), fails("1_000", "not_a_number"), fails("0x10", "not_a_number"),
		fails("1e", "not_a_number"), fails("1e+", "not_a_number"), fails("NaN", "not_a_number"), fails("Infinity", "not_a_number"),
		fails("- 5", "not_a_number"), fails("--5", "not_a_number"), fails("1.2.3", "not_a_number"), fails("true", "not_a_number"),
		fails("٣", "not_a_number"), fails("５", "not_a_number"), fails("−5", "not_a_number"), fails("5 €", "not_a_number"), fails("5\n6", "not_a_number"),
	})
}

func TestReadBoolean(t *testing.T) {
	t.Parallel()
	runReadCases(t, MergeTag{Type: MergeTagBoolean}, []readCase{
		fits("true", "true"), fits("TRUE", "true"), fits("Yes", "true"), fits("on", "true"), fits(" 1 ", "true"),
		fits("false", "false"), fits("No", "false"), fits("OFF", "false"), fits("0", "false"),
		{Given{Texts: []string{"0", "1"}}, "true", ""}, // a checkbox with its hidden field
		fails("2", "not_yes_or_no"), fails("y", "not_yes_or_no"), fails("1.0", "not_yes_or_no"), fails("maybe", "not_yes_or_no"), fails("ｏｎ", "not_yes_or_no"),
	})
}

func TestReadDate(t *testing.T) {
	t.Parallel()
	runReadCases(t, MergeTag{Type: MergeTagDate}, []readCase{
		fits("2026-11-23", "2026-11-23"), fits(" 2026-11-23 ", "2026-11-23"), fits("2024-02-29", "2024-02-29"), fits("0001-01-01", "0001-01-01"),
		fits("2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z"), fits("2026-11-23t10:00:00z", "2026-11-23T10:00:00Z"),
		fits("2026-11-23T23:30:00-05:00", "2026-11-24T04:30:00Z"), fits("2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00Z"),
		fits("2026-11-23T10:00:00.000Z", "2026-11-23T10:00:00Z"), fits("2026-11-23T10:00:00.250Z", "2026-11-23T10:00:00.25Z"),

		fails("2026-02-30", "no_such_day"), fails("2025-02-29", "no_such_day"), fails("2026-13-01", "no_such_day"), fails("2026-00-00", "no_such_day"),
		fits("2026-11-23 10:00:00Z", "2026-11-23T10:00:00Z"), fits("2026-11-23T10:00Z", "2026-11-23T10:00:00Z"), fits("2026-11-23 10:00z", "2026-11-23T10:00:00Z"),
		fits("2026-11-23T10:00:00+0000", "2026-11-23T10:00:00Z"), fits("2026-11-23T10:00:00+01", "2026-11-23T09:00:00Z"), fits("2026-11-23 10:00-0530", "2026-11-23T15:30:00Z"),
		fits("2026-11-23T10:00:00", "2026-11-23T10:00:00Z"), fits("2026-11-23 10:00", "2026-11-23T10:00:00Z"), fits("2026-11-23t10:00:00.5", "2026-11-23T10:00:00.5Z"), // in UTC here
		fails("2026-11-23T10:00.5Z", "not_a_date"), fails("2026-11-23  10:00Z", "not_a_date"), fails("2026-11-23T10:00:00+1", "not_a_date"), fails("2026-11-23T10:00:00+01:0", "not_a_date"),
		fails("2026-11-23T10:00:00+2400", "not_a_date"), fails("2026-11-23T10:00:00+01:60", "not_a_date"), fails("2026-11-23T10:00:60", "no_such_time"), fails("2026-11-23T24:00", "no_such_time"),
		fails("2026-1-2", "not_a_date"), fails("26-11-23", "not_a_date"), fails("23.11.2026", "not_a_date"), fails("11/23/2026", "not_a_date"),
		fails("2026-11-23T1:00:00Z", "not_a_date"), fails("2026-11-23T10:00:00,5Z", "not_a_date"), fails("2026-11-23T25:00:00Z", "no_such_time"),
		fails("2026-11-23T10:00:00+99:00", "not_a_date"), fails("2026-02-30T10:00:00Z", "no_such_day"), fails("9999-12-31T23:59:59-05:00", "no_such_day"),
		fails("0000-01-01T00:00:00+05:00", "no_such_day"), fails("1700000000", "not_a_date"), fails("today", "not_a_date"), fails("+2026-11-23", "not_a_date"),
		fails("２０２６-11-23", "not_a_date"), fails("2026-11-23\n2026-11-24", "not_a_date"),
	})
}

func TestReadSingleChoice(t *testing.T) {
	t.Parallel()
	runReadCases(t, MergeTag{Type: MergeTagSingle, Options: choices}, []readCase{
		fits("Small", "Small"), fits("sMALL", "Small"), fits(" large ", "Large"), fits("GRÖSSE, EIGENE", "Größe, eigene"), fits("gro\u0308ße, eigene", "Größe, eigene"),
		{Given{Texts: []string{"Small", "Large"}}, "Large", ""},
		fails("Small, Large", "not_a_choice"), fails("S", "not_a_choice"), fails("1", "not_a_choice"),
	})
	_, err := MergeTag{Type: MergeTagSingle, Options: append(choices, "None")}.Read(Text("\u202e purple "+x(50)), nil)
	if got, want := err.Error(), `"‹right-to-left override› purple `+x(31)+`…" is not one of the choices. They are: "Small", "Medium", "Large", "Größe, eigene", "Other" and 1 more.`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestReadMultipleChoice(t *testing.T) {
	t.Parallel()
	list := func(texts ...string) Given { return Given{Texts: texts, Shape: List} }
	form := func(texts ...string) Given { return Given{Texts: texts} }
	runReadCases(t, MergeTag{Type: MergeTagMultiple, Options: choices}, []readCase{
		fits("small", "Small"), fits("Large,Small", "Small\nLarge"), fits(" large , , small ,", "Small\nLarge"), fits("Small,small,SMALL", "Small"),
		fits("größe, eigene", "Größe, eigene"), fits("Other, größe, eigene, small", "Small\nGröße, eigene\nOther"), fits("Small\nLarge", "Small\nLarge"),
		{list("Large", "small"), "Small\nLarge", ""}, {list("Größe, eigene", "Small,Large"), "Small\nLarge\nGröße, eigene", ""}, {list("", "Small"), "Small", ""},
		{form("Large", "small"), "Small\nLarge", ""}, {form("", "Small"), "Small", ""}, {form("Small", ""), "Small", ""},
		fails("Small, purple", "not_a_choice"), fails("Größe", "not_a_choice"), fails("Größe,eigene", "not_a_choice"), {list("Small", "purple"), "", "not_a_choice"},
		fails(strings.Repeat("a,", 5001), "too_long"), {list(x(5000), x(5001)), "", "too_long"},
		fits(strings.Repeat("Small,", 1600), "Small"),
	})
	runReadCases(t, MergeTag{Type: MergeTagMultiple, Options: []string{"a", "b", "a,b", ",", "c,", ",d"}}, []readCase{
		fits("a,b", "a,b"), fits("b,a", "a\nb"), fits("a, b", "a\nb"), fits("a,a,b,b", "a\nb\na,b"), fits(",", ","), fits("c,", "c,"), fits("c,,,d", "c,\n,d"),
	})
	runReadCases(t, MergeTag{Type: MergeTagMultiple, Options: []string{"Vienna", "Austria", "Vienna, Austria", "Austria, Vienna, Graz"}}, []readCase{
		fits("Vienna, Austria", "Vienna, Austria"), fits(" VIENNA, austria\t", "Vienna, Austria"), fits("Vienna,Austria", "Vienna\nAustria"),
		fits("Austria, Vienna", "Vienna\nAustria"), fits("austria, vienna, graz", "Austria, Vienna, Graz"), fits("Vienna, Austria, Vienna", "Vienna\nVienna, Austria"),
		{list("Vienna, Austria"), "Vienna, Austria", ""}, {form("Vienna, Austria", "Austria"), "Austria\nVienna, Austria", ""},
	})
}

func TestReadCountry(t *testing.T) {
	t.Parallel()
	runReadCases(t, MergeTag{Type: MergeTagCountry}, []readCase{
		fits("DE", "DE"), fits("de", "DE"), fits(" dE ", "DE"), fits("DEU", "DE"), fits("Germany", "DE"), fits("GERMANY", "DE"),
		fits("US", "US"), fits("usa", "US"), fits("U.S.A.", "US"), fits("United States", "US"), fits("The United States of America", "US"),
		fits("GB", "GB"), fits("UK", "GB"), fits("United Kingdom", "GB"), fits("Great Britain", "GB"),
		fits("Côte d’Ivoire", "CI"), fits("Cote d'Ivoire", "CI"), fits("Ivory Coast", "CI"), fits("Bosnia and Herzegovina", "BA"), fits("bosnia & herzegovina", "BA"),
		fits("Saint Lucia", "LC"), fits("St. Lucia", "LC"), fits("ST", "ST"), fits("Myanmar (Burma)", "MM"), fits("Burma", "MM"), fits("Myanmar", "MM"),
		fits("Turkey", "TR"), fits("Türkiye", "TR"), fits("Czechia", "CZ"), fits("Czech Republic", "CZ"), fits("Swaziland", "SZ"), fits("Eswatini", "SZ"),
		fits("Macedonia", "MK"), fits("North Macedonia", "MK"), fits("Hong Kong", "HK"), fits("Hong Kong SAR China", "HK"), fits("Viet Nam", "VN"),
		fits("Guinea-Bissau", "GW"), fits("guinea bissau", "GW"), fits("Åland Islands", "AX"), fits("Aland Islands", "AX"), fits("Kosovo", "XK"),
		fits("Korea, Republic of", "KR"), fits("Netherlands (Kingdom of the)", "NL"), fits("Curaçao", "CW"), fits("Congo - Kinshasa", "CD"),
		fails("Deutschland", "not_a_country"), fails("XX", "not_a_country"), fails("ZZ", "not_a_country"), fails("EU", "not_a_country"), fails("UN", "not_a_country"),
		fails("SU", "not_a_country"), fails("DD", "not_a_country"), fails("AN", "not_a_country"), fails("Europe", "not_a_country"), fails("49", "not_a_country"), fails("276", "not_a_country"),
		fails("DE1", "not_a_country"), fails("DE!", "not_a_country"), fails("the", "not_a_country"), fails("-", "not_a_country"), fails("D", "not_a_country"),
	})
}

func TestCountries(t *testing.T) {
	t.Parallel()
	list := Countries()
	if got, want := len(list), 250; got != want {
		t.Errorf("got %d countries, want %d", got, want)
	}
	if got, want := list[0], (Country{"AF", "Afghanistan"}); got != want {
		t.Errorf("the first is %v, want %v", got, want)
	}
	if got, want := list[1].Name, "Åland Islands"; got != want {
		t.Errorf("the second is %s, want %s", got, want)
	}
	seen := map[string]bool{}
	for _, country := range list {
		if got, err := readCountry(country.Name); got != country.Code || err != nil {
			t.Errorf("%s reads as %q, %v, want %s", country.Name, got, err, country.Code)
		}
		if seen[country.Code] || seen[country.Name] || len(country.Code) != 2 {
			t.Errorf("%v stands in the list twice, or has no code", country)
		}
		seen[country.Code], seen[country.Name] = true, true
	}
	for name, code := range countryAliases {
		if CountryName(code) == code {
			t.Errorf("%s is an alias of %s, which is no country", name, code)
		}
		if got, err := readCountry(name); got != code || err != nil {
			t.Errorf("%s reads as %q, %v, want %s", name, got, err, code)
		}
	}
	list[0].Name = "changed"
	if Countries()[0].Name == "changed" {
		t.Error("the caller can change the list of others")
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("CEST", 2*60*60)
	tests := []struct {
		kind         MergeTagType
		stored, want string
	}{
		{MergeTagText, "1250", "1250"}, {MergeTagText, "", ""}, {MergeTagNumber, "", ""},
		{MergeTagNumber, "0", "0"}, {MergeTagNumber, "999", "999"}, {MergeTagNumber, "1250", "1,250"}, {MergeTagNumber, "-1250.50", "-1,250.50"},
		{MergeTagNumber, "-100", "-100"}, {MergeTagNumber, "123456.123456", "123,456.123456"}, {MergeTagNumber, "1234567", "1,234,567"}, {MergeTagNumber, "odd", "odd"},
		{MergeTagBoolean, "true", "Yes"}, {MergeTagBoolean, "false", "No"}, {MergeTagBoolean, "odd", "odd"},
		{MergeTagDate, "1990-05-02", "2 May 1990"}, {MergeTagDate, "2026-05-01T23:30:00Z", "2 May 2026, 01:30"}, {MergeTagDate, "odd", "odd"}, {MergeTagDate, "", ""},
		{MergeTagSingle, "Small", "Small"}, {MergeTagMultiple, "Small\nLarge", "Small, Large"}, {MergeTagMultiple, "Small, slim\nLarge", "“Small, slim”, Large"}, {MergeTagMultiple, "", ""},
		{MergeTagCountry, "DE", "Germany"}, {MergeTagCountry, "odd", "odd"},
	}
	for _, test := range tests {
		if got := (MergeTag{Type: test.kind}).Show(test.stored, berlin); got != test.want {
			t.Errorf("%s: Show(%q) = %q, want %q", test.kind, test.stored, got, test.want)
		}
	}
	if got, want := (MergeTag{Type: MergeTagDate}).Show("2026-05-01T23:30:00Z", nil), "1 May 2026, 23:30"; got != want {
		t.Errorf("without a time zone got %q, want %q", got, want)
	}
}

func FuzzMergeTagRead(f *testing.F) {
	for _, text := range []string{"1.50e-3", "-0", "2026-11-23T23:30:00-05:00", "Small, Größe, eigene", "Côte d’Ivoire", "YES", "\x00\xff", "c,,d\n,", "2026-03-29 02:30", "2026-01-15T10:30+01", "Korea, South", "United States (US)"} {
		f.Add(text, "")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		for _, kind := range MergeTagTypes {
			tag := MergeTag{Type: kind, Options: []string{"Small", "Größe, eigene", "a", "a,b", ",", "c,", ",d", "1", "ß,SS,ſ"}}
			stored, err := tag.Read(Given{Texts: []string{second, first}}, nil)
			if err != nil {
				if stored != "" || err.Error() == "" || !utf8.ValidString(err.Error()) {
					t.Errorf("%s: %q gives %q with the error %q", kind, first, stored, err)
				}
				continue
			}
			if again, err := tag.Read(Text(stored), nil); again != stored || err != nil {
				t.Errorf("%s: %q is stored as %q, which reads as %q, %v", kind, first, stored, again, err)
			}
			if !utf8.ValidString(stored) || strings.Contains(stored, "\x00") || stored != "" && IsBlank(stored) {
				t.Errorf("%s: %q is stored as %q", kind, first, stored)
			}
			tag.Show(stored, time.UTC)
		}
	})
}

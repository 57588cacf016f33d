package models

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// Country is a country or territory of ISO 3166-1, and Kosovo.
type Country struct {
	Code string // two capitals, such as "DE": the stored form
	Name string // in English
}

// Countries returns all countries in the order of their names. The caller may change the slice.
func Countries() []Country { return slices.Clone(countries().list) }

// CountryName returns the English name for a stored code, and any other text unchanged.
func CountryName(code string) string {
	if name, ok := countries().names[code]; ok {
		return name
	}
	return code
}

// readCountry reads an ISO code of two or three letters or an English name, ignoring case, and returns the two-letter
// code.
func readCountry(text string) (string, *ValueError) {
	if code, ok := countries().codes[countryKey(text)]; ok {
		return code, nil
	}
	return "", &ValueError{"not_a_country", "Not a country. It can be a code, such as DE, or an English name, such as Germany."}
}

type countryTable struct {
	list  []Country
	names map[string]string // by code
	codes map[string]string // by every code and name, as countryKey returns them
}

// countries is built on first use, which takes some milliseconds.
var countries = sync.OnceValue(func() countryTable {
	table := countryTable{names: map[string]string{}, codes: map[string]string{}}
	for first := 'A'; first <= 'Z'; first++ {
		for second := 'A'; second <= 'Z'; second++ {
			table.add(string(first) + string(second))
		}
	}
	for name, code := range countryAliases {
		table.codes[countryKey(name)] = code
	}
	slices.SortFunc(table.list, func(a, b Country) int { return strings.Compare(countryKey(a.Name), countryKey(b.Name)) })
	return table
})

// add adds the country of a code. It ignores codes of no country, of a former country or of a part of one.
func (table *countryTable) add(code string) {
	region, err := language.ParseRegion(code)
	if err != nil || !region.IsCountry() || region.Canonicalize().String() != code || notCountries[code] {
		return
	}
	name := display.English.Regions().Name(region)
	if name == "" {
		return
	}
	table.codes[countryKey(name)] = code
	if newer := countryRenamed[code]; newer != "" {
		name = newer
	}
	table.list = append(table.list, Country{code, name})
	table.names[code] = name
	for _, key := range []string{code, region.ISO3(), name} {
		table.codes[countryKey(key)] = code
	}
}

// countryKey returns the same text for all spellings of a country's name: letters without case and accents, "and" for
// "&", "saint" for "St.", without "the" and punctuation.
func countryKey(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsMark(r) || r == '\'' || r == '’' || r == '.' {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(strings.ReplaceAll(s, "&", " and ")))
	words := strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) || strings.ContainsRune(",()", r)
	})
	words = slices.DeleteFunc(words, func(word string) bool { return word == "the" })
	for i, word := range words {
		if word == "st" && len(words) > 1 {
			words[i] = "saint"
		}
	}
	return strings.Join(words, " ")
}

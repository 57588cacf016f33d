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

// readCountry reads an ISO code of two or three letters or an English name, ignoring case, and returns the two-letter code. Lists
// of countries also write "Korea, South", "Virgin Islands (British)", "United States (US)" and "Egypt, Arab Rep.".
func readCountry(text string) (string, *ValueError) {
	const longest = 200 // bytes; no name is as long
	if len(text) <= longest && countryKey(text) == "virgin islands" {
		return "", &ValueError{"not_a_country", "There are two: send VG for the British Virgin Islands, or VI for those of the United States."}
	}
	if len(text) <= longest {
		keys := []string{countryKey(text)}
		if last, first, found := cutFirst(text, ",("); found {
			keys = append(keys, countryKey(first+" "+last))
		}
		for _, read := range []func(key string) string{countryNamed, countryNamedFormally, countryNamedTwice} {
			for _, key := range keys {
				if code := read(key); code != "" {
					return code, nil
				}
			}
		}
	}
	return "", &ValueError{"not_a_country", "Not a country. It can be a code, such as DE, or an English name, such as Germany."}
}

// cutFirst cuts s around the first of the given characters.
func cutFirst(s, chars string) (before, after string, found bool) {
	i := strings.IndexAny(s, chars)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// countryNamed returns the country with a code or name as countryKey returns it; "" for none.
func countryNamed(key string) string { return countries().codes[key] }

// formalWords begin the formal names of states, such as the Islamic Republic of Mauritania.
var formalWords = map[string]bool{
	"republic": true, "kingdom": true, "state": true, "principality": true, "commonwealth": true, "sultanate": true, "union": true, "grand": true, "duchy": true,
	"federal": true, "federative": true, "democratic": true, "peoples": true, "socialist": true, "islamic": true, "arab": true, "hashemite": true, "independent": true, "eastern": true,
}

// countryNamedFormally reads a name after such words. China, Congo and Korea are the names of two states each, which only these words
// tell apart: their formal names are among the aliases.
func countryNamedFormally(key string) string {
	name := key
	for {
		word, rest, found := strings.Cut(name, " ")
		if !found || !formalWords[word] {
			break
		}
		name = rest
	}
	if name == key || name == "china" || name == "congo" || name == "korea" {
		return ""
	}
	return countryNamed(name)
}

// countryNamedTwice reads two names or codes of one country, as in "United States (US)" and "Eswatini (Swaziland)".
func countryNamedTwice(key string) string {
	for i := range len(key) {
		if code := countryNamed(key[:i]); key[i] == ' ' && code != "" && code == countryNamed(key[i+1:]) {
			return code
		}
	}
	return ""
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

// signs separates a sign or an abbreviation from the words around it.
var signs = strings.NewReplacer("&amp;", " & ", "&", " & ", "st.", "st ")

// fullWords are the words for which lists of countries have signs or abbreviations.
var fullWords = map[string]string{"&": "and", "st": "saint", "rep": "republic", "dem": "democratic"}

// countryKey returns the same text for all spellings of a country's name: letters without case and accents, "and" for
// "&", "saint" for "St.", without "the", "of" and punctuation.
func countryKey(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsMark(r) || strings.ContainsRune("'’‘`´.", r) {
			return -1
		}
		return r
	}, norm.NFD.String(signs.Replace(strings.ToLower(s))))
	words := strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) || strings.ContainsRune(",()/", r)
	})
	words = slices.DeleteFunc(words, func(word string) bool { return word == "the" || word == "of" })
	for i, word := range words {
		if full := fullWords[word]; full != "" && len(words) > 1 {
			words[i] = full
		}
	}
	return strings.Join(words, " ")
}

package models

import (
	"fmt"
	"slices"
	"strings"
)

// optionSeparator joins the options of a multiple choice in its stored form. CONTRACT: no option may contain it.
const optionSeparator = "\n"

// optionSet finds options by name, ignoring case.
type optionSet struct {
	options []string
	byName  map[string]int
	commas  []int // how many commas an option may contain, the largest number first
}

func newOptionSet(options []string) optionSet {
	set := optionSet{options: options, byName: make(map[string]int, len(options))}
	for i, option := range options {
		set.byName[optionName(option)] = i
		if n := strings.Count(option, ","); !slices.Contains(set.commas, n) {
			set.commas = append(set.commas, n)
		}
	}
	slices.SortFunc(set.commas, func(a, b int) int { return b - a })
	return set
}

// optionName returns the same text for all spellings of an option.
func optionName(s string) string { return TrimBlanks(Fold(s)) }

// readOne returns the option that text names, in its stored spelling.
func (set optionSet) readOne(text string) (string, *ValueError) {
	i, ok := set.byName[optionName(text)]
	if !ok {
		return "", set.unknown(text)
	}
	return set.options[i], nil
}

// readSeveral returns the distinct options that texts name, in the options' order, joined as stored. A text may name
// several, separated by commas or line feeds; blank names are ignored.
func (set optionSet) readSeveral(texts []string) (string, *ValueError) {
	chosen := make([]bool, len(set.options))
	for _, text := range texts {
		for line := range strings.SplitSeq(text, optionSeparator) {
			if err := set.choose(line, chosen); err != nil {
				return "", err
			}
		}
	}
	var names []string
	for i, option := range set.options {
		if chosen[i] {
			names = append(names, option)
		}
	}
	return strings.Join(names, optionSeparator), nil
}

// choose marks the options that line names. If options contain commas themselves, the longest match wins.
func (set optionSet) choose(line string, chosen []bool) *ValueError {
	pieces := strings.Split(Fold(line), ",")
	for at := 0; at < len(pieces); {
		i, commas, ok := set.longest(pieces[at:])
		switch {
		case ok:
			chosen[i] = true
		case !IsBlank(pieces[at]):
			return set.unknown(strings.Split(line, ",")[at])
		}
		at += commas + 1
	}
	return nil
}

// longest returns the longest option that the first pieces name, including the commas between them, and how many commas it
// contains.
func (set optionSet) longest(pieces []string) (option, commas int, ok bool) {
	for _, commas := range set.commas {
		if commas >= len(pieces) {
			continue
		}
		if i, ok := set.byName[TrimBlanks(strings.Join(pieces[:commas+1], ","))]; ok {
			return i, commas, true
		}
	}
	return 0, 0, false
}

// NotAChoice is what the message of a *ValueError with the code not_a_choice says.
const NotAChoice = "not one of the choices"

// unknown returns the error that text names no option. It lists the options, in quotation marks if one has a comma.
func (set optionSet) unknown(text string) *ValueError {
	const shown = 5
	names := slices.Clone(set.options[:min(len(set.options), shown)])
	if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, ",") }) {
		for i, name := range names {
			names[i] = `"` + name + `"`
		}
	}
	are := strings.Join(names, ", ")
	if more := len(set.options) - shown; more > 0 {
		are += fmt.Sprintf(" and %d more", more)
	}
	return &ValueError{"not_a_choice", fmt.Sprintf(`"%s" is %s. They are: %s.`, NameInvisible(Shorten(ValidText(text), 40)), NotAChoice, are)}
}

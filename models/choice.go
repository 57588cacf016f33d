package models

import (
	"fmt"
	"slices"
	"strings"
)

// optionSeparator joins the options of a multiple choice in its stored form. CONTRACT: no option may contain it.
const optionSeparator = "\n"

// optionSet finds options by name without case.
type optionSet struct {
	options []string
	byName  map[string]int
	commas  []int // how many commas an option may hold, the most first
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

// optionName returns what two spellings of one option have in common.
func optionName(s string) string { return TrimBlanks(Fold(s)) }

// readOne returns the one option that text names, in its own spelling.
func (set optionSet) readOne(text string) (string, *ValueError) {
	i, ok := set.byName[optionName(text)]
	if !ok {
		return "", set.unknown(text)
	}
	return set.options[i], nil
}

// readSeveral returns the options that texts name, each once, in the options' order, joined as they are stored. A text
// may name several, separated by commas or line feeds; blanks between them name none.
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

// choose marks the options that line names. Where an option holds commas itself, the longest one that fits is meant.
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

// longest returns the option that the first of pieces name, the commas between them included, and how many commas these are.
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

// unknown says that text names no option, and which there are.
func (set optionSet) unknown(text string) *ValueError {
	const shown = 5
	are := strings.Join(set.options[:min(len(set.options), shown)], ", ")
	if more := len(set.options) - shown; more > 0 {
		are += fmt.Sprintf(" and %d more", more)
	}
	return &ValueError{"not_a_choice", fmt.Sprintf(`"%s" is not one of the choices. They are: %s.`, Shorten(CleanName(text), 40), are)}
}

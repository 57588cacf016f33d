package models

import (
	"strings"
	"time"
)

// Show returns a stored value as people read it: "1,250", "Yes", "2 May 1990", a country by its name, choices with
// commas between them, one that holds a comma itself in quotation marks. An instant is shown in the time zone where; nil
// is UTC. A value that is not in its stored form is shown as it is.
func (m MergeTag) Show(stored string, where *time.Location) string {
	if where == nil {
		where = time.UTC
	}
	switch m.Type {
	case MergeTagNumber:
		if number, err := readNumber(stored); err == nil {
			return groupThousands(number)
		}
	case MergeTagBoolean:
		switch stored {
		case "true":
			return "Yes"
		case "false":
			return "No"
		}
	case MergeTagDate:
		return showDate(stored, where)
	case MergeTagMultiple:
		return showChoices(strings.Split(stored, optionSeparator))
	case MergeTagCountry:
		return CountryName(stored)
	}
	return stored
}

// showChoices names choices so that one with a comma does not read as two.
func showChoices(choices []string) string {
	for i, choice := range choices {
		if strings.Contains(choice, ",") {
			choices[i] = "“" + choice + "”"
		}
	}
	return strings.Join(choices, ", ")
}

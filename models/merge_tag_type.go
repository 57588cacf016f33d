package models

import (
	"strings"
	"time"
)

// MergeTagType says how to read and store the values of a merge tag.
type MergeTagType string

// The types of a merge tag. A tag's type never changes.
const (
	MergeTagText     MergeTagType = "text"
	MergeTagNumber   MergeTagType = "number"
	MergeTagBoolean  MergeTagType = "boolean"
	MergeTagDate     MergeTagType = "date"
	MergeTagSingle   MergeTagType = "dropdown_single"
	MergeTagMultiple MergeTagType = "dropdown_multiple"
	MergeTagCountry  MergeTagType = "country"
)

// mergeTagType has everything that this package knows of one type.
type mergeTagType struct {
	MergeTagType
	name    string // as people read it
	field   string // as it reads before the word "field"
	options bool   // values are chosen from a list
	several bool   // a value may be a list

	// read returns the stored form of texts, of which at least one is not blank. There is one text unless the type takes several.
	// A time without a zone is in the zone where.
	read func(m MergeTag, texts []string, where *time.Location) (stored string, wrong *ValueError)
	// show returns a stored value as people read it. It is nil if that is the stored form.
	show func(stored string, where *time.Location) string
}

// mergeTagTypes has a row for each type, in the order in which people choose.
var mergeTagTypes = []mergeTagType{
	{MergeTagText, "Text", "text", false, false, readLines, nil},
	{MergeTagNumber, "Number", "number", false, false, readTrimmed(readNumber), showNumber},
	{MergeTagBoolean, "Yes or no", "yes-or-no", false, false, readTrimmed(readBoolean), showBoolean},
	{MergeTagDate, "Date", "date", false, false, readDates, showDate},
	{MergeTagSingle, "Single choice", "single choice", true, false, readChoice, nil},
	{MergeTagMultiple, "Multiple choice", "multiple choice", true, true, readChoices, showChoices},
	{MergeTagCountry, "Country", "country", false, false, readTrimmed(readCountry), func(code string, _ *time.Location) string { return CountryName(code) }},
}

// MergeTagTypes lists every type in the order of the menus.
var MergeTagTypes = func() (all []MergeTagType) {
	for _, row := range mergeTagTypes {
		all = append(all, row.MergeTagType)
	}
	return all
}()

// row returns what is known of the type. A type that is not known reads as a text, and has no name.
func (t MergeTagType) row() *mergeTagType {
	for i := range mergeTagTypes {
		if mergeTagTypes[i].MergeTagType == t {
			return &mergeTagTypes[i]
		}
	}
	return &mergeTagType{field: string(t), read: readLines}
}

// Name returns the type as pages show it: "Yes or no".
func (t MergeTagType) Name() string { return t.row().name }

// Valid reports whether t is one of the types.
func (t MergeTagType) Valid() bool { return t.Name() != "" }

// HasOptions reports whether values of the type are chosen from a list.
func (t MergeTagType) HasOptions() bool { return t.row().options }

// readTrimmed makes the read function of a type from one that reads a text without blanks around it.
func readTrimmed(read func(text string) (string, *ValueError)) func(MergeTag, []string, *time.Location) (string, *ValueError) {
	return func(_ MergeTag, texts []string, _ *time.Location) (string, *ValueError) {
		return read(TrimBlanks(texts[0]))
	}
}

func readDates(_ MergeTag, texts []string, where *time.Location) (string, *ValueError) {
	return readDate(TrimBlanks(texts[0]), where)
}

func readLines(_ MergeTag, texts []string, _ *time.Location) (string, *ValueError) {
	return OneLineEnd(texts[0]), nil
}

// readBoolean reads the words that stand for yes and no, without case.
func readBoolean(text string) (string, *ValueError) {
	switch LowerASCII(text) {
	case "true", "yes", "on", "1":
		return "true", nil
	case "false", "no", "off", "0":
		return "false", nil
	}
	return "", &ValueError{"not_yes_or_no", "Neither yes nor no. It can be true or false, yes or no, on or off, 1 or 0."}
}

func readChoice(m MergeTag, texts []string, _ *time.Location) (string, *ValueError) {
	return newOptionSet(m.Options).readOne(TrimBlanks(texts[0]))
}

func readChoices(m MergeTag, texts []string, _ *time.Location) (string, *ValueError) {
	return newOptionSet(m.Options).readSeveral(texts)
}

func showNumber(stored string, _ *time.Location) string {
	if number, err := readNumber(stored); err == nil {
		return groupThousands(number)
	}
	return stored
}

func showBoolean(stored string, _ *time.Location) string {
	switch stored {
	case "true":
		return "Yes"
	case "false":
		return "No"
	}
	return stored
}

// showChoices joins choices so that one with a comma does not look like two.
func showChoices(stored string, _ *time.Location) string {
	choices := strings.Split(stored, optionSeparator)
	for i, choice := range choices {
		if strings.Contains(choice, ",") {
			choices[i] = "“" + choice + "”"
		}
	}
	return strings.Join(choices, ", ")
}

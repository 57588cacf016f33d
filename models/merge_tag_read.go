package models

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxValueCharacters counts code points, as the databases do. CONTRACT "What each type does".
const maxValueCharacters = 10_000

// ValueError says why a value does not fit its merge tag. Code is stable; Message is a sentence for support staff, and
// may quote what was sent.
type ValueError struct {
	Code    string
	Message string
}

func (e *ValueError) Error() string { return e.Message }

// Read returns the stored form of a value that somebody gave for the merge tag, or "" and no error when it counts as
// not given: null, empty or blank. The error is a *ValueError and says why the value does not fit. A stored form reads
// as itself. CONTRACT: all types read alike in every encoding.
func (m MergeTag) Read(g Given) (stored string, err error) {
	stored, wrong := m.read(g)
	if wrong != nil {
		return "", wrong
	}
	return stored, nil
}

func (m MergeTag) read(g Given) (string, *ValueError) {
	several := m.Type == MergeTagMultiple
	switch {
	case g.Shape == Null:
		return "", nil
	case g.Shape == Nested:
		return "", &ValueError{"nested", "Nested data cannot be kept in a " + m.Type.fieldName() + " field."}
	case g.Shape == List && !several:
		return "", &ValueError{"list", "A list cannot be kept in a " + m.Type.fieldName() + " field."}
	}
	texts := g.Texts
	if !several {
		texts = []string{g.Last()}
	}
	characters, blank := 0, true
	for _, text := range texts {
		characters += utf8.RuneCountInString(text)
		blank = blank && IsBlank(ValidText(text))
	}
	if blank {
		return "", nil
	}
	if characters > maxValueCharacters {
		return "", &ValueError{"too_long", "Too long. At most 10,000 characters can be kept, and this has " + groupThousands(strconv.Itoa(characters)) + "."}
	}
	if several {
		return newOptionSet(m.Options).readSeveral(texts)
	}
	return m.readText(ValidText(texts[0]))
}

// readText reads one text that is not blank.
func (m MergeTag) readText(text string) (string, *ValueError) {
	trimmed := TrimBlanks(text)
	switch m.Type {
	case MergeTagNumber:
		return readNumber(trimmed)
	case MergeTagBoolean:
		return readBoolean(trimmed)
	case MergeTagDate:
		return readDate(trimmed)
	case MergeTagSingle:
		return newOptionSet(m.Options).readOne(trimmed)
	case MergeTagCountry:
		return readCountry(trimmed)
	}
	return lineEnds.Replace(text), nil
}

// lineEnds gives a text the one stored form of line ends, whatever wrote it: a sender, a browser or a file.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// fieldName returns the type as it reads before the word "field".
func (t MergeTagType) fieldName() string {
	if t == MergeTagBoolean {
		return "yes-or-no"
	}
	return strings.ToLower(t.Name())
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

package models

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// maxValueCharacters counts code points, as the databases do. CONTRACT "What each type does".
const maxValueCharacters = 10_000

// ValueError says why a value does not fit its merge tag. Code is stable; Message is a sentence for support staff and
// may quote the input.
type ValueError struct {
	Code    string
	Message string
}

func (e *ValueError) Error() string { return e.Message }

// Read returns the stored form of a value for the merge tag, or "" and no error if it counts as not given: null, empty
// or blank. The error is a *ValueError that says why the value does not fit. A stored form reads as itself. CONTRACT:
// all types read alike in every encoding. A time without a zone is in the zone where; nil is UTC.
func (m MergeTag) Read(g Given, where *time.Location) (stored string, err error) {
	stored, wrong := m.read(g, where)
	if wrong != nil {
		return "", wrong
	}
	return stored, nil
}

func (m MergeTag) read(g Given, where *time.Location) (string, *ValueError) {
	row := m.Type.row()
	switch {
	case g.Shape == Null:
		return "", nil
	case g.Shape == File:
		return "", &ValueError{"file", "It came as a file. Send it as a text."}
	case g.Shape == Nested:
		return "", &ValueError{"nested", "Nested data cannot be kept in a " + row.field + " field."}
	case g.Shape == List && !row.several && !g.OneOfList():
		return "", &ValueError{"list", "A list cannot be kept in a " + row.field + " field."}
	}
	texts := g.Texts
	if !row.several {
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
	if !row.several {
		texts[0] = ValidText(texts[0])
	}
	return row.read(m, texts, where)
}

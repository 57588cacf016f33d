package rule

import (
	"bytes"
	"strings"

	"campaignlark/models"
)

// textTest compares stored texts with folded texts. It folds a stored text without allocating if that is short ASCII, as
// nearly all are, because it runs millions of times.
type textTest struct {
	how  Operator // Is and In: equal, ignoring blanks at the ends; Contains, StartsWith, EndsWith: with blanks
	want []byte
	all  map[string]bool // for In
}

// newTextTest returns the test of an operator with its values; false if the operator has none.
func newTextTest(o Operator, values []string) (textTest, bool) {
	t := textTest{how: o, all: map[string]bool{}}
	for _, value := range values {
		if o == Is || o == In {
			value = models.TrimBlanks(value)
		}
		value = models.Fold(value)
		t.want, t.all[value] = []byte(value), true
	}
	switch o {
	case Is, In, Contains, StartsWith, EndsWith:
		return t, len(t.want) > 0
	}
	return t, false
}

func (t *textTest) match(stored string) bool {
	var space [128]byte
	text, ok := foldASCII(space[:], stored, t.how == Is || t.how == In)
	if !ok {
		if t.how == Is || t.how == In {
			stored = models.TrimBlanks(stored)
		}
		text = []byte(models.Fold(stored))
	}
	switch t.how {
	case Is:
		return bytes.Equal(text, t.want)
	case In:
		return t.all[string(text)]
	case StartsWith:
		return bytes.HasPrefix(text, t.want)
	case EndsWith:
		return bytes.HasSuffix(text, t.want)
	}
	return bytes.Contains(text, t.want)
}

// foldASCII folds a text into space, and removes blanks at its ends if trim is set. It returns false for a text that is
// not ASCII or too long.
func foldASCII(space []byte, text string, trim bool) ([]byte, bool) {
	if trim {
		for text != "" && isBlankASCII(text[0]) {
			text = text[1:]
		}
		for text != "" && isBlankASCII(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
	}
	if len(text) > len(space) {
		return nil, false
	}
	for i := range len(text) {
		c := text[i]
		if c >= 0x80 {
			return nil, false
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		space[i] = c
	}
	return space[:len(text)], true
}

func isBlankASCII(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// choiceTest compares the options of a stored multiple choice with those of a rule, ignoring case.
type choiceTest struct {
	how   Operator // HasAny, HasAll, or Is: exactly these
	names [][]byte
	index map[string]int // of names, used if there are more than fewChoices
}

// fewChoices is up to how many names a linear search is faster than the map.
const fewChoices = 8

func newChoiceTest(o Operator, values []string) (*choiceTest, bool) {
	t := &choiceTest{how: o, index: map[string]int{}}
	for _, value := range values {
		name := models.Fold(models.TrimBlanks(value))
		if _, known := t.index[name]; !known {
			t.index[name], t.names = len(t.names), append(t.names, []byte(name))
		}
	}
	return t, len(t.index) > 0 && len(t.index) <= maxChoices && (o == HasAny || o == HasAll || o == Is)
}

// maxChoices is the most options in a condition: a merge tag has no more.
const maxChoices = 256

func (t *choiceTest) match(stored string) bool {
	var seen [maxChoices / 64]uint64
	found, others := 0, false
	for more := true; more; {
		var option string
		option, stored, more = strings.Cut(stored, "\n")
		i, known := t.find(option)
		switch {
		case !known:
			others = true
		case t.how == HasAny:
			return true
		case seen[i/64]&(1<<(i%64)) == 0:
			seen[i/64] |= 1 << (i % 64)
			found++
		}
	}
	return t.how != HasAny && found == len(t.names) && !(t.how == Is && others)
}

func (t *choiceTest) find(option string) (index int, known bool) {
	var space [128]byte
	name, ok := foldASCII(space[:], option, true)
	if !ok {
		name = []byte(models.Fold(models.TrimBlanks(option)))
	}
	if len(t.names) > fewChoices {
		index, known = t.index[string(name)]
		return index, known
	}
	for i := range t.names {
		if bytes.Equal(t.names[i], name) {
			return i, true
		}
	}
	return 0, false
}

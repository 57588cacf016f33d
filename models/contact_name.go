package models

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A contact's name is in the merge tags with these keys.
const (
	keyFirstName = "first_name"
	keyLastName  = "last_name"
	keyName      = "name"
)

// NameKeys are the keys of the merge tags with a contact's name.
var NameKeys = []string{keyFirstName, keyLastName, keyName}

// ContactName returns a contact's name on one line: its first and last name, or else its name; "" if it has none. fields are its
// values by merge tag key.
func ContactName(fields map[string]string) string {
	if name := oneLine(fields[keyFirstName] + " " + fields[keyLastName]); name != "" {
		return name
	}
	return oneLine(fields[keyName])
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

const (
	// MaxNameWords is how many words of a name the search knows.
	MaxNameWords = 8
	maxWordBytes = 40  // of each word; longer ones are cut
	maxNameRead  = 500 // bytes of each value that are read
)

// NameWords returns the words of a contact's name as the search compares them, each once, sorted, at most MaxNameWords.
func NameWords(fields map[string]string) []string {
	var words []string
	for _, key := range NameKeys {
		words = appendWords(words, fields[key])
	}
	return firstWords(words)
}

// SearchWords returns the words of a search for names, as NameWords returns those of a name. A contact matches if each of them is
// the beginning of a word of its name.
func SearchWords(text string) []string { return firstWords(appendWords(nil, text)) }

// PlainWords returns the words of a text in their order, in small letters and without accents.
func PlainWords(text string) []string { return appendWords(nil, text) }

func firstWords(words []string) []string {
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), MaxNameWords)]
}

// appendWords appends the words of text in small letters and without accents: "Zoë O’Brien-Łuczak" has zoe, obrien and luczak.
func appendWords(words []string, text string) []string {
	if text == "" {
		return words
	}
	if len(text) > maxNameRead {
		text = strings.ToValidUTF8(text[:maxNameRead], "")
	}
	var word []byte
	end := func() {
		if len(word) > 0 {
			words = append(words, cutWord(norm.NFC.String(string(word))))
		}
		word = word[:0]
	}
	for _, r := range norm.NFKD.String(latinLetters.Replace(strings.ToLower(text))) {
		switch {
		case unicode.IsLetter(r), unicode.IsNumber(r), unicode.Is(unicode.Mc, r):
			word = utf8.AppendRune(word, unicode.ToLower(r))
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), r == '\'', r == '’': // accents, joiners and apostrophes are inside words
		default:
			end()
		}
	}
	end()
	return words
}

// cutWord cuts a word to at most maxWordBytes.
func cutWord(word string) string {
	if len(word) <= maxWordBytes {
		return word
	}
	return strings.ToValidUTF8(word[:maxWordBytes], "")
}

// HasName reports whether a contact with these fields may have a name.
func HasName(fields map[string]string) bool {
	return slices.ContainsFunc(NameKeys, func(key string) bool { return fields[key] != "" })
}

// SameName reports whether two contacts' fields have the same name.
func SameName(a, b map[string]string) bool {
	return !slices.ContainsFunc(NameKeys, func(key string) bool { return a[key] != b[key] })
}

// NameChange returns the words that a name loses and gains when a contact's fields change; nil fields are those of no contact.
func NameChange(before, after map[string]string) (lost, gained []string) {
	if SameName(before, after) {
		return nil, nil
	}
	had, has := NameWords(before), NameWords(after)
	return without(had, has), without(has, had)
}

// without returns the words that are not among others.
func without(words, others []string) (rest []string) {
	for _, word := range words {
		if !slices.Contains(others, word) {
			rest = append(rest, word)
		}
	}
	return rest
}

// ContactWord is one word of a contact's name, in the index of the search.
type ContactWord struct {
	WorkspaceID int64
	Word        string
	ContactID   int64
}

// UnindexedNames are contacts that a batch of calls created in a workspace, and that the search does not find by their names yet.
type UnindexedNames struct {
	WorkspaceID int64
	ID          int64  `gorm:"primaryKey"`
	ContactIDs  []byte // 8 bytes each, big-endian
}

// Add adds a contact.
func (n *UnindexedNames) Add(contact int64) {
	n.ContactIDs = binary.BigEndian.AppendUint64(n.ContactIDs, uint64(contact))
}

// Contacts returns the contacts' ids.
func (n UnindexedNames) Contacts() (ids []int64) {
	for rest := n.ContactIDs; len(rest) >= 8; rest = rest[8:] {
		ids = append(ids, int64(binary.BigEndian.Uint64(rest)))
	}
	return ids
}

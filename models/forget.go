package models

import (
	"strings"
	"time"
	"unicode"
)

// ForgetSpec is the spec of a JobForget: people who were erased, as numbers from AddressKey. The mark is no copy of an address.
type ForgetSpec struct {
	AddressKeys []int64 `json:"Whos"` // the key is older than the name of the field
}

// ForgetAt is when the files are searched for people who are erased at a moment: a little later, so that one search serves
// those who are erased together.
func ForgetAt(at time.Time) time.Time { return Instant(at).Add(3 * time.Second) }

// AddressKeys are people of one workspace by their numbers from AddressKey.
type AddressKeys struct {
	workspaceID int64
	set         map[int64]bool
}

// NewAddressKeys makes a set of people of a workspace.
func NewAddressKeys(workspaceID int64, keys ...int64) AddressKeys {
	people := AddressKeys{workspaceID, map[int64]bool{}}
	people.Add(keys...)
	return people
}

// Add adds people.
func (w AddressKeys) Add(keys ...int64) {
	for _, key := range keys {
		w.set[key] = true
	}
}

// Empty reports whether nobody is in the set.
func (w AddressKeys) Empty() bool { return len(w.set) == 0 }

// Named reports whether a text is the address of one of the people, or holds it among other words.
func (w AddressKeys) Named(text string) bool {
	if w.Empty() || strings.IndexFunc(text, isAt) < 0 {
		return false
	}
	if w.has(text) {
		return true
	}
	found := false
	eachAddress(ValidText(text), func(from, to int, address string) { found = found || w.has(address) })
	return found
}

func (w AddressKeys) has(address string) bool {
	email, err := ReadEmail(address)
	return err == nil && w.set[AddressKey(w.workspaceID, email)]
}

func isAt(r rune) bool { return r == '@' }

// eachAddress calls fn with everything in text that looks like an address, and where it stands. The letters that may
// begin one but more often stand before it, such as an apostrophe, are taken both ways.
func eachAddress(text string, fn func(from, to int, address string)) {
	for at, r := range text {
		if !isAt(r) {
			continue
		}
		from := strings.LastIndexFunc(text[:at], func(r rune) bool { return !inLocal(r) }) + 1
		if from > 0 { // after the whole character
			for from < at && !isStart(text[from]) {
				from++
			}
		}
		to := len(text)
		if end := strings.IndexFunc(text[at+1:], func(r rune) bool { return !inDomain(r) }); end >= 0 {
			to = at + 1 + end
		}
		to -= len(text[at+1:to]) - len(strings.TrimRight(text[at+1:to], ".-"))
		for from < at {
			fn(from, to, text[from:to])
			next := strings.IndexAny(text[from:at], "!#$%&'*/=?^`{|}~")
			if next < 0 {
				break
			}
			from += next + 1
		}
	}
}

// isStart reports whether a character begins with this byte.
func isStart(b byte) bool { return b&0xC0 != 0x80 }

func inLocal(r rune) bool {
	return r != '@' && (r == '.' || isAtom(string(r)) || unicode.IsMark(r))
}

func inDomain(r rune) bool {
	return r == '.' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// WithoutAddresses returns a text for what outlives a person, such as the audit log, in which "…@" stands in place of
// each address. The domain goes too: one of a person's own names the person.
func WithoutAddresses(text string) string {
	var out strings.Builder
	done := 0
	eachAddress(text, func(from, to int, _ string) {
		at := from + strings.IndexByte(text[from:to], '@')
		switch {
		case to == at+1:
		case from >= done:
			out.WriteString(text[done:from] + "…@")
			done = to
		default: // grown together with the one before
			done = max(done, to)
		}
	})
	return out.String() + text[done:]
}

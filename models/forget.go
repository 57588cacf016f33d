package models

import (
	"strings"
	"time"
	"unicode"
)

// ForgetSpec is the spec of a JobForget: the AddressKeys of erased people, which are not copies of their addresses.
type ForgetSpec struct {
	AddressKeys []int64 `json:"Whos"` // the key is older than the name of the field
}

// ForgetAt returns when to search the files for people erased at a moment: a little later, so that one search serves
// everyone erased together.
func ForgetAt(at time.Time) time.Time { return Instant(at).Add(3 * time.Second) }

// AddressKeys is a set of people of one workspace, by address key.
type AddressKeys struct {
	workspaceID int64
	set         map[int64]bool
}

func NewAddressKeys(workspaceID int64, keys ...int64) AddressKeys {
	people := AddressKeys{workspaceID, map[int64]bool{}}
	people.Add(keys...)
	return people
}

func (w AddressKeys) Add(keys ...int64) {
	for _, key := range keys {
		w.set[key] = true
	}
}

// Empty reports whether the set is empty.
func (w AddressKeys) Empty() bool { return len(w.set) == 0 }

// Named reports whether a text is the address of one of the people or contains it.
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

// HoldsEmail reports whether a text is an address or contains it, in any spelling. email is the address in its stored form.
func HoldsEmail(text, email string) (holds bool) {
	same := func(address string) bool {
		read, err := ReadEmail(address)
		return err == nil && read == email
	}
	if strings.IndexFunc(text, isAt) < 0 {
		return false
	}
	eachAddress(ValidText(text), func(from, to int, address string) { holds = holds || same(address) })
	return holds || same(text)
}

func isAt(r rune) bool { return r == '@' }

// eachAddress calls fn with everything in text that looks like an address, and its position. Characters that may start
// an address but usually stand before it, such as an apostrophe, are tried both ways.
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

// isStart reports whether a character starts with this byte.
func isStart(b byte) bool { return b&0xC0 != 0x80 }

func inLocal(r rune) bool {
	return r != '@' && (r == '.' || isAtom(string(r)) || unicode.IsMark(r))
}

func inDomain(r rune) bool {
	return r == '.' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// WithoutAddresses replaces each address in a text with "…@", for texts that outlive a person, such as the audit log.
// It removes the domain too, because a personal domain identifies the person.
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
		default: // overlaps the one before
			done = max(done, to)
		}
	})
	return out.String() + text[done:]
}

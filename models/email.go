package models

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// The errors of an address, in the order in which the endpoint checks it (CONTRACT "Order of checks" 3 and 4).
var (
	ErrEmailMissing = errors.New("no e-mail address was given")
	ErrEmailInvalid = errors.New("the e-mail address is not valid")
)

const (
	maxEmailBytes = 254
	maxLocalBytes = 64
	maxLabelBytes = 63

	// MaxRawEmail keeps long texts away from IDNA. Every valid address is much shorter, even decomposed and in
	// four-byte letters.
	MaxRawEmail = 4096
)

// ReadEmail reads an address as written and returns the form that is stored and compared: the local part in NFC, the
// domain in ASCII form, ASCII letters in lower case, at most 254 bytes. The error is ErrEmailMissing for an empty or
// blank text and ErrEmailInvalid for any other invalid one. CONTRACT "The address".
func ReadEmail(raw string) (stored string, err error) {
	if !utf8.ValidString(raw) || len(raw) > MaxRawEmail && !IsBlank(raw) {
		return "", ErrEmailInvalid
	}
	raw = TrimBlanks(raw)
	if raw == "" {
		return "", ErrEmailMissing
	}
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return "", ErrEmailInvalid
	}
	local, ok := readLocalPart(raw[:at])
	if !ok {
		return "", ErrEmailInvalid
	}
	domain, ok := readDomain(raw[at+1:])
	if !ok {
		return "", ErrEmailInvalid
	}
	stored = local + "@" + domain
	if len(stored) > maxEmailBytes {
		return "", ErrEmailInvalid
	}
	return stored, nil
}

// ReadFormEmail is ReadEmail for a query string or a urlencoded form, where a plus sign that was not escaped arrives as
// a space. If the local part has exactly one space inside, it reads it as "+".
func ReadFormEmail(raw string) (stored string, err error) {
	stored, err = ReadEmail(raw)
	if err != ErrEmailInvalid {
		return stored, err
	}
	trimmed := TrimBlanks(raw)
	at := strings.LastIndexByte(trimmed, '@')
	if at < 0 || strings.Count(trimmed[:at], " ") != 1 || trimmed[at-1] == ' ' {
		return "", ErrEmailInvalid
	}
	return ReadEmail(strings.Replace(trimmed, " ", "+", 1))
}

// ShowEmail returns a stored address for people: with the domain in its own script. The result reads back as the same
// stored address.
func ShowEmail(stored string) string {
	at := strings.LastIndexByte(stored, '@')
	if at < 0 || !strings.Contains(stored[at:], "xn--") {
		return stored
	}
	domain, err := idna.Lookup.ToUnicode(stored[at+1:])
	if err != nil {
		return stored
	}
	shown := stored[:at+1] + domain
	if again, err := ReadEmail(shown); err != nil || again != stored {
		return stored
	}
	return shown
}

// readLocalPart returns the stored form of the part before the "@", and whether it is a dot-atom.
func readLocalPart(raw string) (string, bool) {
	for _, r := range raw {
		if becomesASCII(r) {
			return "", false
		}
	}
	local := LowerASCII(norm.NFC.String(raw))
	if len(local) > maxLocalBytes {
		return "", false
	}
	for atom := range strings.SplitSeq(local, ".") {
		if !isAtom(atom) {
			return "", false
		}
	}
	return local, true
}

// becomesASCII reports whether NFC turns r into an ASCII character, as the Kelvin sign into K. Such an address could
// not be told apart from another person's, so it is refused.
func becomesASCII(r rune) bool {
	return r >= utf8.RuneSelf && norm.NFC.String(string(r))[0] < utf8.RuneSelf
}

// isAtom reports whether s is one or more of the characters RFC 5322 allows in an atom, or letters of any script. A
// combining mark counts as part of the letter before it.
func isAtom(s string) bool {
	letter := false
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if !isASCIILetterOrDigit(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r) {
				return false
			}
			letter = unicode.IsLetter(r)
		case isInvisible(r):
			return false
		case unicode.IsLetter(r):
			letter = true
		case !unicode.IsMark(r) || !letter:
			return false
		}
	}
	return s != ""
}

// ReadDomain reads the part after the "@" of an address, with or without the "@", and returns its form in stored
// addresses; false if it is not a domain.
func ReadDomain(raw string) (domain string, ok bool) {
	if !utf8.ValidString(raw) || len(raw) > MaxRawEmail {
		return "", false
	}
	return readDomain(strings.TrimPrefix(TrimBlanks(raw), "@"))
}

// ShowDomain returns the domain of a stored address for people.
func ShowDomain(stored string) string { return strings.TrimPrefix(ShowEmail("x@"+stored), "x@") }

// readDomain returns the ASCII form of the part after the "@", and whether it is a domain name of two or more labels.
func readDomain(raw string) (string, bool) {
	domain := LowerASCII(raw)
	if !IsASCII(domain) {
		var ok bool
		if domain, ok = asciiDomain(domain); !ok {
			return "", false
		}
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return "", false
		}
	}
	last := labels[len(labels)-1]
	return domain, len(labels) > 1 && strings.Trim(last, "0123456789") != ""
}

// asciiDomain converts a domain with non-ASCII letters. It converts twice: if a second run changes or refuses the
// result, two spellings of one address would be stored differently.
func asciiDomain(raw string) (string, bool) {
	for _, r := range raw {
		if !mayStandInDomain(r) {
			return "", false
		}
	}
	once, err := idna.Lookup.ToASCII(raw)
	if err != nil || !IsASCII(once) {
		return "", false
	}
	twice, err := idna.Lookup.ToASCII(once)
	return once, err == nil && twice == once
}

// mayStandInDomain reports whether r is a letter, a mark, a digit, or one of a few others that IDNA knows: the joiners
// and the middle dot of words that need them, and the full stops of East Asian keyboards. IDNA alone would accept
// symbols and silently drop invisible characters.
func mayStandInDomain(r rune) bool {
	switch r {
	case '-', '.', '。', '．', '｡', '·', '\u200c', '\u200d':
		return true
	}
	return !isInvisible(r) && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r))
}

// isLabel reports whether s is 1 to 63 ASCII letters, digits and hyphens, with no hyphen at either end.
func isLabel(s string) bool {
	if s == "" || len(s) > maxLabelBytes || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, r := range s {
		if !isASCIILetterOrDigit(r) && r != '-' {
			return false
		}
	}
	return true
}

package senders

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"campaignlark/models"
)

// jsonScanner reads the tokens of JSON. It is written by hand because encoding/json does not keep both the literal text of
// numbers and their difference from strings, and builds values where a check is enough.
type jsonScanner struct {
	text string // valid UTF-8
	at   int
}

func (d *jsonScanner) ended() bool { return d.at >= len(d.text) }

func (d *jsonScanner) sees(c byte) bool { return !d.ended() && d.text[d.at] == c }

// take skips c if it comes next, and reports whether it did.
func (d *jsonScanner) take(c byte) bool {
	if !d.sees(c) {
		return false
	}
	d.at++
	return true
}

func (d *jsonScanner) blanks() {
	for d.sees(' ') || d.sees('\n') || d.sees('\t') || d.sees('\r') {
		d.at++
	}
}

func (d *jsonScanner) digits() bool {
	from := d.at
	for !d.ended() && isDigit(d.text[d.at]) {
		d.at++
	}
	return d.at > from
}

// number returns the literal text of the number that starts here.
func (d *jsonScanner) number() (string, error) {
	from := d.at
	d.take('-')
	if !d.take('0') && !d.digits() {
		return "", d.expected("a digit")
	}
	if d.take('.') && !d.digits() {
		return "", d.expected("a digit after the decimal point")
	}
	if d.take('e') || d.take('E') {
		if !d.take('+') {
			d.take('-')
		}
		if !d.digits() {
			return "", d.expected("a digit in the exponent")
		}
	}
	return d.text[from:d.at], nil
}

// plainInString has the bytes that stand for themselves in a string: all but control characters, quotes and backslashes.
var plainInString = func() (plain [256]bool) {
	for c := ' '; c < 256; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// str returns the string that starts here, without its quotes. Unless keep is set, it only checks the string and returns "".
func (d *jsonScanner) str(keep bool) (string, error) {
	d.at++ // "
	var built strings.Builder
	from := d.at
	for !d.ended() {
		for d.at < len(d.text) && plainInString[d.text[d.at]] {
			d.at++
		}
		if d.ended() {
			break
		}
		switch c := d.text[d.at]; {
		case c == '"':
			rest := d.text[from:d.at]
			d.at++
			if !keep || built.Len() == 0 {
				return keepIf(keep, rest), nil
			}
			built.WriteString(rest)
			return built.String(), nil
		case c == '\\':
			piece := d.text[from:d.at]
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			if keep {
				built.WriteString(piece)
				built.WriteRune(r)
			}
			from = d.at
		default:
			return "", d.expected(`an escape such as \n, as no text may hold a control character`)
		}
	}
	return "", d.expected("a closing quote")
}

func keepIf(keep bool, s string) string {
	if keep {
		return s
	}
	return ""
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads the escape that starts here. Half of a surrogate pair becomes U+FFFD.
func (d *jsonScanner) escape() (rune, error) {
	d.at++ // \
	if d.take('u') {
		r, ok := d.hex4()
		if !ok {
			return 0, d.expected(`four hexadecimal digits after \u`)
		}
		if utf16.IsSurrogate(r) {
			return d.surrogate(r), nil
		}
		return r, nil
	}
	if !d.ended() {
		if r, ok := escapes[d.text[d.at]]; ok {
			d.at++
			return r, nil
		}
	}
	return 0, d.expected(`one of " \ / b f n r t u after the backslash`)
}

// surrogate joins high with the \uXXXX that follows. If the two are not a pair, it returns U+FFFD and leaves the second
// one unread.
func (d *jsonScanner) surrogate(high rune) rune {
	back := d.at
	if d.takeWord(`\u`) {
		if low, ok := d.hex4(); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				return r
			}
		}
	}
	d.at = back
	return utf8.RuneError
}

// hex4 reads four hexadecimal digits.
func (d *jsonScanner) hex4() (rune, bool) {
	if len(d.text)-d.at < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(d.text[d.at:d.at+4], 16, 16)
	if err != nil {
		return 0, false
	}
	d.at += 4
	return rune(n), true
}

// expected returns the error of invalid JSON. It says where the fault is, what should be there, and what is there.
func (d *jsonScanner) expected(what string) error {
	found := "the body ends there"
	if !d.ended() {
		r, _ := utf8.DecodeRuneInString(d.text[d.at:])
		if found = "it is " + describe(r); notJSON(d.text[d.at:]) != "" {
			found = "it is " + notJSON(d.text[d.at:]) + ", which JSON does not have"
		}
	}
	return SyntaxError(fmt.Sprintf("The body is not valid JSON: %s should be %s, but %s.", d.place(), what, found))
}

// notJSON names what other languages have and JSON does not, if text begins with it; else "".
func notJSON(text string) string {
	if strings.HasPrefix(text, "//") || strings.HasPrefix(text, "/*") {
		return "a comment"
	}
	for _, word := range []string{"NaN", "Infinity", "undefined", "None", "True", "False"} {
		if rest, found := strings.CutPrefix(text, word); found && (rest == "" || strings.ContainsRune(" \t\r\n,:}]", rune(rest[0]))) {
			return word
		}
	}
	return ""
}

func (d *jsonScanner) tooDeep() error {
	return SyntaxError(fmt.Sprintf("The JSON is nested over %d levels deep (%s). Please send a flatter object.", MaxDepth, d.place()))
}

// place says where the scanner is, counting lines and characters from 1.
func (d *jsonScanner) place() string {
	before := d.text[:min(d.at, len(d.text))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, character %d", line, column)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// takeWord skips word if it comes next, and reports whether it did.
func (d *jsonScanner) takeWord(word string) bool {
	if !strings.HasPrefix(d.text[d.at:], word) {
		return false
	}
	d.at += len(word)
	return true
}

// describe names one character of a payload for a message: in quotes if it is printable, else by a name or its number.
func describe(r rune) string {
	switch words := models.SayInvisible("." + string(r)); {
	case r == '\n' || r == '\r':
		return "a line break"
	case unicode.IsControl(r) && r != '\t' || !unicode.IsPrint(r) && words == "":
		return fmt.Sprintf("the character %U", r)
	case words != "" && r != ' ':
		return strings.TrimPrefix(words, "followed by ")
	}
	return string([]rune{'"', r, '"'})
}

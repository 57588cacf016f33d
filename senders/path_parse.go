package senders

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PathError says why a text is not a path: a sentence for the person who wrote it.
type PathError string

func (e PathError) Error() string { return string(e) }

// ParsePath reads a path. The error is a PathError.
func ParsePath(text string) (Path, error) {
	trimmed := strings.TrimSpace(text)
	switch {
	case trimmed == "":
		return Path{}, PathError("The place is empty. Please write where the value is, such as customer.email.")
	case len(trimmed) > MaxPathBytes:
		return Path{}, tooLong(len(trimmed))
	case !utf8.ValidString(trimmed) || strings.Contains(trimmed, "\x00"):
		return Path{}, PathError("The place holds characters that are not text. Please type it again.")
	}
	r := pathReader{text: trimmed}
	var p Path
	for first := true; r.at < len(r.text); first = false {
		s, err := r.step(first)
		if err != nil {
			return Path{}, err
		}
		if last := len(p.steps) - 1; last >= 0 && p.steps[last].kind == stepAll && s.kind == stepPick {
			s.kind = stepFilter
			p.steps = p.steps[:last]
		}
		p.steps = append(p.steps, s)
	}
	if err := p.check(); err != nil {
		return Path{}, err
	}
	p.text = p.String()
	return p, nil
}

func tooLong(bytes int) error {
	return PathError(fmt.Sprintf("The place is too long. Please write at most %d bytes; this has %d.", MaxPathBytes, bytes))
}

// check tests the limits.
func (p Path) check() error {
	steps, alls, picks := 0, 0, 0
	for _, s := range p.steps {
		steps += 1 + len(s.member)
		if s.kind == stepAll || s.kind == stepFilter {
			alls++
		}
		if s.kind == stepPick || s.kind == stepFilter {
			picks++
		}
	}
	switch written := len(p.String()); {
	case written > MaxPathBytes:
		return tooLong(written)
	case steps > maxSteps:
		return PathError(fmt.Sprintf("The place has too many parts. Please use at most %d.", maxSteps))
	case alls > maxAlls:
		return PathError(fmt.Sprintf("The place has [*] more than %d times. Please choose one item in some of the lists, such as [0].", maxAlls))
	case picks > maxPicks:
		return PathError(fmt.Sprintf("The place chooses items by a text, such as [type=email], more than %d times. Please choose some of them by number, such as [0].", maxPicks))
	}
	return nil
}

// pathReader reads the steps of a path.
type pathReader struct {
	text string
	at   int
}

func (r *pathReader) take(c byte) bool {
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

// wrong returns the error of a place that cannot be read. It says what was read and what is missing.
func (r *pathReader) wrong(want string) error {
	if r.at >= len(r.text) {
		return PathError(fmt.Sprintf("The place %s ends too early: %s is missing.", show(r.text), want))
	}
	c, _ := utf8.DecodeRuneInString(r.text[r.at:])
	if r.at == 0 {
		return PathError(fmt.Sprintf("The place begins with %s, where %s is missing.%s", describe(c), want, quotesHint(c)))
	}
	return PathError(fmt.Sprintf("After %s in the place comes %s, where %s is missing.%s", show(r.text[:r.at]), describe(c), want, quotesHint(c)))
}

// quotesHint reminds of quotation marks if they would help.
func quotesHint(c rune) string {
	if c == '.' || c == '[' || c == ']' || c == '=' {
		return ""
	}
	return ` A name or text with blanks or signs needs quotation marks, such as "First name".`
}

// show shortens a piece of a place for a sentence. It keeps the end, where the fault is.
func show(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = "…" + string(runes[len(runes)-most:])
	}
	return "‹" + strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '\uFFFD'
	}, text) + "›"
}

func (r *pathReader) step(first bool) (step, error) {
	if r.take('[') {
		return r.selector()
	}
	if !first && !r.take('.') {
		return step{}, r.wrong("a dot or an opening [")
	}
	name, err := r.word("a name")
	return step{kind: stepName, name: name}, err
}

// word reads a name or a text.
func (r *pathReader) word(what string) (string, error) {
	if r.take('"') {
		return r.quoted()
	}
	from := r.at
	for r.at < len(r.text) {
		c, size := utf8.DecodeRuneInString(r.text[r.at:])
		if needsQuotes(c) {
			break
		}
		r.at += size
	}
	if r.at == from {
		return "", r.wrong(what)
	}
	return r.text[from:r.at], nil
}

var unquoted = map[byte]byte{'"': '"', '\\': '\\', 'n': '\n', 'r': '\r', 't': '\t'}

// quoted reads what follows an opening quotation mark.
func (r *pathReader) quoted() (string, error) {
	var b strings.Builder
	for r.at < len(r.text) {
		c := r.text[r.at]
		r.at++
		switch {
		case c == '"':
			return b.String(), nil
		case c != '\\':
			b.WriteByte(c)
		case r.at == len(r.text) || unquoted[r.text[r.at]] == 0:
			return "", r.wrong(`one of " \ n r t after the backslash`)
		default:
			b.WriteByte(unquoted[r.text[r.at]])
			r.at++
		}
	}
	return "", r.wrong("a closing quotation mark")
}

// selector reads what follows an opening bracket.
func (r *pathReader) selector() (s step, err error) {
	const want = "a number, * or a name with = and its text"
	switch end := strings.IndexByte(r.text[r.at:], ']'); {
	case r.take('*'):
		s.kind = stepAll
	case end > 0 && isIndex(r.text[r.at:r.at+end]):
		s.kind = stepIndex
		s.index, _ = strconv.Atoi(r.text[r.at : r.at+end]) // nine digits always fit
		r.at += end
	default:
		s.kind = stepPick
		for {
			name, err := r.word(want)
			if err != nil {
				return s, err
			}
			s.member = append(s.member, name)
			if !r.take('.') {
				break
			}
		}
		if !r.take('=') {
			return s, r.wrong("an = and a text")
		}
		if s.text, err = r.word("a text"); err != nil {
			return s, err
		}
	}
	if !r.take(']') {
		return s, r.wrong("a closing ]")
	}
	return s, nil
}

// isIndex reports whether text is a whole number of at most nine digits.
func isIndex(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	return digits != "" && len(digits) <= 9 && strings.Trim(digits, "0123456789") == ""
}

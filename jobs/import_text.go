package jobs

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// TextEncoding is the character encoding of a file.
type TextEncoding string

// The encodings that an import reads. Of UTF-16 the byte order is part of the name.
const (
	UTF8        TextEncoding = "utf-8"
	UTF16LE     TextEncoding = "utf-16le"
	UTF16BE     TextEncoding = "utf-16be"
	Windows1252 TextEncoding = "windows-1252"
)

// TextEncodings lists every encoding in the order of the menu.
var TextEncodings = []TextEncoding{UTF8, Windows1252, UTF16LE, UTF16BE}

// Name returns the encoding as pages show it.
func (e TextEncoding) Name() string {
	return map[TextEncoding]string{
		UTF8: "UTF-8", Windows1252: "Windows-1252 (Western Europe)", UTF16LE: "UTF-16 (Unicode text of Excel)", UTF16BE: "UTF-16, big-endian",
	}[e]
}

// Valid reports whether e is one of the encodings.
func (e TextEncoding) Valid() bool { return e.Name() != "" }

var byteOrderMarks = map[TextEncoding]string{UTF8: "\xef\xbb\xbf", UTF16LE: "\xff\xfe", UTF16BE: "\xfe\xff"}

// textGuess examines a file while it is stored and guesses its encoding.
type textGuess struct {
	head    []byte // its beginning
	size    int64
	feeds   int64  // line ends
	returns int64  // carriage returns, for files that have no line feeds
	rest    []byte // an incomplete character at the end
	letters int64  // characters of more than one byte in UTF-8
	invalid int64  // bytes that are not UTF-8
}

// Write examines the next bytes of the file.
func (g *textGuess) Write(p []byte) (int, error) {
	g.head = append(g.head, p[:min(len(p), sampleBytes-len(g.head))]...)
	g.size += int64(len(p))
	g.feeds += int64(bytes.Count(p, []byte{'\n'}))
	g.returns += int64(bytes.Count(p, []byte{'\r'}))
	text := append(g.rest, p...)
	for len(text) > 0 {
		if text[0] < utf8.RuneSelf {
			text = text[1:]
			continue
		}
		if !utf8.FullRune(text) {
			break
		}
		c, n := utf8.DecodeRune(text)
		if c == utf8.RuneError && n == 1 {
			g.invalid++
		} else {
			g.letters++
		}
		text = text[n:]
	}
	g.rest = slices.Clone(text)
	return len(p), nil
}

// encoding says how the file is most likely written: by its byte-order mark, by the zero bytes that UTF-16 has between
// Latin letters, else as UTF-8 or Windows-1252. Letters of Windows-1252 hardly ever form a valid character of UTF-8 by chance, so
// a few of them outweigh several invalid bytes. Read as UTF-8, each bad cell is named; read as Windows-1252, none would be.
func (g *textGuess) encoding() TextEncoding {
	for e, mark := range byteOrderMarks {
		if bytes.HasPrefix(g.head, []byte(mark)) {
			return e
		}
	}
	even, odd := 0, 0
	for i, b := range g.head {
		switch {
		case b == 0 && i%2 == 0:
			even++
		case b == 0:
			odd++
		}
	}
	switch few := len(g.head) / 10; {
	case odd > few && odd > 4*even:
		return UTF16LE
	case even > few && even > 4*odd:
		return UTF16BE
	case g.invalid+int64(min(len(g.rest), 1)) > 4*g.letters:
		return Windows1252
	}
	return UTF8
}

// lines returns about how many lines an editor shows.
func (g *textGuess) lines() int64 {
	n := max(g.feeds, 1)
	if g.feeds == 0 {
		n = max(g.returns, 1)
	}
	return n
}

// noText says why a file cannot be a table in plain text, or "".
func (g *textGuess) noText() string {
	switch {
	case g.size == 0:
		return "This file is empty. Choose a file with contacts."
	case bytes.HasPrefix(g.head, []byte("PK\x03\x04")), bytes.HasPrefix(g.head, []byte("\xd0\xcf\x11\xe0")):
		return "This is a workbook or an archive. Open it in your spreadsheet program, save it as CSV, and choose that file."
	case bytes.HasPrefix(g.head, []byte("%PDF")), bytes.HasPrefix(g.head, []byte("\x1f\x8b")), bytes.HasPrefix(g.head, []byte("\x89PNG")):
		return "This file is no table in plain text. Save your contacts as CSV, and choose that file."
	}
	return ""
}

// garbled reports whether a file is no text in its most likely encoding: more than one in fifty of its characters is one that no
// editor writes, or more than one in ten is NUL or none at all. UTF-8 without a fault is always text: an export may hold any character.
// head is the beginning of the file or, when whole, all of it.
func garbled(head []byte, whole bool, text TextEncoding) bool {
	control, bad, nul, all := 0, 0, 0, 0
	if whole {
		head = text.trimMarks(head)
	}
	for rest := head[text.markSize(head):]; len(rest) > 0; {
		c, n := text.next(rest, whole)
		if n == 0 {
			break
		}
		rest = rest[n:]
		switch {
		case c == undecodable:
			bad++
		case c == 0:
			nul++
		case c == utf8.RuneError || c == 0x7f || c < ' ' && (c < '\t' || c > '\r'):
			control++
		}
		all++
	}
	if text == UTF8 && bad+nul == 0 {
		return false
	}
	return control*50 > all || (bad+nul)*10 > all
}

// markSize returns how many bytes of a file's beginning are its byte-order mark.
func (e TextEncoding) markSize(file []byte) int {
	if mark := byteOrderMarks[e]; bytes.HasPrefix(file, []byte(mark)) {
		return len(mark)
	}
	return 0
}

// endMark ends files of CP/M and of some programs until today, once or several times. It is no part of the text.
const endMark = '\x1a'

// trimMarks returns a file, or its rest, without the marks at its end.
func (e TextEncoding) trimMarks(file []byte) []byte {
	if e != UTF16LE && e != UTF16BE {
		return bytes.TrimRight(file, string(endMark))
	}
	whole := file[:len(file)&^1]
	for len(whole) > 0 && e.unit(whole[len(whole)-2:]) == endMark {
		whole, file = whole[:len(whole)-2], whole[:len(whole)-2]
	}
	return file
}

// undecodable stands for bytes that are no character in a file's encoding. A cell shows it as U+FFFD.
const undecodable rune = -1

// next reads the first character of b and returns how many bytes it takes; 0 when b ends within it and more may follow.
// Bytes that are no character are undecodable.
func (e TextEncoding) next(b []byte, last bool) (rune, int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case e == Windows1252:
		return windows1252(b[0]), 1
	case e == UTF16LE || e == UTF16BE:
		return e.next16(b, last)
	case b[0] < utf8.RuneSelf:
		return rune(b[0]), 1
	case !last && !utf8.FullRune(b):
		return 0, 0
	}
	c, n := utf8.DecodeRune(b)
	if c == utf8.RuneError && n == 1 {
		return undecodable, 1
	}
	return c, n
}

// windows1252 decodes a byte. Five bytes are no character in Windows-1252; in files of MS-DOS they are letters such as ü.
func windows1252(b byte) rune {
	if c := charmap.Windows1252.DecodeByte(b); c != utf8.RuneError {
		return c
	}
	return undecodable
}

func (e TextEncoding) next16(b []byte, last bool) (rune, int) {
	if len(b) < 2 {
		if last {
			return undecodable, len(b)
		}
		return 0, 0
	}
	r := e.unit(b)
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	if len(b) < 4 {
		if last {
			return undecodable, 2
		}
		return 0, 0
	}
	if pair := utf16.DecodeRune(r, e.unit(b[2:])); pair != utf8.RuneError {
		return pair, 4
	}
	return undecodable, 2
}

func (e TextEncoding) unit(b []byte) rune {
	if e == UTF16BE {
		return rune(b[0])<<8 | rune(b[1])
	}
	return rune(b[1])<<8 | rune(b[0])
}

package jobs

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// TextEncoding says how the bytes of a file are its text.
type TextEncoding string

// The encodings that an import reads. Of UTF-16 the byte order is part of the name.
const (
	UTF8        TextEncoding = "utf-8"
	UTF16LE     TextEncoding = "utf-16le"
	UTF16BE     TextEncoding = "utf-16be"
	Windows1252 TextEncoding = "windows-1252"
)

// TextEncodings lists every encoding in the order in which people choose.
var TextEncodings = []TextEncoding{UTF8, Windows1252, UTF16LE, UTF16BE}

// Name is the encoding as people read it.
func (e TextEncoding) Name() string {
	return map[TextEncoding]string{
		UTF8: "UTF-8", Windows1252: "Windows-1252 (Western Europe)", UTF16LE: "UTF-16 (Unicode text of Excel)", UTF16BE: "UTF-16, big-endian",
	}[e]
}

// Valid says whether e is one of the encodings.
func (e TextEncoding) Valid() bool { return e.Name() != "" }

var byteOrderMarks = map[TextEncoding]string{UTF8: "\xef\xbb\xbf", UTF16LE: "\xff\xfe", UTF16BE: "\xfe\xff"}

// GuessEncoding says how a whole file is most likely written: by its byte-order mark, by the zero bytes that UTF-16 has
// between Latin letters, as UTF-8 when it is valid, else as Windows-1252, in which every byte is a letter or a sign.
func GuessEncoding(file []byte) TextEncoding {
	for e, mark := range byteOrderMarks {
		if bytes.HasPrefix(file, []byte(mark)) {
			return e
		}
	}
	even, odd := 0, 0
	sample := file[:min(len(file), 64<<10)]
	for i, b := range sample {
		switch {
		case b == 0 && i%2 == 0:
			even++
		case b == 0:
			odd++
		}
	}
	switch few := len(sample) / 10; {
	case odd > few && odd > 4*even:
		return UTF16LE
	case even > few && even > 4*odd:
		return UTF16BE
	case utf8.Valid(file):
		return UTF8
	}
	return Windows1252
}

// markSize is how many bytes of a file's beginning are its byte-order mark and no text.
func (e TextEncoding) markSize(file []byte) int {
	if mark := byteOrderMarks[e]; bytes.HasPrefix(file, []byte(mark)) {
		return len(mark)
	}
	return 0
}

// next reads the first character of b and says how many bytes it takes; 0 when b ends within it and more may follow.
// What is no character is U+FFFD.
func (e TextEncoding) next(b []byte, last bool) (rune, int) {
	switch {
	case len(b) == 0:
		return 0, 0
	case e == Windows1252:
		return charmap.Windows1252.DecodeByte(b[0]), 1
	case e == UTF16LE || e == UTF16BE:
		return e.next16(b, last)
	case b[0] < utf8.RuneSelf:
		return rune(b[0]), 1
	case !last && !utf8.FullRune(b):
		return 0, 0
	}
	return utf8.DecodeRune(b)
}

func (e TextEncoding) next16(b []byte, last bool) (rune, int) {
	if len(b) < 2 {
		if last {
			return utf8.RuneError, len(b)
		}
		return 0, 0
	}
	r := e.unit(b)
	if !utf16.IsSurrogate(r) {
		return r, 2
	}
	if len(b) < 4 {
		if last {
			return utf8.RuneError, 2
		}
		return 0, 0
	}
	if pair := utf16.DecodeRune(r, e.unit(b[2:])); pair != utf8.RuneError {
		return pair, 4
	}
	return utf8.RuneError, 2
}

func (e TextEncoding) unit(b []byte) rune {
	if e == UTF16BE {
		return rune(b[0])<<8 | rune(b[1])
	}
	return rune(b[1])<<8 | rune(b[0])
}

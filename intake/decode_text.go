package intake

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"campaignlark/models"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	textunicode "golang.org/x/text/encoding/unicode"
)

const bom = "\uFEFF"

// charset turns the bytes of a sender into text. The zero charset is UTF-8.
type charset struct{ enc encoding.Encoding }

// findCharset returns the charset of that name for a text; "" is UTF-8. The names are those of the web, where ISO-8859-1 means
// Windows-1252. A text in an unknown charset or in ASCII is UTF-8 if its bytes are, which isUTF8 reports (CONTRACT "Payload").
func findCharset(name string, isUTF8 func() bool) (charset, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return charset{}, nil
	}
	enc, err := htmlindex.Get(name)
	switch {
	case hidesLetters(name, enc), err != nil && !isUTF8():
		return charset{}, &DecodeError{KindCharset, fmt.Sprintf("The charset %s is not known. Please send the text in UTF-8.", quote(name))}
	case err != nil, enc == textunicode.UTF8, isASCIIName(name) && isUTF8():
		return charset{}, nil
	}
	return charset{enc}, nil
}

// hidesLetters reports whether a charset that cannot be read writes letters as ASCII: its bytes are UTF-8, and mean something else.
func hidesLetters(name string, enc encoding.Encoding) bool {
	return enc == encoding.Replacement || strings.HasSuffix(strings.ToLower(name), "utf-7")
}

// isASCIIName reports whether name is one of ASCII, which the web reads as Windows-1252.
func isASCIIName(name string) bool {
	return slices.Contains([]string{"us-ascii", "ascii", "ansi_x3.4-1968"}, strings.ToLower(name))
}

// validUTF8 reports whether a whole text is UTF-8, or UTF-16 with a byte-order mark, which is read whatever the charset is.
func validUTF8(text []byte) bool { return utf8.Valid(text) || isUTF16(text) }

// text decodes b. The result is valid UTF-8: a byte that is not text is U+FFFD.
func (c charset) text(b []byte) string {
	if c.enc != nil {
		if out, err := c.enc.NewDecoder().Bytes(b); err == nil {
			b = out
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	return string([]rune(string(b)))
}

// wholeText decodes a whole body. A byte-order mark counts before the charset and is removed.
func (c charset) wholeText(b []byte) string {
	if b, ok := bytes.CutPrefix(b, []byte(bom)); ok {
		return charset{}.text(b)
	}
	if isUTF16(b) {
		c = charset{textunicode.UTF16(textunicode.BigEndian, textunicode.UseBOM)}
	}
	return strings.TrimPrefix(c.text(b), bom)
}

// isUTF16 reports whether b starts with a byte-order mark of UTF-16, as files written on Windows do.
func isUTF16(b []byte) bool {
	return bytes.HasPrefix(b, []byte("\xFE\xFF")) || bytes.HasPrefix(b, []byte("\xFF\xFE"))
}

// mayBeUTF16 reports whether a whole body in a charset of UTF-16 can be read: it has a byte-order mark, or the zeros that UTF-16 has in
// every { and =, or it is no UTF-8 either.
func mayBeUTF16(b []byte) bool {
	return len(b) == 0 || bytes.HasPrefix(b, []byte(bom)) || isUTF16(b) || bytes.IndexByte(b, 0) >= 0 || !utf8.Valid(b)
}

func notUTF16(charsetName string) error {
	return &DecodeError{KindCharset, fmt.Sprintf("The charset says %s, but the body is not written in it. Please name the charset of the body, such as UTF-8.", quote(charsetName))}
}

// wide reports whether = and & take two bytes in the charset. A form can then be split only after decoding.
func (c charset) wide() bool {
	name, err := htmlindex.Name(c.enc)
	return c.enc != nil && err == nil && strings.HasPrefix(name, "utf-16")
}

// keep sets the payload for the request log.
func (s *Submission) keep(text string) {
	s.Payload, s.Truncated = cutText(dropNUL(text), MaxPayload)
}

// How a payload ends that only says what came, because it is not kept itself.
const (
	notTakenApart = " of parts, not taken apart)"
	gzipData      = " of gzip data)"
	notText       = " that are not text)"
)

// keepUnread sets the payload of a body that could not be read; kind is its content type. The payload is the body only if
// it is text and not multipart, since it may otherwise hold a file.
func (s *Submission) keepUnread(body []byte, kind string) {
	text, cut := cutText(string(body[:min(len(body), MaxPayload+1)]), MaxPayload)
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		s.Payload = fmt.Sprintf("(%d bytes"+notTakenApart, len(body))
	case LooksLike(string(body[:min(len(body), 3)])) == BodyGzip:
		s.Payload = fmt.Sprintf("(%d bytes"+gzipData, len(body))
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		s.Payload = fmt.Sprintf("(%d bytes"+notText, len(body))
	default:
		s.Payload, s.Truncated = text, cut
	}
}

// cutText returns at most max bytes of valid text, never half a character, and whether something was cut.
func cutText(text string, max int) (string, bool) {
	if len(text) <= max {
		return text, false
	}
	for max > 0 && !utf8.RuneStart(text[max]) {
		max--
	}
	return strings.Clone(text[:max]), true
}

// quote returns a short, printable piece of what a sender sent, for a message to the sender. It names the characters that
// cannot be seen.
func quote(s string) string {
	const most = 40
	s = models.Shorten(models.NameInvisible(models.Shorten(s, most)), 2*most)
	return `"` + strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s) + `"`
}

package intake

import (
	"strings"
	"unicode/utf8"
)

// decodeQuery reads the query string of a GET.
func decodeQuery(query string, as treeReader) Submission {
	s := Submission{Encoding: EncodingQuery}
	if len(query) > MaxBody {
		return s.fail(ErrTooLarge)
	}
	s.readPairs([]byte(query), charset{}, as)
	return s
}

// decodeForm reads an application/x-www-form-urlencoded body.
func decodeForm(body []byte, charsetName string, as treeReader) Submission {
	s := Submission{Encoding: EncodingURLEncoded}
	cs, err := findCharset(charsetName, func() bool { return isUTF16(body) || utf8.Valid(unescape(string(body))) })
	if err != nil {
		s.keepUnread(body, "")
		return s.fail(err)
	}
	if cs.wide() && !mayBeUTF16(body) {
		s.keepUnread(body, "")
		return s.fail(notUTF16(charsetName))
	}
	if cs.wide() || isUTF16(body) {
		body, cs = []byte(cs.wholeText(body)), charset{}
	}
	s.readPairs(body, cs, as)
	return s
}

// readPairs reads key=text pairs joined by &. The charset also applies to percent-encoded bytes.
func (s *Submission) readPairs(raw []byte, cs charset, as treeReader) {
	s.keep(cs.wholeText(raw))
	s.textSize = len(raw)
	c := collector{as: as}
	for pair := range strings.SplitSeq(strings.TrimPrefix(string(raw), bom), "&") {
		if pair == "" {
			continue
		}
		key, text, _ := strings.Cut(pair, "=")
		key = cs.formText(key)
		if c.given == 0 {
			key = strings.TrimPrefix(key, bom)
		}
		c.add(key, cs.formText(text))
	}
	c.into(s)
}

// formText decodes one key or value of a form.
func (c charset) formText(s string) string {
	if c.enc == nil && !strings.ContainsAny(s, "+%") && utf8.ValidString(s) {
		return s
	}
	return c.text(unescape(s))
}

// unescape decodes + and percent escapes; a broken escape stays as it is (CONTRACT "Payload").
func unescape(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			out = append(out, ' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

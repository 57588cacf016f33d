package jobs

import (
	"strings"
	"unicode/utf16"
)

// file writes the sheet, and numbers its lines.
func (s *sheet) file() string {
	var text strings.Builder
	line := int64(1)
	add := func(row string) {
		plain := strings.ReplaceAll(strings.ReplaceAll(row, "\r\n", "\n"), "\r", "\n")
		line += int64(strings.Count(plain, "\n"))
		text.WriteString(row)
	}
	if s.IntN(8) == 0 {
		add("sep=" + string(s.comma) + s.end)
	}
	if s.header {
		var names []sheetCell
		for _, c := range s.columns {
			names = append(names, sheetCell{text: c.name})
		}
		add(s.row(names, -1) + s.end)
	}
	for n := range s.lines {
		l := &s.lines[n]
		l.number = line
		row := s.row(l.cells, l.unended)
		if n < len(s.lines)-1 || s.IntN(2) == 0 {
			row += s.end
		}
		add(row)
	}
	if s.IntN(4) == 0 {
		add(s.pick("\x1a", "\x1a\x1a\x1a", s.end+"\x1a"+s.end, s.end+s.end))
	}
	return s.encode(text.String())
}

// row writes cells with what is between them. The cell unended gets no closing quotation mark.
func (s *sheet) row(cells []sheetCell, unended int) string {
	var all []string
	for n, c := range cells {
		needs := strings.ContainsAny(c.text, "\r\n"+string(s.comma)) || strings.HasPrefix(c.text, `"`)
		text := c.text
		switch {
		case c.closes:
			text += `"`
		case n == unended:
			text = `"` + text
		case unended >= 0 && strings.ContainsRune(text, s.comma):
			text = strings.ReplaceAll(text, string(s.comma), ".")
		case unended >= 0: // another quotation mark would close that one
		case c.odd:
			text = `"half" quoted`
		case needs || s.Float64() < s.quotes:
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		all = append(all, text)
	}
	return strings.Join(all, string(s.comma))
}

// encode writes a text in the sheet's encoding.
func (s *sheet) encode(text string) string {
	var out []byte
	if s.mark {
		text = "\ufeff" + text
	}
	for _, c := range text {
		switch {
		case s.text == UTF8 && c == badText:
			out = append(out, 0xe9)
		case s.text == UTF8:
			out = append(out, string(c)...)
		case s.text == Windows1252 && c == badText:
			out = append(out, 0x81)
		case s.text == Windows1252:
			out = append(out, s.windows(c))
		default:
			units := utf16.Encode([]rune{c})
			if c == badText {
				units = []uint16{0xdc00}
			}
			for _, u := range units {
				if s.text == UTF16LE {
					out = append(out, byte(u), byte(u>>8))
				} else {
					out = append(out, byte(u>>8), byte(u))
				}
			}
		}
	}
	return string(out)
}

// windows returns the byte of a character that a sheet draws.
func (s *sheet) windows(c rune) byte {
	if c <= 0xff {
		return byte(c)
	}
	return map[rune]byte{'€': 0x80, '„': 0x84, 'Ž': 0x8e, '’': 0x92, '“': 0x93, '—': 0x97, 'ž': 0x9e}[c]
}

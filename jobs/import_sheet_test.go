package jobs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// sheet is a drawn table of contacts. It knows what each of its cells must become, without the code that imports.
type sheet struct {
	*rand.Rand
	prefix  string // of every address
	text    TextEncoding
	comma   rune
	end     string  // of lines
	quotes  float64 // share of cells in quotation marks that need none
	mark    bool    // a byte-order mark at the beginning
	header  bool
	calm    bool // no text has a quotation mark, or begins like something that may follow one; lines may have unclosed ones
	columns []sheetColumn
	lines   []sheetLine
}

type sheetColumn struct {
	name string
	to   string // one of the Column constants, or the key of a merge tag
}

// sheetLine is a line with contacts, or a blank one.
type sheetLine struct {
	cells   []sheetCell
	wrong   bool        // it must be refused
	mended  []sheetCell // of a line with something wrong, as a person corrects it
	unended int         // the column whose quotation mark is not closed, or -1
	address string      // of its contact, in the stored form
	number  int64       // where it stands in the file
}

// sheetCell is one cell: its text in the file and what it means.
type sheetCell struct {
	text   string // badText stands for bytes that are no text
	means  string // the stored form; of tags, their names joined by "|"
	fault  bool   // it must be noted and not stored
	doubt  bool   // it needs a look if it is stored
	holds  bool   // it needs a look if the line changes something
	closes bool   // a quotation mark behind it closes one of a line before
	odd    bool   // the closing quotation mark is in the middle
}

const badText = '\ue000'

var (
	asciiWords   = []string{"Anna", "Bob", "x", "007", "12,5", "a;b", "c|d", "tab\tbed", "it's", "don't", "-", "=1+1", "+43 1", "@home", "'tis", "'=x", "''", "mail jo@b.test now", "two\nlines", "two\r\nlines", "two\rlines", "\nlast", " ", "  lead", "trail  ", "\x0b", `5" pipe`, `say "hi"`, `""`, `"`, `\`, `\n`, `\.`, "%41", "<b>", "sep=;", "0", "true"}
	latinWords   = []string{"Zoë", "Müller", "ß", "¿Qué?", "\u00a0", "a\u00a0b", "Ångström"}
	windowsWords = []string{"„Zoë“", "€ 5", "—", "Žižek", "’s"}
	worldWords   = []string{"\x01", "\x1a.", "\ufffd", "🦜", "👩‍👧", "שלום", "\u202eabc", "東京", "\ufeff", "\u2028", "\u0085", "e\u0301", "\u200b", "Дом", "＝x"}
	calmWords    = []string{"Anna", "Bob", "x", "007", "12.5", "it's", "mail jo@b.test now", "a\nb", "a\r\nb", "a\rwrite to al@b.test", "z,z", "y;y"}
)

// drawSheet draws a sheet of about so many lines.
func drawSheet(random *rand.Rand, prefix string, lines int) *sheet {
	s := &sheet{Rand: random, prefix: prefix, header: random.IntN(5) > 0, calm: random.IntN(3) == 0}
	s.text = TextEncodings[s.IntN(len(TextEncodings))]
	s.comma = Commas[s.IntN(len(Commas))]
	s.end = []string{"\n", "\r\n", "\r"}[s.IntN(3)]
	s.quotes = []float64{0, 0.3, 1}[s.IntN(3)]
	s.mark = s.text != Windows1252 && s.IntN(2) == 0
	s.drawColumns()
	for n := range lines {
		s.lines = append(s.lines, s.drawLine(n))
	}
	return s
}

func (s *sheet) pick(from ...string) string { return from[s.IntN(len(from))] }

func (s *sheet) drawColumns() {
	s.columns = []sheetColumn{{s.pick("email", "E-Mail", "Email Address", "e-mail:"), ColumnEmail}}
	for _, c := range []sheetColumn{
		{s.pick("status", "STATUS"), ColumnStatus}, {s.pick("tags", "Tags", "tag"), ColumnTags}, {s.pick("first_name", "FIRST NAME", "given name"), "first_name"},
		{s.pick("orders", "Orders"), "orders"}, {"Likes", "likes"}, {s.pick("country", "Country"), "country"},
	} {
		if s.IntN(4) > 0 {
			s.columns = append(s.columns, c)
		}
	}
	more := s.IntN(4)
	if s.IntN(15) == 0 {
		more = 100 + s.IntN(500-100-len(s.columns))
	}
	for n := range more {
		s.columns = append(s.columns, sheetColumn{s.pick("", "junk ", "\ufeff", "say ", "Größe ", "Note\u00a0") + fmt.Sprint(n+1), ColumnNone})
		if s.text == Windows1252 {
			s.columns[len(s.columns)-1].name = fmt.Sprintf("Größe %d", n+1)
		}
	}
	s.Shuffle(len(s.columns), func(i, j int) { s.columns[i], s.columns[j] = s.columns[j], s.columns[i] })
	s.columns[0].name = strings.TrimPrefix(s.columns[0].name, "\ufeff") // it would be the mark of the file
}

func (s *sheet) column(to string) int {
	return slices.IndexFunc(s.columns, func(c sheetColumn) bool { return c.to == to })
}

// drawLine draws the line n, counted from 0. The first one is complete, because it may say how many columns there are.
func (s *sheet) drawLine(n int) sheetLine {
	l := sheetLine{unended: -1}
	if n > 0 && s.IntN(12) == 0 {
		l.cells = s.blankCells()
		return l
	}
	l.address = s.address(n)
	for _, c := range s.columns {
		l.cells = append(l.cells, s.cell(c.to, l.address))
	}
	if n > 0 && s.IntN(4) == 0 {
		// An address of its own: a corrected line is imported after all others.
		l.address = s.prefix + fmt.Sprintf("own%d@x.test", n)
		l.cells[s.column(ColumnEmail)] = sheetCell{text: l.address, means: l.address}
		s.spoil(&l)
	}
	return l
}

func (s *sheet) blankCells() (cells []sheetCell) {
	for range s.IntN(len(s.columns) + 1) {
		cells = append(cells, sheetCell{text: s.pick("", " ", "\u00a0")})
	}
	return append(cells, sheetCell{})
}

// address draws the address of a line's contact in its stored form. One in five is that of an earlier line.
func (s *sheet) address(n int) string {
	if s.IntN(5) == 0 && n > 0 {
		n = s.IntN(n)
	}
	return s.prefix + fmt.Sprintf("p%d@x.test", n)
}

// cell draws a cell of a column. Most faults come from spoil.
func (s *sheet) cell(to, address string) sheetCell {
	known := func(cells ...sheetCell) sheetCell { return cells[s.IntN(len(cells))] }
	switch to {
	case ColumnEmail:
		return sheetCell{text: s.pick(address, address, strings.ToUpper(address), " "+address, address+"\u00a0\t"), means: address}
	case ColumnStatus:
		return known(sheetCell{}, sheetCell{}, sheetCell{text: " "}, sheetCell{text: "subscribed", means: "SUBSCRIBED"}, sheetCell{text: "UNCONFIRMED", means: "UNCONFIRMED"},
			sheetCell{text: " Unsubscribed\u00a0", means: "UNSUBSCRIBED"})
	case ColumnTags:
		return known(sheetCell{}, sheetCell{}, sheetCell{text: "vip", means: "vip"}, sheetCell{text: "VIP,, late ", means: "vip|late"}, s.unlessCalm(`"a, b", vip`, "a, b|vip"))
	case "orders":
		return known(sheetCell{}, sheetCell{text: "12", means: "12"}, sheetCell{text: " 1.50 ", means: "1.50"}, sheetCell{text: "1e3", means: "1000"}, sheetCell{text: "'-5", means: "-5"},
			s.unlessCalm(`="0"`, "0"))
	case "likes":
		return known(sheetCell{}, sheetCell{text: "maps", means: "Maps"}, sheetCell{text: "Novels, long,POEMS", means: "Poems\nNovels, long"}, sheetCell{text: "Maps\r\nPoems", means: "Poems\nMaps"})
	case "country":
		return known(sheetCell{}, sheetCell{text: "DE", means: "DE"}, sheetCell{text: "germany", means: "DE"})
	}
	return s.words()
}

func (s *sheet) unlessCalm(text, means string) sheetCell {
	if s.calm {
		return sheetCell{}
	}
	return sheetCell{text: text, means: means}
}

// words draws a cell for a text.
func (s *sheet) words() sheetCell {
	if s.calm {
		words := calmWords
		return s.textCell(s.pick(words...) + s.pick("", s.pick(words...)))
	}
	switch s.IntN(15) {
	case 0:
		return sheetCell{text: `="007"`, means: "007"}
	case 1:
		return sheetCell{text: `="say ""hi"""`, means: `say "hi"`}
	case 2:
		return sheetCell{text: `="a"&"b"`, means: `="a"&"b"`}
	case 3:
		text := s.pick("NULL", "{{first_name}}", "*|FNAME|*", "[object Object]")
		return sheetCell{text: text, means: text, doubt: true}
	case 4:
		c := s.textCell("x\njo@b.test" + string(s.comma) + "y")
		c.holds = true
		return c
	case 5:
		return sheetCell{}
	case 6:
		return sheetCell{text: "half quoted", means: "half quoted", holds: true, odd: true}
	}
	words := asciiWords
	words = slices.Concat(words, latinWords, windowsWords)
	if s.text != Windows1252 {
		words = append(words, worldWords...)
	}
	var text string
	for range 1 + s.IntN(4) {
		text += s.pick(words...)
	}
	return s.textCell(text)
}

// textCell returns a cell for a text as it would be written without protection from spreadsheets.
func (s *sheet) textCell(text string) sheetCell {
	means := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	if rest := strings.TrimLeft(means, "'"); rest != means && rest != "" && strings.ContainsAny(string([]rune(rest)[:1]), "=+-@\t\n＝＋－＠") {
		means = means[1:]
	}
	if strings.TrimSpace(means) == "" {
		means = ""
	}
	return sheetCell{text: text, means: means, doubt: strings.Contains(means, "\ufffd")}
}

// spoil puts a fault into a line, and keeps how a person would correct it.
func (s *sheet) spoil(l *sheetLine) {
	l.mended = slices.Clone(l.cells)
	at := func(to string, change func(c *sheetCell)) {
		if n := s.column(to); n >= 0 {
			change(&l.cells[n])
		}
	}
	refuse := func(text string) func(c *sheetCell) {
		return func(c *sheetCell) { c.text, l.wrong = text, true }
	}
	note := func(text string) func(c *sheetCell) {
		return func(c *sheetCell) { *c = sheetCell{text: text, fault: true} }
	}
	switch s.IntN(11) {
	case 0:
		wrong := s.pick("nobody", "a b@x.test", "\u00a0x@", "@", "x@y", "two@x.test,three@x.test", "\ufeff"+l.address)
		if s.text == Windows1252 {
			wrong = strings.TrimPrefix(wrong, "\ufeff") + "@"
		}
		at(ColumnEmail, refuse(wrong))
	case 1:
		l.cells[s.IntN(len(l.cells))].text += "." // no line without an address is blank
		at(ColumnEmail, refuse(s.pick("", " ")))
		if !slices.ContainsFunc(l.cells, func(c sheetCell) bool { return strings.TrimSpace(c.text) != "" }) {
			at(ColumnEmail, refuse("nobody"))
		}
	case 2:
		at(ColumnStatus, refuse(s.pick("bounced", "?")))
	case 3:
		at(s.pick(ColumnEmail, ColumnStatus), func(c *sheetCell) { refuse(c.text + string(badText))(c) })
	case 4:
		at("first_name", note("Ren"+string(badText)))
		at(ColumnTags, note(string(badText)+"vip"))
	case 5:
		at("orders", note(s.pick("1,5", "twelve")))
		at("likes", note("tea"))
	case 6:
		at("country", note("Atlantis"))
		at("first_name", note(strings.Repeat("long ", 2001)))
	case 7:
		s.shorten(l)
	case 8:
		for n, c := range l.cells {
			if c.holds { // the row could end within it
				l.cells[n], l.mended[n] = sheetCell{}, sheetCell{}
			}
		}
		l.cells, l.wrong = append(l.cells, sheetCell{}, sheetCell{text: "more"}), true
	case 9:
		l.cells = append(l.cells, sheetCell{}, sheetCell{text: "\u00a0"})
		l.mended = nil
	case 10:
		if !s.calm {
			l.mended = nil
			return
		}
		for n, c := range l.cells { // only of a line without others no part can be read as a line
			if strings.ContainsAny(c.text, "\r\n") {
				l.cells[n], l.mended[n] = sheetCell{}, sheetCell{}
			}
		}
		l.unended, l.wrong = s.IntN(len(l.cells)), true
		for strings.TrimSpace(l.cells[l.unended].text) == "" { // a blank one could close that of the line before
			l.unended = (l.unended + 1) % len(l.cells)
		}
	}
	if slices.Equal(l.mended, l.cells) {
		l.mended = nil
	}
}

// shorten ends a line before its last columns, whose cells are blank then.
func (s *sheet) shorten(l *sheetLine) {
	l.mended = nil
	keep := s.column(ColumnEmail) + 1 + s.IntN(len(l.cells)-s.column(ColumnEmail))
	for n := range keep {
		unclear := strings.Contains(l.cells[n].text, "@") || l.cells[n].odd
		if unclear && n != s.column(ColumnEmail) { // where it ends cannot be told
			l.cells[n] = sheetCell{}
		}
	}
	l.cells = l.cells[:keep]
}

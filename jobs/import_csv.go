package jobs

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// maxRow is the most bytes in one row of a file, including all lines inside quotes.
const maxRow = 1 << 20

// Place is a position in a file, always before a row.
type Place struct {
	Offset int64 `json:"offset"` // bytes read
	Lines  int64 `json:"lines"`  // line ends read

	Opened int64 `json:"opened,omitempty"` // the line whose quotation mark seems to be left open
	Until  int64 `json:"until,omitempty"`  // the last line inside that quotation mark
}

// Row is one row of a file.
type Row struct {
	Line   int64 // on which it begins, as an editor counts: from 1
	Cells  []string
	Bad    []int   // numbers of the cells, from 0, with bytes that are no text; U+FFFD stands for each
	Nul    []int   // numbers of the cells, from 0, with NUL characters
	Doubts []Doubt // cells that may not say what their writer meant
	Fault  string  // why it cannot be used, a sentence; if it could not be read, Cells has only the beginning of its text
}

// Doubt says why a cell needs a look.
type Doubt struct {
	Cell   int // its number, from 0
	Reason string
}

// blank reports whether the row is empty, or holds only the marks that end files of some programs.
func (r Row) blank() bool {
	for _, c := range r.Cells {
		if strings.Trim(strings.TrimSpace(c), string(endMark)) != "" {
			return false
		}
	}
	return r.Fault == ""
}

// RowReader reads the rows of a file of comma-separated values (RFC 4180). It forgives what programs and people do to such
// files: any line end, a quote inside a cell that does not begin with one, text after the closing quote of a cell of one
// line. An unclosed quote costs only its own line, even if the quote of a later row seems to close it. The next lines
// are read as rows. If it cannot tell whether a cell of several lines is one cell or holds other rows, the whole row has a
// fault; if two or more lines of the cell read like rows with an address, each line of it is a row with a fault. It needs memory for
// one row, and can continue at any Place that it returned.
type RowReader struct {
	// Columns is how many cells a row should have; 0 if that is not known yet.
	Columns int
	// Email is the number, from 1, of the column with the addresses. 0 means that a cell may hold lines that read like rows.
	Email int

	src    io.Reader
	text   TextEncoding
	comma  rune
	place  Place
	buf    []byte // read from src but not returned yet
	marks  int    // how many bytes at the end of buf are marks of a file's end
	srcErr error  // why src has no more
}

// NewRowReader reads from at; src begins there. At the beginning of a file it skips the byte-order mark, and a line that
// tells Excel what stands between the cells.
func NewRowReader(src io.Reader, text TextEncoding, comma rune, at Place) *RowReader {
	r := &RowReader{src: src, text: text, comma: comma, place: at}
	if at.Offset == 0 {
		r.fill(64)
		r.drop(text.markSize(r.buf))
		if _, size := sepLine(r.buf, text); size > 0 {
			r.drop(size)
			r.place.Lines++
		}
	}
	return r
}

// sepLine reads the line "sep=;" of which file may be the beginning: what stands between the cells, and how many bytes the
// line takes with its end; 0, 0 when there is none.
func sepLine(file []byte, text TextEncoding) (comma rune, size int) {
	next := func() rune {
		c, n := text.next(file[size:], true)
		size += n
		return c
	}
	for _, want := range "sep=" {
		if unicode.ToLower(next()) != want {
			return 0, 0
		}
	}
	comma = next()
	switch end := next(); end {
	case '\n':
		return comma, size
	case '\r':
		if c, n := text.next(file[size:], true); c == '\n' {
			size += n
		}
		return comma, size
	}
	return 0, 0
}

// Place returns where the row after the last one begins.
func (r *RowReader) Place() Place { return r.place }

// Next returns the next row, blank ones too; io.EOF when there is none, or the error of the source.
func (r *RowReader) Next() (Row, error) {
	if r.fill(1); r.place.Lines < r.place.Until && len(r.buf) > 0 {
		return r.inside()
	}
	for want := 4 << 10; ; want *= 2 {
		r.fill(min(want, maxRow))
		for r.srcErr == nil && len(r.buf) < maxRow && r.marks > 0 {
			r.fill(len(r.buf) + 1) // whether these marks end the file
		}
		if r.srcErr != nil && r.srcErr != io.EOF {
			return Row{}, r.srcErr
		}
		if len(r.buf) == 0 {
			return Row{}, io.EOF
		}
		seen := r.buf[:min(len(r.buf), maxRow)]
		last := r.srcErr == io.EOF && len(seen) == len(r.buf)
		row := Row{Line: r.place.Lines + 1}
		p := parser{text: r.text, comma: r.comma, rest: seen, last: last}
		if last {
			p.rest = seen[:len(seen)-r.marks]
		}
		size := len(p.rest)
		switch found := p.row(); {
		case found && p.swallowed(r.Columns), p.broken:
			row.Fault = p.unclosed()
			text, err := r.skipLine(shownOfLine)
			row.Cells = []string{text}
			return row, err
		case found && p.holdsRows(r.Columns, r.Email-1):
			r.place.Opened, r.place.Until = row.Line, row.Line+p.inner()
			row.Fault = p.leftOpen(r.Columns, r.Email-1, r.place.Until)
			text, err := r.skipLine(maxRow)
			row.Cells = p.cellsToCorrect(text)
			return row, err
		case found:
			row.Cells, row.Bad, row.Nul, row.Doubts = p.cells, p.bad, p.nul, p.doubts()
			if p.doubtful(r.Columns) {
				row.Fault = p.doubt(r.Columns)
			}
			r.place.Lines += p.lines
			if size -= len(p.rest); len(p.rest) == 0 {
				size = len(seen) // with the marks at the end
			}
			r.drop(size)
			return row, nil
		case last || len(seen) == maxRow:
			row.Fault = p.fault()
			text, err := r.skipLine(shownOfLine)
			row.Cells = []string{text}
			return row, err
		}
	}
}

// fill reads until the buffer has at least n bytes or the source ends.
func (r *RowReader) fill(n int) {
	for len(r.buf) < n && r.srcErr == nil {
		chunk := make([]byte, max(n, 64<<10))
		var got int
		got, r.srcErr = r.src.Read(chunk)
		r.buf = append(r.buf, chunk[:got]...)
		r.marks = len(r.buf) - len(r.text.trimMarks(r.buf))
	}
}

func (r *RowReader) drop(n int) {
	r.buf = r.buf[n:]
	r.marks = min(r.marks, len(r.buf))
	r.place.Offset += int64(n)
}

// shownOfLine is how many bytes are kept of a line that cannot be read.
const shownOfLine = 1000

// inside returns the next line inside a quotation mark that seems to be left open. The line is read on its own, and has a fault.
func (r *RowReader) inside() (Row, error) {
	row := Row{Line: r.place.Lines + 1}
	text, err := r.skipLine(maxRow)
	if len(r.buf) == 0 && r.srcErr == io.EOF {
		text = strings.TrimRight(text, string(endMark))
	}
	p := parser{comma: r.comma}
	if row.Cells = p.cellsToCorrect(text); !row.blank() {
		row.Fault = fmt.Sprintf("This line is inside the quotation mark that line %d opens. Close it there, and import this line again.", r.place.Opened)
	}
	return row, err
}

// skipLine continues at the next line, ignoring quotes, so that one quote too many costs only one line. It returns the
// beginning of the skipped line, of about so many bytes.
func (r *RowReader) skipLine(shown int) (string, error) {
	var text strings.Builder
	for {
		c, n := r.text.next(r.buf, r.srcErr == io.EOF)
		if n == 0 {
			if r.srcErr != nil {
				break
			}
			r.fill(len(r.buf) + 64<<10)
			continue
		}
		r.drop(n)
		if c == '\n' || c == '\r' {
			if r.fill(4); c == '\r' {
				if c, n := r.text.next(r.buf, r.srcErr == io.EOF); c == '\n' {
					r.drop(n)
				}
			}
			r.place.Lines++
			break
		}
		if text.Len() < shown {
			text.WriteRune(c)
		}
	}
	if r.srcErr != io.EOF {
		return text.String(), r.srcErr
	}
	return text.String(), nil
}

// parser parses one row from the beginning of some text.
type parser struct {
	text   TextEncoding
	comma  rune
	rest   []byte
	last   bool // nothing comes after rest
	cells  []string
	lines  int64 // line ends that were read
	bad    []int // cells with bytes that are no text
	nul    []int // cells with NUL characters
	cell   strings.Builder
	quoted bool  // inside quotes
	long   []int // numbers of the cells, from 0, that span lines
	odd    []int // of the cells with text behind their closing quote
	spans  bool  // the quoted cell holds a line end
	broken bool  // text stands behind the closing quote of a cell that spans lines
}

// row reads a row with its line end. It says false when rest may not hold all of it.
func (p *parser) row() bool {
	fresh := true   // nothing of the cell was read yet
	closed := false // its closing quote was read
	for {
		c, ok := p.next()
		switch {
		case !ok:
			return p.last && !p.quoted && p.end()
		case p.quoted && c == '"':
			again, sure := p.peek('"')
			if !sure {
				return false
			}
			if p.quoted = again; again {
				p.cell.WriteRune('"')
			}
			closed = !again
		case p.quoted:
			if c == '\n' || c == '\r' {
				lineEnd, sure := p.lineEnd(c)
				if !sure {
					return false
				}
				c = lineEnd
				if !p.spans {
					p.long = append(p.long, len(p.cells))
				}
				p.spans = true
			}
			p.write(c)
		case c == '"' && fresh:
			p.quoted = true
		case c == p.comma:
			p.endCell()
			fresh, closed = true, false
			continue
		case c == '\n' || c == '\r':
			_, sure := p.lineEnd(c)
			return sure && p.end()
		case closed && p.spans && c != ' ' && c != '\t':
			p.broken = true
			return false
		case closed && p.spans: // a blank before the separator
		default:
			if closed && !unicode.IsSpace(c) && !slices.Contains(p.odd, len(p.cells)) {
				p.odd = append(p.odd, len(p.cells))
			}
			p.write(c)
		}
		fresh = false
	}
}

// write adds a character to the cell.
func (p *parser) write(c rune) {
	switch c {
	case undecodable:
		p.bad = with(p.bad, len(p.cells))
	case 0:
		p.nul = with(p.nul, len(p.cells))
	}
	p.cell.WriteRune(c)
}

// with adds a cell to a list of cells, if it is not its last one.
func with(cells []int, cell int) []int {
	if len(cells) > 0 && cells[len(cells)-1] == cell {
		return cells
	}
	return append(cells, cell)
}

func (p *parser) next() (rune, bool) {
	c, n := p.text.next(p.rest, p.last)
	p.rest = p.rest[n:]
	return c, n > 0
}

// peek reads the next character if it is c. sure is false if the character may not be read yet.
func (p *parser) peek(c rune) (is, sure bool) {
	next, n := p.text.next(p.rest, p.last)
	if n == 0 {
		return false, p.last
	}
	if next == c {
		p.rest = p.rest[n:]
	}
	return next == c, true
}

// lineEnd counts a line end that starts with c. Inside a cell every line end becomes a line feed.
func (p *parser) lineEnd(c rune) (lineFeed rune, sure bool) {
	p.lines++
	if c == '\r' {
		_, sure = p.peek('\n')
		return '\n', sure
	}
	return '\n', true
}

func (p *parser) endCell() {
	p.cells = append(p.cells, p.cell.String())
	p.cell.Reset()
	p.spans = false
}

func (p *parser) end() bool {
	p.endCell()
	return true
}

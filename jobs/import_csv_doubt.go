package jobs

import (
	"fmt"
	"slices"
	"strings"

	"campaignlark/models"
)

// These rules find rows whose quotation marks do not say for sure where their cells end.

// fits reports whether the row has as many cells as there are columns. Blank ones may come after them.
func (p *parser) fits(columns int) bool {
	for _, cell := range p.cells[min(len(p.cells), columns):] {
		if !models.IsBlank(cell) {
			return false
		}
	}
	return len(p.cells) >= columns
}

// swallowed reports whether a cell that spans lines holds other rows: the row does not fit, and a later line of the cell is a row
// that fits and has an address. Of a row that fits it trusts the quotes.
func (p *parser) swallowed(columns int) bool {
	return columns > 0 && !p.fits(columns) && p.holds(func(_ int, l innerLine) bool { return !l.first && l.all == columns })
}

// doubtful reports whether it cannot be told where the cells of a row end. Either the row does not fit, and text stands behind
// a closing quote, or an address in a later line of a cell: the row may also end before the last column. Or the first line of a
// cell would be a row that fits without the others.
func (p *parser) doubtful(columns int) bool {
	if columns == 0 {
		return false
	}
	behind := func(n int) bool {
		_, text, _ := strings.Cut(p.cells[n], "\n")
		return strings.Contains(text, "@")
	}
	return !p.fits(columns) && (len(p.odd) > 0 || slices.ContainsFunc(p.long, behind)) ||
		p.holds(func(_ int, l innerLine) bool { return l.first && l.own > 1 && l.all == columns })
}

// doubts returns the cells with text behind their closing quote, and those that span lines of which one reads like a row with an
// address, or is an address.
func (p *parser) doubts() (all []Doubt) {
	for _, n := range p.odd {
		all = append(all, Doubt{n, fmt.Sprintf("Text follows a closing quotation mark. A mark within a cell must be doubled. This cell is read as “%s”.", quoted(p.cells[n], shownOfCell))})
	}
	holding := map[int]int{}
	p.holds(func(n int, l innerLine) bool {
		if l.own > 1 || !l.first {
			holding[n]++
		}
		return false
	})
	for _, n := range p.long {
		switch lines := holding[n]; lines {
		case 0:
		case 1:
			all = append(all, Doubt{n, "This cell has several lines, and one of them reads like another line of the file. Is a quotation mark missing?"})
		default:
			all = append(all, Doubt{n, fmt.Sprintf("This cell has several lines, and %d of them read like other lines of the file. Is a quotation mark missing?", lines)})
		}
	}
	return all
}

// innerLine is a line with an address in a cell that spans lines.
type innerLine struct {
	first bool // it is the first line of its cell
	own   int  // how many cells it has within its cell, read as a row
	all   int  // with those before the first line, or after the last one
}

// holds reports whether is says yes to a cell that spans lines, and one of its lines with an address.
func (p *parser) holds(is func(n int, l innerLine) bool) bool {
	for _, n := range p.long {
		lines := strings.Split(p.cells[n], "\n")
		for at, line := range lines {
			cells := strings.Split(line, string(p.comma))
			if !slices.ContainsFunc(cells, func(cell string) bool { return isAddress(strings.Trim(cell, `"`)) }) {
				continue
			}
			l := innerLine{first: at == 0, own: len(cells), all: len(cells)}
			if l.first {
				l.all += n
			} else if at == len(lines)-1 {
				l.all += len(p.cells) - n - 1
			}
			if is(n, l) {
				return true
			}
		}
	}
	return false
}

// holdsRows reports whether a cell that spans lines holds two or more lines that read like rows: they have as many cells as there
// are columns, and an address in the column email, counted from 0. It reports false if that is not known. The row is valid, but such a
// cell is more often a quotation mark that was left open.
func (p *parser) holdsRows(columns, email int) bool {
	_, rows := p.rowsInside(columns, email)
	return rows > 1
}

// rowsInside returns the cell that spans lines, counted from 0, with the most lines that read like rows, and how many they are.
func (p *parser) rowsInside(columns, email int) (cell, rows int) {
	if email < 0 || email >= columns {
		return 0, 0
	}
	for _, n := range p.long {
		found, lines := 0, strings.Split(p.cells[n], "\n")
		for at, line := range lines {
			var before, after []string // the cells of the same line outside this cell
			if at == 0 {
				before = p.cells[:n]
			}
			if at == len(lines)-1 {
				after = p.cells[n+1:]
			}
			reads := func(own []string) bool {
				return len(before)+len(own)+len(after) == columns && isAddress(strings.Trim(slices.Concat(before, own, after)[email], `"`))
			}
			if (at > 0 || n == email) && (reads(p.cellsOf(line)) || reads(strings.Split(line, string(p.comma)))) { // marks were doubled in the cell, or not
				found++
			}
		}
		if found > rows {
			cell, rows = n, found
		}
	}
	return cell, rows
}

// cellsOf reads one line on its own. Quotation marks that are not closed do not count.
func (p *parser) cellsOf(line string) []string {
	one := parser{text: UTF8, comma: p.comma, rest: []byte(line), last: true}
	if !one.row() {
		return strings.Split(line, string(p.comma))
	}
	return one.cells
}

// cellsToCorrect reads one line on its own. It is one cell if it has a quotation mark too many, so that it cannot be imported
// before it is corrected.
func (p *parser) cellsToCorrect(line string) []string {
	if strings.Count(line, `"`)%2 > 0 {
		return []string{line}
	}
	return p.cellsOf(line)
}

// inner returns how many line ends are inside the row's quotation marks.
func (p *parser) inner() (lineEnds int64) {
	for _, n := range p.long {
		lineEnds += int64(strings.Count(p.cells[n], "\n"))
	}
	return lineEnds
}

// leftOpen returns the reason to refuse a row that seems to have an open quotation mark. until is its last line.
func (p *parser) leftOpen(columns, email int, until int64) string {
	cell, rows := p.rowsInside(columns, email)
	before, _, _ := strings.Cut(p.cells[cell], "\n")
	return fmt.Sprintf("The quotation mark before “%s” in column %d is not closed in this line, and %d lines inside it read like lines of this file. No line up to line %d is imported.",
		quoted(before, shownOfCell), cell+1, rows, until)
}

// fault says why the row cannot be read.
func (p *parser) fault() string {
	if p.quoted {
		return fmt.Sprintf("The quotation mark that opens column %d is never closed.", len(p.cells)+1)
	}
	return "This line is longer than 1 MB."
}

// doubt says why a row that may hold other rows is not used.
func (p *parser) doubt(columns int) string {
	column := append(p.odd, p.long...)[0] + 1
	return fmt.Sprintf("This line has %s, the file has %s, and it is not clear where column %d ends. A quotation mark or separators may be missing.", counted(len(p.cells), "cell"), counted(columns, "column"), column)
}

// counted writes a count with its word: "1 cell", "2 cells".
func counted(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// unclosed says why a row that contains other rows cannot be read.
func (p *parser) unclosed() string {
	return fmt.Sprintf("The quotation mark that opens column %d is not closed in this line, and what follows reads like other lines.", p.lastLong())
}

// lastLong returns the column, from 1, of the last cell that spans lines.
func (p *parser) lastLong() int { return p.long[len(p.long)-1] + 1 }

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
// address.
func (p *parser) doubts() (all []Doubt) {
	for _, n := range p.odd {
		all = append(all, Doubt{n, "Text follows a closing quotation mark. A mark within a cell must be doubled."})
	}
	holding := -1
	p.holds(func(n int, l innerLine) bool {
		if l.own > 1 && n != holding {
			holding = n
			all = append(all, Doubt{n, "This cell has several lines, and one of them reads like another line of the file. Is a quotation mark missing?"})
		}
		return false
	})
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

// fault says why the row cannot be read.
func (p *parser) fault() string {
	if p.quoted {
		return fmt.Sprintf("The quotation mark that opens column %d is never closed.", len(p.cells)+1)
	}
	return "This line is longer than 1 MiB."
}

// doubt says why a row that may hold other rows is not used.
func (p *parser) doubt(columns int) string {
	column := append(p.odd, p.long...)[0] + 1
	return fmt.Sprintf("This line has %d cells, the file has %d columns, and it is not clear where column %d ends. A quotation mark or separators may be missing.", len(p.cells), columns, column)
}

// unclosed says why a row that contains other rows cannot be read.
func (p *parser) unclosed() string {
	return fmt.Sprintf("The quotation mark that opens column %d is not closed in this line, and what follows reads like other lines.", p.lastLong())
}

// lastLong returns the column, from 1, of the last cell that spans lines.
func (p *parser) lastLong() int { return p.long[len(p.long)-1] + 1 }

package jobs

import (
	"regexp"
	"slices"
	"strings"

	"campaignlark/models"
	"campaignlark/senders"
)

// read returns a cell in the form that a merge tag reads, or why it does not fit how the column is written. A date that has the year first
// needs no choice.
func (c Column) read(tag models.MergeTag, cell string) (text, wrong string) {
	if c.As == senders.AsIs || !slices.Contains(ReadingsOf(tag.Type), c.As) {
		return cell, ""
	}
	text, err := c.As.Read(cell)
	if err == nil {
		return text, ""
	}
	if tag.Type == models.MergeTagDate && Fits(tag.Type, senders.AsIs, cell) {
		return cell, ""
	}
	return "", err.Error()
}

// Fits reports whether a text that is not blank is a date or a number, read as as says.
func Fits(t models.MergeTagType, as senders.As, text string) bool {
	text, err := as.Read(models.TrimBlanks(text))
	if err != nil {
		return false
	}
	stored, err := models.MergeTag{Type: t}.Read(models.Text(text), nil)
	return err == nil && stored != ""
}

// LooksLike returns the type of merge tag that most of the values fit: MergeTagDate or MergeTagNumber. It returns "" for other values, and for
// whole numbers, which are written in one way only.
func LooksLike(values []string) models.MergeTagType {
	if fitting(models.MergeTagDate, values, DateReadings...)*2 > len(values) {
		return models.MergeTagDate
	}
	marked := slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, ".,") })
	if marked && fitting(models.MergeTagNumber, values, NumberReadings...)*2 > len(values) {
		return models.MergeTagNumber
	}
	return ""
}

// TypeOf returns the type of a new merge tag that all of the values fit: MergeTagDate or MergeTagNumber. It returns MergeTagText for other
// values, and for those that lose something as numbers: postcodes and phone numbers may begin with 0 or +.
func TypeOf(values []string) models.MergeTagType {
	switch n := len(values); {
	case n == 0, slices.ContainsFunc(values, func(v string) bool { return code.MatchString(models.TrimBlanks(v)) }):
	case fitting(models.MergeTagDate, values, DateReadings...) == n:
		return models.MergeTagDate
	case slices.ContainsFunc(NumberReadings, func(as senders.As) bool { return fitting(models.MergeTagNumber, values, as) == n }):
		return models.MergeTagNumber
	}
	return models.MergeTagText
}

// MostlyOf returns the type that most of the values fit, by their marks of days or decimals: MergeTagDate or MergeTagNumber, else MergeTagText.
func MostlyOf(values []string) models.MergeTagType {
	if t := LooksLike(values); t != "" && !slices.ContainsFunc(values, func(v string) bool { return code.MatchString(models.TrimBlanks(v)) }) {
		return t
	}
	return models.MergeTagText
}

// code finds a text of digits that is no number.
var code = regexp.MustCompile(`^(\+|0[0-9]+$)`)

// fitting counts the values that fit a type, read in one of some ways.
func fitting(t models.MergeTagType, values []string, readings ...senders.As) (n int) {
	for _, v := range values {
		if slices.ContainsFunc(readings, func(as senders.As) bool { return Fits(t, as, v) }) {
			n++
		}
	}
	return n
}

// guessReadings sets how each column is written, from its values. A column of dates that may be read in two ways is written like the other
// dates of the file.
func (s *ImportSpec) guessReadings(rows []Row) {
	if s.Own {
		return
	}
	order := AsUnchosen // of days and months, as another column shows it
	for i := range s.Columns {
		c := &s.Columns[i]
		switch values := ColumnValues(rows, s.Header, i); LooksLike(values) {
		case models.MergeTagDate:
			c.As = s.guessDates(values)
			if c.As == senders.AsDMY || c.As == senders.AsMDY {
				order = c.As
			}
		case models.MergeTagNumber:
			c.As = s.guessDecimals(values)
		}
	}
	for i := range s.Columns {
		if s.Columns[i].As == AsUnchosen {
			s.Columns[i].As = order
		}
	}
}

// guessDates returns how dates are written. 03.04.1990 begins with the day. 03/04/1990 may begin with either, unless another value of the
// column has a number above 12, or the file has semicolons, as programs of countries write it that have the day first.
func (s *ImportSpec) guessDates(values []string) senders.As {
	dmy, mdy := fitting(models.MergeTagDate, values, senders.AsDMY), fitting(models.MergeTagDate, values, senders.AsMDY)
	dots := slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, ".") })
	switch iso := fitting(models.MergeTagDate, values, senders.AsIs); {
	case iso > dmy && iso > mdy:
		return senders.AsIs
	case dmy > mdy, dmy == mdy && (dots || s.Comma == ';'):
		return senders.AsDMY
	case mdy > dmy:
		return senders.AsMDY
	}
	return AsUnchosen
}

// thousands finds a number that a file with commas between its cells writes for 1250, and a file with semicolons for 1.25.
var thousands = regexp.MustCompile(`^-?[0-9]{1,3}(,[0-9]{3})+$`)

// guessDecimals returns how numbers are written. 1.250 and 1,250 are read as in countries whose files have semicolons, if this file has
// them.
func (s *ImportSpec) guessDecimals(values []string) senders.As {
	point, comma := 0, 0
	for _, v := range values {
		switch v = models.TrimBlanks(v); {
		case thousands.MatchString(v) && s.Comma != ';':
		case Fits(models.MergeTagNumber, senders.AsIs, v) && Fits(models.MergeTagNumber, senders.AsDecimalComma, v):
		case Fits(models.MergeTagNumber, senders.AsIs, v):
			point++
		case Fits(models.MergeTagNumber, senders.AsDecimalComma, v):
			comma++
		}
	}
	if comma > point || comma == point && s.Comma == ';' {
		return senders.AsDecimalComma
	}
	return senders.AsIs
}

// ColumnValues returns the values of a column, from 0, that are not blank.
func ColumnValues(rows []Row, header bool, column int) (values []string) {
	for n, row := range rows {
		if n == 0 && header || column >= len(row.Cells) {
			continue
		}
		if cell := cellText(row, column); !models.IsBlank(cell) {
			values = append(values, cell)
		}
	}
	return values
}

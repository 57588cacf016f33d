package handlers

import (
	"slices"
	"strconv"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/senders"
	"campaignlark/views"
)

// readingNames name how the dates and numbers of a column may be written.
var readingNames = map[senders.As]string{
	senders.AsDMY: "Day.month.year", senders.AsMDY: "Month/day/year", senders.AsIs: "Year-month-day (ISO)", senders.AsDecimalComma: "With a decimal comma", jobs.AsUnchosen: "Not chosen yet",
}

const decimalPoint = "With a decimal point" // AsIs of numbers

func readingID(i int) string { return "as-" + strconv.Itoa(i+1) }

// asksReading returns the type of values, dates or numbers, for which a column asks how they are written, and the values; "" if it does
// not ask.
func (f *columnsForm) asksReading(i int) (kind models.MergeTagType, values []string) {
	if f.spec.Own {
		return "", nil
	}
	values = jobs.ColumnValues(f.rows, f.spec.Header, i)
	if kind = jobs.LooksLike(values); kind == "" {
		kind = f.tagOf(i).Type
	}
	if jobs.ReadingsOf(kind) == nil {
		return "", nil
	}
	return kind, values
}

// tagOf returns the merge tag of a column, also one to be created; an empty one if it has none.
func (f *columnsForm) tagOf(i int) models.MergeTag {
	if tag, isNew := f.spec.Columns[i].New(); isNew {
		return tag
	}
	at := slices.IndexFunc(f.mergeTags, func(t models.MergeTag) bool { return jobs.FieldColumn(t.ID) == f.spec.Columns[i].To })
	if at < 0 {
		return models.MergeTag{}
	}
	return f.mergeTags[at]
}

// wrongReading takes how a column is written from the form, and returns what is wrong with it, or "".
func (f *columnsForm) wrongReading(i int) string {
	c := &f.spec.Columns[i]
	as, options := senders.As(f.edit.text(readingID(i))), jobs.ReadingsOf(f.tagOf(i).Type)
	if as == jobs.AsUnchosen || slices.Contains(jobs.DateReadings, as) || slices.Contains(jobs.NumberReadings, as) {
		c.As = as
	}
	if c.As != jobs.AsUnchosen || !slices.Contains(options, senders.AsDMY) {
		return ""
	}
	_, values := f.asksReading(i)
	for _, v := range values {
		if first, second := f.shown(models.MergeTagDate, senders.AsDMY, v), f.shown(models.MergeTagDate, senders.AsMDY, v); first != "" && second != "" {
			return "Please choose how the dates are written: " + models.CleanName(v) + " may be " + first + " or " + second + "."
		}
	}
	return "Please choose how the dates are written."
}

// askReading adds the choice of how a column is written. Each option shows how it reads a value of the file.
func (f *columnsForm) askReading(column *views.ImportColumn, i int, errs models.FieldErrors) {
	kind, values := f.asksReading(i)
	if kind == "" {
		return
	}
	c := f.spec.Columns[i]
	example := exampleOf(kind, values)
	column.Dates, column.Reading, column.Wrong = kind == models.MergeTagDate, string(c.As), errs[readingID(i)]
	if c.As == jobs.AsUnchosen {
		column.Readings = []views.Option{{Value: string(jobs.AsUnchosen), Label: "Please choose"}}
	}
	for _, as := range jobs.ReadingsOf(kind) {
		label := readingNames[as]
		if kind == models.MergeTagNumber && as == senders.AsIs {
			label = decimalPoint
		}
		if shown := f.shown(kind, as, example); shown != "" {
			if kind == models.MergeTagNumber { // numbers are shown with a point, however the file writes them
				shown = models.CleanName(example) + " is read as " + shown
			}
			label += ": " + shown
		}
		column.Readings = append(column.Readings, views.Option{Value: string(as), Label: label})
	}
}

// exampleOf returns a value that shows best how a column is written: one that only one reading fits, else the first that any fits.
func exampleOf(kind models.MergeTagType, values []string) (example string) {
	for _, v := range values {
		fits := 0
		for _, as := range jobs.ReadingsOf(kind) {
			if jobs.Fits(kind, as, v) {
				fits++
			}
		}
		if fits == 1 {
			return v
		}
		if fits > 0 && example == "" {
			example = v
		}
	}
	return example
}

// shown returns a value as people see it, if it is read as as says; "" if it does not fit.
func (f *columnsForm) shown(kind models.MergeTagType, as senders.As, value string) string {
	if !jobs.Fits(kind, as, value) {
		return ""
	}
	text, _ := as.Read(models.TrimBlanks(value))
	tag, zone := models.MergeTag{Type: kind}, f.visit.Workspace.Location()
	stored, err := tag.Read(models.Text(text), zone)
	if err != nil {
		return ""
	}
	return tag.Show(stored, zone)
}

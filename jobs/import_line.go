package jobs

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"campaignlark/intake"
	"campaignlark/models"
)

// reader interprets the lines of an import. It does not know the database.
type reader struct {
	spec      ImportSpec
	mergeTags []models.MergeTag         // of the workspace, and those to be created
	tags      []models.Tag              // likewise
	tagsByID  map[int64]models.MergeTag // the merge tags
	always    []models.Tag              // for every contact
	mayAdd    bool                      // this is a dry run, which collects tags to be created
}

// entry is one parsed line.
type entry struct {
	line    int64
	row     Row
	refused string // why the line is not used
	email   string // in its stored form
	said    intake.Submission
	status  models.Status
	tags    []models.Tag
	notes   []Problem
	doubts  []Problem // why a value that is stored needs a look
}

// read interprets a row.
func (r *reader) read(row Row) entry {
	e := entry{line: row.Line, row: row, refused: row.Fault, tags: slices.Clone(r.always)}
	if e.refused == "" {
		e.refused = r.ragged(row.Cells)
	}
	if e.refused != "" {
		return e
	}
	for _, d := range row.Doubts {
		e.doubt(r.spec.label(d.Cell), d.Reason)
	}
	e.said.Email = intake.Email{Key: models.EmailKey, Present: true}
	for i, column := range r.spec.Columns {
		cell := cellText(row, i)
		if slices.Contains(row.Bad, i) && column.To != ColumnNone {
			reason := fmt.Sprintf("“%s”: a character of this cell is not %s. Save the file as UTF-8, or choose how its text is written.", quoted(cell, shownOfCell), r.spec.Encoding.Name())
			if column.To == ColumnEmail || column.To == ColumnStatus {
				e.refused = column.label(i) + ": " + reason
				return e
			}
			e.note(column.label(i), reason)
			continue
		}
		if slices.Contains(row.Nul, i) && column.To != ColumnNone {
			cell = strings.ReplaceAll(cell, "\x00", "")
			reason := fmt.Sprintf("“%s”: this cell has a NUL character, a byte with the value 0 that cannot be seen. ", quoted(cell, shownOfCell))
			if column.To == ColumnEmail || column.To == ColumnStatus {
				e.refused = column.label(i) + ": " + reason + "Remove it, or choose how the text of the file is written."
				return e
			}
			e.doubt(column.label(i), reason+"The import drops it.")
		}
		switch column.To {
		case ColumnNone:
		case ColumnEmail:
			e.said.Email.Value = models.Text(cell)
		case ColumnStatus:
			e.readStatus(column.label(i), cell)
		case ColumnTags:
			r.readTags(&e, column.label(i), cell)
		default:
			if tag, found := r.mergeTag(i); found {
				text, wrong := column.read(tag, cell)
				if wrong != "" {
					e.note(tag.Label, fmt.Sprintf("“%s”: %s", quoted(cell, shownOfCell), wrong))
					continue
				}
				e.said.Fields = append(e.said.Fields, intake.Field{Key: tag.Key, Value: models.Text(text)})
			}
		}
	}
	var err error
	switch e.email, err = e.said.Address(); err {
	case models.ErrEmailMissing:
		e.refused = "There is no e-mail address in this line."
	case models.ErrEmailInvalid:
		e.refused = fmt.Sprintf("“%s” is not a valid e-mail address.", quoted(e.said.Email.Value.Last(), 100))
	}
	return e
}

// cellText is the text of a row's cell; "" if the row ends before it. A text that was protected from spreadsheets, as export files
// do it or as a formula (="01067"), is what it protects.
func cellText(row Row, i int) string {
	if i >= len(row.Cells) {
		return ""
	}
	if text, found := formulaText(row.Cells[i]); found {
		return text
	}
	return models.Undefuse(row.Cells[i])
}

// formulaText returns the text of a formula that is nothing but a text: ="01067". Any other formula is not found.
func formulaText(cell string) (text string, found bool) {
	text, opened := strings.CutPrefix(cell, `="`)
	text, closed := strings.CutSuffix(text, `"`)
	if !opened || !closed || strings.Contains(strings.ReplaceAll(text, `""`, ""), `"`) {
		return "", false
	}
	return strings.ReplaceAll(text, `""`, `"`), true
}

// ragged says what is wrong with the number of cells. Spreadsheets omit empty cells at the end of a row, and write others
// after the last column: such rows are valid.
func (r *reader) ragged(cells []string) string {
	n := len(cells)
	for n > len(r.spec.Columns) && models.IsBlank(cells[n-1]) {
		n--
	}
	if n <= len(r.spec.Columns) {
		return ""
	}
	return fmt.Sprintf("This line has %s, and the file has %s. There may be a separator too many, or a quotation mark is missing.", counted(n, "cell"), counted(len(r.spec.Columns), "column"))
}

// mergeTag returns the merge tag of a column. One to be created has the negative number of its column as id.
func (r *reader) mergeTag(column int) (models.MergeTag, bool) {
	id := r.spec.Columns[column].MergeTag()
	if _, isNew := r.spec.Columns[column].New(); isNew {
		id = newMergeTagID(column)
	}
	tag, found := r.tagsByID[id]
	return tag, found
}

func newMergeTagID(column int) int64 { return -int64(column) - 1 }

// statusWords maps words of other programs, folded, that clearly mean one status. It omits words that may mean
// something else, such as "inactive": a person who gets mail against their will is lost.
var statusWords = map[string]models.Status{
	"opt-out": models.StatusUnsubscribed, "opted-out": models.StatusUnsubscribed, "opted out": models.StatusUnsubscribed, "abgemeldet": models.StatusUnsubscribed,
}

// readStatus reads the name of a status, ignoring case. It refuses a line with another word, because its contact could
// get a wrong status.
func (e *entry) readStatus(column, cell string) {
	if models.IsBlank(cell) {
		return
	}
	word := models.Fold(models.TrimBlanks(cell))
	for _, s := range models.Statuses {
		if word == models.Fold(string(s)) {
			e.status = s
			return
		}
	}
	if e.status = statusWords[word]; e.status == "" {
		e.refused = fmt.Sprintf("%s: “%s” is no status. There are Subscribed, Unconfirmed and Unsubscribed.", column, quoted(cell, shownOfCell))
	}
}

// readTags adds the tags of a cell: the one that has the whole cell as its name, else those that it names, separated by commas. An
// export always separates them. In a dry run a new name becomes a tag to be created.
func (r *reader) readTags(e *entry, column, cell string) {
	if tag, found := r.wholeCell(cell); found && !r.spec.Own {
		e.tags = append(e.tags, tag)
		return
	}
	for _, name := range models.SplitTags(models.ValidText(cell)) {
		if models.LooksUnfilled(name) {
			e.doubt(column, unfilled(name))
		}
		tag, trouble := r.tag(name)
		if trouble != "" {
			e.note(column, trouble)
		} else {
			e.tags = append(e.tags, tag)
		}
	}
}

// wholeCell finds the tag that has the whole cell as its name. Tags that this import creates do not count, because a dry run
// finds their names only after the first lines.
func (r *reader) wholeCell(cell string) (models.Tag, bool) {
	folded := models.Fold(models.CleanName(cell))
	i := slices.IndexFunc(r.tags, func(t models.Tag) bool {
		return t.NameFolded == folded && t.ID > 0 && !slices.Contains(r.spec.Made, t.ID)
	})
	if i < 0 {
		return models.Tag{}, false
	}
	return r.tags[i], true
}

func (r *reader) tag(name string) (tag models.Tag, trouble string) {
	clean, errs := models.ValidateTag(name)
	if errs.Any() {
		return tag, fmt.Sprintf("“%s” cannot be a tag. %s", quoted(clean, 40), errs["name"])
	}
	folded := models.Fold(clean)
	if i := slices.IndexFunc(r.tags, func(t models.Tag) bool { return t.NameFolded == folded }); i >= 0 {
		return r.tags[i], ""
	}
	if !r.mayAdd {
		return tag, fmt.Sprintf("There is no tag “%s” any more.", models.NameInvisible(clean))
	}
	if fresh := r.newTags(); len(fresh) == MaxNewTags {
		return tag, fmt.Sprintf("“%s” would be the %dst new tag. One import makes at most %d: create it first.", models.NameInvisible(clean), MaxNewTags+1, MaxNewTags)
	}
	return r.addTag(clean), ""
}

// addTag adds a tag to be created. Its id is negative, and the same in every step.
func (r *reader) addTag(name string) models.Tag {
	tag := models.Tag{ID: -int64(len(r.newTags())) - 1, Name: name, NameFolded: models.Fold(name)}
	r.tags = append(r.tags, tag)
	return tag
}

// newTags returns the names of the tags to be created.
func (r *reader) newTags() []string {
	var names []string
	for _, t := range r.tags {
		if t.ID < 0 {
			names = append(names, t.Name)
		}
	}
	return names
}

func (e *entry) note(column, reason string) {
	e.notes = append(e.notes, Problem{e.line, column, reason})
}

func (e *entry) doubt(column, reason string) {
	e.doubts = append(e.doubts, Problem{e.line, column, reason})
}

// doubtField records why a value that is stored in a field needs a look, if it does.
func (e *entry) doubtField(label, value string) {
	switch {
	case models.LooksUnfilled(value):
		e.doubt(label, unfilled(value))
	case models.LooksMisread(value):
		e.doubt(label, fmt.Sprintf("“%s” looks like letters with accents that were read in a wrong encoding.", quoted(value, shownOfCell)))
	case strings.ContainsRune(value, utf8.RuneError):
		e.doubt(label, fmt.Sprintf("“%s”: a character was lost before this file was written.", quoted(value, shownOfCell)))
	}
}

// unfilled says why a value needs a look that models.LooksUnfilled found.
func unfilled(value string) string {
	return fmt.Sprintf("“%s” looks as if a program did not fill it in.", quoted(value, shownOfCell))
}

// shownOfCell is how many characters of a cell a reason quotes.
const shownOfCell = 40

// noteField records why a cell's value for a merge tag is not stored, with the cell. Some reasons already quote it.
func (e *entry) noteField(f intake.FieldFate) {
	reason := f.Reason
	if !strings.HasPrefix(reason, `"`) {
		reason = fmt.Sprintf("“%s”: %s", quoted(e.sent(f.Key), shownOfCell), reason)
	}
	e.note(f.Label, reason)
}

// sent is the cell that went to the merge tag with this key.
func (e *entry) sent(key string) string {
	for _, f := range e.said.Fields {
		if f.Key == key {
			return f.Value.Last()
		}
	}
	return ""
}

// trouble returns everything that is wrong with the line as one text; "" if it was imported completely and needs no look.
func (e *entry) trouble() string {
	if e.refused != "" {
		return e.refused
	}
	var all []string
	for _, n := range e.notes {
		all = append(all, "Not stored: "+n.Column+": "+n.Reason)
	}
	for _, n := range e.doubts {
		all = append(all, "Needs a look: "+n.Column+": "+n.Reason)
	}
	return strings.Join(all, " ")
}

// quoted returns at most most characters of a text from a file for a sentence, and names what cannot be seen of them.
func quoted(s string, most int) string {
	return models.NameInvisible(models.Shorten(models.ValidText(strings.ToValidUTF8(s[:min(len(s), 4*most)], "")), most))
}

// cleaned returns at most most characters of a name from a file.
func cleaned(s string, most int) string {
	return models.Shorten(models.CleanName(strings.ToValidUTF8(s[:min(len(s), 4*most)], "")), most)
}

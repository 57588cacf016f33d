package handlers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/views"
)

// columnsForm maps the columns of a file to fields of contacts.
type columnsForm struct {
	visit     *visit
	job       models.Job
	spec      jobs.ImportSpec
	rows      []jobs.Row
	mergeTags []models.MergeTag
	tags      []models.Tag
	fields    views.OptionGroup // the merge tags, to choose from for each column
	newTags   string            // as typed
	edit      editForm
}

var commaNames = map[rune]string{',': "comma", ';': "semicolon", '\t': "tab", '|': "vertical bar"}

func (v *visit) columnsForm() (f columnsForm, err error) {
	ctx, db := v.UserContext(), v.server.DB
	f = columnsForm{visit: v}
	if f.job, err = v.importJob(); err != nil {
		return f, err
	}
	f.spec = models.ReadJobJSON[jobs.ImportSpec](f.job.Spec)
	if f.mergeTags, err = db.MergeTags(ctx, v.Workspace.ID); err != nil {
		return f, models.In("import columns: merge tags", err)
	}
	f.fields.Label = "Merge tags"
	for _, t := range f.mergeTags {
		f.fields.Options = append(f.fields.Options, views.Option{Value: jobs.FieldColumn(t.ID), Label: t.Label})
	}
	if f.tags, err = db.TagNames(ctx, v.Workspace.ID); err != nil {
		return f, models.In("import columns: tags", err)
	}
	f.rows, err = jobs.FirstRows(ctx, db, f.job, f.spec)
	return f, models.In("import columns: first rows of the file", err)
}

// open reports whether the columns can still be changed.
func (f *columnsForm) open() bool {
	phase := jobs.Phase(f.job)
	return !f.job.Finished() && phase != jobs.ImportUploading && phase != jobs.ImportRunning
}

// importColumns shows the form that maps the file's columns.
func (s *Server) importColumns(v *visit) error {
	f, err := v.columnsForm()
	if err != nil {
		return err
	}
	if !f.open() {
		return v.Redirect(v.importPath(f.job), 303)
	}
	f.edit = f.compare()
	m, err := f.model(nil)
	if err != nil {
		return err
	}
	return v.show(views.ImportColumnsPage(m))
}

// importCheck stores the mapping and starts the dry run. If the file's format settings changed, it shows the columns again.
func (s *Server) importCheck(v *visit) error {
	return untilSeen(func() error { return s.checkImport(v) })
}

func (s *Server) checkImport(v *visit) error {
	f, err := v.columnsForm()
	if err != nil {
		return err
	}
	if !f.open() {
		if err := v.flash(views.Flash{Kind: views.KindWarn, Text: "This import has been started already, or it is over. Your choices were not used."}); err != nil {
			return err
		}
		return v.Redirect(v.importPath(f.job), 303)
	}
	f.edit = f.compare()
	changed := f.readForm()
	if v.refill || f.edit.clashes() || readOtherwise(f.edit) {
		f.readChoices()
		return f.again(nil)
	}
	if v.Form("do") == "read" || changed {
		if err := f.readAgain(); err != nil {
			return err
		}
		m, err := f.model(nil)
		if err != nil {
			return err
		}
		m.ReadAgain = true
		return v.again(views.ImportColumnsPage(m))
	}
	errs := f.readChoices()
	if errs.Any() {
		return f.again(errs)
	}
	if err := jobs.CheckImport(v.UserContext(), s.DB, f.job, f.spec, s.now()); err != nil {
		return models.In("import columns: start the dry run", err)
	}
	return v.done(v.importPath(f.job), "The file is being tried out. Nothing is imported yet.")
}

func (f *columnsForm) again(errs models.FieldErrors) error {
	m, err := f.model(errs)
	if err != nil {
		return err
	}
	return f.visit.again(views.ImportColumnsPage(m))
}

// readForm takes the file's format settings from the form and reports whether they changed.
func (f *columnsForm) readForm() (changed bool) {
	before := f.spec
	if e := jobs.TextEncoding(f.edit.text("encoding")); e.Valid() {
		f.spec.Encoding = e
	}
	for _, comma := range jobs.Commas {
		if commaNames[comma] == f.edit.text("comma") {
			f.spec.Comma = comma
		}
	}
	f.spec.Header = f.edit.text("header") == yesNo(true)
	return f.spec.Encoding != before.Encoding || f.spec.Comma != before.Comma || f.spec.Header != before.Header
}

// readAgain reads the first rows with the new settings and guesses the columns again.
func (f *columnsForm) readAgain() (err error) {
	v := f.visit
	if f.rows, err = jobs.FirstRows(v.UserContext(), v.server.DB, f.job, f.spec); err != nil {
		return models.In("import columns: first rows of the file", err)
	}
	f.spec.Guess(f.rows, f.mergeTags)
	if err := jobs.RemapImport(v.UserContext(), v.server.DB, f.job, f.spec, v.server.now()); err != nil {
		return models.In("import columns: store how it is read", err)
	}
	v.form.Del("filled") // the form is filled with the stored columns now
	f.edit = f.compare()
	return nil
}

// readChoices takes the mapping and the actions for the contacts from the form, and returns what is wrong.
func (f *columnsForm) readChoices() models.FieldErrors {
	errs := models.FieldErrors{}
	f.readColumns(errs)
	f.spec.Status = models.StatusSubscribed
	if models.Status(f.edit.text("status")) == models.StatusUnconfirmed {
		f.spec.Status = models.StatusUnconfirmed
	}
	f.spec.Resubscribe = f.edit.text("resubscribe") == yesNo(true)
	f.spec.Tags = nil
	chosen := f.edit.threeWay["tags"].items()
	for _, t := range f.tags {
		if slices.Contains(chosen, strconv.FormatInt(t.ID, 10)) {
			f.spec.Tags = append(f.spec.Tags, t.ID)
		}
	}
	f.newTags = f.edit.text("new_tags")
	f.spec.NewTags = models.SplitNames(f.newTags)
	if len(f.spec.NewTags) > jobs.MaxNewTags {
		errs.Add("tags", fmt.Sprintf("Please add at most %d new tags.", jobs.MaxNewTags))
	}
	for _, name := range f.spec.NewTags {
		_, wrong := models.ValidateTag(name)
		errs.Add("tags", wrong["name"])
	}
	return errs
}

// readColumns takes the columns' targets from the form. It keeps the stored ones if the form has another number of columns.
func (f *columnsForm) readColumns(errs models.FieldErrors) {
	if len(f.visit.FormAll("column")) != len(f.spec.Columns) {
		errs.Add("column-1", "Please choose for each column where it goes.")
		return
	}
	for i := range f.spec.Columns {
		f.spec.Columns[i].To, f.spec.Columns[i].Key = f.edit.text(columnID(i)), ""
		errs.Add(columnID(i), f.wrongColumn(i))
		errs.Add(readingID(i), f.wrongReading(i))
	}
	if !slices.ContainsFunc(f.spec.Columns, func(c jobs.Column) bool { return c.To == jobs.ColumnEmail }) {
		errs.Add(columnID(0), "Please choose the column with the e-mail address. Nothing can be imported without it.")
	}
}

func columnID(i int) string { return "column-" + strconv.Itoa(i+1) }

// wrongColumn says what is wrong with a column's target, or "". A new merge tag gets its key here.
func (f *columnsForm) wrongColumn(i int) string {
	c := &f.spec.Columns[i]
	known := slices.ContainsFunc(f.columnOptions(i), func(g views.OptionGroup) bool {
		return slices.ContainsFunc(g.Options, func(o views.Option) bool { return o.Value == c.To })
	})
	if !known {
		c.To = jobs.ColumnNone
		return "This no longer exists. Please choose again."
	}
	_, isNew := c.New()
	if isNew {
		c.Key = models.SuggestKey(c.Name)
	}
	for j, other := range f.spec.Columns[:i] {
		switch {
		case c.To == jobs.ColumnNone:
		case c.To == other.To && !isNew, isNew && c.Key == other.Key:
			return fmt.Sprintf("Column %d goes there already. Two columns cannot go to one place.", j+1)
		}
	}
	return ""
}

// columnOptions lists the possible targets of a column.
func (f *columnsForm) columnOptions(i int) []views.OptionGroup {
	groups := []views.OptionGroup{{Options: []views.Option{
		{Value: jobs.ColumnNone, Label: "Do not import"}, {Value: jobs.ColumnEmail, Label: "E-mail address"},
		{Value: jobs.ColumnStatus, Label: "Status"}, {Value: jobs.ColumnTags, Label: "Tags"},
	}}}
	if len(f.fields.Options) > 0 {
		groups = append(groups, f.fields)
	}
	if name := f.spec.Columns[i].Name; f.mayBeNew(name) {
		groups = append(groups, views.OptionGroup{Label: "New", Options: f.newOptions(i)})
	}
	return groups
}

// newOptions lists the merge tags that can be created for a column: of the type that its values fit, or that most of them fit, and a text. Each
// names its type, because a type cannot be changed later.
func (f *columnsForm) newOptions(i int) []views.Option {
	create := "Create merge tag “" + f.spec.Columns[i].Name + "”"
	fits := jobs.TypeOf(jobs.ColumnValues(f.rows, f.spec.Header, i))
	text := views.Option{Value: jobs.ColumnNew, Label: create + ", a text"}
	if fits != models.MergeTagText {
		return []views.Option{{Value: jobs.NewColumn(fits), Label: create + ", a " + strings.ToLower(fits.Name())}, text}
	}
	if most := jobs.MostlyOf(jobs.ColumnValues(f.rows, f.spec.Header, i)); most != models.MergeTagText {
		return []views.Option{text, {Value: jobs.NewColumn(most), Label: create + ", a " + strings.ToLower(most.Name()) + ": other values are not stored"}}
	}
	return []views.Option{text}
}

// mayBeNew reports whether a column's name can become a merge tag of type text.
func (f *columnsForm) mayBeNew(name string) bool {
	tag := models.MergeTag{Key: models.SuggestKey(name), Label: name, Type: models.MergeTagText}
	return !tag.Clean(nil).ValidateNew().Any() && !slices.ContainsFunc(f.mergeTags, func(t models.MergeTag) bool { return t.Key == tag.Key })
}

func (f *columnsForm) model(errs models.FieldErrors) (m views.ImportColumnsModel, err error) {
	v := f.visit
	m = views.ImportColumnsModel{
		ID: f.job.ID, File: f.spec.File, Lines: f.job.Total, Header: f.spec.Header, Encoding: string(f.spec.Encoding), Comma: commaNames[f.spec.Comma],
		Status: string(f.spec.Status), Resubscribe: f.spec.Resubscribe, NewTags: f.newTags, Errors: errs, TooMany: len(f.rows) > 0 && len(f.rows[0].Cells) > len(f.spec.Columns),
	}
	for _, e := range jobs.TextEncodings {
		m.Encodings = append(m.Encodings, views.Option{Value: string(e), Label: e.Name()})
	}
	samples := f.rows
	if f.spec.Header && len(samples) > 0 {
		samples = samples[1:]
	}
	for i, c := range f.spec.Columns {
		column := views.ImportColumn{Name: c.Name, To: c.To, Groups: f.columnOptions(i), Error: errs[columnID(i)]}
		column.Samples = sampleValues(samples, i)
		f.askReading(&column, i, errs)
		m.Columns = append(m.Columns, column)
	}
	names := map[string]string{}
	for _, t := range f.tags {
		names[strconv.FormatInt(t.ID, 10)] = t.Name
		m.Tags = append(m.Tags, views.Option{Value: strconv.FormatInt(t.ID, 10), Label: t.Name, Chosen: slices.Contains(f.spec.Tags, t.ID)})
	}
	if f.newTags == "" {
		m.NewTags = models.JoinTags(f.spec.NewTags)
	}
	m.Page, err = v.page(views.SectionContacts, "Import "+f.spec.File, views.Crumb{Text: "Contacts", Href: v.path("contacts")},
		views.Crumb{Text: "Import", Href: v.path("contacts", "import")}, views.Crumb{Text: f.spec.File})
	m.Edit = f.edit.state("import", names)
	m.Page.Failed = errs.Any() || m.Edit.Changed
	return m, err
}

// sampleValues are up to three different values of a column. Values with other than ASCII letters come first: they show whether
// the file's encoding is the right one.
func sampleValues(rows []jobs.Row, column int) []string {
	var plain, accented []string
	for _, row := range rows {
		if column >= len(row.Cells) || models.IsBlank(row.Cells[column]) {
			continue
		}
		value, list := models.CleanName(row.Cells[column]), &plain
		if strings.ContainsFunc(value, func(c rune) bool { return c > unicode.MaxASCII }) {
			list = &accented
		}
		if len(*list) < 3 && !slices.Contains(*list, value) {
			*list = append(*list, value)
		}
	}
	all := append(accented, plain...)
	return all[:min(len(all), 3)]
}

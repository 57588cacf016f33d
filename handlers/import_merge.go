package handlers

import (
	"strconv"

	"campaignlark/jobs"
	"campaignlark/models"
	"campaignlark/senders"
)

// compare compares the posted form with the stored import.
func (f *columnsForm) compare() editForm {
	v, spec := f.visit, f.spec
	as := func(text string) string { return text }
	one := func(text string) []string { return []string{text} }
	fields := []editField{
		{name: "encoding", label: "Encoding", stored: one(string(spec.Encoding)), posted: v.FormAll("encoding"), say: func(text string) string { return jobs.TextEncoding(text).Name() }},
		{name: "comma", label: "Between the cells", stored: one(commaNames[spec.Comma]), posted: v.FormAll("comma"), say: as},
		{name: "header", label: "The first line names the columns", stored: one(yesNo(spec.Header)), posted: one(yesNo(v.Form("header") != "")), say: as},
		{name: "status", label: "Status of new contacts", stored: one(string(spec.Status)), posted: v.FormAll("status"), say: func(text string) string { return models.Status(text).Name() }},
		{name: "resubscribe", label: "Subscribe contacts again", stored: one(yesNo(spec.Resubscribe)), posted: one(yesNo(v.Form("resubscribe") != "")), say: as},
		{name: "new_tags", label: "New tags", stored: one(models.JoinTags(spec.NewTags)), posted: v.FormAll("new_tags")},
	}
	chosen := v.FormAll("column")
	for i, c := range spec.Columns {
		column := editField{name: columnID(i), label: "Column “" + c.Name + "”", stored: one(c.To), say: func(to string) string { return f.targetName(i, to) }}
		if c.Name == "" {
			column.label = "Column " + strconv.Itoa(i+1)
		}
		if i < len(chosen) {
			column.posted = chosen[i : i+1]
		}
		fields = append(fields, column)
		as := editField{name: readingID(i), label: column.label + ", how it is written", stored: one(string(c.As)), posted: v.FormAll(readingID(i)), say: func(as string) string { return readingNames[senders.As(as)] }}
		if as.posted == nil {
			as.posted = as.stored // the form does not ask
		}
		fields = append(fields, as)
	}
	var tags []models.Tag
	for _, id := range spec.Tags {
		tags = append(tags, models.Tag{ID: id})
	}
	return v.edit(append(fields, tagField(tags, v.FormAll("tags")))...)
}

// targetName returns a column's target as the form shows it.
func (f *columnsForm) targetName(i int, to string) string {
	for _, group := range f.columnOptions(i) {
		for _, option := range group.Options {
			if option.Value == to {
				return option.Label
			}
		}
	}
	return "a merge tag that was deleted"
}

// readOtherwise reports whether somebody else changed how the file is read: then the columns may be others.
func readOtherwise(e editForm) bool {
	return e.threeWay["encoding"].changed() || e.threeWay["comma"].changed() || e.threeWay["header"].changed()
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// importSeen compares the result of a dry run that the person looks at with the import as it is stored.
func (v *visit) importSeen(spec jobs.ImportSpec) editForm {
	text := models.JobJSON([]any{spec.Encoding, spec.Comma, spec.Header, spec.Columns, spec.Status, spec.Resubscribe, spec.Tags, spec.NewTags})
	return v.edit(editField{name: "import", stored: []string{digest(text)}})
}

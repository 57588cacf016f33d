package views

import (
	"html"

	"campaignlark/models"
)

// mergeTagType has the texts and examples for one type, for the help, the form of a merge tag and the examples of a call.
type mergeTagType struct {
	help      string   // which values fit
	byDefault string   // what a default looks like, after the sentence that says what a default is for; "" to say nothing
	example   []string // values in the examples of a call; for a type with options nil, which are then their own examples
	picks     int      // how many of the options an example has
	bare      bool     // JSON writes a value without quotation marks
	list      bool     // JSON writes the values as a list

	// control is the control of an example's HTML form. Label and name are escaped, and name is a whole attribute.
	control func(label, name string, m models.MergeTag) string
}

var mergeTagTypes = map[models.MergeTagType]mergeTagType{
	models.MergeTagText: {
		help:    "Any text of up to 10,000 characters.",
		example: []string{"Some text"}, control: inputControl(""),
	},
	models.MergeTagNumber: {
		help: "Digits, perhaps with a point: 42 or 1.50. At most 30 digits.", byDefault: "As 1250 or -3.75.",
		example: []string{"42"}, bare: true, control: inputControl(` type="number" step="any"`),
	},
	models.MergeTagBoolean: {
		help: "true or false, yes or no, on or off, 1 or 0.", byDefault: "yes or no.",
		example: []string{"true"}, bare: true, control: func(label, name string, _ models.MergeTag) string {
			return "<p><label><input type=\"checkbox\"" + name + " value=\"true\"> " + label + "</label></p>"
		},
	},
	models.MergeTagDate: {
		help: "A day such as 2026-11-23, or a time such as 2026-11-23T14:30+01:00. A time that names no time zone is in the time zone of the workspace.", byDefault: "As 1990-12-31.",
		example: []string{"1990-12-31"}, control: inputControl(` type="date"`),
	},
	models.MergeTagSingle: {
		help: "One of the options by its name; capitals do not matter.", byDefault: "One of the choices.",
		picks: 1, control: selectControl,
	},
	models.MergeTagMultiple: {
		help:      "Options by their names: as a list, as a repeated key, or with commas between them. A text that is exactly one option is that option, even with a comma.",
		byDefault: "One or more of the choices, separated by commas.",
		picks:     2, list: true, control: checksControl,
	},
	models.MergeTagCountry: {
		help: "A code such as DE, or an English name such as Germany, United Kingdom (UK) or Korea, South.", byDefault: "A code, such as DE, or an English name, such as Germany.",
		example: []string{"DE"}, control: func(label, name string, _ models.MergeTag) string {
			return "<p><label>" + label + " <input" + name + " placeholder=\"Germany or DE\"></label></p>"
		},
	},
}

// inputControl returns the control of a type whose values are typed into an <input> with these attributes.
func inputControl(attributes string) func(label, name string, _ models.MergeTag) string {
	return func(label, name string, _ models.MergeTag) string {
		return "<p><label>" + label + " <input" + attributes + name + "></label></p>"
	}
}

func selectControl(label, name string, m models.MergeTag) string {
	options := "    <option value=\"\"></option>\n"
	for _, o := range m.Options {
		options += "    <option value=\"" + html.EscapeString(o) + "\">" + html.EscapeString(o) + "</option>\n"
	}
	return "<p><label>" + label + " <select" + name + ">\n" + options + "  </select></label></p>"
}

func checksControl(label, name string, m models.MergeTag) string {
	boxes := ""
	for _, o := range m.Options {
		boxes += "    <label><input type=\"checkbox\"" + name + " value=\"" + html.EscapeString(o) + "\"> " + html.EscapeString(o) + "</label>\n"
	}
	return "<fieldset><legend>" + label + "</legend>\n" + boxes + "  </fieldset>"
}

package views

import (
	"strconv"
	"strings"

	"campaignlark/models"

	"github.com/a-h/templ"
)

// Field is one field of a form. Its id is its name unless ID says otherwise.
type Field struct {
	Name, ID, Label string
	Value           string
	Help            string // before the control
	Error           string // after it
	Type            string // of an input: "text" when empty
	Max             int    // most characters, as a person counts them; shows "12 of 64"; 0 for no count
	Width           string // "xs", "s", "m", "l"; "" is the whole width
	Autocomplete    string
	InputMode       string
	Optional        bool // says so beside the label
	Required        bool
	Readonly        bool
	Rows            int // of a TextArea
	Options         []Option
	Suggest         []string // of an input: what the browser offers while a person types
}

// Option is one choice of a Select, a tag picker or a list of checkboxes.
type Option struct {
	Value, Label string
	Chosen       bool // not read by Select, which compares with the field's value
}

// OptionGroup is a part of a GroupedSelect.
type OptionGroup struct {
	Label   string
	Options []Option
}

// FieldError names a field and what is wrong with it, for the summary on top.
type FieldError struct{ ID, Text string }

func (f Field) id() string {
	if f.ID != "" {
		return f.ID
	}
	return f.Name
}

func (f Field) kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// describedBy lists the ids of what explains the field, in the order in which they are read.
func (f Field) describedBy() string {
	var ids []string
	if f.Help != "" {
		ids = append(ids, f.id()+"-help")
	}
	if f.Error != "" {
		ids = append(ids, f.id()+"-err")
	}
	if f.Max > 0 {
		ids = append(ids, f.id()+"-n")
	}
	return strings.Join(ids, " ")
}

func (f Field) class(control string) string {
	if f.Width == "" {
		return control
	}
	return control + " w-" + f.Width
}

// characters counts characters as models does, without blanks at both ends, which are removed when the form is saved.
func characters(s string) int { return models.CountCharacters(strings.TrimSpace(s)) }

func (f Field) counted() string {
	return strconv.Itoa(characters(f.Value)) + " of " + strconv.Itoa(f.Max)
}

// attributes returns the attributes that every control of a field has.
func (f Field) attributes() templ.Attributes {
	a := templ.Attributes{"id": f.id(), "name": f.Name, "required": f.Required, "readonly": f.Readonly}
	if by := f.describedBy(); by != "" {
		a["aria-describedby"] = by
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	if f.Autocomplete != "" {
		a["autocomplete"] = f.Autocomplete
	}
	if f.InputMode != "" {
		a["inputmode"] = f.InputMode
	}
	return a
}

func summaryTitle(n int) string {
	if n == 1 {
		return "Not saved. One thing to check:"
	}
	return "Not saved. " + strconv.Itoa(n) + " things to check:"
}

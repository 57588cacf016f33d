package views

import "strconv"

// SummaryOf puts a form's errors in the order of its fields, for the summary on top.
func SummaryOf(errs map[string]string, order ...string) []FieldError {
	var all []FieldError
	for _, name := range order {
		if errs[name] != "" {
			all = append(all, FieldError{ID: name, Text: errs[name]})
		}
	}
	return all
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

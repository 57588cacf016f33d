package views

import (
	"strconv"
	"strings"
)

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

// severalLines reports whether a text has several lines. An <input> would join them.
func severalLines(s string) bool { return strings.ContainsAny(s, "\n\r") }

// cut returns at most n code points of s, and an ellipsis if s is longer.
func cut(s string, n int) string {
	count := 0
	for i := range s {
		if count == n {
			return s[:i] + "…"
		}
		count++
	}
	return s
}

// optionsInShort names the first few choices.
func optionsInShort(options []string) string {
	const most = 4
	if len(options) <= most {
		return strings.Join(options, ", ")
	}
	return strings.Join(options[:most], ", ") + " and " + strconv.Itoa(len(options)-most) + " more"
}

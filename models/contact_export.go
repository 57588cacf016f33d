package models

import (
	"strings"
	"time"
)

// ExportHead returns the first row of an export, the column names. Imports recognise these names.
func ExportHead(mergeTags []MergeTag) []string {
	head := []string{"email", "status", "tags", "created_at"}
	for _, t := range mergeTags {
		head = append(head, t.Key)
	}
	return head
}

// ExportRow returns a contact's row of an export: all values in their stored form, in cells that no spreadsheet runs as
// a formula (Defuse).
func ExportRow(c ListedContact, mergeTags []MergeTag) []string {
	names := make([]string, len(c.Tags))
	for i, t := range c.Tags {
		names[i] = t.Name
	}
	row := []string{Defuse(c.Email), string(c.Status), Defuse(JoinTags(names)), c.CreatedAt.UTC().Format(time.RFC3339)}
	for _, t := range mergeTags {
		value := c.Fields[t.Key]
		if t.Type != MergeTagNumber || !plainNumber(value) {
			value = Defuse(value)
		}
		row = append(row, value)
	}
	return row
}

// plainNumber reports whether s is a decimal such as -5 or 1.50, which spreadsheets read as a number.
func plainNumber(s string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!point || digits(fraction))
}

package models

import (
	"strings"
	"time"
)

// ExportHead is the first row of an export: what each column is called. Contacts are read back by these names.
func ExportHead(mergeTags []MergeTag) []string {
	head := []string{"email", "status", "tags", "created_at"}
	for _, t := range mergeTags {
		head = append(head, t.Key)
	}
	return head
}

// ExportRow is a contact's row of an export, everything in its stored form, as cells that no spreadsheet runs (Defuse).
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

// plainNumber reports whether s is a decimal such as -5 or 1.50, which a spreadsheet reads as the number it is.
func plainNumber(s string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	return digits(whole) && (!point || digits(fraction))
}

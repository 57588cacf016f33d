package models

import (
	"slices"
	"strings"
	"time"
)

// ContactColumn is a column of the list of contacts, besides the address: a Column constant, or "field:" and the key of a merge tag.
type ContactColumn string

const (
	ColumnStatus  ContactColumn = "status"
	ColumnTags    ContactColumn = "tags"
	ColumnChanged ContactColumn = "changed"
	ColumnCreated ContactColumn = "created"
)

// UsualColumns are the columns for people who have chosen none.
var UsualColumns = []ContactColumn{ColumnStatus, ColumnTags, ColumnChanged, ColumnCreated}

// MaxContactColumns is how many columns a person can choose, so that they fit on a page.
const MaxContactColumns = 8

// FieldColumn is the column of a merge tag.
func FieldColumn(key string) ContactColumn { return ContactColumn("field:" + key) }

// Field returns the key of the column's merge tag, "" for other columns.
func (c ContactColumn) Field() string {
	key, _ := strings.CutPrefix(string(c), "field:")
	if key == string(c) {
		return ""
	}
	return key
}

// AllColumns lists all columns that a workspace's contacts have, in their order.
func AllColumns(mergeTags []MergeTag) []ContactColumn {
	all := []ContactColumn{ColumnStatus, ColumnTags}
	for _, t := range mergeTags {
		all = append(all, FieldColumn(t.Key))
	}
	return append(all, ColumnChanged, ColumnCreated)
}

// ReadColumns reads stored columns. It leaves out those of deleted merge tags.
func ReadColumns(stored string, mergeTags []MergeTag) []ContactColumn {
	if stored == "" {
		return UsualColumns
	}
	return CleanColumns(ReadJobJSON[[]ContactColumn](stored), mergeTags)
}

// CleanColumns returns the columns among chosen that there are, each once and in their order.
func CleanColumns(chosen []ContactColumn, mergeTags []MergeTag) (columns []ContactColumn) {
	for _, c := range AllColumns(mergeTags) {
		if slices.Contains(chosen, c) {
			columns = append(columns, c)
		}
	}
	return columns
}

// ExportColumnsHead returns the first row of an export with the address and some columns, named as in ExportHead.
func ExportColumnsHead(columns []ContactColumn) []string {
	head := []string{"email"}
	for _, c := range columns {
		switch c {
		case ColumnChanged:
			head = append(head, "updated_at")
		case ColumnCreated:
			head = append(head, "created_at")
		case ColumnStatus, ColumnTags:
			head = append(head, string(c))
		default:
			head = append(head, c.Field())
		}
	}
	return head
}

// ExportColumnsRow returns a contact's row of that export.
func ExportColumnsRow(c ListedContact, columns []ContactColumn, mergeTags []MergeTag) []string {
	whole := ExportRow(c, mergeTags)
	row := []string{whole[0]}
	for _, column := range columns {
		switch column {
		case ColumnStatus:
			row = append(row, whole[1])
		case ColumnTags:
			row = append(row, whole[2])
		case ColumnCreated:
			row = append(row, whole[3])
		case ColumnChanged:
			row = append(row, c.UpdatedAt.UTC().Format(time.RFC3339))
		default:
			at := slices.IndexFunc(mergeTags, func(t MergeTag) bool { return t.Key == column.Field() })
			row = append(row, whole[4+at])
		}
	}
	return row
}

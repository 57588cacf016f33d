package models

import "strings"

// How to write contacts into the cells of a CSV file and read them back. Export and import share these rules.

// Defuse makes a text safe for spreadsheets, which run a cell that starts like a formula: it puts an apostrophe before
// it. It does so too if apostrophes come before such a start, so that Undefuse is unambiguous. Other texts stay
// unchanged: Undefuse(Defuse(s)) is s for every s.
func Defuse(s string) string {
	if startsFormula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// Undefuse reads a cell from Defuse: it removes one apostrophe from a text that starts with apostrophes and then like a
// formula. "'tis" keeps its apostrophe.
func Undefuse(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && startsFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

// startsFormula reports whether a spreadsheet might read s as a formula, by its first character. It includes the full-width
// forms that some spreadsheets accept.
func startsFormula(s string) bool {
	for _, r := range s {
		return strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
	}
	return false
}

// JoinTags writes tag names into one cell, separated by ", ". A name with a comma or a quotation mark is put in
// quotation marks, and its own are doubled.
func JoinTags(names []string) string {
	written := make([]string, len(names))
	for i, name := range names {
		if written[i] = name; strings.ContainsAny(name, `,"`) {
			written[i] = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return strings.Join(written, ", ")
}

// SplitTags reads names from JoinTags or from a person. It ignores blanks around names and empty names, and treats a
// quotation mark that is never closed as a normal character.
func SplitTags(cell string) []string {
	var names []string
	for cell != "" {
		var name string
		if name, cell = nextTag(TrimBlanks(cell)); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// nextTag cuts the first name off cell, which starts without a blank.
func nextTag(cell string) (name, rest string) {
	if strings.HasPrefix(cell, `"`) {
		if name, rest, ok := quotedTag(cell[1:]); ok {
			return name, rest
		}
	}
	name, rest, _ = strings.Cut(cell, ",")
	return TrimBlanks(name), rest
}

// quotedTag reads a name up to its closing quotation mark; only a comma may follow.
func quotedTag(s string) (name, rest string, ok bool) {
	for at := 0; ; {
		end := strings.IndexByte(s[at:], '"')
		if end < 0 {
			return "", "", false
		}
		at += end + 1
		if strings.HasPrefix(s[at:], `"`) {
			at++
			continue
		}
		rest = TrimBlanks(s[at:])
		if rest != "" && rest[0] != ',' {
			return "", "", false
		}
		return TrimBlanks(strings.ReplaceAll(s[:at-1], `""`, `"`)), strings.TrimPrefix(rest, ","), true
	}
}

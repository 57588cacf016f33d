package models

import "strings"

// How contacts are written into the cells of a CSV file, and read back from it. Export and import share these rules.

// Defuse makes a text safe for spreadsheets, which run a cell that begins like a formula: it gets an apostrophe in front,
// also when it begins with apostrophes and then like a formula, so that Undefuse knows what to take away. Anything else
// stays as it is: Undefuse(Defuse(s)) is s for every s.
func Defuse(s string) string {
	if startsFormula(strings.TrimLeft(s, "'")) {
		return "'" + s
	}
	return s
}

// Undefuse reads a cell that Defuse wrote: of a text that begins with apostrophes and then like a formula it takes one
// apostrophe away. "'tis" keeps its own.
func Undefuse(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && startsFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

// startsFormula reports whether a spreadsheet might take s for a formula: by its first character, the full-width forms that
// some of them accept included.
func startsFormula(s string) bool {
	for _, r := range s {
		return strings.ContainsRune("=+-@\t\r\n＝＋－＠", r)
	}
	return false
}

// JoinTags writes the names of tags into one cell: with ", " between them, a name that holds a comma or a quotation mark
// in quotation marks, its own ones doubled.
func JoinTags(names []string) string {
	written := make([]string, len(names))
	for i, name := range names {
		if written[i] = name; strings.ContainsAny(name, `,"`) {
			written[i] = `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return strings.Join(written, ", ")
}

// SplitTags reads the names that JoinTags wrote. What a person wrote is read in good faith: blanks around a name and
// empty names do not count, and a quotation mark that is never closed is a character like any other.
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

// nextTag cuts the first name off cell, which begins with no blank.
func nextTag(cell string) (name, rest string) {
	if strings.HasPrefix(cell, `"`) {
		if name, rest, ok := quotedTag(cell[1:]); ok {
			return name, rest
		}
	}
	name, rest, _ = strings.Cut(cell, ",")
	return TrimBlanks(name), rest
}

// quotedTag reads a name up to its closing quotation mark, behind which nothing but a comma may follow.
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

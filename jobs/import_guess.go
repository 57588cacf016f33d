package jobs

import (
	"bytes"
	"slices"
	"strings"

	"campaignlark/models"
)

// Commas are the possible separators of cells, in the order of the menu.
var Commas = []rune{',', ';', '\t', '|'}

const (
	sampleBytes = 64 << 10                // of a file's beginning, from which its form is guessed
	sampleRows  = 20                      // judged
	maxColumns  = models.MaxMergeTags + 6 // of a file of refused lines of an export of all merge tags
)

// firstRows returns the first rows of a file that are not blank, at most so many. head is the beginning of the file or, when
// whole, all of it.
func firstRows(head []byte, whole bool, text TextEncoding, comma rune, most int) []Row {
	if len(head) > sampleBytes {
		head, whole = head[:sampleBytes], false
	}
	r := NewRowReader(bytes.NewReader(head), text, comma, Place{})
	var rows []Row
	for len(rows) < most {
		row, err := r.Next()
		if err != nil || !whole && len(rows) > 0 && len(r.buf) == 0 {
			break // the last row of a part may go on behind it
		}
		if !row.blank() {
			rows = append(rows, row)
		}
	}
	return rows
}

// guessComma says what stands between the cells: what the file itself says in a first line for Excel, else what gives the most rows as many cells as the first one has, and at
// least two.
func guessComma(head []byte, whole bool, text TextEncoding) rune {
	if comma, _ := sepLine(head[text.markSize(head):], text); slices.Contains(Commas, comma) {
		return comma
	}
	best, most := ',', 0
	for _, comma := range Commas {
		rows := firstRows(head, whole, text, comma, sampleRows)
		if len(rows) == 0 || len(rows[0].Cells) < 2 {
			continue
		}
		alike := 0
		for _, row := range rows {
			if row.Fault == "" && len(row.Cells) == len(rows[0].Cells) {
				alike++
			}
		}
		if score := alike*maxColumns + min(len(rows[0].Cells), maxColumns-1); score > most {
			best, most = comma, score
		}
	}
	return best
}

// guessHeader reports whether the first row has column names: it contains no address.
func guessHeader(rows []Row) bool {
	return len(rows) > 0 && !slices.ContainsFunc(rows[0].Cells, isAddress)
}

func isAddress(cell string) bool {
	_, err := models.ReadEmail(cell)
	return err == nil
}

// plainName returns a column's name without case and punctuation: "E-Mail Address" and "email_address" are equal.
func plainName(header string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -_.:*", r) {
			return -1
		}
		return r
	}, models.Fold(models.TrimBlanks(header)))
}

// columnNames are the names, as plainName gives them, under which other programs export what is no merge tag.
var columnNames = map[string]string{
	"email": ColumnEmail, "emailaddress": ColumnEmail, "mail": ColumnEmail, "mailaddress": ColumnEmail, "emailadresse": ColumnEmail,
	"subscriberemail": ColumnEmail, "contactemail": ColumnEmail, "status": ColumnStatus, "tags": ColumnTags, "tag": ColumnTags,

	"adresseemail": ColumnEmail, "adressemail": ColumnEmail, "adresseelectronique": ColumnEmail, "courriel": ColumnEmail, "mel": ColumnEmail, "correo": ColumnEmail, "correoelectronico": ColumnEmail,
	"direcciondecorreo": ColumnEmail, "direcciondecorreoelectronico": ColumnEmail, "direccionemail": ColumnEmail, "indirizzoemail": ColumnEmail, "indirizzomail": ColumnEmail, "postaelettronica": ColumnEmail,
	"enderecodeemail": ColumnEmail, "emailadres": ColumnEmail, "epost": ColumnEmail, "adresemail": ColumnEmail,
	"schlagworter": ColumnTags, "schlagworte": ColumnTags, "etiquettes": ColumnTags, "etiquetas": ColumnTags, "etichette": ColumnTags,
}

// guessColumns guesses what each column is: by its name, from the words above or a merge tag's key or label. If no name
// indicates the address, it checks the cells. "" is an unknown column. No two columns get the same guess.
func guessColumns(rows []Row, header bool, tags []models.MergeTag) []string {
	if len(rows) == 0 {
		return nil
	}
	columns := make([]string, min(len(rows[0].Cells), maxColumns))
	if header {
		for i := ownColumns(rows[0].Cells, columns); i < len(columns); i++ {
			columns[i] = guessColumn(rows[0].Cells[i], tags, columns)
		}
	}
	if !slices.Contains(columns, ColumnEmail) {
		if i := addressColumn(rows, columns); i >= 0 {
			columns[i] = ColumnEmail
		}
	}
	if header && !isExport(rows[0].Cells) {
		guessBySense(rows, columns, tags)
	}
	return columns
}

// ownColumns sets the first columns of a file that this program wrote: the two that come before those of a file of refused
// lines, and those with which an export begins. It returns how many they are. Merge tags may have the same names.
func ownColumns(names, columns []string) int {
	begins := func(at int, with ...string) bool {
		return len(columns) >= at+len(with) && slices.Equal(names[at:at+len(with)], with)
	}
	at := 0
	if begins(0, refusedHead...) {
		at = len(refusedHead)
	}
	if head := models.ExportHead(nil); begins(at, head...) {
		copy(columns[at:], []string{ColumnEmail, ColumnStatus, ColumnTags, ColumnNone})
		at += len(head)
	}
	return at
}

// isExport reports whether a file with these column names is an export, or has refused lines of one.
func isExport(names []string) bool {
	return ownColumns(names, make([]string, len(names))) >= len(models.ExportHead(nil))
}

// guessColumn guesses a column by its name, without those in taken. The names of this program's exports come first.
func guessColumn(name string, tags []models.MergeTag, taken []string) string {
	name = models.TrimBlanks(name)
	plain, folded := plainName(name), models.Fold(name)
	guesses := []string{map[string]string{"email": ColumnEmail, models.EmailKey: ColumnEmail, "status": ColumnStatus, "tags": ColumnTags}[folded]}
	for _, same := range []func(models.MergeTag) bool{
		func(t models.MergeTag) bool { return t.Key == folded },
		func(t models.MergeTag) bool { return models.Fold(t.Label) == folded },
		func(t models.MergeTag) bool {
			return columnNames[plain] == "" && (plainName(t.Key) == plain || plainName(t.Label) == plain)
		},
	} {
		if i := slices.IndexFunc(tags, same); i >= 0 {
			guesses = append(guesses, FieldColumn(tags[i].ID))
		}
	}
	for _, guess := range append(guesses, columnNames[plain], columnNames[spelled(name)]) {
		if guess != "" && plain != "" && !slices.Contains(taken, guess) {
			return guess
		}
	}
	return ""
}

// addressColumn returns the free column with most addresses, or -1.
func addressColumn(rows []Row, columns []string) int {
	best, most := -1, 0
	for i, taken := range columns {
		if taken != "" {
			continue
		}
		n := 0
		for _, row := range rows {
			if i < len(row.Cells) && isAddress(row.Cells[i]) {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	return best
}
